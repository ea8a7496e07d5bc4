//! How all sites together stand: their counts, and the review that has waited longest.

use rusqlite::Connection;

use super::fault::Fault;
use super::packed::comment_at;
use crate::domain::{Counts, MAX_READ, Review, Timestamp, Totals};
use crate::store::Error;

/// [`Store::totals`](crate::store::Store::totals)
pub(super) fn totals(tx: &Connection) -> Result<Totals, Fault> {
    let mut sum = tx.prepare_cached(SUM)?;
    let (sites, counts) = sum.query_row([], |row| {
        let counts = Counts { approved: row.get(1)?, held: row.get(2)?, rejected: row.get(3)?, open: row.get(4)? };
        Ok((row.get(0)?, counts))
    })?;
    Ok(Totals { sites, counts, oldest_open: oldest_open(tx)? })
}

const SUM: &str = "
    SELECT count(*), coalesce(sum(approved), 0), coalesce(sum(held), 0), coalesce(sum(rejected), 0), coalesce(sum(open), 0)
      FROM sites";

/// The sites whose queues are not empty, with the priority at the front of each, the smallest first.
const FRONTS: &str = "
    SELECT ref, (SELECT min(priority) FROM comments WHERE site = ref AND priority IS NOT NULL) AS front
      FROM sites WHERE open > 0 ORDER BY front";

/// A site's queue from its front up to a priority.
const QUEUE: &str = "
    SELECT priority, id, crc, packed FROM comments
     WHERE site = ?1 AND priority IS NOT NULL AND priority < ?2 ORDER BY priority, id";

/// Since when the review that has waited longest is open. No review has a priority above its opening ([`Review::open`]):
/// from the first whose priority is not below the oldest opening found, none can be older.
fn oldest_open(tx: &Connection) -> Result<Option<Timestamp>, Fault> {
    let (mut fronts, mut queue) = (tx.prepare_cached(FRONTS)?, tx.prepare_cached(QUEUE)?);
    let (mut fronts, mut oldest, mut read) = (fronts.query([])?, None::<Timestamp>, 0);
    while let Some(front) = fronts.next()? {
        let (site, priority): (i64, Option<i64>) = (front.get(0)?, front.get(1)?);
        let limit = |oldest: Option<Timestamp>| oldest.map_or(i64::MAX, Timestamp::millis);
        if priority.is_none_or(|priority| priority >= limit(oldest)) {
            break;
        }
        let mut waiting = queue.query((site, limit(oldest)))?;
        while let Some(row) = waiting.next()? {
            if read == MAX_READ {
                return Ok(oldest);
            }
            read += 1;
            if row.get::<_, i64>(0)? >= limit(oldest) {
                break;
            }
            match comment_at(row, 1).map(|comment| comment.review) {
                Ok(Review::Open { since, .. }) => oldest = Some(oldest.map_or(since, |oldest| oldest.min(since))),
                // Lists tell the log of a damaged record.
                Ok(Review::Done) | Err(Fault::Answer(Error::Damaged(_))) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queues_are_read_from_their_index() {
        let connections = crate::store::embedded::open::in_memory().unwrap();
        let connection = connections.writer.lock().unwrap();
        for (sql, values) in [(FRONTS, &[][..]), (QUEUE, &[1_i64, 2][..])] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = explain.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = steps.map(Result::unwrap).collect();
            let of_comments: Vec<_> = plan.iter().filter(|step| step.contains("comments")).collect();
            assert!(of_comments.len() == 1 && of_comments[0].contains("comments_queue"), "{plan:?}");
            assert!(!of_comments[0].contains("SCAN"), "{plan:?}");
        }
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {QUEUE}")).unwrap();
        let steps = explain.query_map((1, 2), |row| row.get::<_, String>(3)).unwrap();
        assert!(steps.map(Result::unwrap).all(|step| !step.contains("TEMP B-TREE")));
    }
}
