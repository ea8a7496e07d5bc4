//! What decisions teach: a log of each site's, in the order of its numbers.

use rusqlite::{Connection, Row};

use super::fault::Fault;
use super::models;
use super::packed::{pack, unpack_at};
use super::sites::{self, SiteRow};
use crate::domain::{Comment, Covered, SiteId, Taught, Teaching, Timestamp};

/// The most that go in one step of retention.
const STEP: usize = 100;

/// Puts what a change teaches, if it does, at the end of the log. A number that was lost is found again by the log.
pub(super) fn teach(tx: &Connection, site: SiteRow, was: Option<&Comment>, now: &Comment) -> Result<(), Fault> {
    let Some(teaching) = Teaching::between(was, now) else { return Ok(()) };
    let packed = pack(&teaching)?;
    let crc = crc32fast::hash(packed.as_bytes());
    let mut count = tx.prepare_cached(
        "UPDATE sites SET taught = 1 + max(taught, (SELECT coalesce(max(number), 0) FROM lessons WHERE site = ?1))
          WHERE ref = ?1 RETURNING taught",
    )?;
    let number: i64 = count.query_row([site.number], |row| row.get(0))?;
    let mut insert =
        tx.prepare_cached("INSERT INTO lessons (site, number, at, crc, packed) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute((site.number, number, now.changed_at.millis(), crc, packed))?;
    Ok(())
}

/// [`Store::lessons`](crate::store::Store::lessons)
pub(super) fn list(tx: &Connection, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Fault> {
    let site = sites::find(tx, site)?;
    // The rows are read until there are enough, so that a damaged one shortens no page.
    let mut find =
        tx.prepare_cached("SELECT number, crc, packed FROM lessons WHERE site = ?1 AND number > ?2 ORDER BY number")?;
    let mut rows = find.query((site.number, i64::try_from(after).unwrap_or(i64::MAX)))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        found.extend(legible(row)?);
    }
    Ok(found)
}

/// The lesson in a row of its number, `crc` and `packed`; what cannot be read is told and left out.
fn legible(row: &Row<'_>) -> Result<Option<Taught>, Fault> {
    let number: u64 = row.get(0)?;
    let crc = crc32fast::hash(row.get_ref(2)?.as_bytes().unwrap_or_default());
    let is_whole = row.get::<_, i64>(1)? == i64::from(crc);
    let teaching = if is_whole { unpack_at(row, 2).ok() } else { None };
    if teaching.is_none() {
        tracing::error!("left out: lesson {number} is damaged; learners go on without it");
    }
    Ok(teaching.map(|teaching| Taught { number, teaching }))
}

/// The lessons from the oldest on.
const OLDEST: &str = "SELECT number, at FROM lessons WHERE site = ?1 ORDER BY number";

const DROP: &str = "DELETE FROM lessons WHERE site = ?1 AND number <= ?2";

/// Lets the oldest lessons go that are kept no longer, and answers how many.
pub(super) fn expire(tx: &Connection, site: SiteRow, now: Timestamp) -> Result<usize, Fault> {
    let mut covered = Covered { newest: site.taught, by_snapshot: models::taught(tx, site)? };
    let mut due = due(tx, site, covered, now)?;
    if due.is_some() && covered.by_snapshot > 0 && models::of(tx, site)?.is_none() {
        // A snapshot that cannot be read covers nothing.
        covered.by_snapshot = 0;
        due = self::due(tx, site, covered, now)?;
    }
    let Some(last) = due else { return Ok(0) };
    Ok(tx.prepare_cached(DROP)?.execute((site.number, last))?)
}

/// The last of the lessons that go in this step.
fn due(tx: &Connection, site: SiteRow, covered: Covered, now: Timestamp) -> Result<Option<i64>, Fault> {
    let mut find = tx.prepare_cached(OLDEST)?;
    let mut rows = find.query([site.number])?;
    let (mut last, mut seen) = (None, 0);
    while seen < STEP
        && let Some(row) = rows.next()?
    {
        let (number, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        if !covered.lets_go(number.unsigned_abs(), Timestamp::from_millis(at), now) {
            break;
        }
        (last, seen) = (Some(number), seen + 1);
    }
    Ok(last)
}

/// Lets the numbers go on behind what was taught; 1 if they did not.
pub(super) fn repair(tx: &Connection, site: SiteRow) -> Result<usize, Fault> {
    let learnt = models::of(tx, site)?.map_or(0, |snapshot| snapshot.taught);
    let repair = "UPDATE sites SET taught = known.newest
                    FROM (SELECT max(?2, (SELECT coalesce(max(number), 0) FROM lessons WHERE site = ?1)) AS newest) AS known
                   WHERE ref = ?1 AND sites.taught < known.newest";
    Ok(tx.execute(repair, (site.number, i64::try_from(learnt).unwrap_or(i64::MAX)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::schema::plan;

    #[test]
    fn lessons_are_read_and_dropped_by_their_numbers() {
        for sql in [OLDEST, DROP] {
            let plan = plan(sql);
            assert!(plan.len() == 1 && plan[0].contains("PRIMARY KEY (site=?"), "{plan:?}");
        }
    }
}
