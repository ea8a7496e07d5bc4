//! What a site overrides, and the version of its settings.

use rusqlite::Connection;

use super::fault::Fault;
use super::packed::{pack, unpack_at};
use crate::domain::{SiteId, SiteOverrides, SiteSettings};
use crate::store::Error;

/// [`Store::settings`](crate::store::Store::settings)
pub(super) fn read(tx: &Connection, site: &SiteId) -> Result<SiteSettings, Fault> {
    let mut find = tx.prepare_cached("SELECT settings_version, overrides FROM sites WHERE id = ?1")?;
    let mut rows = find.query([site.as_str()])?;
    let row = rows.next()?.ok_or(Fault::Answer(Error::UnknownSite))?;
    Ok(SiteSettings { version: row.get(0)?, overrides: unpack_at(row, 1)? })
}

/// [`Store::override_policy`](crate::store::Store::override_policy). The same overrides again, sent because an answer was
/// lost, are what is there already.
pub(super) fn override_policy(
    tx: &Connection,
    site: &SiteId,
    overrides: &SiteOverrides,
    expected: Option<u64>,
) -> Result<Result<SiteSettings, SiteSettings>, Fault> {
    let standing = read(tx, site)?;
    if standing.overrides == *overrides {
        return Ok(Ok(standing));
    }
    if expected.is_some_and(|expected| expected != standing.version) {
        return Ok(Err(standing));
    }
    let write = "UPDATE sites SET settings_version = settings_version + 1, overrides = ?2 WHERE id = ?1";
    tx.execute(write, (site.as_str(), pack(overrides)?))?;
    read(tx, site).map(Ok)
}

/// Says that something of a site changed beside its comments.
pub(super) fn raise(tx: &Connection, site: Option<i64>) -> Result<(), Fault> {
    if let Some(site) = site {
        tx.execute("UPDATE sites SET settings_version = settings_version + 1 WHERE ref = ?1", [site])?;
    }
    Ok(())
}
