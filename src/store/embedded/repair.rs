//! Makes anew whatever is derived from comments and tombstones: columns, queue, campaigns, counts, history and members.

use std::path::Path;

use rusqlite::Connection;

use super::campaigns;
use super::columns::{COLUMNS, Columns};
use super::comments;
use super::fault::Fault;
use super::lessons;
use super::open;
use super::packed::{comment_at, unpack_at};
use super::schema;
use super::sites::{self, SiteRow};
use crate::domain::{CommentId, Counted, Period, SiteId};
use crate::store::{Error, Mended, OpenError, Repaired};

/// What the records add up to. Temporary, so that it takes no more memory than SQLite's cache has, however many there are.
const SUMS: &str = "
    CREATE TEMP TABLE summed (
        kind TEXT, hash BLOB, period INTEGER, seen INTEGER, approved INTEGER, spam INTEGER, abuse INTEGER,
        PRIMARY KEY (kind, hash, period)) WITHOUT ROWID;
    CREATE TEMP TABLE named (kind TEXT, hash BLOB, member INTEGER, uses INTEGER, PRIMARY KEY (kind, hash, member)) WITHOUT ROWID;";

/// Corrects the history. A row that is there is the whole sum; one of a period that no longer counts may be missing.
const HISTORY: [&str; 4] = [
    "DELETE FROM summed WHERE (seen, approved, spam, abuse) = (0, 0, 0, 0) AND ?1 = ?1 AND ?2 = ?2",
    "UPDATE history AS h SET (seen, approved, spam, abuse) = (s.seen, s.approved, s.spam, s.abuse)
       FROM summed AS s
      WHERE h.site = ?1 AND (s.kind, s.hash, s.period) = (h.kind, h.hash, h.period) AND ?2 = ?2
        AND (s.seen, s.approved, s.spam, s.abuse) <> (h.seen, h.approved, h.spam, h.abuse)",
    "DELETE FROM history AS h WHERE site = ?1 AND ?2 = ?2
        AND NOT EXISTS (SELECT 1 FROM summed AS s WHERE (s.kind, s.hash, s.period) = (h.kind, h.hash, h.period))",
    "INSERT INTO history (site, kind, hash, period, seen, approved, spam, abuse)
     SELECT ?1, kind, hash, period, seen, approved, spam, abuse FROM summed AS s WHERE period >= ?2
        AND NOT EXISTS (SELECT 1 FROM history AS h
                         WHERE h.site = ?1 AND (s.kind, s.hash, s.period) = (h.kind, h.hash, h.period))",
];

/// Corrects the members.
const MEMBERS: [&str; 3] = [
    "UPDATE members AS m SET uses = n.uses FROM named AS n
      WHERE m.site = ?1 AND (n.kind, n.hash, n.member) = (m.kind, m.hash, m.member) AND n.uses <> m.uses",
    "DELETE FROM members AS m WHERE site = ?1
        AND NOT EXISTS (SELECT 1 FROM named AS n WHERE (n.kind, n.hash, n.member) = (m.kind, m.hash, m.member))",
    "INSERT INTO members (site, kind, hash, member, uses)
     SELECT ?1, kind, hash, member, uses FROM named AS n
      WHERE NOT EXISTS (SELECT 1 FROM members AS m
                         WHERE m.site = ?1 AND (n.kind, n.hash, n.member) = (m.kind, m.hash, m.member))",
];

/// Corrects a site's counts. Damaged comments count as their rows say.
const COUNTS: &str = "
    UPDATE sites SET (approved, held, rejected, open) = (c.approved, c.held, c.rejected, c.open)
      FROM (SELECT count(*) FILTER (WHERE status = 'approved') AS approved, count(*) FILTER (WHERE status = 'held') AS held,
                   count(*) FILTER (WHERE status = 'rejected') AS rejected, count(priority) AS open
              FROM comments WHERE site = ?1) AS c
     WHERE ref = ?1 AND (sites.approved, sites.held, sites.rejected, sites.open) <> (c.approved, c.held, c.rejected, c.open)";

/// The feed goes on behind its last event.
const FEED: &str = "
    UPDATE sites SET (event_millis, event_number) = (e.millis, e.number)
      FROM (SELECT millis, number FROM events WHERE site = ?1 ORDER BY millis DESC, number DESC LIMIT 1) AS e
     WHERE ref = ?1 AND (sites.event_millis, sites.event_number) < (e.millis, e.number)";

