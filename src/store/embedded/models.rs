//! Snapshots of what was learnt: one a site.

use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::sites::{self, SiteRow};
use crate::domain::{MAX_MODEL, ModelSnapshot, SiteId};

/// [`Store::model`](crate::store::Store::model)
pub(super) fn read(tx: &Connection, site: &SiteId) -> Result<Option<ModelSnapshot>, Fault> {
    of(tx, sites::find(tx, site)?)
}

/// A site's snapshot; one that is damaged is told and counts as none.
pub(super) fn of(tx: &Connection, site: SiteRow) -> Result<Option<ModelSnapshot>, Fault> {
    let mut find = tx.prepare_cached("SELECT taught, crc, bytes FROM models WHERE site = ?1")?;
    let found = find
        .query_row([site.number], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(2)?)));
    let Some((crc, taught, bytes)) = found.optional()? else { return Ok(None) };
    let Some(taught) = u64::try_from(taught).ok().filter(|_| i64::from(crc32fast::hash(&bytes)) == crc) else {
        tracing::error!("the snapshot of what was learnt is damaged, and counts as none: learning begins anew");
        return Ok(None);
    };
    Ok(Some(ModelSnapshot { taught, bytes }))
}

/// The number of the last lesson that a site's snapshot claims to cover; 0 where there is none.
pub(super) fn taught(tx: &Connection, site: SiteRow) -> Result<u64, Fault> {
    let mut find = tx.prepare_cached("SELECT taught FROM models WHERE site = ?1")?;
    let taught: Option<i64> = find.query_row([site.number], |row| row.get(0)).optional()?;
    Ok(taught.and_then(|taught| u64::try_from(taught).ok()).unwrap_or(0))
}

/// [`Store::put_model`](crate::store::Store::put_model)
pub(super) fn put(
    tx: &Connection,
    site: &SiteId,
    snapshot: &ModelSnapshot,
    expected: Option<u64>,
) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    let ModelSnapshot { taught, bytes } = snapshot;
    if bytes.len() > MAX_MODEL {
        return Err(Fault::damaged(format!("a snapshot of {} bytes is none: the most are {MAX_MODEL}", bytes.len())));
    }
    let standing = of(tx, site)?;
    if standing.as_ref() == Some(snapshot) {
        return Ok(true);
    }
    if standing.map(|standing| standing.taught) != expected || *taught > site.taught {
        return Ok(false);
    }
    let mut write =
        tx.prepare_cached("INSERT OR REPLACE INTO models (site, taught, crc, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    write.execute((site.number, taught, crc32fast::hash(bytes), bytes))?;
    Ok(true)
}
