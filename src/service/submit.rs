//! Submit and check: a comment comes in, is judged, and (submitted) is kept.

use std::time::Duration;

use super::memory::{Traces, fingerprint, idempotency_key};
use super::new_comment::{Judgement, new_comment};
use super::running::ActiveSite;
use super::{Error, IDEMPOTENCY_MILLIS, Service};
use crate::clock::Stopwatch;
use crate::domain::{
    Charge, Comment, CommentId, Counted, ExternalId, Features, Fingerprint, History, OverLimit, PublicAddress, Refused,
    Review, ReviewWhy, SiteId, Status, Submission, Timestamp, Verdict,
};
use crate::limits::{Author, Commenter, Retry};
use crate::screening::{Facts, Screening, screen_learnt};
use crate::store::{Charges, Existing, Idempotency, IdempotencyKey, Recall, Record, Recorded};

/// A comment that was taken in.
#[derive(Debug)]
pub struct Submitted {
    /// The comment; for a retry, as it is now.
    pub comment: Comment,
    /// Whether it was here already.
    pub replayed: bool,
    /// Where the time went.
    pub took: Took,
}

/// What the screening says of a comment that nobody keeps.
#[derive(Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Where the time went.
    pub took: Took,
}

/// Where the time of a request went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// Facts and rules.
    pub screening: Duration,
    /// The store's read and write.
    pub store: Duration,
}

impl Service {
    /// Screens a comment and keeps it. The same again (by idempotency key or external id) answers the comment as it is now.
    pub async fn submit(
        &self,
        site: &SiteId,
        submission: Submission,
        idempotency_header: Option<&str>,
    ) -> Result<Submitted, Error> {
        let now = self.clock.now();
        let sent = self.sent(&submission)?;
        let key = idempotency_header.map(idempotency_key);
        let charged = self.charge(site, &submission, (key, &sent.fingerprint), now).await;
        let due = charged.inspect_err(|error| self.metrics.refused(error))?;
        let arrival = Arrival { submission, sent, key, due, waits: false, now };
        let taken = self.admit(site, arrival).await;
        taken.inspect(|taken| self.metrics.submitted(taken))
    }

    /// Screens a comment that is in by now as far as the limits go, and keeps it.
    pub(super) async fn admit(&self, site: &SiteId, mut arrival: Arrival) -> Result<Submitted, Error> {
        loop {
            match self.try_to_admit(site, arrival).await? {
                Admitted::Now(submitted) => return Ok(*submitted),
                // At most once: what is known to be over a limit is not stopped again.
                Admitted::Over(again) => arrival = *again,
            }
        }
    }

    async fn try_to_admit(&self, site: &SiteId, arrival: Arrival) -> Result<Admitted, Error> {
        let Arrival { submission, sent, key, due, waits, now } = arrival;
        let asked = Asked {
            submission: &submission,
            before: Some((key, &sent)),
            counted: &[],
            over_limit: due.over_limit,
            now,
        };
        let Screened { verdict, features, history, hosts, traces, mut took } = match self.screen(site, asked).await? {
            Looked::Known(existing, took) => {
                return sent.replay(existing, took).map(|submitted| Admitted::Now(Box::new(submitted)));
            }
            Looked::Screened(screened) => *screened,
        };

        let id = CommentId::new(now, self.chance.bytes()?);
        let judged = Judgement { verdict, features, history, hosts, traces };
        let announced = submission.decided.is_none() && !waits;
        let mut comment = new_comment(id, now, submission, judged);
        comment.fingerprint = sent.fingerprint.clone();
        if waits {
            comment.status = Status::Held;
            comment.review = Review::open(ReviewWhy::Held, now, &comment.verdict);
        }
        let idempotency = key.map(|key| {
            let expires_at = now.plus_millis(IDEMPOTENCY_MILLIS);
            Idempotency { key, fingerprint: sent.used.clone(), expires_at }
        });
        let writing = Stopwatch::start();
        let charges = Charges { due: due.charges.clone(), stop_at_marks: due.over_limit.is_none() };
        let entry = Record { comment: comment.clone(), idempotency, announced, charges };
        let recorded = self.store.record(site, entry).await?;
        took.store += writing.elapsed();
        match recorded {
            Recorded::New => {
                if comment.submission.decided.is_some() {
                    self.learners.notice(site);
                }
                Ok(Admitted::Now(Box::new(Submitted { comment, replayed: false, took })))
            }
            Recorded::Existing(existing) => {
                sent.replay(existing, took).map(|submitted| Admitted::Now(Box::new(submitted)))
            }
            Recorded::Refused(refused) => Err(refused.into()).inspect_err(|error| self.metrics.refused(error)),
            Recorded::Over(over) => {
                let due = Due { over_limit: Some(over), ..due };
                let submission = comment.submission;
                Ok(Admitted::Over(Box::new(Arrival { submission, sent, key, due, waits, now })))
            }
        }
    }

