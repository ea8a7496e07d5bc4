//! Changes to a comment: decided, linked, withdrawn; each with counts, history and event.

use rusqlite::Connection;

use super::comments::{self, Found};
use super::existing::{self, KeyUse, Use};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::sites::{self, SiteRow};
use crate::domain::{Change, CommentRef, DecisionRequest, ExternalId, SiteId, Step, Timestamp};
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
    if let Some(idempotency) = idempotency
        && let Some(Use { comment: id, fingerprint, applied }) = existing::use_of_key(tx, site, &idempotency.key, now)?
    {
        return Ok(match comments::find_by_id(tx, site, id)? {
            Some(Found { comment, .. }) => Outcome::Replayed { comment: Box::new(comment), fingerprint, applied },
            None => Outcome::ReplayedErased(id),
        });
    }
    let Some(found) = comments::find(tx, site, comment)? else { return Ok(Outcome::NotFound) };
    let id = found.comment.id;
    let step = found.comment.decide(request);
    let outcome = take(tx, site, found, step)?;
    // A refusal is not kept: the same request may succeed once somebody has reopened the comment.
    if let (Some(idempotency), Outcome::Changed(_) | Outcome::Already(_) | Outcome::Outdated(_)) =
        (idempotency, &outcome)
    {
        let applied = !matches!(outcome, Outcome::Outdated(_));
        existing::remember_key(tx, site, &KeyUse { idempotency, comment: id, applied }, now)?;
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
        history::apply(tx, site, delta, site.horizon_after(now))?;
    }
    sites::recount(tx, site, Some((&was).into()), Some((&comment).into()))?;
    feed::append(tx, site, News::of(event, &comment, now))?;
    Ok(Outcome::Changed(Box::new(comment)))
}
