//! Erasing a comment, also a damaged one: its record goes, a tombstone and an event stay.

use super::base::{Base, Found, until_settled};
use super::changes::rewrite;
use super::feed::News;
use super::keys::{self, Index};
use super::packed::{self, Stamp};
use super::places::{self, Place};
use super::plan::Plan;
use super::tombstones::Buried;
use crate::domain::{
    CommentId, CommentRef, Counted, EventChange, ExternalId, Position, SiteId, Status, Timestamp, Tombstone,
};
use crate::store::Error;

/// How many replies are written back at once.
const REPLIES: usize = 50;

/// How many members of an index are looked at at once.
const CHUNK: usize = 1_000;

impl Base {
    /// [`Store::erase`](crate::store::Store::erase)
    pub(super) async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error> {
        let mut tried = None;
        until_settled!(self.try_to_erase(site, comment, now, &mut tried))
    }

    /// `tried`: the last plan's stamp, by which one that was carried out is known though its answer was lost.
    async fn try_to_erase(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        now: Timestamp,
        tried: &mut Option<Stamp>,
    ) -> Result<Option<bool>, Error> {
        let remains = match self.find(site, comment).await {
            Ok(Some(found)) => Remains::of(found, now),
            Ok(None) => return self.erase_purged(site, comment, *tried).await,
            Err(Error::Damaged(why)) => match self.remains_of_damaged(site, comment, (now, &why)).await? {
                Some(remains) => remains,
                None => return Ok(Some(false)),
            },
            Err(error) => return Err(error),
        };
        // First, so that nothing quotes it any more once the feed tells that it is gone.
        self.unquote(site, remains.tombstone.id, remains.tombstone.external_id.as_ref()).await?;
        let mut plan = Plan::new(self.names.site(site));
        let Remains { unchanged, tombstone, counted, standing, places } = remains;
        plan.expect(keys::comment(tombstone.id), unchanged);
        plan.delete(keys::comment(tombstone.id));
        plan.set(keys::tombstone(tombstone.id), packed::pack(plan.stamp, &tombstone)?);
        plan.replace(&places, &places::of_tombstone(&tombstone));
        plan.count_all(Counted::taking_back(&counted));
        plan.restand(standing, None);
        News::of_gone(EventChange::Erased, &tombstone, now).tell(&mut plan)?;
        *tried = Some(plan.stamp);
        Ok(self.commit(site, &plan).await?.map(|_| true))
    }

    /// Erases what is left of a comment that is kept no longer; whether there was anything.
    async fn erase_purged(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        tried: Option<Stamp>,
    ) -> Result<Option<bool>, Error> {
        match self.find_buried(site, comment).await? {
            Some(buried) if tried.is_some_and(|stamp| stamp.wrote(&buried.unchanged)) => Ok(Some(true)),
            Some(buried) => self.empty(site, &buried).await,
            None => Ok(Some(false)),
        }
    }

    /// Takes back what a tombstone is counted in and what replies quote of its comment, and forgets its author; whether there
    /// was anything. A damaged one is written anew. `None`: it is another one by now.
    pub(super) async fn empty(&self, site: &SiteId, buried: &Buried) -> Result<Option<bool>, Error> {
        let Buried { tombstone, unchanged, is_damaged } = buried;
        let unquoted = self.unquote(site, tombstone.id, tombstone.external_id.as_ref()).await?;
        let names_author = tombstone.authors.iter().any(Option::is_some);
        if !names_author && tombstone.counted.is_empty() && !is_damaged {
            return Ok(Some(unquoted > 0));
        }
        let empty = Tombstone { counted: Vec::new(), authors: [None; 2], ..tombstone.clone() };
        let mut plan = Plan::new(self.names.site(site));
        plan.expect(keys::tombstone(tombstone.id), unchanged.clone());
        plan.set(keys::tombstone(tombstone.id), packed::pack(plan.stamp, &empty)?);
        plan.replace(&places::of_tombstone(tombstone), &places::of_tombstone(&empty));
        plan.count_all(Counted::taking_back(&tombstone.counted));
        Ok(self.commit(site, &plan).await?.map(|_| true))
    }

    /// Takes what is quoted of a comment out of the replies to it, and answers how many that were: that is no change that
    /// anybody is told of. They name it by our id or by the blog's, which it may have got after them.
    async fn unquote(&self, site: &SiteId, id: CommentId, external_id: Option<&ExternalId>) -> Result<usize, Error> {
        let mut unquoted = 0;
        for name in [Some(id.to_string()), external_id.map(ExternalId::as_name)].into_iter().flatten() {
            let (index, mut after) = (Index::Replies(name), None);
            loop {
                let replies = self.members(&self.names.site(site), &index, (after, false), REPLIES).await?;
                unquoted += until_settled!(self.try_to_unquote(site, id, &replies))?;
                after = replies.last().copied().or(after);
                if replies.len() < REPLIES {
                    break;
                }
            }
        }
        Ok(unquoted)
    }

