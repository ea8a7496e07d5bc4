//! Changes to a comment: decided, edited, linked, withdrawn; each with counts, history and event.

use rusqlite::Connection;

use super::campaigns;
use super::comments::{self, Found};
use super::existing::{self, KeyUse, Use};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::lessons;
use super::sites::{self, SiteRow};
use crate::domain::{
    Change, Comment, CommentRef, DecisionRequest, Delta, EditRequest, ExternalId, MemberChange, SiteId, Step, Timestamp,
};
use crate::store::{Existing, Idempotency, Outcome};

/// A decision, of which comment, and under which key.
pub(super) struct Deciding {
    pub(super) comment: CommentRef,
    pub(super) request: DecisionRequest,
    pub(super) idempotency: Option<Idempotency>,
}

/// An edit, of which comment, and under which key.
pub(super) struct Editing {
    pub(super) comment: CommentRef,
    pub(super) request: EditRequest,
    pub(super) idempotency: Option<Idempotency>,
}

/// [`Store::decide`](crate::store::Store::decide)
pub(super) fn decide(tx: &Connection, site: &SiteId, deciding: &Deciding) -> Result<Outcome, Fault> {
    let Deciding { comment, request, idempotency } = deciding;
    let key = idempotency.as_ref().map(|idempotency| (idempotency, request.now));
    once(tx, sites::find(tx, site)?, (comment, key), |comment| comment.decide(request))
}

/// [`Store::edit`](crate::store::Store::edit)
pub(super) fn edit(tx: &Connection, site: &SiteId, editing: &Editing) -> Result<Outcome, Fault> {
    let Editing { comment, request, idempotency } = editing;
    let key = idempotency.as_ref().map(|idempotency| (idempotency, request.now));
    once(tx, sites::find(tx, site)?, (comment, key), |comment| comment.edit(request))
}

/// Takes a step, unless its key shows that it was taken before.
fn once(
    tx: &Connection,
    site: SiteRow,
    (comment, key): (&CommentRef, Option<(&Idempotency, Timestamp)>),
    step: impl FnOnce(&Comment) -> Step,
) -> Result<Outcome, Fault> {
    if let Some((idempotency, now)) = key
        && let Some(Use { comment: id, fingerprint, applied }) = existing::use_of_key(tx, site, &idempotency.key, now)?
    {
        return Ok(match comments::find_by_id(tx, site, id)? {
            Some(Found { comment, .. }) => Outcome::Replayed { comment: Box::new(comment), fingerprint, applied },
            None => Outcome::ReplayedErased(id),
        });
    }
    let Some(found) = comments::find(tx, site, comment)? else { return Ok(Outcome::NotFound) };
    let id = found.comment.id;
    let step = step(&found.comment);
    let outcome = take(tx, site, found, step)?;
    // A refusal is not kept: the same request may succeed once somebody has reopened the comment.
    if let (Some((idempotency, now)), Outcome::Changed(_) | Outcome::Already(_) | Outcome::Outdated(_)) =
        (key, &outcome)
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
    let Change { mut comment, deltas, event } = match step {
        Step::Change(change) => *change,
        Step::Already => return Ok(Outcome::Already(Box::new(was))),
        Step::Outdated => return Ok(Outcome::Outdated(Box::new(was))),
        Step::Refused(refusal) => return Ok(Outcome::Refused(refusal, Box::new(was))),
    };
    let now = comment.changed_at;
    for mut delta in deltas {
        without_full_member(tx, site, &mut delta, &mut comment)?;
        history::apply(tx, site, &delta, site.horizon_after(now))?;
    }
    comments::replace(tx, number, &comment)?;
    if was.campaigns() != comment.campaigns() {
        campaigns::write(tx, site.number, number, &comment)?;
    }
    sites::recount(tx, site, Some((&was).into()), Some((&comment).into()))?;
    lessons::teach(tx, site, Some(&was), &comment)?;
    feed::append(tx, site, News::of(event, &comment, now))?;
    Ok(Outcome::Changed(Box::new(comment)))
}

/// Drops a member that its entry has no room for, from the change and from the record.
fn without_full_member(tx: &Connection, site: SiteRow, delta: &mut Delta, comment: &mut Comment) -> Result<(), Fault> {
    if matches!(delta.member, Some(MemberChange::Add(_)))
        && let Some(counted) = comment.counted.iter_mut().find(|counted| counted.key == delta.key)
        && !history::takes_member(tx, site, counted)?
    {
        (delta.member, counted.member) = (None, None);
    }
    Ok(())
}
