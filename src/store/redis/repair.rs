//! Makes anew whatever is derived from a site's comments, tombstones and API keys.
//!
//! It takes some 500 bytes of memory a comment, and looks at all keys of the site's server: it is no request. Places in indexes are
//! corrected one record at a time, also while others write. Counts and history are written only if nobody wrote since they were
//! added up, and if no record stands in a list that the look at all keys did not find; else all begins again.

use std::collections::BTreeSet;

use super::base::{Base, Head, until_settled};
use super::keys::{self, Prefix};
use super::plan::{Committed, Plan};
use super::sums::{Sums, Written};
use crate::domain::{CommentId, EventId, SiteId};
use crate::store::{Error, Repaired};

/// How often it begins again because others wrote, or because not all keys were found.
const ATTEMPTS: usize = 3;

const BUSY: &str = "others write to the site all the time: places are corrected, but counts and history can only be made anew while \
                    nobody writes";
const SHORT: &str = "the look at all keys of the site left some of its records out, as it does when another server takes over on the \
                     way or others write meanwhile: places are corrected, but counts and history are left as they were; repair \
                     again once the servers are steady";

/// How many entries of the history are written at once.
const STEP: usize = 200;

/// How many keys are looked at, or read, at once.
pub(super) const CHUNK: usize = 1_000;

impl Base {
    /// [`Store::repair`](crate::store::Store::repair)
    pub(super) async fn repair(&self, site: &SiteId) -> Result<Repaired, Error> {
        let Some(listed) = self.site(site).await? else { return Err(Error::UnknownSite) };
        let prefix = self.names.site(site);
        let lessons = until_settled!(self.repair_lessons(&prefix))?;
        let (mut rows, mut feed, mut fault) = (BTreeSet::new(), 0, BUSY);
        for _ in 0..ATTEMPTS {
            let last = self.last_event(&prefix).await?;
            let mut head = self.standing_head(&prefix, (listed.created_at.millis(), last)).await?;
            if head.last_event < last {
                head.last_event = last;
                feed = 1;
            }
            let survey = self.survey(site).await?;
            let keys = self.correct_places(site, &survey, &mut rows).await?;
            if self.missed(&prefix, &survey).await? > 0 {
                fault = SHORT;
                continue;
            }
            fault = BUSY;
            let Some(sums) = self.sum_up(&prefix, &survey, &head).await? else { continue };
            if let Some(Written { counts, history, members }) = self.write_sums(&prefix, &head, &sums).await? {
                let Sums { damaged, damaged_comments, .. } = sums;
                return Ok(Repaired {
                    comments: survey.comments.len() - damaged_comments,
                    tombstones: survey.tombstones.len() - (damaged.len() - damaged_comments),
                    rows: rows.len() + keys,
                    counts,
                    history,
                    members,
                    feed,
                    lessons,
                    damaged,
                });
            }
        }
        Err(Error::Unavailable(fault.to_owned()))
    }

    /// The site's head as it is now; one that was lost is begun anew.
    async fn standing_head(&self, prefix: &Prefix, (made_at, last): (i64, EventId)) -> Result<Head, Error> {
        let tag = self.tag().await?;
        let value = self.values(prefix, &[keys::HEAD.to_owned()]).await?.pop().flatten();
        let known = value.as_deref().and_then(Head::parse).filter(|head| head.tag == tag);
        if let Some(head) = known {
            return Ok(head);
        }
        // Versions begin with the time and grow by one a change, so this is above every one that there was.
        let version = made_at.max(i64::try_from(last.millis).unwrap_or(i64::MAX)).saturating_add(1);
        let fresh = Head::of_new_site(tag, version);
        // Whoever writes next must follow what the feed has, or the stream refuses its event.
        let fresh = Head::parse(&fresh).map_or(fresh, |head| Head { last_event: last, ..head }.pack());
        let mut plan = Plan::without_head(prefix.clone());
        match value {
            Some(value) => plan.expect(keys::HEAD.to_owned(), value),
            None => plan.expect_absent(keys::HEAD.to_owned()),
        }
        plan.set(keys::HEAD.to_owned(), fresh.clone());
        match self.try_commit(None, &plan).await? {
            Committed::Written { .. } => Head::parse(&fresh).ok_or_else(super::base::contended),
            _ => Err(super::base::contended()),
        }
    }

    /// Writes what was added up, if nobody wrote since the head was read. `None`: somebody did.
    async fn write_sums(&self, prefix: &Prefix, head: &Head, sums: &Sums) -> Result<Option<Written>, Error> {
        let written =
            Written { counts: usize::from(head.counts != sums.counts), history: sums.history, members: sums.members };
        let standing = self.values(prefix, &[keys::HEAD.to_owned()]).await?.pop().flatten().unwrap_or_default();
        let found = Head::parse(&standing);
        // Placing records in order counts as operations of this repair's own.
        let is_untouched =
            found.as_ref().is_some_and(|found| found.operations == head.operations + sums.own_operations);
        if !is_untouched {
            return Ok(None);
        }
        let mut next = Head { counts: sums.counts, operations: head.operations + sums.own_operations, ..head.clone() };
        let mut expected = standing;
        if next.pack() == expected && sums.corrections.is_empty() {
            return Ok(Some(written));
        }
        let mut corrections = sums.corrections.iter();
        loop {
            next.operations += 1;
            let mut plan = Plan::without_head(prefix.clone());
            plan.expect(keys::HEAD.to_owned(), expected);
            plan.set(keys::HEAD.to_owned(), next.pack());
            let step: Vec<_> = corrections.by_ref().take(STEP).collect();
            for (name, value) in &step {
                match value {
                    Some(value) => plan.set(name.clone(), value.clone()),
                    None => plan.delete(name.clone()),
                }
            }
            match self.try_commit(None, &plan).await? {
                Committed::Written { .. } => {}
                Committed::Unexpected(_, Some(value)) if value == next.pack() => {}
                _ => return Ok(None),
            }
            if step.len() < STEP {
                return Ok(Some(written));
            }
            expected = next.pack();
        }
    }

    /// The last event of a site's feed.
    async fn last_event(&self, prefix: &Prefix) -> Result<EventId, Error> {
        let mut question = redis::cmd("XREVRANGE");
        question.arg(prefix.key(keys::FEED)).arg("+").arg("-").arg("COUNT").arg(1);
        let entries: redis::streams::StreamRangeReply = self.ask(question).await?;
        Ok(entries.ids.first().and_then(|entry| entry.id.parse().ok()).unwrap_or_default())
    }
}

/// Comments whose places were corrected.
pub(super) type Rows = BTreeSet<CommentId>;
