//! Edit: a comment that is kept says something else, and is judged by what it says now.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::change::{Decided, settle_for};
use super::memory::idempotency_key;
use super::submit::{Asked, Looked, Took};
use super::{Error, IDEMPOTENCY_MILLIS, Service};
use crate::domain::{
    Comment, CommentRef, Edit, EditRequest, EditedBy, Features, Fingerprint, HistoryKey, HistoryKind, Lesson, Refusal,
    Rejudged, SiteId, Submission, Timestamp,
};
use crate::screening::Facts;
use crate::store::{Existing, Idempotency, Outcome, Recall};

/// An edit that was made, with what it took to judge it.
#[derive(Clone, Debug)]
pub struct EditedComment {
    /// What came of it.
    pub settled: Decided,
    /// Where the time went; nothing where the comment was as it should be already.
    pub took: Took,
}

/// An edit that somebody asks for.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// What is written anew.
    pub edit: Edit,
    /// Who edits.
    pub by: EditedBy,
    /// Only if the comment has this version.
    pub if_match: Option<u64>,
}

impl Service {
    /// Edits a comment, and screens what it says now. The answer's status is what readers shall see. It is charged to the site
    /// like a check, and to no commenter.
    pub async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        rewrite: Rewrite,
        idempotency_header: Option<&str>,
    ) -> Result<EditedComment, Error> {
        /// More often than anybody changes a comment within one request.
        const TRIES: usize = 10;
        let now = self.clock.now();
        let charged = self.running().limits.check(site);
        charged.map_err(Error::from).inspect_err(|error| self.metrics.refused(error))?;
        let fingerprint = self.use_of(&rewrite.fingerprint())?;
        let idempotency = idempotency_header.map(|header| Idempotency {
            key: idempotency_key(header),
            fingerprint: fingerprint.clone(),
            expires_at: now.plus_millis(IDEMPOTENCY_MILLIS),
        });
        if let Some(replayed) = self.replayed(site, idempotency.as_ref(), now).await? {
            let settled = settle_for(comment, replayed, &fingerprint)?;
            return Ok(EditedComment { settled, took: Took::default() });
        }
        for _ in 0..TRIES {
            let before = self.store.get(site, comment).await?.ok_or(Error::UnknownComment)?;
            let (judged, took) = self.judge_anew(site, &before, &rewrite.edit, now).await?;
            let Rewrite { edit, by, if_match } = rewrite.clone();
            let request = EditRequest { edit, by, judged, version: before.version, if_match, now };
            let outcome = self.store.edit(site, comment, request, idempotency.clone()).await?;
            let is_asked_for = |now: &Comment| if_match.is_none_or(|version| version == now.version);
            match outcome {
                // Somebody else has changed it since it was read.
                Outcome::Refused(Refusal::VersionMismatch, now) if is_asked_for(&now) => {}
                outcome => {
                    self.metrics.edited(&outcome);
                    return Ok(EditedComment { settled: settle_for(comment, outcome, &fingerprint)?, took });
                }
            }
        }
        Err(Error::Unavailable("others write to the same comment all the time".to_owned()))
    }

    /// What the key was used for, if it was.
    async fn replayed(
        &self,
        site: &SiteId,
        idempotency: Option<&Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Outcome>, Error> {
        let Some(idempotency) = idempotency else { return Ok(None) };
        let ask = Recall { idempotency: Some(idempotency.key), external_id: None, history: Vec::new(), now };
        Ok(match self.store.recall(site, &ask).await?.existing {
            Some(Existing::ByKey { comment, fingerprint }) => {
                Some(Outcome::Replayed { comment, fingerprint, applied: true })
            }
            Some(Existing::Erased(id)) => Some(Outcome::ReplayedErased(id)),
            Some(Existing::ByExternalId { .. }) | None => None,
        })
    }

    /// What the screening says of a comment as it will be, as if it came in now and had not been here.
    async fn judge_anew(
        &self,
        site: &SiteId,
        before: &Comment,
        edit: &Edit,
        now: Timestamp,
    ) -> Result<(Rejudged, Took), Error> {
        let after = edit.applied_to(&before.submission);
        let asked = Asked { submission: &after, before: None, counted: &before.counted, over_limit: None, now };
        let Looked::Screened(screened) = self.screen(site, asked).await? else {
            return Err(Error::Internal("an edit has not been here before".to_owned()));
        };
        let known = self.reach(site, &before.submission, now).await?;
        let brings_more = screened.traces.keys.iter().any(|key| is_reach(key) && !known.contains(key));
        // Owner, staff and moderators are never learnt from.
        let is_trusted = after.author.role.is_some_and(|role| role.is_trusted());
        let counted = if is_trusted { Vec::new() } else { screened.traces.counted(now, Lesson::Nothing) };
        let features = if is_trusted { Features::default() } else { screened.features };
        let (verdict, history, hosts) = (screened.verdict, screened.history, screened.hosts);
        Ok((Rejudged { verdict, features, history, hosts, counted, brings_more }, screened.took))
    }

    /// The link owners and ways to reach somebody that a submission brings.
    async fn reach(
        &self,
        site: &SiteId,
        submission: &Submission,
        now: Timestamp,
    ) -> Result<HashSet<HistoryKey>, Error> {
        let active = self.active(site).await?;
        let facts = Facts::new(submission, &active.policy, now);
        Ok(self.traces(submission, &facts)?.keys.into_iter().filter(is_reach).collect())
    }
}

fn is_reach(key: &HistoryKey) -> bool {
    matches!(key.kind, HistoryKind::Owner | HistoryKind::Handle)
}

impl Rewrite {
    /// Tells the same edit from another one under the same idempotency key. The comment stays out of it, as it may be named
    /// by either id.
    fn fingerprint(&self) -> Fingerprint {
        let Rewrite { edit: Edit { content, format, name, url }, by, if_match: _ } = self;
        let request = serde_json::json!([by, content, format, name, url]);
        let mut hash = Sha256::new_with_prefix(b"edit\n");
        hash.update(request.to_string());
        Fingerprint::new(hash.finalize().into())
    }
}
