//! Comments: keeping a new one, finding one, writing one back.

use rusqlite::{CachedStatement, Connection, Params, named_params};

use super::existing;
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::packed::{PackedComment, comment_at};
use super::sites::{self, SiteRow};
use crate::domain::{Comment, CommentId, CommentRef, EventChange, ExternalId, Review, SiteId};
use crate::store::{Existing, Record, Recorded};

/// A comment with its row's number.
pub(super) struct Found {
    pub(super) number: i64,
    pub(super) comment: Comment,
}

/// A comment to keep, packed before it reaches the one thread that writes.
pub(super) struct Draft {
    record: Record,
    packed: PackedComment,
}

impl Draft {
    /// Packs a comment that is to be kept.
    pub(super) fn of(record: Record) -> Result<Self, Fault> {
        Ok(Self { packed: PackedComment::of(&record.comment)?, record })
    }
}

/// [`Store::record`](crate::store::Store::record)
pub(super) fn record(tx: &Connection, site: &SiteId, draft: &Draft) -> Result<Recorded, Fault> {
    let Record { comment, idempotency, announced } = &draft.record;
    let (site, now) = (sites::find(tx, site)?, comment.received_at);
    if let Some(recorded) = recorded_before(tx, site, &draft.record)? {
        return Ok(recorded);
    }
    let fitted = without_full_members(tx, site, comment)?;
    match &fitted {
        None => insert(tx, site, comment, &draft.packed)?,
        Some(fitted) => insert(tx, site, fitted, &PackedComment::of(fitted)?)?,
    }
    for delta in fitted.as_ref().unwrap_or(comment).counting() {
        history::apply(tx, site, &delta, now)?;
    }
    sites::recount(tx, site, None, Some(comment))?;
    if *announced {
        let change = EventChange::Submitted { action: comment.verdict.action, score: comment.verdict.score };
        feed::append(tx, site, News { change, comment, at: now })?;
    }
    if let Some(idempotency) = idempotency {
        existing::remember_key(tx, site, (idempotency, comment.id), now)?;
    }
    Ok(Recorded::New)
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
    let find = tx.prepare_cached("SELECT n, crc, packed FROM comments WHERE site = ?1 AND id = ?2")?;
    found(find, (site.number, id.as_bytes()))
}

/// Finds a comment by the blog's id.
pub(super) fn find_by_external_id(
    tx: &Connection,
    site: SiteRow,
    external_id: &ExternalId,
) -> Result<Option<Found>, Fault> {
    let find = tx.prepare_cached("SELECT n, crc, packed FROM comments WHERE site = ?1 AND external_id = ?2")?;
    found(find, (site.number, external_id.as_str()))
}

/// [`Store::get`](crate::store::Store::get)
pub(super) fn get(tx: &Connection, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Fault> {
    let site = sites::find(tx, site)?;
    Ok(find(tx, site, comment)?.map(|found| found.comment))
}

/// Writes a comment back into its row.
pub(super) fn replace(tx: &Connection, number: i64, comment: &Comment) -> Result<(), Fault> {
    let packed = PackedComment::of(comment)?;
    let mut update = tx.prepare_cached(
        "UPDATE comments SET external_id = :external_id, status = :status, priority = :priority, crc = :crc,
                packed = :packed
          WHERE n = :n",
    )?;
    update.execute(named_params! {
        ":n": number,
        ":external_id": comment.submission.external_id.as_ref().map(ExternalId::as_str),
        ":status": comment.status.as_str(),
        ":priority": priority(comment),
        ":crc": packed.crc,
        ":packed": packed.json,
    })?;
    Ok(())
}

/// What stands where a new comment wants to go. Its own id is there if this very call was made before and its answer
/// was lost.
fn recorded_before(tx: &Connection, site: SiteRow, record: &Record) -> Result<Option<Recorded>, Fault> {
    let Record { comment, idempotency, .. } = record;
    let key = idempotency.as_ref().map(|idempotency| &idempotency.key);
    if let Some(known) = existing::of_key(tx, site, key, comment.received_at)? {
        return Ok(Some(Recorded::Existing(known)));
    }
    if let Some(known) = existing::of_external_id(tx, site, comment.submission.external_id.as_ref())? {
        return Ok(Some(Recorded::Existing(known)));
    }
    if existing::is_erased(tx, site, comment.id)? {
        return Ok(Some(Recorded::Existing(Existing::Erased(comment.id))));
    }
    match find_by_id(tx, site, comment.id)? {
        None => Ok(None),
        Some(found) if found.comment.fingerprint == comment.fingerprint => Ok(Some(Recorded::New)),
        Some(_) => Err(Fault::damaged(format!("there is another comment {} already", comment.id))),
    }
}

/// The comment without the members that its entries have no room for; `None` if they have room for all.
fn without_full_members(tx: &Connection, site: SiteRow, comment: &Comment) -> Result<Option<Comment>, Fault> {
    let mut fitted = None;
    for (place, counted) in comment.counted.iter().enumerate() {
        if !history::takes_member(tx, site, counted)? {
            fitted.get_or_insert_with(|| comment.clone()).counted[place].member = None;
        }
    }
    Ok(fitted)
}

fn insert(tx: &Connection, site: SiteRow, comment: &Comment, packed: &PackedComment) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO comments (site, id, external_id, status, post, author, written_at, priority, crc, packed)
         VALUES (:site, :id, :external_id, :status, :post, :author, :written_at, :priority, :crc, :packed)",
    )?;
    insert.execute(named_params! {
        ":site": site.number,
        ":id": comment.id.as_bytes(),
        ":external_id": comment.submission.external_id.as_ref().map(ExternalId::as_str),
        ":status": comment.status.as_str(),
        ":post": &*comment.submission.post.id,
        ":author": comment.author_id.as_ref().map(|author| author.as_bytes()),
        ":written_at": comment.written_at.millis(),
        ":priority": priority(comment),
        ":crc": packed.crc,
        ":packed": packed.json,
    })?;
    Ok(())
}

fn priority(comment: &Comment) -> Option<i64> {
    match comment.review {
        Review::Open { priority, .. } => Some(priority),
        Review::Done => None,
    }
}

fn found(mut find: CachedStatement<'_>, values: impl Params) -> Result<Option<Found>, Fault> {
    let mut rows = find.query(values)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Found { number: row.get(0)?, comment: comment_at(row, 1, 2)? }))
}
