//! Retention: what is kept no longer goes, in small steps.

use rusqlite::{Connection, OptionalExtension};

use super::columns::Columns;
use super::comments::{self, Found};
use super::existing;
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::lessons;
use super::packed::comment_at;
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
    let comments = due(tx, sites::find(tx, id)?, keep, now)?;
    done.more = comments.len() == STEP;
    for found in comments {
        // Found anew, because every event moves the site's row on.
        let site = sites::find(tx, id)?;
        let Found { number, comment } = match found {
            Ok(found) => found,
            Err(damaged) => {
                damaged.set_aside(tx)?;
                continue;
            }
        };
        match comment.expiry(keep, now) {
            Some(Expiry::Reject(change)) => {
                reject(tx, site, &Found { number, comment }, &change, now)?;
                done.rejected += 1;
            }
            Some(Expiry::Purge) => {
                purge(tx, site, &Found { number, comment }, now)?;
                done.purged += 1;
            }
            // Its columns are wrong, or it would not have been found: next time it would be again.
            None => Columns::of(&comment).write(tx, number)?,
        }
    }
    let site = sites::find(tx, id)?;
    done.addresses = cut_addresses(tx, site, keep, now)?;
    let keys = existing::sweep(tx, now, STEP)?;
    done.tombstones = drop_tombstones(tx, site, keep, now)?;
    done.events = drop_events(tx, site, now)?;
    done.lessons = lessons::expire(tx, site, now)?;
    done.more |= [done.addresses, keys, done.tombstones, done.events, done.lessons].contains(&STEP);
    Ok(done)
}

/// A record that cannot be read, found by its row.
struct Damaged {
    number: i64,
    why: String,
}

impl Damaged {
    /// Leaves it where it is, out of retention: somebody has to look at it, but not every minute again.
    fn set_aside(&self, tx: &Connection) -> Result<(), Fault> {
        tracing::error!(
            "retention leaves it out from now on; `moderato repair` names it, and it can be erased: {}",
            self.why
        );
        let mut update = tx.prepare_cached("UPDATE comments SET changed_at = ?2, address = 0 WHERE n = ?1")?;
        update.execute((self.number, i64::MAX))?;
        Ok(())
    }
}

/// Comments whose time is over, the oldest of each status first.
fn due(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<Vec<Result<Found, Damaged>>, Fault> {
    let mut found = Vec::new();
    for status in Status::ALL {
        let Some(limit) = keep.last_changed_before(status, now) else { continue };
        let mut find = tx.prepare_cached(due_of(status, keep.held_expires))?;
        let mut rows = find.query((site.number, limit.millis(), STEP - found.len()))?;
        let first = found.len();
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            found.push(match comment_at(row, 1) {
                Ok(comment) => Ok(Found { number, comment }),
                Err(Fault::Answer(Error::Damaged(why))) => Err(Damaged { number, why }),
                Err(fault) => return Err(fault),
            });
        }
        // Of those that changed last at the same moment, the index knows only which row is older: no other store does.
        found[first..].sort_by_key(|found: &Result<Found, Damaged>| {
            found.as_ref().ok().map(|found| (found.comment.changed_at, found.comment.id))
        });
    }
    Ok(found)
}

/// The statement that finds comments of a status whose time is over.
fn due_of(status: Status, held_expires: HeldExpires) -> &'static str {
    match (status, held_expires) {
        (Status::Approved, _) => {
            "SELECT n, id, crc, packed FROM comments
              WHERE site = ?1 AND status = 'approved' AND changed_at < ?2 ORDER BY changed_at LIMIT ?3"
        }
        (Status::Rejected, _) => {
            "SELECT n, id, crc, packed FROM comments
              WHERE site = ?1 AND status = 'rejected' AND changed_at < ?2 ORDER BY changed_at LIMIT ?3"
        }
        (Status::Held, HeldExpires::Reject) => {
            "SELECT n, id, crc, packed FROM comments
              WHERE site = ?1 AND status = 'held' AND changed_at < ?2 ORDER BY changed_at LIMIT ?3"
        }
        // Those that wait on are not even looked at: there may be many.
        (Status::Held, HeldExpires::Keep) => {
            "SELECT n, id, crc, packed FROM comments INDEXED BY comments_withdrawn
              WHERE site = ?1 AND status = 'held' AND priority IS NULL AND changed_at < ?2 ORDER BY changed_at LIMIT ?3"
        }
    }
}

fn reject(tx: &Connection, site: SiteRow, found: &Found, change: &Change, now: Timestamp) -> Result<(), Fault> {
    let Change { comment, deltas, event } = change;
    comments::replace(tx, found.number, comment)?;
    for delta in deltas {
        history::apply(tx, site, delta, site.horizon_after(now))?;
    }
    sites::recount(tx, site, Some((&found.comment).into()), Some(comment.into()))?;
    feed::append(tx, site, News::of(event.clone(), comment, now))
}

