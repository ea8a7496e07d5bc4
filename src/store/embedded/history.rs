//! What is remembered of authors and texts: one row a period and a key, and the distinct members of a key.

use rusqlite::{Connection, Row};

use super::fault::Fault;
use super::sites::SiteRow;
use crate::domain::{
    Bucket, Counted, Delta, History, HistoryKey, MAX_MEMBERS, MemberChange, Past, Period, Tally, Timestamp,
};

/// What is remembered under these keys, of the periods that still count.
pub(super) fn recall(tx: &Connection, site: SiteRow, keys: &[HistoryKey], now: Timestamp) -> Result<History, Fault> {
    let oldest = Period::of(now).oldest_kept().0;
    let mut history = History::default();
    let mut periods = tx.prepare_cached(
        "SELECT period, seen, approved, spam, abuse FROM history
          WHERE site = ?1 AND kind = ?2 AND hash = ?3 AND period >= ?4 ORDER BY period",
    )?;
    let mut members =
        tx.prepare_cached("SELECT member FROM members WHERE site = ?1 AND kind = ?2 AND hash = ?3 ORDER BY member")?;
    for key in keys {
        let (kind, hash) = (key.kind.as_str(), key.hash);
        let buckets = periods.query_map((site.number, kind, hash, oldest), bucket_of)?.collect::<Result<_, _>>()?;
        let mut past = Past { buckets, ..Past::default() };
        if key.kind.members().is_some() {
            past.members = members.query_map((site.number, kind, hash), |row| row.get(0))?.collect::<Result<_, _>>()?;
        }
        history.set(key, past);
    }
    Ok(history)
}

/// Whether an entry takes one more comment of its member: the member is there, or there is room for it.
pub(super) fn takes_member(tx: &Connection, site: SiteRow, counted: &Counted) -> Result<bool, Fault> {
    let Some(member) = counted.member else { return Ok(true) };
    let mut count = tx.prepare_cached(
        "SELECT count(*) < ?4 OR max(member = ?5) FROM members WHERE site = ?1 AND kind = ?2 AND hash = ?3",
    )?;
    let values = (site.number, counted.key.kind.as_str(), counted.key.hash, MAX_MEMBERS, member);
    Ok(count.query_row(values, |row| row.get(0))?)
}

/// Applies a change to its entry. Whatever begins a period or meets one that no longer counts at the site's horizon drops
/// those that do not. So a row that is there is the whole sum, however the clock went.
pub(super) fn apply(tx: &Connection, site: SiteRow, delta: &Delta, horizon: Timestamp) -> Result<(), Fault> {
    let oldest = Period::of(horizon).oldest_kept();
    let settled = delta.period >= oldest && add(tx, site, delta)?;
    if !settled {
        let mut forget =
            tx.prepare_cached("DELETE FROM history WHERE site = ?1 AND kind = ?2 AND hash = ?3 AND period < ?4")?;
        forget.execute((site.number, delta.key.kind.as_str(), delta.key.hash, oldest.0))?;
    }
    match delta.member {
        None => Ok(()),
        Some(MemberChange::Add(member)) => add_member(tx, site, delta.key, member),
        Some(MemberChange::Remove(member)) => remove_member(tx, site, delta.key, member),
    }
}

/// Counts a comment in.
pub(super) fn count_in(tx: &Connection, site: SiteRow, counted: &[Counted], horizon: Timestamp) -> Result<(), Fault> {
    Counted::adding(counted).iter().try_for_each(|delta| apply(tx, site, delta, horizon))
}

/// Takes back what a comment was counted in.
pub(super) fn take_back(tx: &Connection, site: SiteRow, counted: &[Counted], horizon: Timestamp) -> Result<(), Fault> {
    Counted::taking_back(counted).iter().try_for_each(|delta| apply(tx, site, delta, horizon))
}

/// Drops an entry, whatever is counted in it.
pub(super) fn forget(tx: &Connection, site: SiteRow, key: HistoryKey) -> Result<(), Fault> {
    for table in ["history", "members"] {
        let mut delete =
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE site = ?1 AND kind = ?2 AND hash = ?3"))?;
        delete.execute((site.number, key.kind.as_str(), key.hash))?;
    }
    Ok(())
}

/// Adds to a period's row, or takes from it; whether there was one.
fn add(tx: &Connection, site: SiteRow, delta: &Delta) -> Result<bool, Fault> {
    let (kind, hash, period) = (delta.key.kind.as_str(), delta.key.hash, delta.period.0);
    let changes = [delta.seen, delta.approved, delta.spam, delta.abuse];
    let [seen, approved, spam, abuse] = changes;
    let values = (site.number, kind, hash, period, seen, approved, spam, abuse);
    let mut update = tx.prepare_cached(
        "UPDATE history SET seen = max(0, seen + ?5), approved = max(0, approved + ?6), spam = max(0, spam + ?7),
                abuse = max(0, abuse + ?8)
          WHERE site = ?1 AND kind = ?2 AND hash = ?3 AND period = ?4",
    )?;
    let there = update.execute(values)? > 0;
    let takes = changes.iter().any(|change| *change < 0);
    if there && takes {
        let mut drop = tx.prepare_cached(
            "DELETE FROM history WHERE site = ?1 AND kind = ?2 AND hash = ?3 AND period = ?4
                AND (seen, approved, spam, abuse) = (0, 0, 0, 0)",
        )?;
        drop.execute((site.number, kind, hash, period))?;
    }
    // A row to take from is missing only where something is damaged: there is nothing to take.
    if !there && !takes && changes != [0; 4] {
        let mut insert = tx.prepare_cached(
            "INSERT INTO history (site, kind, hash, period, seen, approved, spam, abuse)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        insert.execute(values)?;
    }
    Ok(there)
}

fn add_member(tx: &Connection, site: SiteRow, key: HistoryKey, member: u32) -> Result<(), Fault> {
    let mut add = tx.prepare_cached(
        "INSERT INTO members (site, kind, hash, member, uses) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT DO UPDATE SET uses = uses + 1",
    )?;
    add.execute((site.number, key.kind.as_str(), key.hash, member))?;
    Ok(())
}

fn remove_member(tx: &Connection, site: SiteRow, key: HistoryKey, member: u32) -> Result<(), Fault> {
    let of_member = "WHERE site = ?1 AND kind = ?2 AND hash = ?3 AND member = ?4";
    let values = (site.number, key.kind.as_str(), key.hash, member);
    let mut last = tx.prepare_cached(&format!("DELETE FROM members {of_member} AND uses <= 1"))?;
    if last.execute(values)? == 0 {
        let mut fewer = tx.prepare_cached(&format!("UPDATE members SET uses = uses - 1 {of_member}"))?;
        fewer.execute(values)?;
    }
    Ok(())
}

fn bucket_of(row: &Row<'_>) -> Result<Bucket, rusqlite::Error> {
    let tally = Tally { seen: row.get(1)?, approved: row.get(2)?, spam: row.get(3)?, abuse: row.get(4)? };
    Ok(Bucket { period: Period(row.get(0)?), tally })
}
