//! A site's way out of one store and into another: comments as they stand, tombstones, and old comments from elsewhere.

use super::submit::{Arrival, Due};
use super::{Error, Service};
use crate::domain::{
    Comment, CommentId, CommentRef, ExternalId, Features, ListQuery, Page, Position, SiteId, SiteOverrides, Sort,
    Submission, Tombstone,
};
use crate::screening::{Case, Facts};
use crate::store::{Charges, Existing, Record, Recorded};

/// How many comments or tombstones are read at once on the way out.
const PAGE: usize = 500;

/// What became of something on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is in.
    In,
    /// It was in already.
    Already,
    /// Its id is another comment's.
    IdTaken,
    /// Its external id is this other comment's.
    ExternalIdTaken(ExternalId, CommentId),
    /// What it names was erased here, or is kept no longer; this was its id.
    Gone(CommentId),
}

/// How an old comment stands where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As its `decided` says.
    Decided,
    /// It waits for a decision, and will here.
    Waiting,
}

/// What became of a policy on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overridden {
    /// It is in force.
    InForce,
    /// It was in force already, or overrides nothing.
    Already,
    /// The site overrides something else, which stays.
    LeftAsItIs,
}

impl Service {
    /// The next comments after a position, in the order they were written.
    pub async fn leaving(&self, site: &SiteId, after: Option<Position>) -> Result<Page<Comment>, Error> {
        let query = ListQuery { sort: Sort::Oldest, after, limit: PAGE, ..ListQuery::default() };
        Ok(self.store.list(site, &query).await?)
    }

    /// The next tombstones after this id, in the order of their ids; none: there are no more.
    pub async fn leaving_tombstones(&self, site: &SiteId, after: Option<CommentId>) -> Result<Vec<Tombstone>, Error> {
        Ok(self.store.tombstones(site, after, PAGE).await?)
    }

    /// Keeps a comment of another store as it stands there. What hangs on that store's secret is made anew here, whatever
    /// it brings; nobody is told of it.
    pub async fn move_in(&self, site: &SiteId, comment: Comment) -> Result<Moved, Error> {
        let id = comment.id;
        if let Some(known) = self.store.get(site, &CommentRef::Id(id)).await? {
            let is_same = known.fingerprint == comment.fingerprint;
            return Ok(if is_same { Moved::Already } else { Moved::IdTaken });
        }
        let comment = self.at_home(site, comment).await?;
        let external_id = comment.submission.external_id.clone();
        let record = Record { comment, idempotency: None, announced: false, charges: Charges::default() };
        Ok(match self.store.record(site, record).await? {
            Recorded::New => {
                self.learners.notice(site);
                Moved::In
            }
            Recorded::Refused(_) | Recorded::Over(_) => return Err(Error::Internal("nothing was charged".to_owned())),
            Recorded::Existing(Existing::Erased(gone)) => Moved::Gone(gone),
            Recorded::Existing(Existing::ByExternalId { comment, .. } | Existing::ByKey { comment, .. }) => {
                match external_id {
                    Some(external_id) => Moved::ExternalIdTaken(external_id, comment.id),
                    None => Moved::IdTaken,
                }
            }
        })
    }

    /// The same with everything that this store derives.
    async fn at_home(&self, site: &SiteId, comment: Comment) -> Result<Comment, Error> {
        let active = self.active(site).await?;
        let facts = Facts::new(&comment.submission, &active.policy, self.clock.now());
        let traces = self.traces(&comment.submission, &facts)?;
        let case = Case { facts: &facts, history: &comment.history };
        let features = self.learners.with(None).look(case, &comment.verdict.hits).features;
        drop(facts);
        // Owner, staff and moderators are never learnt from.
        let is_trusted = comment.submission.author.role.is_some_and(|role| role.is_trusted());
        let counted = if is_trusted { Vec::new() } else { traces.counted(comment.written_at, comment.lesson()) };
        let features = if is_trusted { Features::default() } else { features };
        Ok(Comment { author_id: traces.author_id, mail_id: traces.mail_id, features, counted, ..comment })
    }

    /// Keeps a tombstone of another store.
    pub async fn move_in_tombstone(&self, site: &SiteId, tombstone: Tombstone) -> Result<Moved, Error> {
        let (id, external_id) = (tombstone.id, tombstone.external_id.clone());
        if self.store.bury(site, tombstone).await? {
            return Ok(Moved::In);
        }
        if self.store.get(site, &CommentRef::Id(id)).await?.is_some() {
            return Ok(Moved::IdTaken);
        }
        let names = external_id.clone().map(CommentRef::External);
        let namesake = match names {
            Some(name) => self.store.get(site, &name).await?,
            None => None,
        };
        Ok(match namesake.zip(external_id) {
            Some((comment, external_id)) => Moved::ExternalIdTaken(external_id, comment.id),
            None => Moved::Already,
        })
    }

    /// Keeps an old comment that comes from another system: screened for the record, but standing as it stood there.
    /// Limits do not count it, and nobody is told of it.
    pub async fn move_in_old(&self, site: &SiteId, submission: Submission, standing: Standing) -> Result<Moved, Error> {
        let (sent, now) = (self.sent(&submission)?, self.clock.now());
        let external_id = submission.external_id.clone();
        let waits = standing == Standing::Waiting;
        let arrival = Arrival { submission, sent, key: None, due: Due::default(), waits, now };
        match (self.admit(site, arrival).await, external_id) {
            (Ok(taken), _) => Ok(if taken.replayed { Moved::Already } else { Moved::In }),
            (Err(Error::Erased(id)), _) => Ok(Moved::Gone(id)),
            (Err(Error::ExternalIdTaken(id)), Some(external_id)) => Ok(Moved::ExternalIdTaken(external_id, id)),
            (Err(error), _) => Err(error),
        }
    }

    /// Puts a policy in force where the site overrides nothing so far.
    pub async fn move_in_policy(&self, site: &SiteId, overrides: SiteOverrides) -> Result<Overridden, Error> {
        let standing = self.policy(site).await?;
        if overrides.0.is_empty() || standing.overrides == overrides {
            return Ok(Overridden::Already);
        }
        if !standing.overrides.0.is_empty() {
            return Ok(Overridden::LeftAsItIs);
        }
        self.override_policy(site, overrides, Some(standing.version)).await?;
        Ok(Overridden::InForce)
    }
}
