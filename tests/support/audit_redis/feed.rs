//! The feed: what events follow each other, and whether the last of a comment tells what it is.

use std::collections::BTreeMap;

use moderato::domain::{Comment, CommentId, EventChange, EventId, Status, Timestamp};

use super::{Audit, Contents, Keys};

/// The least time between the going of a comment and that of its tombstone.
const TOMBSTONES: i64 = 3 * 24 * 60 * 60 * 1000;

/// An event as it is kept.
#[derive(serde::Deserialize)]
struct News {
    at: Timestamp,
    #[serde(flatten)]
    change: EventChange,
    comment: CommentId,
    version: u64,
    status: Status,
}

impl News {
    /// Whether it is the last that its comment can have.
    fn is_end(&self) -> bool {
        matches!(self.change, EventChange::Erased | EventChange::Purged)
    }
}

impl Audit {
    pub(super) fn events(&mut self, keys: &Keys, head: &[u64; 8], contents: &mut Contents) {
        let mut newest: BTreeMap<CommentId, News> = BTreeMap::new();
        for (id, packed) in &keys.feed {
            let event: News = match serde_json::from_slice(packed) {
                Ok(event) => event,
                Err(why) => {
                    self.faults.push(format!("event {id}: cannot be read: {why}"));
                    continue;
                }
            };
            self.summary.events += 1;
            contents.latest = contents.latest.max(event.at.millis());
            let version = event.version;
            if let Some(before) = newest.insert(event.comment, event) {
                self.demand(before.version.checked_add(1) == Some(version), || {
                    format!("event {id}: version {version} follows {}", before.version)
                });
                self.demand(!before.is_end(), || format!("event {id}: after its end"));
            }
        }
        let (kept, last) = (EventId { millis: head[0], number: head[1] }, keys.feed.last().map(|(id, _)| *id));
        self.demand(last.is_none_or(|last| last == kept), || {
            format!("the last event is {last:?}, the site says {kept}")
        });
        contents.latest = contents.latest.max(i64::try_from(kept.millis).unwrap_or(i64::MAX));
        for (id, event) in &newest {
            self.newest(*id, event, contents);
        }
        // Events go from the front: what is later than the first that is kept is kept.
        let first = keys.feed.first().map_or(kept.millis + 1, |(first, _)| first.millis);
        let told = |comment: &&Comment| {
            comment.version > 1 && u64::try_from(comment.changed_at.millis()).is_ok_and(|at| at > first)
        };
        for comment in contents.comments.values().filter(told) {
            // An old comment that came in decided did so in silence.
            let came_so = comment.version == 2 && comment.changed_at == comment.received_at;
            self.demand(came_so || newest.contains_key(&comment.id), || format!("{}: changed in silence", comment.id));
        }
    }

    /// The newest event of a comment tells of its last change.
    fn newest(&mut self, id: CommentId, event: &News, contents: &Contents) {
        let tombstone = contents.tombstones.get(&id);
        let (version, status) = match (contents.comments.get(&id), tombstone) {
            (Some(comment), _) => (comment.version, comment.status),
            (None, Some(tombstone)) => (tombstone.version, tombstone.status),
            // Its tombstone went before the event did.
            (None, None) if event.is_end() && event.at.millis() + TOMBSTONES <= contents.latest => return,
            (None, None) => return self.faults.push(format!("a version {} of {id}, which never was", event.version)),
        };
        self.demand(event.version == version, || format!("{id}: version {version}, the feed says {}", event.version));
        self.demand(event.status == status, || format!("{id}: {status:?}, the feed says {:?}", event.status));
        self.demand(event.is_end() == tombstone.is_some(), || format!("{id}: last event {:?}", event.change));
        let tells = tombstone.is_some_and(|left| !left.counted.is_empty() || left.authors != [None; 2]);
        let erased = event.change == EventChange::Erased;
        self.demand(!erased || !tells, || format!("{id}: erased, and its tombstone still tells of its author"));
    }
}
