//! Changes to a comment: decided, edited, linked, withdrawn; each with counts, history and event.

use super::base::{Base, Found, until_settled};
use super::feed::News;
use super::keys;
use super::lessons;
use super::packed;
use super::places;
use super::plan::{Committed, Plan};
use super::recalling::Use;
use crate::domain::{
    Change, Comment, CommentRef, DecisionRequest, EditRequest, ExternalId, MemberChange, SiteId, Step, Timestamp,
};
use crate::store::{Error, Idempotency, Outcome};

impl Base {
    /// [`Store::decide`](crate::store::Store::decide)
    pub(super) async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: &DecisionRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<Outcome, Error> {
        let key = idempotency.map(|idempotency| (idempotency, request.now));
        self.once(site, comment, key, &|comment| comment.decide(request)).await
    }

    /// [`Store::edit`](crate::store::Store::edit)
    pub(super) async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: &EditRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<Outcome, Error> {
        let key = idempotency.map(|idempotency| (idempotency, request.now));
        self.once(site, comment, key, &|comment| comment.edit(request)).await
    }

    /// Takes a step, unless its key shows that it was taken before.
    async fn once(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        key: Option<(&Idempotency, Timestamp)>,
        step: &(dyn Fn(&Comment) -> Step + Sync),
    ) -> Result<Outcome, Error> {
        let outcome = until_settled!(self.try_once(site, comment, key, step))?;
        self.vouched(site, outcome).await
    }

    async fn try_once(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        key: Option<(&Idempotency, Timestamp)>,
        step: &(dyn Fn(&Comment) -> Step + Sync),
    ) -> Result<Option<Outcome>, Error> {
        let key = match key {
            Some((idempotency, now)) => match self.key_use(site, idempotency, now).await? {
                Ok(replayed) => return Ok(Some(replayed)),
                Err(value) => Some((idempotency, now, value)),
            },
            None => None,
        };
        let Some(found) = self.find(site, comment).await? else { return Ok(Some(Outcome::NotFound)) };
        let step = step(&found.comment);
        let mut plan = Plan::new(self.names.site(site));
        let outcome = take(&mut plan, &found, step)?;
        if let (Some((idempotency, now, value)), Outcome::Changed(_) | Outcome::Already(_) | Outcome::Outdated(_)) =
            (key, &outcome)
        {
            let name = keys::idempotency(&idempotency.key);
            match value {
                Some(value) => plan.expect(name.clone(), value),
                None => plan.expect_absent(name.clone()),
            }
            let applied = !matches!(outcome, Outcome::Outdated(_));
            let kept = idempotency.expires_at.millis() - now.millis();
            plan.set_passing(name, Use::pack(idempotency, found.comment.id, applied), kept);
        } else if !matches!(outcome, Outcome::Changed(_)) {
            return Ok(Some(outcome));
        }
        Ok(self.commit(site, &plan).await?.map(|_| outcome))
    }

    /// What a key was used for; or the value, whose time is over, that is in its place.
    async fn key_use(
        &self,
        site: &SiteId,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Result<Outcome, Option<Vec<u8>>>, Error> {
        let names = [keys::HEAD.to_owned(), keys::idempotency(&idempotency.key)];
        let mut values = self.values(&self.names.site(site), &names).await?.into_iter();
        self.head(site, values.next().flatten()).await?;
        let value = values.next().flatten();
        let Some(used) = Use::of(&value, now) else { return Ok(Err(value)) };
        let Use { comment, fingerprint, applied, .. } = used;
        Ok(Ok(match self.find_by_id(site, comment).await? {
            Some(found) => Outcome::Replayed { comment: Box::new(found.comment), fingerprint, applied },
            None => Outcome::ReplayedErased(comment),
        }))
    }

    /// [`Store::link`](crate::store::Store::link)
    pub(super) async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: &ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let outcome = until_settled!(self.try_to_link(site, comment, external_id, now))?;
        self.vouched(site, outcome).await
    }