    async fn try_to_unquote(&self, site: &SiteId, id: CommentId, replies: &[Position]) -> Result<Option<usize>, Error> {
        let prefix = self.names.site(site);
        let names: Vec<String> = replies.iter().map(|reply| keys::comment(reply.id)).collect();
        let records = self.values(&prefix, &names).await?;
        let (mut plan, mut unquoted) = (Plan::new(prefix), 0);
        for (reply, record) in replies.iter().zip(records) {
            let Some(record) = record else { continue };
            match Found::of(reply.id, &record) {
                Ok(found) => {
                    let mut comment = found.comment.clone();
                    if let Some(parent) = &mut comment.submission.parent {
                        (parent.author_name, parent.content) = (None, None);
                    }
                    rewrite(&mut plan, &found, &comment)?;
                    unquoted += 1;
                }
                Err(Error::Damaged(why)) => {
                    tracing::error!("it may quote {id}, which was erased; erase it as well: {why}");
                }
                Err(error) => return Err(error),
            }
        }
        if unquoted == 0 {
            return Ok(Some(0));
        }
        Ok(self.commit(site, &plan).await?.map(|_| unquoted))
    }

    /// What indexes and the feed still tell of a damaged comment. When it was written, where they do not tell, is lost: when it
    /// came in stands for it, which its id tells.
    async fn remains_of_damaged(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        (now, why): (Timestamp, &str),
    ) -> Result<Option<Remains>, Error> {
        let (id, external_id) = match comment {
            CommentRef::Id(id) => (*id, None),
            CommentRef::External(name) => match self.id_of(site, &keys::external(name)).await? {
                Some(id) => (id, Some(name.clone())),
                None => return Ok(None),
            },
        };
        let record = self.values(&self.names.site(site), &[keys::comment(id)]).await?.pop().flatten();
        let Some(record) = record else { return Ok(None) };
        let (places, mut standing, mut written_at) = (self.places_of(site, id).await?, None, None);
        for Place { index, member } in &places {
            if let Index::Status(status) = index {
                let is_open = places.iter().any(|place| place.index == Index::Queue);
                standing = Some((*status, is_open));
                written_at = places::position(member).map(|position| Timestamp::from_millis(position.key));
            }
        }
        let last = self.last_event_of(site, id).await?;
        let received_at = id.made_at();
        let tombstone = Tombstone {
            id,
            external_id: external_id.or_else(|| last.as_ref().and_then(|last| last.external_id.clone())),
            status: standing
                .map(|(status, _)| status)
                .or(last.as_ref().map(|last| last.status))
                .unwrap_or(Status::Held),
            version: last.map_or(2, |last| last.version + 1),
            received_at,
            written_at: written_at.unwrap_or(received_at),
            erased_at: now,
            counted: Vec::new(),
            authors: [None; 2],
        };
        tracing::error!(
            comment = %id,
            counts_corrected = standing.is_some(),
            "erasing a damaged comment by its places; the history entries it was counted in and the lists of its post and its \
             author cannot be known and keep it until `moderato repair`: {why}"
        );
        let unchanged = packed::unchanged(&record);
        Ok(Some(Remains { unchanged, tombstone, counted: Vec::new(), standing, places }))
    }

    /// Where a comment stands in the indexes whose names do not depend on it. They are walked through, which only a damaged
    /// comment is worth.
    async fn places_of(&self, site: &SiteId, id: CommentId) -> Result<Vec<Place>, Error> {
        let mut indexes = vec![Index::Queue, Index::Withdrawn, Index::Address];
        indexes.extend(Status::ALL.into_iter().flat_map(|status| [Index::Status(status), Index::Age(status)]));
        let (prefix, mut places) = (self.names.site(site), Vec::new());
        for index in indexes {
            let mut after = None;
            loop {
                let members = self.members(&prefix, &index, (after, false), CHUNK).await?;
                let of_it = members.iter().filter(|position| position.id == id);
                places.extend(of_it.map(|at| Place { index: index.clone(), member: places::member(at.key, id) }));
                after = members.last().copied();
                if members.len() < CHUNK {
                    break;
                }
            }
        }
        Ok(places)
    }
}

/// What erasing a comment needs to know of it.
struct Remains {
    unchanged: Vec<u8>,
    tombstone: Tombstone,
    counted: Vec<Counted>,
    /// How it stands in the counts, if that can be told.
    standing: Option<(Status, bool)>,
    places: Vec<Place>,
}

impl Remains {
    fn of(found: Found, now: Timestamp) -> Self {
        let Found { comment, unchanged } = found;
        Self {
            unchanged,
            tombstone: Tombstone::of_erased(&comment, now),
            standing: Some((comment.status, comment.review.is_open())),
            places: places::of_comment(&comment),
            counted: comment.counted,
        }
    }
}
