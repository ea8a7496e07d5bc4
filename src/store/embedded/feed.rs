//! The feed of events: in the order of their ids, which is the order of the commits.

use rusqlite::Connection;

use super::fault::Fault;
use super::packed::{pack, unpack_at};
use super::sites::{self, SiteRow};
use crate::domain::{Comment, CommentId, Event, EventChange, EventId, ExternalId, SiteId, Status, Timestamp};

/// Something that happened to a comment.
pub(super) struct News {
    /// What.
    pub(super) change: EventChange,
    /// To which comment.
    pub(super) comment: CommentId,
    /// The blog's id of it.
    pub(super) external_id: Option<ExternalId>,
    /// Its version and its status after the change.
    pub(super) now: (u64, Status),
    /// When it was asked for.
    pub(super) at: Timestamp,
}

impl News {
    /// Something that happened to this comment, as it is after it.
    pub(super) fn of(change: EventChange, comment: &Comment, at: Timestamp) -> Self {
        let external_id = comment.submission.external_id.clone();
        Self { change, comment: comment.id, external_id, now: (comment.version, comment.status), at }
    }
}

/// Puts an event at the end of a site's feed.
pub(super) fn append(tx: &Connection, site: SiteRow, news: News) -> Result<(), Fault> {
    let News { change, comment, external_id, now: (version, status), at } = news;
    let id = EventId::following(site.last_event, at);
    let packed = pack(&Event { id, at, change, comment, external_id, version, status })?;
    let mut insert = tx.prepare_cached("INSERT INTO events (site, millis, number, packed) VALUES (?1, ?2, ?3, ?4)")?;
    insert.execute((site.number, stored(id.millis), stored(id.number), packed))?;
    let mut last = tx.prepare_cached("UPDATE sites SET event_millis = ?2, event_number = ?3 WHERE ref = ?1")?;
    last.execute((site.number, stored(id.millis), stored(id.number)))?;
    Ok(())
}

/// [`Store::events`](crate::store::Store::events)
pub(super) fn events(tx: &Connection, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Fault> {
    let site = sites::find(tx, site)?;
    let mut find = tx.prepare_cached(
        "SELECT packed FROM events WHERE site = ?1 AND (millis, number) > (?2, ?3) ORDER BY millis, number LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = (site.number, stored(after.millis), stored(after.number), limit);
    find.query_and_then(after, |row| unpack_at(row, 0))?.collect()
}

/// What the feed told last of a comment, as far as it is kept. It walks back through the feed until then, which only a
/// damaged comment is worth.
pub(super) fn last_of(tx: &Connection, site: SiteRow, comment: CommentId) -> Result<Option<Event>, Fault> {
    let mut find = tx.prepare("SELECT packed FROM events WHERE site = ?1 ORDER BY millis DESC, number DESC")?;
    let mut rows = find.query([site.number])?;
    while let Some(row) = rows.next()? {
        if let Ok(event) = unpack_at::<Event>(row, 0)
            && event.comment == comment
        {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// Half of an event's id as SQLite can keep it: what is greater stands behind every event.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
