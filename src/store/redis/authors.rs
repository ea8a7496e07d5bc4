//! Authors: how one stands, and how one is forgotten.

use super::base::Base;
use super::keys::{self, Index};
use super::packed;
use super::places;
use super::plan::Plan;
use super::recalling;
use crate::domain::{
    AuthorId, AuthorStanding, CommentRef, HistoryKey, HistoryKind, Position, SiteId, Status, Tally, Timestamp,
};
use crate::store::{Error, Forgotten};

/// The most comments, and the most tombstones, of one step.
const STEP: usize = 100;

/// The kinds of history that stand under an author's own token.
const OWN: [HistoryKind; 2] = [HistoryKind::Mail, HistoryKind::Account];

impl Base {
    /// [`Store::author`](crate::store::Store::author)
    pub(super) async fn author(
        &self,
        site: &SiteId,
        author: AuthorId,
        now: Timestamp,
    ) -> Result<Option<AuthorStanding>, Error> {
        self.read_head(site).await?;
        let mut standing = self.standing_of(site, author).await?;
        let keys = OWN.map(|kind| HistoryKey { kind, hash: *author.as_bytes() });
        let values = self.values(&self.names.site(site), &keys.map(|key| keys::history(&key))).await?;
        for (key, value) in keys.iter().zip(values) {
            // A token is of one kind: of the other there is nothing.
            let Tally { seen, approved, spam, abuse } = recalling::past(key, value.as_deref(), now).total(now);
            let remembered = &mut standing.remembered;
            // A damaged entry may say any number.
            remembered.seen = remembered.seen.saturating_add(seen);
            remembered.approved = remembered.approved.saturating_add(approved);
            remembered.spam = remembered.spam.saturating_add(spam);
            remembered.abuse = remembered.abuse.saturating_add(abuse);
        }
        let is_known = standing.first_at.is_some()
            || standing.remembered != Tally::default()
            || !self.tombstones_of(site, author, 1).await?.is_empty();
        Ok(is_known.then_some(standing))
    }

    /// How an author's comments stand. All of them are read, a step at a time: what bounds it is how many a site keeps of one.
    async fn standing_of(&self, site: &SiteId, author: AuthorId) -> Result<AuthorStanding, Error> {
        let (prefix, mut standing, mut after) = (self.names.site(site), AuthorStanding::default(), None);
        loop {
            let places = self.members(&prefix, &Index::Author(author), (after, false), STEP).await?;
            let names: Vec<String> = places.iter().map(|place| keys::comment(place.id)).collect();
            let records = self.values(&prefix, &names).await?;
            for (place, record) in places.iter().zip(records) {
                // Lists tell the log of a damaged record.
                let Some(Ok(comment)) = record.map(|record| packed::comment(place.id, &record)) else { continue };
                match comment.status {
                    Status::Approved => standing.counts.approved += 1,
                    Status::Held => standing.counts.held += 1,
                    Status::Rejected => standing.counts.rejected += 1,
                }
                standing.counts.open += u64::from(comment.review.is_open());
                let at = comment.written_at;
                standing.first_at = Some(standing.first_at.map_or(at, |known| known.min(at)));
                standing.last_at = Some(standing.last_at.map_or(at, |known| known.max(at)));
            }
            after = places.last().copied();
            if places.len() < STEP {
                return Ok(standing);
            }
        }
    }

    async fn tombstones_of(&self, site: &SiteId, author: AuthorId, limit: usize) -> Result<Vec<Position>, Error> {
        self.members(&self.names.site(site), &Index::TombstoneAuthor(author), (None, false), limit).await
    }

    /// [`Store::forget`](crate::store::Store::forget). Each comment and each tombstone goes by a step of its own.
    pub(super) async fn forget(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Error> {
        self.read_head(site).await?;
        let (prefix, own) = (self.names.site(site), Index::Author(author));
        let comments = self.members(&prefix, &own, (None, false), STEP).await?;
        for place in &comments {
            self.erase(site, &CommentRef::Id(place.id), now).await?;
        }
        let places = self.tombstones_of(site, author, STEP).await?;
        let mut tombstones = 0;
        for place in &places {
            for _ in 0..super::base::TRIES {
                let Some(buried) = self.buried(site, &[place.id]).await?.pop() else { break };
                if self.empty(site, &buried).await?.is_some() {
                    tombstones += 1;
                    break;
                }
            }
        }
        let more = comments.len() == STEP || places.len() == STEP;
        let mut rest = Plan::new(prefix);
        // What a damaged record does not tell: that it stands here.
        comments.iter().for_each(|place| rest.remove(&own, places::member(place.key, place.id)));
        places
            .iter()
            .for_each(|place| rest.remove(&Index::TombstoneAuthor(author), places::member(place.key, place.id)));
        if !more {
            // What damaged records were counted in cannot be told from them.
            for kind in OWN {
                rest.delete(keys::history(&HistoryKey { kind, hash: *author.as_bytes() }));
            }
        }
        self.commit(site, &rest).await?;
        Ok(Forgotten { comments: comments.len(), tombstones, more })
    }
}
