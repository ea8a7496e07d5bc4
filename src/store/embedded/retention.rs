//! Retention: what is kept no longer goes, in small steps.

use rusqlite::Connection;

use super::comments::{self, Found};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::sites::{self, SiteRow};
use super::tombstones;
use crate::domain::{
    Change, Comment, CommentId, EventChange, Expiry, HeldExpires, Keep, SiteId, Status, Timestamp, Tombstone,
};
use crate::store::{Error, Expired};

/// The most of each kind in one step.
const STEP: usize = 100;

/// [`Store::expire`](crate::store::Store::expire)
pub(super) fn expire(tx: &Connection, id: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Fault> {
    let mut done = Expired::default();
    for comment in due(tx, sites::find(tx, id)?, keep, now)? {
        // Found anew, because every event moves the site's row on.
        let site = sites::find(tx, id)?;
        match comment.comment.expiry(keep, now) {
            Some(Expiry::Reject(change)) => {
                reject(tx, site, &comment, &change, now)?;
                done.rejected += 1;
            }
            Some(Expiry::Purge) => {
                purge(tx, site, &comment, now)?;
                done.purged += 1;
            }
            None => {}
        }
    }
    let site = sites::find(tx, id)?;
    done.addresses = cut_addresses(tx, site, keep, now)?;
    done.tombstones = drop_tombstones(tx, site, keep, now)?;
    done.events = drop_events(tx, site, now)?;
    let Expired { rejected, purged, addresses, tombstones, events, .. } = done;
    done.more = rejected + purged >= STEP || [addresses, tombstones, events].contains(&STEP);
    Ok(done)
}

/// Comments whose time is over, the oldest first. A damaged one is left where it is: somebody has to look at it.
fn due(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<Vec<Found>, Fault> {
    let mut found = Vec::new();
    for status in Status::ALL {
        let Some(limit) = keep.last_changed_before(status, now) else { continue };
        // Held ones that wait on are not even looked at: there may be many.
        let of_status = match (status, keep.held_expires) {
            (Status::Held, HeldExpires::Keep) => "status = 'held' AND priority IS NULL AND ?2 = 'held'",
            _ => "status = ?2",
        };
        let mut find = tx.prepare_cached(&format!(
            "SELECT id FROM comments WHERE site = ?1 AND {of_status} AND changed_at < ?3 ORDER BY changed_at LIMIT ?4"
        ))?;
        let values = (site.number, status.as_str(), limit.millis(), STEP - found.len());
        let ids = find.query_map(values, |row| row.get(0).map(CommentId::from_bytes))?;
        for id in ids.collect::<Result<Vec<_>, _>>()? {
            match comments::find_by_id(tx, site, id) {
                Ok(comment) => found.extend(comment),
                Err(Fault::Answer(Error::Damaged(why))) => tracing::error!("left out of retention: {why}"),
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(found)
}

fn reject(tx: &Connection, site: SiteRow, found: &Found, change: &Change, now: Timestamp) -> Result<(), Fault> {
    let Change { comment, deltas: _, event } = change;
    comments::replace(tx, found.number, comment)?;
    sites::recount(tx, site, Some((&found.comment).into()), Some(comment.into()))?;
    feed::append(tx, site, News::of(event.clone(), comment, now))
}

fn purge(tx: &Connection, site: SiteRow, found: &Found, now: Timestamp) -> Result<(), Fault> {
    let Found { number, comment } = found;
    let tombstone = Tombstone::of_purged(comment, now);
    comments::delete(tx, *number)?;
    sites::recount(tx, site, Some(comment.into()), None)?;
    let news = News {
        change: EventChange::Purged,
        comment: comment.id,
        external_id: comment.submission.external_id.clone(),
        now: (tombstone.version, tombstone.status),
        at: now,
    };
    tombstones::insert(tx, site, &tombstone)?;
    feed::append(tx, site, news)
}

fn cut_addresses(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<usize, Fault> {
    let Some(limit) = keep.addresses_before(now) else { return Ok(0) };
    let mut find = tx.prepare_cached(
        "SELECT id FROM comments WHERE site = ?1 AND address = 1 AND received_at < ?2 ORDER BY received_at LIMIT ?3",
    )?;
    let ids = find.query_map((site.number, limit.millis(), STEP), |row| row.get(0).map(CommentId::from_bytes))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    for id in &ids {
        match comments::find_by_id(tx, site, *id) {
            Ok(Some(Found { number, comment })) => {
                comments::replace(tx, number, &Comment::with_cut_address(comment))?;
            }
            Ok(None) => {}
            Err(Fault::Answer(Error::Damaged(why))) => {
                tracing::error!("its address cannot be cut: {why}");
                comments::note_no_address(tx, site, *id)?;
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(ids.len())
}

fn drop_tombstones(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<usize, Fault> {
    let Some(limit) = keep.tombstones_before(now) else { return Ok(0) };
    let mut find = tx.prepare_cached(&format!(
        "SELECT {} FROM tombstones WHERE site = ?1 AND erased_at < ?2 ORDER BY erased_at LIMIT ?3",
        tombstones::COLUMNS
    ))?;
    let old = find.query_and_then((site.number, limit.millis(), STEP), tombstones::tombstone_at)?;
    let old = old.collect::<Result<Vec<_>, _>>()?;
    let mut delete = tx.prepare_cached("DELETE FROM tombstones WHERE site = ?1 AND id = ?2")?;
    for tombstone in &old {
        history::take_back(tx, site, &tombstone.counted, now)?;
        delete.execute((site.number, tombstone.id.as_bytes()))?;
    }
    Ok(old.len())
}

fn drop_events(tx: &Connection, site: SiteRow, now: Timestamp) -> Result<usize, Fault> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM events WHERE (site, millis, number) IN
            (SELECT site, millis, number FROM events WHERE site = ?1 AND millis < ?2 ORDER BY millis, number LIMIT ?3)",
    )?;
    Ok(delete.execute((site.number, Keep::events_before(now).millis(), STEP))?)
}