/// [`Store::repair`](crate::store::Store::repair)
pub(super) fn repair(tx: &Connection, id: &SiteId) -> Result<Repaired, Fault> {
    let mut repaired = Repaired::default();
    let site = sites::find(tx, id)?;
    repaired.feed = tx.execute(FEED, [site.number])?;
    let site = sites::find(tx, id)?;
    repaired.lessons = lessons::repair(tx, site)?;
    tx.execute_batch(SUMS)?;
    let wrong = read_comments(tx, site, &mut repaired)?;
    read_tombstones(tx, site, &mut repaired)?;
    repaired.rows = wrong.len();
    write_columns(tx, site, &wrong)?;
    let oldest = Period::of(site.horizon()).oldest_kept().0;
    let [zeros, corrections @ ..] = HISTORY;
    tx.execute(zeros, (site.number, oldest))?;
    for correction in corrections {
        repaired.history += tx.execute(correction, (site.number, oldest))?;
    }
    for correction in MEMBERS {
        repaired.members += tx.execute(correction, [site.number])?;
    }
    repaired.counts = tx.execute(COUNTS, [site.number])?;
    tx.execute_batch("DROP TABLE summed; DROP TABLE named;")?;
    Ok(repaired)
}

/// Adds up what can be read of the comments; the answer is the rows whose columns disagree with their records.
fn read_comments(tx: &Connection, site: SiteRow, repaired: &mut Repaired) -> Result<Vec<i64>, Fault> {
    let mut wrong = Vec::new();
    let mut find =
        tx.prepare(&format!("SELECT n, id, crc, packed, {COLUMNS} FROM comments WHERE site = ?1 ORDER BY id"))?;
    let mut rows = find.query([site.number])?;
    while let Some(row) = rows.next()? {
        match comment_at(row, 1) {
            Ok(comment) => {
                repaired.comments += 1;
                add(tx, &comment.counted)?;
                let number = row.get(0)?;
                if Columns::at(row, 4)? != Columns::of(&comment)
                    || !campaigns::agree(tx, site.number, number, &comment)?
                {
                    wrong.push(number);
                }
            }
            Err(Fault::Answer(Error::Damaged(_))) => repaired.damaged.push(CommentId::from_bytes(row.get(1)?)),
            Err(fault) => return Err(fault),
        }
    }
    Ok(wrong)
}

fn read_tombstones(tx: &Connection, site: SiteRow, repaired: &mut Repaired) -> Result<(), Fault> {
    let mut find = tx.prepare("SELECT id, counted FROM tombstones WHERE site = ?1")?;
    let mut rows = find.query([site.number])?;
    while let Some(row) = rows.next()? {
        match unpack_at::<Vec<Counted>>(row, 1) {
            Ok(counted) => {
                repaired.tombstones += 1;
                add(tx, &counted)?;
            }
            Err(Fault::Answer(Error::Damaged(_))) => repaired.damaged.push(CommentId::from_bytes(row.get(0)?)),
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

fn add(tx: &Connection, counted: &[Counted]) -> Result<(), Fault> {
    let mut sum = tx.prepare_cached(
        "INSERT INTO summed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET seen = seen + excluded.seen, approved = approved + excluded.approved,
                                   spam = spam + excluded.spam, abuse = abuse + excluded.abuse",
    )?;
    let mut name =
        tx.prepare_cached("INSERT INTO named VALUES (?1, ?2, ?3, 1) ON CONFLICT DO UPDATE SET uses = uses + 1")?;
    for Counted { key, period, tally, member } in counted {
        let kind = key.kind.as_str();
        sum.execute((kind, key.hash, period.0, tally.seen, tally.approved, tally.spam, tally.abuse))?;
        if let Some(member) = member {
            name.execute((kind, key.hash, member))?;
        }
    }
    Ok(())
}

/// Writes the columns of these rows by their records. First all names are given up, as one row may stand under another's.
fn write_columns(tx: &Connection, site: SiteRow, rows: &[i64]) -> Result<(), Fault> {
    let mut free = tx.prepare("UPDATE comments SET external_id = NULL, id = CAST('row ' || n AS BLOB) WHERE n = ?1")?;
    for row in rows {
        free.execute([row])?;
    }
    for row in rows {
        if let Some(comment) = comments::find_by_number(tx, *row)? {
            Columns::of(&comment).write(tx, *row)?;
            campaigns::write(tx, site.number, *row, &comment)?;
        }
    }
    Ok(())
}

/// [`store::mend`](crate::store::mend)
pub(in crate::store) fn mend(data_dir: &Path) -> Result<Mended, OpenError> {
    let path = data_dir.join(open::FILE);
    let connection = open::connect(&path).map_err(|why| OpenError::of_sqlite(&path, &why))?;
    schema::inspect(&connection, &path)?;
    let faults = faults(&connection);
    if faults.is_empty() {
        return Ok(Mended::default());
    }
    let rebuilt = connection.execute_batch("REINDEX");
    let mut faults = self::faults(&connection);
    faults.extend(rebuilt.as_ref().err().map(|why| format!("the indexes cannot be built anew: {why}")));
    Ok(Mended { rebuilt: rebuilt.is_ok(), faults })
}

/// What SQLite finds wrong: at most a hundred lines.
pub(super) fn faults(connection: &Connection) -> Vec<String> {
    let lines = connection
        .prepare("PRAGMA integrity_check(100)")
        .and_then(|mut check| check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>());
    match lines {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        Err(why) => vec![why.to_string()],
    }
}