fn purge(tx: &Connection, site: SiteRow, found: &Found, now: Timestamp) -> Result<(), Fault> {
    let Found { number, comment } = found;
    let tombstone = Tombstone::of_purged(comment, now);
    comments::delete(tx, *number)?;
    sites::recount(tx, site, Some(comment.into()), None)?;
    tombstones::insert(tx, site, &tombstone)?;
    let Tombstone { id: comment, external_id, version, status, .. } = tombstone;
    let news = News { change: EventChange::Purged, comment, external_id, now: (version, status), at: now };
    feed::append(tx, site, news)
}

const WHOLE_ADDRESSES: &str = "
    SELECT n, id, crc, packed FROM comments
     WHERE site = ?1 AND address = 1 AND received_at < ?2 ORDER BY received_at LIMIT ?3";

fn cut_addresses(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<usize, Fault> {
    let Some(limit) = keep.addresses_before(now) else { return Ok(0) };
    let mut find = tx.prepare_cached(WHOLE_ADDRESSES)?;
    let found = find.query_and_then((site.number, limit.millis(), STEP), |row| {
        let number = row.get(0)?;
        match comment_at(row, 1) {
            Ok(comment) => Ok(Ok(Found { number, comment })),
            Err(Fault::Answer(Error::Damaged(why))) => Ok(Err(Damaged { number, why })),
            Err(fault) => Err(fault),
        }
    })?;
    let found = found.collect::<Result<Vec<_>, Fault>>()?;
    let count = found.len();
    for found in found {
        match found {
            Ok(Found { number, comment }) if comment.received_at < limit => {
                comments::replace(tx, number, &Comment::with_cut_address(comment))?;
            }
            // Its columns are wrong: next time it would be found again.
            Ok(Found { number, comment }) => Columns::of(&comment).write(tx, number)?,
            Err(damaged) => damaged.set_aside(tx)?,
        }
    }
    Ok(count)
}

const OLD_TOMBSTONES: &str =
    "SELECT id, counted FROM tombstones WHERE site = ?1 AND erased_at < ?2 ORDER BY erased_at LIMIT ?3";

fn drop_tombstones(tx: &Connection, site: SiteRow, keep: &Keep, now: Timestamp) -> Result<usize, Fault> {
    let Some(limit) = keep.tombstones_before(now) else { return Ok(0) };
    let mut find = tx.prepare_cached(OLD_TOMBSTONES)?;
    let old = find.query_map((site.number, limit.millis(), STEP), |row| {
        let id = CommentId::from_bytes(row.get(0)?);
        Ok((id, tombstones::counted_at(id, row, 1)))
    })?;
    let old = old.collect::<Result<Vec<_>, _>>()?;
    let mut delete = tx.prepare_cached("DELETE FROM tombstones WHERE site = ?1 AND id = ?2")?;
    for (id, counted) in &old {
        history::take_back(tx, site, counted, site.horizon())?;
        delete.execute((site.number, id.as_bytes()))?;
    }
    Ok(old.len())
}

/// The last event of a step that takes as many as it may; none if there are fewer.
const LAST_OF_STEP: &str = "
    SELECT millis, number FROM events WHERE site = ?1 AND millis < ?2 ORDER BY millis, number LIMIT 1 OFFSET ?3";

const DROP_EVENTS: &str = "DELETE FROM events WHERE site = ?1 AND (millis, number) <= (?2, ?3)";

fn drop_events(tx: &Connection, site: SiteRow, now: Timestamp) -> Result<usize, Fault> {
    let limit = Keep::events_before(now).millis();
    let mut last = tx.prepare_cached(LAST_OF_STEP)?;
    let last = last.query_row((site.number, limit, STEP - 1), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (millis, number): (i64, i64) = last.unwrap_or((limit - 1, i64::MAX));
    Ok(tx.prepare_cached(DROP_EVENTS)?.execute((site.number, millis, number))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::schema::plan;

    #[test]
    fn what_is_due_is_found_by_an_index_in_order() {
        let of_status = |status, held_expires| plan(due_of(status, held_expires));
        let (waits, rejects) = (HeldExpires::Keep, HeldExpires::Reject);
        for (plan, index) in [
            (of_status(Status::Approved, waits), "comments_age (site=? AND status=? AND changed_at<?)"),
            (of_status(Status::Rejected, waits), "comments_age (site=? AND status=? AND changed_at<?)"),
            (of_status(Status::Held, rejects), "comments_age (site=? AND status=? AND changed_at<?)"),
            (of_status(Status::Held, waits), "comments_withdrawn (site=? AND changed_at<?)"),
            (plan(WHOLE_ADDRESSES), "comments_address (site=? AND received_at<?)"),
            (plan(OLD_TOMBSTONES), "tombstones_age (site=? AND erased_at<?)"),
            (plan(LAST_OF_STEP), "PRIMARY KEY (site=? AND millis<?)"),
            (plan(DROP_EVENTS), "PRIMARY KEY (site=? AND (millis,number)<(?,?))"),
        ] {
            assert!(plan.len() == 1 && plan[0].contains(index), "{index}: {plan:?}");
        }
    }
}