    /// Screens a comment against what is remembered, and forgets it.
    pub async fn check(&self, site: &SiteId, submission: &Submission) -> Result<Judged, Error> {
        let charged = self.running().limits.check(site);
        charged.map_err(Error::from).inspect_err(|error| self.metrics.refused(error))?;
        let asked = Asked { submission, before: None, counted: &[], over_limit: None, now: self.clock.now() };
        match self.screen(site, asked).await? {
            Looked::Screened(screened) => {
                let Screened { verdict, took, .. } = *screened;
                Ok(Judged { verdict, took }).inspect(|judged| self.metrics.checked(judged))
            }
            Looked::Known(..) => Err(Error::Internal("a check has not been here before".to_owned())),
        }
    }

    /// Charges a submission to this process's limits, and says what is due in the store. Old comments, those of the blog's own people and those that were written a
    /// while ago are the caller's doing only: no commenter is behind them now.
    async fn charge(
        &self,
        site: &SiteId,
        submission: &Submission,
        (key, fingerprint): (Option<IdempotencyKey>, &Fingerprint),
        now: Timestamp,
    ) -> Result<Due, Error> {
        const OLD: i64 = 2 * 60 * 1000;
        let is_trusted = submission.author.role.is_some_and(|role| role.is_trusted());
        let is_old = submission.created_at.is_some_and(|at| now.millis() - at.millis() > OLD);
        let is_commenters = submission.decided.is_none() && !is_trusted && !is_old;
        let author_id = self.author_id(submission)?;
        let commenter = is_commenters.then(|| Commenter {
            address: submission.client.ip.and_then(PublicAddress::of),
            author: author_id.map(|id| match submission.author.account {
                Some(_) => Author::Account(id),
                None => Author::Typed(id),
            }),
            post: &submission.post.id,
        });
        let external_id = submission.external_id.as_ref().map(ExternalId::as_str);
        let retry = Retry { idempotency: key.map(|key| key.0), external_id, fingerprint: fingerprint.as_str() };
        let hash = self.limit_keys()?;
        let charge = |active: &ActiveSite| -> Result<Due, Refused> {
            let (limits, whose) = (active.limits(), commenter.map(|commenter| (commenter, &active.quotas)));
            let over_limit = limits.submission(site, whose, retry)?;
            Ok(Due { over_limit, charges: limits.charges(site, whose, &hash) })
        };
        let active = self.active(site).await?;
        match charge(&active) {
            Err(refused) if refused.limit.is_commenters() && !active.is_fresh() => {
                match self.activate(site).await {
                    Ok(read_again) if read_again.version != active.version => Ok(charge(&read_again)?),
                    Err(Error::UnknownSite) => Err(Error::UnknownSite),
                    // While the store is away, what was known last holds.
                    Ok(_) | Err(_) => Err(refused.into()),
                }
            }
            charged => Ok(charged?),
        }
    }

