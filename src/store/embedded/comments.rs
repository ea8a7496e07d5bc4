//! Comments' rows: finding one, writing a new one, writing one back.

use rusqlite::{CachedStatement, Connection, Params, named_params};

use super::campaigns;
use super::columns::{self, Columns};
use super::fault::Fault;
use super::packed::{PackedComment, comment_at};
use super::sites::{self, SiteRow};
use crate::domain::{Comment, CommentId, CommentRef, ExternalId, SiteId};

/// A comment with its row's number.
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) comment: Comment,
}

/// Finds a comment by the name a caller has for it.
pub(super) fn find(tx: &Connection, site: SiteRow, comment: &CommentRef) -> Result<Option<Found>, Fault> {
    match comment {
        CommentRef::Id(id) => find_by_id(tx, site, *id),
        CommentRef::External(external_id) => find_by_external_id(tx, site, external_id),
    }
}

/// Finds a comment by our id.
pub(super) fn find_by_id(tx: &Connection, site: SiteRow, id: CommentId) -> Result<Option<Found>, Fault> {
    let find = tx.prepare_cached("SELECT n, id, crc, packed FROM comments WHERE site = ?1 AND id = ?2")?;
    found(find, (site.number, id.as_bytes()))
}

/// The comment of a row, whatever id the row says it has.
pub(super) fn find_by_number(tx: &Connection, number: i64) -> Result<Option<Comment>, Fault> {
    let find = tx.prepare_cached("SELECT n, zeroblob(16), crc, packed FROM comments WHERE n = ?1")?;
    Ok(found(find, [number])?.map(|found| found.comment))
}

/// Finds a comment by the blog's id.
pub(super) fn find_by_external_id(
    tx: &Connection,
    site: SiteRow,
    external_id: &ExternalId,
) -> Result<Option<Found>, Fault> {
    let find = tx.prepare_cached("SELECT n, id, crc, packed FROM comments WHERE site = ?1 AND external_id = ?2")?;
    found(find, (site.number, external_id.as_str()))
}

/// [`Store::get`](crate::store::Store::get)
pub(super) fn get(tx: &Connection, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Fault> {
    let site = sites::find(tx, site)?;
    Ok(find(tx, site, comment)?.map(|found| found.comment))
}

/// Writes a comment back into its row. (Only columns that can change are written: each costs its indexes a write.)
pub(super) fn replace(tx: &Connection, number: i64, comment: &Comment) -> Result<(), Fault> {
    let packed = PackedComment::of(comment)?;
    let mut update = tx.prepare_cached(
        "UPDATE comments SET external_id = :external_id, status = :status, priority = :priority, changed_at = :changed_at,
                address = :address, parent = :parent, crc = :crc, packed = :packed
          WHERE n = :n",
    )?;
    update.execute(named_params! {
        ":n": number,
        ":external_id": comment.submission.external_id.as_ref().map(ExternalId::as_str),
        ":status": comment.status.as_str(),
        ":priority": columns::priority(comment),
        ":changed_at": comment.changed_at.millis(),
        ":address": comment.has_whole_address(),
        ":parent": comment.quoted(),
        ":crc": packed.crc,
        ":packed": packed.json,
    })?;
    Ok(())
}

/// Writes a new comment's row.
pub(super) fn insert(tx: &Connection, site: SiteRow, comment: &Comment, packed: &PackedComment) -> Result<(), Fault> {
    Columns::of(comment).insert(tx, site.number, packed)?;
    campaigns::insert(tx, site.number, tx.last_insert_rowid(), comment)
}

/// Removes a comment's row.
pub(super) fn delete(tx: &Connection, number: i64) -> Result<(), Fault> {
    tx.prepare_cached("DELETE FROM comments WHERE n = ?1")?.execute([number])?;
    Ok(())
}

fn found(mut find: CachedStatement<'_>, values: impl Params) -> Result<Option<Found>, Fault> {
    let mut rows = find.query(values)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Found { number: row.get(0)?, comment: comment_at(row, 1)? }))
}
