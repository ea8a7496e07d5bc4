//! What happens to a kept comment: decisions, the blog's id, withdrawal, erasure.

use sha2::{Digest, Sha256};

use super::memory::idempotency_key;
use super::{Error, IDEMPOTENCY_MILLIS, Service};
use crate::domain::{
    Comment, CommentRef, Dated, Decision, DecisionAction, DecisionRequest, ExternalId, Fingerprint, Line, Name, Reason,
    Refusal, SiteId, Source, Timestamp,
};
use crate::store::{Idempotency, Outcome};

/// A decision that somebody asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What.
    pub action: DecisionAction,
    /// Why, when rejected.
    pub reason: Option<Reason>,
    /// A word to the other moderators.
    pub note: Option<Line>,
    /// `Api`, or `Site` where it has already happened on the blog.
    pub source: Source,
    /// Who.
    pub actor: Name,
    /// When it happened on the blog; absent, or in the future: now.
    pub at: Option<Timestamp>,
    /// Only if the comment has this version.
    pub if_match: Option<u64>,
}

/// What came of a change.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The comment as it now is.
    pub comment: Comment,
    /// `false` where the blog told of something older than a person's last decision.
    pub applied: bool,
    /// Whether the idempotency key was used before for the same request.
    pub replayed: bool,
}

impl Service {
    /// Decides a comment: one wins, the others are told who.
    pub async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        wish: Wish,
        idempotency_header: Option<&str>,
    ) -> Result<Decided, Error> {
        let now = self.clock.now();
        let fingerprint = self.use_of(&wish.fingerprint())?;
        let idempotency = idempotency_header.map(|header| Idempotency {
            key: idempotency_key(header),
            fingerprint: fingerprint.clone(),
            expires_at: now.plus_millis(IDEMPOTENCY_MILLIS),
        });
        let dated = if wish.at.is_some() { Dated::Told } else { Dated::Assumed };
        let at = wish.at.map_or(now, |at| at.min(now));
        let decision = Decision {
            action: wish.action,
            reason: wish.reason,
            note: wish.note,
            source: wish.source,
            actor: wish.actor,
            at,
        };
        let request = DecisionRequest { decision, dated, if_match: wish.if_match, now };
        let outcome = self.store.decide(site, comment, request, idempotency).await?;
        self.metrics.decided(&outcome);
        if matches!(outcome, Outcome::Changed(_)) {
            self.learners.notice(site);
        }
        settle_for(comment, outcome, &fingerprint)
    }

    /// Gives a comment the blog's id, once that exists.
    pub async fn link(&self, site: &SiteId, comment: &CommentRef, external: ExternalId) -> Result<Comment, Error> {
        let now = self.clock.now();
        let outcome = self.store.link(site, comment, external, now).await?;
        settle(outcome, &Fingerprint::new([0; 32])).map(|decided| decided.comment)
    }

    /// Takes a comment out of the queue, because it is gone from the blog. It teaches nothing any more.
    pub async fn withdraw(&self, site: &SiteId, comment: &CommentRef) -> Result<Comment, Error> {
        let now = self.clock.now();
        let outcome = self.store.withdraw(site, comment, now).await?;
        settle(outcome, &Fingerprint::new([0; 32])).map(|decided| decided.comment)
    }

    /// Erases a comment now.
    pub async fn erase(&self, site: &SiteId, comment: &CommentRef) -> Result<(), Error> {
        match self.store.erase(site, comment, self.clock.now()).await? {
            true => Ok(()),
            false => Err(Error::UnknownComment),
        }
    }
}

impl Wish {
    /// Tells the same wish from another one under the same idempotency key. The comment stays out of it, as it may be named
    /// by either id: [`settle_for`] compares it.
    fn fingerprint(&self) -> Fingerprint {
        let Wish { action, reason, note, source, actor, at, if_match: _ } = self;
        let request = serde_json::json!([action, reason, note, source, actor, at]);
        let mut hash = Sha256::new_with_prefix(b"decide\n");
        hash.update(request.to_string());
        Fingerprint::new(hash.finalize().into())
    }
}

/// What a decision or an edit came to; a key that was used for another comment than this one stands for another request.
pub(super) fn settle_for(asked: &CommentRef, outcome: Outcome, fingerprint: &Fingerprint) -> Result<Decided, Error> {
    if let Outcome::Replayed { comment, .. } = &outcome {
        let same = match asked {
            CommentRef::Id(id) => comment.id == *id,
            CommentRef::External(id) => comment.submission.external_id.as_ref() == Some(id),
        };
        if !same {
            return Err(Error::IdempotencyMismatch);
        }
    }
    settle(outcome, fingerprint)
}

fn settle(outcome: Outcome, asked: &Fingerprint) -> Result<Decided, Error> {
    let decided = |comment: Box<Comment>| Decided { comment: *comment, applied: true, replayed: false };
    match outcome {
        Outcome::Changed(comment) | Outcome::Already(comment) => Ok(decided(comment)),
        Outcome::Outdated(comment) => Ok(Decided { applied: false, ..decided(comment) }),
        Outcome::Replayed { comment, fingerprint, applied } if fingerprint == *asked => {
            Ok(Decided { applied, replayed: true, ..decided(comment) })
        }
        Outcome::Replayed { .. } => Err(Error::IdempotencyMismatch),
        Outcome::ReplayedErased(id) => Err(Error::Erased(id)),
        Outcome::NotFound => Err(Error::UnknownComment),
        Outcome::ExternalIdTaken(id) => Err(Error::ExternalIdTaken(id)),
        Outcome::Refused(Refusal::VersionMismatch, comment) => Err(Error::VersionMismatch(comment)),
        Outcome::Refused(Refusal::DecidedOtherwise, comment) => Err(Error::DecidedOtherwise(comment)),
        Outcome::Refused(Refusal::Withdrawn, comment) => Err(Error::Withdrawn(comment)),
        Outcome::Refused(Refusal::Rejected, comment) => Err(Error::RejectedByPerson(comment)),
        Outcome::Refused(Refusal::HasExternalId, comment) => Err(Error::HasExternalId(comment)),
    }
}