    async fn try_to_link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: &ExternalId,
        now: Timestamp,
    ) -> Result<Option<Outcome>, Error> {
        let Some(found) = self.find(site, comment).await? else { return Ok(Some(Outcome::NotFound)) };
        let step = found.comment.link(external_id, now);
        let name = keys::external(external_id);
        let mut plan = Plan::new(self.names.site(site));
        let outcome = take(&mut plan, &found, step)?;
        if !matches!(outcome, Outcome::Changed(_)) {
            return Ok(Some(outcome));
        }
        plan.expect_absent(name.clone());
        plan.set(name.clone(), found.comment.id.to_string().into_bytes());
        match self.try_commit(Some(site), &plan).await? {
            Committed::Written { .. } => Ok(Some(outcome)),
            Committed::Unexpected(0, Some(value)) if plan.stamp.wrote(&value) => Ok(Some(outcome)),
            Committed::Unexpected(1, _) => match self.id_of(site, &name).await? {
                Some(other) => Ok(Some(Outcome::ExternalIdTaken(other))),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// [`Store::withdraw`](crate::store::Store::withdraw)
    pub(super) async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error> {
        let outcome = until_settled!(self.try_to_withdraw(site, comment, now))?;
        self.vouched(site, outcome).await
    }

    /// An answer, once also what it only found is as durable as what is written.
    async fn vouched(&self, site: &SiteId, outcome: Outcome) -> Result<Outcome, Error> {
        if !matches!(outcome, Outcome::Changed(_) | Outcome::NotFound) {
            self.vouch(site).await?;
        }
        Ok(outcome)
    }

    async fn try_to_withdraw(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        now: Timestamp,
    ) -> Result<Option<Outcome>, Error> {
        let Some(found) = self.find(site, comment).await? else { return Ok(Some(Outcome::NotFound)) };
        let step = found.comment.withdraw(now);
        let mut plan = Plan::new(self.names.site(site));
        let outcome = take(&mut plan, &found, step)?;
        if !matches!(outcome, Outcome::Changed(_)) {
            return Ok(Some(outcome));
        }
        Ok(self.commit(site, &plan).await?.map(|_| outcome))
    }
}

/// Plans what the rules of a comment's life say, and what the answer is once that is written.
fn take(plan: &mut Plan, found: &Found, step: Step) -> Result<Outcome, Error> {
    let was = || Box::new(found.comment.clone());
    match step {
        Step::Change(change) => {
            change_comment(plan, found, &change)?;
            lessons::teach(plan, Some(&found.comment), &change.comment)?;
            Ok(Outcome::Changed(Box::new(change.comment)))
        }
        Step::Already => Ok(Outcome::Already(was())),
        Step::Outdated => Ok(Outcome::Outdated(was())),
        Step::Refused(refusal) => Ok(Outcome::Refused(refusal, was())),
    }
}

/// Plans a change, with its event.
pub(super) fn change_comment(plan: &mut Plan, found: &Found, change: &Change) -> Result<(), Error> {
    let Change { comment, deltas, event } = change;
    rewrite(plan, found, comment)?;
    for delta in deltas {
        // Only an edit adds members, and then those of the whole record.
        plan.count(delta.clone(), matches!(delta.member, Some(MemberChange::Add(_))));
    }
    plan.recount(Some(&found.comment), Some(comment));
    News::of(event.clone(), comment, comment.changed_at).tell(plan)
}

/// Plans to write a comment back, in silence.
pub(super) fn rewrite(plan: &mut Plan, found: &Found, comment: &Comment) -> Result<(), Error> {
    let name = keys::comment(comment.id);
    plan.expect(name.clone(), found.unchanged.clone());
    plan.set(name, packed::pack(plan.stamp, comment)?);
    plan.replace(&places::of_comment(&found.comment), &places::of_comment(comment));
    Ok(())
}
