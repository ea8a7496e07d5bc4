//! The part of the audit that counts: history, limits and what passes, API keys.

use std::collections::{BTreeMap, BTreeSet};

use moderato::domain::{ApiKey, CommentId, MAX_MEMBERS, Period, Timestamp};

use super::reading::{entry_of, sort_key, starting};
use super::{Audit, Contents, Keys};

impl Audit {
    pub(super) fn history(&mut self, keys: &Keys, head: &[u64; 8], contents: &Contents) {
        let mut sums: BTreeMap<(String, u32), [u64; 4]> = BTreeMap::new();
        let mut uses: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for counted in &contents.counted {
            let (name, tally) = (entry_of(counted), counted.tally);
            let sum = sums.entry((name.clone(), counted.period.0)).or_default();
            for (sum, part) in sum.iter_mut().zip([tally.seen, tally.approved, tally.spam, tally.abuse]) {
                *sum += u64::from(part);
            }
            if let Some(member) = counted.member {
                *uses.entry((name, member)).or_default() += 1;
            }
        }
        sums.retain(|_, sum| *sum != [0; 4]);
        let horizon = Timestamp::from_millis(i64::try_from(head[0]).unwrap());
        let oldest = Period::of(horizon).oldest_kept().0;
        let mut kept_uses = BTreeMap::new();
        for (name, value) in starting(keys, "h:") {
            let text = std::str::from_utf8(value).unwrap_or_default();
            let Some((periods, members)) = text.split_once('|') else {
                self.faults.push(format!("{name}: cannot be read: {text}"));
                continue;
            };
            self.demand(text != "|", || format!("{name}: nothing is in it"));
            let mut order = Vec::new();
            for part in periods.split(';').filter(|part| !part.is_empty()) {
                let numbers: Vec<u64> = part.split([':', ',']).map(|number| number.parse().unwrap()).collect();
                let period = u32::try_from(numbers[0]).unwrap();
                order.push(period);
                let sum = sums.remove(&(name.to_owned(), period)).unwrap_or_default();
                self.demand(numbers[1..] == sum, || format!("{name} in {period}: {part}, the records say {sum:?}"));
            }
            self.demand(order.is_sorted(), || format!("{name}: its periods are not in order"));
            let mut distinct = 0;
            for part in members.split(';').filter(|part| !part.is_empty()) {
                let (member, uses) = part.split_once(':').unwrap();
                kept_uses.insert((name.to_owned(), member.parse::<u32>().unwrap()), uses.parse::<u64>().unwrap());
                distinct += 1;
            }
            self.demand(distinct <= MAX_MEMBERS, || format!("{name}: {distinct} members"));
        }
        self.demand(kept_uses == uses, || format!("members: {kept_uses:?}, the records say {uses:?}"));
        for ((name, period), sum) in sums.iter().filter(|((_, period), _)| *period >= oldest) {
            self.faults.push(format!("{name} in {period}: missing, the records say {sum:?}"));
        }
    }

    /// Idempotency keys whose time is not over name something that was.
    pub(super) fn passing(&mut self, keys: &Keys, contents: &Contents) {
        for (name, value) in starting(keys, "i:") {
            let text = std::str::from_utf8(value).unwrap_or_default();
            let parts: Vec<&str> = text.split(' ').collect();
            let (Some(Ok(id)), Some(Ok(until))) =
                (parts.first().map(|id| id.parse::<CommentId>()), parts.get(3).map(|until| until.parse::<i64>()))
            else {
                self.faults.push(format!("{name}: cannot be read"));
                continue;
            };
            let known = contents.comments.contains_key(&id) || contents.tombstones.contains_key(&id);
            self.demand(known || until <= contents.latest, || {
                format!("an idempotency key names {id}, which never was")
            });
        }
    }

    pub(super) fn api_keys(&mut self, owner: &str, keys: &Keys) {
        let mut said = BTreeSet::new();
        for (name, value) in starting(keys, "k:") {
            let key: ApiKey = match serde_json::from_slice(value) {
                Ok(key) => key,
                Err(why) => {
                    self.faults.push(format!("{name}: cannot be read: {why}"));
                    continue;
                }
            };
            let id = key.id.as_str();
            said.insert([&sort_key(key.created_at.millis())[..], id.as_bytes()].concat());
            self.demand(name == format!("k:{id}"), || format!("{name}: the record is of {id}"));
            self.demand(key.site.as_ref().map_or("", |site| site.as_str()) == owner, || format!("{name}: another's"));
            self.demand(self.owners.get(id).is_some_and(|listed| listed == owner), || format!("{name}: not listed"));
        }
        let kept = keys.indexes.get("k").cloned().unwrap_or_default();
        self.demand(kept == said, || format!("API keys: {kept:?}, the records say {said:?}"));
    }
}
