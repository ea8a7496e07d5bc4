//! The keys that open sites.

use rusqlite::{Connection, Row};

use super::fault::Fault;
use super::packed::{pack, unpack_at};
use super::settings;
use super::sites;
use crate::domain::{ApiKey, Bounded, KeyId, SiteId, Timestamp};

/// The columns of [`key_of`].
const COLUMNS: &str = "SELECT keys.id, sites.id, keys.name, keys.scopes, keys.hash, keys.created_at,
        keys.expires_at, keys.last_used_at
    FROM keys LEFT JOIN sites ON sites.ref = keys.site";

/// [`Store::create_key`](crate::store::Store::create_key). The same key again is no error: the first answer may have
/// been lost.
pub(super) fn create(tx: &Connection, key: &ApiKey) -> Result<(), Fault> {
    let site = number_of(tx, key.site.as_ref())?;
    match one(tx, &key.id)? {
        Some(known) if known == (ApiKey { last_used_at: known.last_used_at, ..key.clone() }) => return Ok(()),
        Some(_) => return Err(Fault::damaged(format!("there is another key {} already", key.id))),
        None => {}
    }
    let insert = "INSERT INTO keys (id, site, name, scopes, hash, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (made, expires) = (key.created_at.millis(), key.expires_at.map(Timestamp::millis));
    tx.execute(insert, (key.id.as_str(), site, &*key.name, pack(&key.scopes)?, key.hash, made, expires))?;
    settings::raise(tx, site)
}

/// [`Store::key`](crate::store::Store::key)
pub(super) fn one(tx: &Connection, id: &KeyId) -> Result<Option<ApiKey>, Fault> {
    let mut find = tx.prepare_cached(&format!("{COLUMNS} WHERE keys.id = ?1"))?;
    let mut rows = find.query([id.as_str()])?;
    rows.next()?.map(key_of).transpose()
}

/// [`Store::keys`](crate::store::Store::keys)
pub(super) fn all(tx: &Connection, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Fault> {
    let site = number_of(tx, site)?;
    let mut find = tx.prepare_cached(&format!("{COLUMNS} WHERE keys.site IS ?1 ORDER BY keys.created_at, keys.id"))?;
    find.query_and_then([site], key_of)?.collect()
}

/// [`Store::delete_key`](crate::store::Store::delete_key)
pub(super) fn delete(tx: &Connection, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Fault> {
    let site = number_of(tx, site)?;
    let was_there = tx.execute("DELETE FROM keys WHERE id = ?1 AND site IS ?2", (id.as_str(), site))? == 1;
    if was_there {
        settings::raise(tx, site)?;
    }
    Ok(was_there)
}

/// [`Store::note_uses`](crate::store::Store::note_uses)
pub(super) fn note_uses(tx: &Connection, uses: &[(KeyId, Timestamp)]) -> Result<(), Fault> {
    let mut note =
        tx.prepare_cached("UPDATE keys SET last_used_at = max(?2, ifnull(last_used_at, ?2)) WHERE id = ?1")?;
    for (id, at) in uses {
        note.execute((id.as_str(), at.millis()))?;
    }
    Ok(())
}

fn number_of(tx: &Connection, site: Option<&SiteId>) -> Result<Option<i64>, Fault> {
    site.map(|site| sites::find(tx, site).map(|row| row.number)).transpose()
}

fn key_of(row: &Row<'_>) -> Result<ApiKey, Fault> {
    let id: String = row.get(0)?;
    let site: Option<String> = row.get(1)?;
    let name: String = row.get(2)?;
    Ok(ApiKey {
        id: id.parse().map_err(Fault::damaged)?,
        site: site.map(|site| site.parse()).transpose().map_err(Fault::damaged)?,
        name: Bounded::try_from(name).map_err(Fault::damaged)?,
        scopes: unpack_at(row, 3)?,
        hash: row.get(4)?,
        created_at: Timestamp::from_millis(row.get(5)?),
        expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
        last_used_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
    })
}
