//! Adds up what records are counted in: for `repair`.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use super::base::{Base, Found, Head};
use super::keys::{self, Index, Prefix};
use super::packed;
use super::recalling::{parse, write};
use super::repair::CHUNK;
use super::survey::Survey;
use crate::domain::{Bucket, CommentId, Counted, Period, Status, Tally, Timestamp};
use crate::store::Error;

/// What must be written so that counts and history are what the records say.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) counts: [u64; 4],
    /// Names of entries with their values; `None`: there is no such entry.
    pub(super) corrections: Vec<(String, Option<Vec<u8>>)>,
    /// How many periods are corrected by that, and how many members.
    pub(super) history: usize,
    pub(super) members: usize,
    /// Comments and tombstones that cannot be read, in this order.
    pub(super) damaged: Vec<CommentId>,
    /// How many of them are comments.
    pub(super) damaged_comments: usize,
    /// Plans of this repair's own that the head has counted.
    pub(super) own_operations: u64,
}

/// How much of each was corrected.
pub(super) struct Written {
    pub(super) counts: usize,
    pub(super) history: usize,
    pub(super) members: usize,
}

/// The sum of an entry of the history.
#[derive(Default)]
struct Entry {
    buckets: BTreeMap<Period, Tally>,
    members: BTreeMap<u32, u64>,
}

impl Base {
    /// Reads all records of a survey once more and adds them up. `None`: one has gone meanwhile.
    pub(super) async fn sum_up(&self, prefix: &Prefix, survey: &Survey, head: &Head) -> Result<Option<Sums>, Error> {
        let (mut sums, mut entries) = (Sums::default(), HashMap::<String, Entry>::new());
        for ids in survey.comments.chunks(CHUNK / 10) {
            let names: Vec<String> = ids.iter().map(|id| keys::comment(*id)).collect();
            for (id, record) in ids.iter().zip(self.values(prefix, &names).await?) {
                let Some(record) = record else { return Ok(None) };
                match Found::of(*id, &record) {
                    Ok(Found { comment, .. }) => {
                        sums.stand(Some((comment.status, comment.review.is_open())));
                        add(&mut entries, &comment.counted);
                    }
                    // It counts as it stands.
                    Err(Error::Damaged(_)) => {
                        sums.damaged.push(*id);
                        sums.damaged_comments += 1;
                        sums.stand(self.standing_of_damaged(prefix, *id).await?);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for ids in survey.tombstones.chunks(CHUNK / 10) {
            let names: Vec<String> = ids.iter().map(|id| keys::tombstone(*id)).collect();
            for (id, record) in ids.iter().zip(self.values(prefix, &names).await?) {
                let Some(record) = record else { return Ok(None) };
                match packed::tombstone(*id, &record) {
                    Ok(tombstone) => add(&mut entries, &tombstone.counted),
                    Err(_) => sums.damaged.push(*id),
                }
            }
        }
        let horizon = Timestamp::from_millis(i64::try_from(head.last_event.millis).unwrap_or(i64::MAX));
        let oldest = Period::of(horizon).oldest_kept();
        for names in survey.history.chunks(CHUNK) {
            for (name, value) in names.iter().zip(self.values(prefix, names).await?) {
                let Some(value) = value else { continue };
                sums.correct(name, (&value, entries.remove(name)), oldest);
            }
        }
        for (name, entry) in entries {
            sums.correct(&name, (b"", Some(entry)), oldest);
        }
        sums.own_operations = survey.operations.load(Ordering::Relaxed);
        Ok(Some(sums))
    }

    /// How a damaged comment stands in the lists. They are walked through, which only a damaged comment is worth.
    async fn standing_of_damaged(&self, prefix: &Prefix, id: CommentId) -> Result<Option<(Status, bool)>, Error> {
        for status in Status::ALL {
            if self.stands_in(prefix, &Index::Status(status), id).await? {
                return Ok(Some((status, self.stands_in(prefix, &Index::Queue, id).await?)));
            }
        }
        Ok(None)
    }

    async fn stands_in(&self, prefix: &Prefix, index: &Index, id: CommentId) -> Result<bool, Error> {
        let mut after = None;
        loop {
            let members = self.members(prefix, index, (after, false), CHUNK).await?;
            if members.iter().any(|position| position.id == id) {
                return Ok(true);
            }
            after = members.last().copied();
            if members.len() < CHUNK {
                return Ok(false);
            }
        }
    }
}

impl Sums {
    fn stand(&mut self, standing: Option<(Status, bool)>) {
        let Some((status, open)) = standing else { return };
        let place = match status {
            Status::Approved => 0,
            Status::Held => 1,
            Status::Rejected => 2,
        };
        self.counts[place] += 1;
        self.counts[3] += u64::from(open);
    }

    /// Notes what is wrong with an entry. What is there of a period is the whole sum; one of a period that no longer counts may
    /// be missing.
    fn correct(&mut self, name: &str, (value, sum): (&[u8], Option<Entry>), oldest: Period) {
        let (buckets, members) = parse(value);
        let there: BTreeMap<Period, Tally> = buckets.iter().map(|bucket| (bucket.period, bucket.tally)).collect();
        let Entry { buckets: mut right, members: named } = sum.unwrap_or_default();
        right.retain(|period, tally| *tally != Tally::default() && (*period >= oldest || there.contains_key(period)));
        let had: BTreeMap<u32, u64> = members.into_iter().collect();
        let right: Vec<Bucket> = right.into_iter().map(|(period, tally)| Bucket { period, tally }).collect();
        let wrong_periods = differing(&there, &right.iter().map(|bucket| (bucket.period, bucket.tally)).collect());
        let wrong_members = differing(&had, &named);
        let written = write(&right, &named.into_iter().collect::<Vec<_>>());
        if written.as_deref().unwrap_or_default() != value {
            self.history += wrong_periods.max(usize::from(wrong_members == 0));
            self.members += wrong_members;
            self.corrections.push((name.to_owned(), written));
        }
    }
}

/// How many keys two maps do not agree about.
fn differing<K: Ord, V: PartialEq>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> usize {
    let missing = other.keys().filter(|key| !one.contains_key(key)).count();
    missing + one.iter().filter(|(key, value)| other.get(key) != Some(*value)).count()
}

fn add(entries: &mut HashMap<String, Entry>, counted: &[Counted]) {
    for Counted { key, period, tally, member } in counted {
        let entry = entries.entry(keys::history(key)).or_default();
        let sum = entry.buckets.entry(*period).or_default();
        sum.seen += tally.seen;
        sum.approved += tally.approved;
        sum.spam += tally.spam;
        sum.abuse += tally.abuse;
        if let Some(member) = member {
            *entry.members.entry(*member).or_default() += 1;
        }
    }
}
