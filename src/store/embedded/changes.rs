//! Changes to a comment: decided, linked, withdrawn, erased; each with counts, history and event.

use rusqlite::{Connection, named_params};

use super::comments::{self, Found};
use super::existing;
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::packed::pack;
use super::sites::{self, SiteRow};
use crate::domain::{
    Change, Comment, CommentRef, DecisionRequest, EventChange, ExternalId, HistoryKey, SiteId, Step, Timestamp,
};
use crate::store::{Existing, Idempotency, Outcome};

/// A decision, of which comment, and under which key.
pub(super) struct Deciding {
    pub(super) comment: CommentRef,
    pub(super) request: DecisionRequest,
    pub(super) idempotency: Option<Idempotency>,
}

/// [`Store::decide`](crate::store::Store::decide)
pub(super) fn decide(tx: &Connection, site: &SiteId, deciding: &Deciding) -> Result<Outcome, Fault> {
    let Deciding { comment, request, idempotency } = deciding;
    let (site, now) = (sites::find(tx, site)?, request.now);
    let key = idempotency.as_ref().map(|idempotency| &idempotency.key);
    match existing::of_key(tx, site, key, now)? {
        Some(Existing::ByKey { comment, fingerprint }) => return Ok(Outcome::Replayed(comment, fingerprint)),
        Some(Existing::Erased(id)) => return Ok(Outcome::ReplayedErased(id)),
        Some(Existing::ByExternalId { .. }) | None => {}
    }
    let Some(found) = comments::find(tx, site, comment)? else { return Ok(Outcome::NotFound) };
    let id = found.comment.id;
    let step = found.comment.decide(request);
    let outcome = take(tx, site, found, step)?;
    // A refusal is not kept: the same request may succeed once somebody has reopened the comment.
    if let (Some(idempotency), Outcome::Changed(_) | Outcome::Already(_) | Outcome::Outdated(_)) =
        (idempotency, &outcome)
    {
        existing::remember_key(tx, site, (idempotency, id), now)?;
    }
    Ok(outcome)
}

/// [`Store::link`](crate::store::Store::link)
pub(super) fn link(
    tx: &Connection,
    site: &SiteId,
    (comment, external_id): (&CommentRef, &ExternalId),
    now: Timestamp,
) -> Result<Outcome, Fault> {
    let site = sites::find(tx, site)?;
    let Some(found) = comments::find(tx, site, comment)? else { return Ok(Outcome::NotFound) };
    let step = found.comment.link(external_id, now);
    if matches!(step, Step::Change(_)) {
        match existing::of_external_id(tx, site, Some(external_id))? {
            Some(Existing::ByExternalId { comment } | Existing::ByKey { comment, .. }) => {
                return Ok(Outcome::ExternalIdTaken(comment.id));
            }
            Some(Existing::Erased(id)) => return Ok(Outcome::ExternalIdTaken(id)),
            None => {}
        }
    }
    take(tx, site, found, step)
}

/// [`Store::withdraw`](crate::store::Store::withdraw)
pub(super) fn withdraw(tx: &Connection, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Fault> {
    let site = sites::find(tx, site)?;
    let Some(found) = comments::find(tx, site, comment)? else { return Ok(Outcome::NotFound) };
    let step = found.comment.withdraw(now);
    take(tx, site, found, step)
}

/// [`Store::erase`](crate::store::Store::erase)
pub(super) fn erase(tx: &Connection, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    let Some(Found { number, mut comment }) = comments::find(tx, site, comment)? else { return Ok(false) };
    comment.version += 1;
    bury(tx, site, &comment, now)?;
    let mut delete = tx.prepare_cached("DELETE FROM comments WHERE n = ?1")?;
    delete.execute([number])?;
    for delta in comment.uncounting() {
        history::apply(tx, site, &delta, now)?;
    }
    sites::recount(tx, site, Some(&comment), None)?;
    feed::append(tx, site, News { change: EventChange::Erased, comment: &comment, at: now })?;
    Ok(true)
}

/// Does what the rules of a comment's life say.
fn take(tx: &Connection, site: SiteRow, found: Found, step: Step) -> Result<Outcome, Fault> {
    let Found { number, comment: was } = found;
    let Change { comment, deltas, event } = match step {
        Step::Change(change) => *change,
        Step::Already => return Ok(Outcome::Already(Box::new(was))),
        Step::Outdated => return Ok(Outcome::Outdated(Box::new(was))),
        Step::Refused(refusal) => return Ok(Outcome::Refused(refusal, Box::new(was))),
    };
    let now = comment.changed_at;
    comments::replace(tx, number, &comment)?;
    for delta in &deltas {
        history::apply(tx, site, delta, now)?;
    }
    sites::recount(tx, site, Some(&was), Some(&comment))?;
    feed::append(tx, site, News { change: event, comment: &comment, at: now })?;
    Ok(Outcome::Changed(Box::new(comment)))
}

/// Leaves a tombstone: ids, times, status and hashed keys.
fn bury(tx: &Connection, site: SiteRow, comment: &Comment, now: Timestamp) -> Result<(), Fault> {
    let history: Vec<HistoryKey> = comment.counted.iter().map(|counted| counted.key).collect();
    let mut insert = tx.prepare_cached(
        "INSERT INTO tombstones
            (site, id, external_id, status, version, received_at, written_at, erased_at, history)
         VALUES
            (:site, :id, :external_id, :status, :version, :received_at, :written_at, :erased_at, :history)",
    )?;
    insert.execute(named_params! {
        ":site": site.number,
        ":id": comment.id.as_bytes(),
        ":external_id": comment.submission.external_id.as_ref().map(ExternalId::as_str),
        ":status": comment.status.as_str(),
        ":version": comment.version,
        ":received_at": comment.received_at.millis(),
        ":written_at": comment.written_at.millis(),
        ":erased_at": now.millis(),
        ":history": pack(&history)?,
    })?;
    Ok(())
}
