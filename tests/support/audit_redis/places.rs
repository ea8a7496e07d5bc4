//! What is counted and listed: the four counts, the indexes, external ids, and idempotency keys.

use std::collections::{BTreeMap, BTreeSet};

use moderato::domain::{Comment, CommentId, Status};

use super::{Audit, Contents, Keys, starting};

impl Audit {
    pub(super) fn counts(&mut self, head: &[u64; 8], contents: &Contents) {
        let of = |test: &dyn Fn(&Comment) -> bool| contents.comments.values().filter(|c| test(c)).count() as u64;
        let recount = [
            of(&|comment| comment.status == Status::Approved),
            of(&|comment| comment.status == Status::Held),
            of(&|comment| comment.status == Status::Rejected),
            of(&|comment| comment.review.is_open()),
        ];
        self.demand(head[2..6] == recount, || {
            format!("counts (approved, held, rejected, open): {:?}, recount {recount:?}", &head[2..6])
        });
    }

    /// Indexes and external ids, in both directions.
    pub(super) fn places(&mut self, keys: &Keys, contents: &Contents) {
        let names: BTreeSet<&String> = keys.indexes.keys().chain(contents.indexes.keys()).collect();
        let none = BTreeSet::new();
        for name in names.into_iter().filter(|name| *name != "k" && !name.starts_with("b:")) {
            let (kept, said) = (keys.indexes.get(name).unwrap_or(&none), contents.indexes.get(name).unwrap_or(&none));
            for member in kept.difference(said) {
                self.faults.push(format!("index {name}: {} does not belong there", shown(member)));
            }
            for member in said.difference(kept) {
                self.faults.push(format!("index {name}: {} is missing", shown(member)));
            }
        }
        let kept: BTreeMap<&str, &[u8]> = starting(keys, "x:").collect();
        let said: BTreeMap<&str, &[u8]> =
            contents.externals.iter().map(|(name, id)| (name.as_str(), id.as_slice())).collect();
        self.demand(kept == said, || format!("external ids: {kept:?}, the records say {said:?}"));
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
}

fn shown(member: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(member)
}
