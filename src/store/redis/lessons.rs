//! What decisions teach: a stream of each site's, whose ids begin with the lessons' numbers.

use redis::streams::{StreamId, StreamRangeReply};

use super::base::{Base, Bytes};
use super::keys::{self, Prefix};
use super::packed::{from_json, json};
use super::plan::{Committed, Plan};
use crate::domain::{Comment, Covered, SiteId, Taught, Teaching, Timestamp};
use crate::store::Error;

/// The most that go in one step of retention.
const STEP: usize = 100;

/// Plans to append what a change teaches, if it does; `was` is `None` for a comment that comes in.
pub(super) fn teach(plan: &mut Plan, was: Option<&Comment>, now: &Comment) -> Result<(), Error> {
    if let Some(teaching) = Teaching::between(was, now) {
        plan.teach(now.changed_at.millis(), json(&teaching)?);
    }
    Ok(())
}

/// The number of the newest lesson by its value. One that nobody of us wrote counts as none: the next lesson, or `repair`, writes
/// it anew.
pub(super) fn number_in(value: Bytes) -> u64 {
    value.and_then(|value| std::str::from_utf8(&value).ok()?.parse().ok()).unwrap_or(0)
}

impl Base {
    /// [`Store::lessons`](crate::store::Store::lessons)
    pub(super) async fn lessons(&self, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Error> {
        self.read_head(site).await?;
        let (mut after, mut found) = (after, Vec::new());
        // Until there are enough, so that a damaged one shortens no page.
        while found.len() < limit {
            let asked = limit - found.len();
            let entries = self.log_after(&self.names.site(site), after, asked).await?;
            found.extend(entries.iter().filter_map(legible));
            match entries.last() {
                Some(last) if entries.len() == asked => after = number_of(last).unwrap_or(u64::MAX),
                _ => break,
            }
        }
        Ok(found)
    }

    /// The entries of the log after this number, oldest first, at most so many.
    async fn log_after(&self, prefix: &Prefix, after: u64, most: usize) -> Result<Vec<StreamId>, Error> {
        let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
        let mut question = redis::cmd("XRANGE");
        question.arg(prefix.key(keys::LESSONS)).arg(first).arg("+").arg("COUNT").arg(most);
        Ok(self.ask::<StreamRangeReply>(question).await?.ids)
    }

    /// Lets the oldest lessons go that are kept no longer, and answers how many.
    pub(super) async fn forget_lessons(&self, site: &SiteId, now: Timestamp) -> Result<usize, Error> {
        let prefix = self.names.site(site);
        let Some(oldest) = self.log_after(&prefix, 0, 1).await?.pop() else { return Ok(0) };
        let newest = number_in(self.values(&prefix, &[keys::TAUGHT.to_owned()]).await?.pop().flatten());
        let mut covered = Covered { newest, by_snapshot: self.claimed(&prefix).await? };
        if is_due(covered, &oldest, now) && covered.by_snapshot > 0 && self.snapshot(&prefix).await?.0.is_none() {
            // A snapshot that cannot be read covers nothing.
            covered.by_snapshot = 0;
        }
        if !is_due(covered, &oldest, now) {
            return Ok(0);
        }
        let log = self.log_after(&prefix, 0, STEP).await?;
        let gone: Vec<&StreamId> = log.iter().take_while(|entry| is_due(covered, entry, now)).collect();
        if let Some(last) = gone.last().and_then(|entry| number_of(entry)) {
            let mut plan = Plan::new(prefix);
            plan.forget(last.saturating_add(1));
            self.commit(site, &plan).await?;
        }
        Ok(gone.len())
    }

    /// Lets the numbers go on behind what was taught; 1 if they did not.
    pub(super) async fn repair_lessons(&self, prefix: &Prefix) -> Result<Option<usize>, Error> {
        let value = self.values(prefix, &[keys::TAUGHT.to_owned()]).await?.pop().flatten();
        let mut question = redis::cmd("XREVRANGE");
        question.arg(prefix.key(keys::LESSONS)).arg("+").arg("-").arg("COUNT").arg(1);
        let log = self.ask::<StreamRangeReply>(question).await?.ids;
        let learnt = self.snapshot(prefix).await?.0.map_or(0, |snapshot| snapshot.taught);
        let newest = log.first().and_then(number_of).unwrap_or(0).max(learnt);
        if number_in(value.clone()) >= newest {
            return Ok(Some(0));
        }
        let mut plan = Plan::without_head(prefix.clone());
        match value {
            Some(value) if !value.is_empty() => plan.expect(keys::TAUGHT.to_owned(), value),
            _ => plan.expect_absent(keys::TAUGHT.to_owned()),
        }
        plan.set(keys::TAUGHT.to_owned(), newest.to_string().into_bytes());
        let done = self.try_commit(None, &plan).await?;
        Ok(matches!(done, Committed::Written { .. }).then_some(1))
    }
}

fn number_of(entry: &StreamId) -> Option<u64> {
    entry.id.split_once('-')?.0.parse().ok()
}

/// Whether an entry is kept no longer. One that does not tell its time is as old as can be.
fn is_due(covered: Covered, entry: &StreamId, now: Timestamp) -> bool {
    let at = Timestamp::from_millis(entry.get("a").unwrap_or(i64::MIN));
    number_of(entry).is_some_and(|number| covered.lets_go(number, at, now))
}

/// The lesson in an entry; what cannot be read is told and left out.
fn legible(entry: &StreamId) -> Option<Taught> {
    let teaching = entry.get::<Vec<u8>>("l").and_then(|packed| from_json::<Teaching>(&packed).ok());
    let read = number_of(entry).zip(teaching);
    if read.is_none() {
        tracing::error!("left out: lesson {} is damaged; learners go on without it", entry.id);
    }
    read.map(|(number, teaching)| Taught { number, teaching })
}
