//! The entries of a site's own lists.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::fault::Fault;
use super::packed::{pack, unpack_at};
use super::settings;
use super::sites::{self, SiteRow};
use crate::domain::{EntryId, ListEntry, ListName, MAX_ENTRIES, SiteId};
use crate::store::Listed;

/// [`Store::entries`](crate::store::Store::entries)
pub(super) fn page(
    tx: &Connection,
    (site, list): (&SiteId, ListName),
    after: Option<&EntryId>,
    limit: usize,
) -> Result<Vec<(EntryId, ListEntry)>, Fault> {
    let site = sites::find(tx, site)?;
    // The rows are read until there are enough, so that a damaged one shortens no page.
    let mut find = tx.prepare_cached(
        "SELECT id, crc, packed FROM list_entries WHERE site = ?1 AND list = ?2 AND id > ?3 ORDER BY id",
    )?;
    let mut rows = find.query((site.number, list.as_str(), after.map_or("", EntryId::as_str)))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        found.extend(legible(list, row)?);
    }
    Ok(found)
}

/// [`Store::put_entries`](crate::store::Store::put_entries)
pub(super) fn put(tx: &Connection, (site, list): (&SiteId, ListName), entries: &[ListEntry]) -> Result<Listed, Fault> {
    let site = sites::find(tx, site)?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    let by_id: BTreeMap<EntryId, &ListEntry> = entries.iter().map(|entry| (EntryId::of(list, entry), entry)).collect();
    for (id, entry) in by_id {
        match standing(tx, site, (list, &id))? {
            None => new.push((id, entry.clone())),
            Some(None) => changed.push((id, entry.clone())),
            Some(Some(standing)) => changed.extend(entry.clone().in_place_of(&standing).map(|entry| (id, entry))),
        }
    }
    let count = "SELECT count(*) FROM list_entries WHERE site = ?1";
    let there: usize = tx.prepare_cached(count)?.query_row([site.number], |row| row.get(0))?;
    if !new.is_empty() && there + new.len() > MAX_ENTRIES {
        return Ok(Listed::Full { there });
    }
    let mut write = tx.prepare_cached(
        "INSERT INTO list_entries (site, list, id, crc, packed) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (site, list, id) DO UPDATE SET crc = excluded.crc, packed = excluded.packed",
    )?;
    for (id, entry) in new.iter().chain(&changed) {
        let packed = pack(entry)?;
        let crc = crc32fast::hash(packed.as_bytes());
        write.execute((site.number, list.as_str(), id.as_str(), crc, packed))?;
    }
    let (new, changed) = (new.len(), changed.len());
    if new + changed > 0 {
        settings::raise(tx, Some(site.number))?;
    }
    Ok(Listed::In { new, changed })
}

/// [`Store::delete_entry`](crate::store::Store::delete_entry)
pub(super) fn delete(tx: &Connection, (site, list): (&SiteId, ListName), id: &EntryId) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    let delete = "DELETE FROM list_entries WHERE site = ?1 AND list = ?2 AND id = ?3";
    let was_there = tx.execute(delete, (site.number, list.as_str(), id.as_str()))? == 1;
    if was_there {
        settings::raise(tx, Some(site.number))?;
    }
    Ok(was_there)
}

/// What stands under an id, if anything does; `Some(None)`: it cannot be read.
fn standing(
    tx: &Connection,
    site: SiteRow,
    (list, id): (ListName, &EntryId),
) -> Result<Option<Option<ListEntry>>, Fault> {
    let mut find =
        tx.prepare_cached("SELECT id, crc, packed FROM list_entries WHERE site = ?1 AND list = ?2 AND id = ?3")?;
    let found = find.query_row((site.number, list.as_str(), id.as_str()), |row| Ok(legible(list, row)));
    let Some(found) = found.optional()? else { return Ok(None) };
    Ok(Some(found?.map(|(_, entry)| entry)))
}

/// The entry in a row of its id, `crc` and `packed`; what cannot be read is told and left out, so that it hides no other.
fn legible(list: ListName, row: &Row<'_>) -> Result<Option<(EntryId, ListEntry)>, Fault> {
    let id: String = row.get(0)?;
    let is_whole = row.get::<_, u32>(1)? == crc32fast::hash(row.get_ref(2)?.as_bytes().unwrap_or_default());
    let entry = if is_whole { unpack_at::<ListEntry>(row, 2).ok() } else { None };
    let read = id.parse().ok().zip(entry);
    if read.is_none() {
        tracing::error!("left out: entry {id} of the list {} is damaged; delete it or put it anew", list.as_str());
    }
    Ok(read)
}
