//! Keeps a new comment: the record with its place in the queue, counts, history, event and key, or nothing.

use rusqlite::Connection;

use super::comments;
use super::existing::{self, KeyUse};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::lessons;
use super::packed::PackedComment;
use super::sites::{self, SiteRow};
use crate::domain::{Comment, EventChange, SiteId};
use crate::store::{Existing, Record, Recorded};

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
    let Record { comment, idempotency, announced, charges: _ } = &draft.record;
    let (site, now) = (sites::find(tx, site)?, comment.received_at);
    if let Some(recorded) = recorded_before(tx, site, &draft.record)? {
        return Ok(recorded);
    }
    let fitted = without_full_members(tx, site, comment)?;
    match &fitted {
        None => comments::insert(tx, site, comment, &draft.packed)?,
        Some(fitted) => comments::insert(tx, site, fitted, &PackedComment::of(fitted)?)?,
    }
    let counted = &fitted.as_ref().unwrap_or(comment).counted;
    let horizon = if *announced { site.horizon_after(now) } else { site.horizon() };
    history::count_in(tx, site, counted, horizon)?;
    sites::recount(tx, site, None, Some(comment.into()))?;
    lessons::teach(tx, site, None, comment)?;
    if *announced {
        let change = EventChange::Submitted { action: comment.verdict.action, score: comment.verdict.score };
        feed::append(tx, site, News::of(change, comment, now))?;
    }
    if let Some(idempotency) = idempotency {
        existing::remember_key(tx, site, &KeyUse { idempotency, comment: comment.id, applied: true }, now)?;
    }
    Ok(Recorded::New)
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
        // The same submission under a new key: were the key forgotten, it would name a second comment next time.
        if let (Some(idempotency), Existing::ByExternalId { comment: same }) = (idempotency, &known)
            && same.fingerprint == comment.fingerprint
        {
            let used = KeyUse { idempotency, comment: same.id, applied: true };
            existing::remember_key(tx, site, &used, comment.received_at)?;
        }
        return Ok(Some(Recorded::Existing(known)));
    }
    if existing::is_erased(tx, site, comment.id)? {
        return Ok(Some(Recorded::Existing(Existing::Erased(comment.id))));
    }
    match comments::find_by_id(tx, site, comment.id)? {
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