    /// Reads what is remembered in one read, and judges by it. A site whose settings have changed since this process
    /// read them is read again first.
    pub(super) async fn screen(&self, site: &SiteId, asked: Asked<'_>) -> Result<Looked, Error> {
        let Asked { submission, before, counted, over_limit, now } = asked;
        let idempotency = before.and_then(|(key, _)| key);
        let external_id = before.and_then(|(_, sent)| sent.external_id.clone());
        let mut took = Took::default();
        let mut active = self.active(site).await?;
        // What was read within this request is as new as it may ask for, however often somebody changes a list meanwhile.
        let mut is_new = false;
        loop {
            let judging = Stopwatch::start();
            let facts = Facts::new(submission, &active.policy, now);
            let traces = self.traces(submission, &facts)?;
            took.screening += judging.elapsed();

            let reading = Stopwatch::start();
            let history = traces.keys.clone();
            let ask = Recall { idempotency, external_id: external_id.clone(), history, now };
            let recalled = self.store.recall(site, &ask).await?;
            took.store += reading.elapsed();

            if let Some((existing, (key, sent))) = recalled.existing.zip(before)
                && !sent.brings_key(&existing, key)
            {
                return Ok(Looked::Known(existing, took));
            }
            if is_new || recalled.settings_version == active.version {
                let judging = Stopwatch::start();
                let history = recalled.history.without(&traces.keys, counted);
                let history = History { members: traces.members, over_limit, ..history };
                let learner = self.learners.at(site, recalled.taught);
                let learnt = self.learners.with(learner.as_deref());
                let Screening { verdict, features } = screen_learnt(&facts, &history, &active.policy, learnt);
                let hosts = facts.hosts();
                took.screening += judging.elapsed();
                return Ok(Looked::Screened(Box::new(Screened { verdict, features, history, hosts, traces, took })));
            }
            drop(facts);
            active = self.activate(site).await?;
            is_new = true;
        }
    }
}

/// A comment that comes in.
pub(super) struct Arrival {
    pub submission: Submission,
    pub sent: Sent,
    pub key: Option<IdempotencyKey>,
    pub due: Due,
    /// Whether it waits for a person's decision whatever the screening says, as it has waited where it comes from; then
    /// nobody is told of it.
    pub waits: bool,
    pub now: Timestamp,
}

/// What a submission owes to limits by the time it is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// Which limit it is over, as far as is known.
    pub over_limit: Option<OverLimit>,
    /// What is charged where several processes count together.
    pub charges: Vec<Charge>,
}

/// What came of a submission that was let in.
enum Admitted {
    /// It is kept now, or was before.
    Now(Box<Submitted>),
    /// It is over a limit that only the store knows of: it is to be judged as such.
    Over(Box<Arrival>),
}

/// A submission to be judged.
pub(super) struct Asked<'a> {
    pub submission: &'a Submission,
    /// What would show that it came before; `None` for one that nobody keeps.
    pub before: Option<(Option<IdempotencyKey>, &'a Sent)>,
    /// What the submission itself is counted in already, where it is one of a kept comment.
    pub counted: &'a [Counted],
    pub over_limit: Option<OverLimit>,
    pub now: Timestamp,
}

/// What came of looking at a submission.
pub(super) enum Looked {
    /// It was here before.
    Known(Existing, Took),
    /// It was judged.
    Screened(Box<Screened>),
}

/// A submission that was judged.
pub(super) struct Screened {
    pub verdict: Verdict,
    pub features: Features,
    pub history: History,
    pub hosts: Vec<String>,
    pub traces: Traces,
    pub took: Took,
}

/// What tells a retry of a submission from another one.
pub(super) struct Sent {
    fingerprint: Fingerprint,
    /// The same as an idempotency key remembers it.
    used: Fingerprint,
    external_id: Option<ExternalId>,
}

impl Service {
    pub(super) fn sent(&self, submission: &Submission) -> Result<Sent, Error> {
        let fingerprint = fingerprint(submission);
        Ok(Sent { used: self.use_of(&fingerprint)?, fingerprint, external_id: submission.external_id.clone() })
    }
}

impl Sent {
    /// Whether a comment that is here comes again under a new key: it goes on to the store, which remembers the key with it.
    fn brings_key(&self, existing: &Existing, key: Option<IdempotencyKey>) -> bool {
        let same = |comment: &Comment| comment.fingerprint == self.fingerprint;
        matches!(existing, Existing::ByExternalId { comment } if key.is_some() && same(comment))
    }

    /// The answer where the submission finds its place taken: the comment, if it is the same one.
    fn replay(&self, existing: Existing, took: Took) -> Result<Submitted, Error> {
        match existing {
            Existing::Erased(id) => Err(Error::Erased(id)),
            Existing::ByKey { comment, fingerprint } => {
                let same_id = self.external_id.is_none() || self.external_id == comment.submission.external_id;
                if fingerprint != self.used || !same_id {
                    return Err(Error::IdempotencyMismatch);
                }
                Ok(Submitted { comment: *comment, replayed: true, took })
            }
            Existing::ByExternalId { comment } => {
                if comment.fingerprint != self.fingerprint {
                    return Err(Error::ExternalIdTaken(comment.id));
                }
                Ok(Submitted { comment: *comment, replayed: true, took })
            }
        }
    }
}
