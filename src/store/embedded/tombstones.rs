//! Tombstones: what is left of comments that are no longer kept.

use rusqlite::{Connection, Row, named_params};

use super::comments;
use super::fault::Fault;
use super::packed::{pack, unpack_at};
use super::sites::{self, SiteRow};
use crate::domain::{AuthorId, CommentId, ExternalId, SiteId, Status, Timestamp, Tombstone};

/// The columns of a tombstone, in the order that [`tombstone_at`] reads.
pub(super) const COLUMNS: &str =
    "id, external_id, status, version, received_at, written_at, erased_at, counted, author, mail";

/// [`Store::tombstones`](crate::store::Store::tombstones)
pub(super) fn list(
    tx: &Connection,
    site: &SiteId,
    after: Option<CommentId>,
    limit: usize,
) -> Result<Vec<Tombstone>, Fault> {
    let site = sites::find(tx, site)?;
    let mut find = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tombstones WHERE site = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    ))?;
    // No id is the empty one.
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    find.query_and_then((site.number, after, limit), tombstone_at)?.collect()
}

/// [`Store::bury`](crate::store::Store::bury)
pub(super) fn bury(tx: &Connection, site: &SiteId, tombstone: &Tombstone) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    if comments::find_by_id(tx, site, tombstone.id)?.is_some() {
        return Ok(false);
    }
    if let Some(external_id) = &tombstone.external_id
        && comments::find_by_external_id(tx, site, external_id)?.is_some()
    {
        return Ok(false);
    }
    let mut taken =
        tx.prepare_cached("SELECT 1 FROM tombstones WHERE site = ?1 AND (id = ?2 OR external_id = ?3) LIMIT 1")?;
    let external_id = tombstone.external_id.as_ref().map(ExternalId::as_str);
    if taken.exists((site.number, tombstone.id.as_bytes(), external_id))? {
        return Ok(false);
    }
    insert(tx, site, tombstone)?;
    Ok(true)
}

/// Writes a new tombstone.
pub(super) fn insert(tx: &Connection, site: SiteRow, tombstone: &Tombstone) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO tombstones
            (site, id, external_id, status, version, received_at, written_at, erased_at, counted, author, mail)
         VALUES
            (:site, :id, :external_id, :status, :version, :received_at, :written_at, :erased_at, :counted, :author, :mail)",
    )?;
    let [author, mail] = tombstone.authors.each_ref().map(|id| id.as_ref().map(AuthorId::as_bytes));
    insert.execute(named_params! {
        ":site": site.number,
        ":id": tombstone.id.as_bytes(),
        ":external_id": tombstone.external_id.as_ref().map(ExternalId::as_str),
        ":status": tombstone.status.as_str(),
        ":version": tombstone.version,
        ":received_at": tombstone.received_at.millis(),
        ":written_at": tombstone.written_at.millis(),
        ":erased_at": tombstone.erased_at.millis(),
        ":counted": pack(&tombstone.counted)?,
        ":author": author,
        ":mail": mail,
    })?;
    Ok(())
}

/// The tombstone in a row of [`COLUMNS`].
pub(super) fn tombstone_at(row: &Row<'_>) -> Result<Tombstone, Fault> {
    let id = CommentId::from_bytes(row.get(0)?);
    let external_id = row.get::<_, Option<String>>(1)?.map(ExternalId::try_from).transpose();
    let status: String = row.get(2)?;
    let status = Status::ALL.into_iter().find(|known| known.as_str() == status);
    let time = |column: usize| row.get(column).map(Timestamp::from_millis);
    let author = |column: usize| row.get::<_, Option<[u8; 16]>>(column).map(|id| id.map(AuthorId::new));
    Ok(Tombstone {
        id,
        external_id: external_id.map_err(Fault::damaged)?,
        status: status.ok_or_else(|| Fault::damaged(format!("tombstone {id}: its status is none")))?,
        version: row.get(3)?,
        received_at: time(4)?,
        written_at: time(5)?,
        erased_at: time(6)?,
        counted: unpack_at(row, 7)?,
        authors: [author(8)?, author(9)?],
    })
}
