//! Tombstones: what is left of comments that are no longer kept.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::comments;
use super::fault::Fault;
use super::history;
use super::packed::{pack, unpack_at};
use super::sites::{self, SiteRow};
use crate::domain::{AuthorId, CommentId, CommentRef, Counted, ExternalId, SiteId, Status, Timestamp, Tombstone};

/// The columns of a tombstone, in the order that [`tombstone_at`] reads.
const COLUMNS: &str = "id, external_id, status, version, received_at, written_at, erased_at, counted, author, mail";

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
    Ok(find.query_map((site.number, after, limit), tombstone_at)?.collect::<Result<_, _>>()?)
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
    let mut tombstone = tombstone.clone();
    for counted in &mut tombstone.counted {
        if !history::takes_member(tx, site, counted)? {
            counted.member = None;
        }
    }
    history::count_in(tx, site, &tombstone.counted, site.horizon())?;
    insert(tx, site, &tombstone)?;
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
    // The same token is not kept twice.
    let [author, mail] = tombstone.authors;
    let mail = mail.filter(|mail| author != Some(*mail));
    let [author, mail] = [&author, &mail].map(|id| id.as_ref().map(AuthorId::as_bytes));
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

/// The tombstone in a row of [`COLUMNS`]. What of it cannot be read is left out, so that it hides no other.
fn tombstone_at(row: &Row<'_>) -> Result<Tombstone, rusqlite::Error> {
    let id = CommentId::from_bytes(row.get(0)?);
    let external_id = row.get::<_, Option<String>>(1)?.and_then(|id| ExternalId::try_from(id).ok());
    let status: String = row.get(2)?;
    let status = Status::ALL.into_iter().find(|known| known.as_str() == status);
    let time = |column: usize| row.get(column).map(Timestamp::from_millis);
    let author = |column: usize| row.get::<_, Option<[u8; 16]>>(column).map(|id| id.map(AuthorId::new));
    Ok(Tombstone {
        id,
        external_id,
        status: status.unwrap_or(Status::Held),
        version: u64::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
        received_at: time(4)?,
        written_at: time(5)?,
        erased_at: time(6)?,
        counted: counted_at(id, row, 7),
        authors: [author(8)?, author(9)?],
    })
}

/// What a tombstone still tells of its author.
pub(super) struct Told {
    pub(super) id: CommentId,
    pub(super) external_id: Option<ExternalId>,
    pub(super) counted: Vec<Counted>,
    /// Whether their token stands in it.
    pub(super) names_author: bool,
}

/// What the tombstone of this comment tells.
pub(super) fn told(tx: &Connection, site: SiteRow, comment: &CommentRef) -> Result<Option<Told>, Fault> {
    let told =
        "SELECT id, external_id, counted, author IS NOT NULL OR mail IS NOT NULL FROM tombstones WHERE site = ?1";
    let told = match comment {
        CommentRef::Id(id) => tx
            .prepare_cached(&format!("{told} AND id = ?2"))?
            .query_row((site.number, id.as_bytes()), told_at)
            .optional(),
        CommentRef::External(id) => tx
            .prepare_cached(&format!("{told} AND external_id = ?2"))?
            .query_row((site.number, id.as_str()), told_at)
            .optional(),
    };
    Ok(told?)
}

/// What the tombstone in a row of its id, external id, counts and whether it names its author tells.
pub(super) fn told_at(row: &Row<'_>) -> Result<Told, rusqlite::Error> {
    let id = CommentId::from_bytes(row.get(0)?);
    let external_id = row.get::<_, Option<String>>(1)?.and_then(|id| ExternalId::try_from(id).ok());
    Ok(Told { id, external_id, counted: counted_at(id, row, 2), names_author: row.get(3)? })
}

/// What the tombstone of this id in a row is counted in; nothing if that cannot be read.
pub(super) fn counted_at(id: CommentId, row: &Row<'_>, column: usize) -> Vec<Counted> {
    unpack_at(row, column).unwrap_or_else(|fault| {
        let why = fault.into_error();
        tracing::error!(
            "the history entries that tombstone {id} is counted in keep it; `moderato repair` counts again: {why}"
        );
        Vec::new()
    })
}
