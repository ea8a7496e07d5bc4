//! The feed of events: in the order of their ids, which is the order of the commits.

use rusqlite::Connection;

use super::fault::Fault;
use super::packed::{pack, unpack_at};
use super::sites::{self, SiteRow};
use crate::domain::{Comment, Event, EventChange, EventId, SiteId, Timestamp};

/// Something that happened to a comment.
pub(super) struct News<'a> {
    /// What.
    pub(super) change: EventChange,
    /// The comment after it.
    pub(super) comment: &'a Comment,
    /// When it was asked for.
    pub(super) at: Timestamp,
}

/// Puts an event at the end of a site's feed.
pub(super) fn append(tx: &Connection, site: SiteRow, news: News<'_>) -> Result<(), Fault> {
    let News { change, comment, at } = news;
    let id = EventId::following(site.last_event, at);
    let external_id = comment.submission.external_id.clone();
    let (version, status) = (comment.version, comment.status);
    let packed = pack(&Event { id, at, change, comment: comment.id, external_id, version, status })?;
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

/// Half of an event's id as SQLite can keep it: what is greater stands behind every event.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
