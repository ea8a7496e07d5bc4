//! Tombstones: what is left of comments that are no longer kept.

use super::base::{Base, id_in};
use super::keys::{self, Index};
use super::packed;
use super::places;
use super::plan::{Committed, Plan};
use crate::domain::{CommentId, CommentRef, Counted, Position, SiteId, Status, Timestamp, Tombstone};
use crate::store::Error;

/// A tombstone with the record that it was read from.
pub(super) struct Buried {
    pub(super) tombstone: Tombstone,
    /// The record's start, by which a plan knows that nobody wrote it since.
    pub(super) unchanged: Vec<u8>,
    /// Whether the record cannot be read: then this is what its places and the feed still tell.
    pub(super) is_damaged: bool,
}

impl Buried {
    /// What is in a record.
    pub(super) fn of(id: CommentId, record: &[u8]) -> Result<Self, Error> {
        let tombstone = packed::tombstone(id, record)?;
        Ok(Self { tombstone, unchanged: packed::unchanged(record), is_damaged: false })
    }
}

/// How many members of an index are looked at at once.
const CHUNK: usize = 1_000;

impl Base {
    /// [`Store::tombstones`](crate::store::Store::tombstones). A damaged one is among them, with what is still known of it.
    pub(super) async fn tombstones(
        &self,
        site: &SiteId,
        after: Option<CommentId>,
        limit: usize,
    ) -> Result<Vec<Tombstone>, Error> {
        self.read_head(site).await?;
        let (mut found, mut after) = (Vec::new(), after.map(|id| Position { key: 0, id }));
        while found.len() < limit {
            let wanted = limit - found.len();
            let places = self.members(&self.names.site(site), &Index::Tombstones, (after, false), wanted).await?;
            let ids: Vec<CommentId> = places.iter().map(|place| place.id).collect();
            found.extend(self.buried(site, &ids).await?.into_iter().map(|buried| buried.tombstone));
            after = places.last().copied().or(after);
            if places.len() < wanted {
                break;
            }
        }
        Ok(found)
    }

    /// Those of these tombstones that are there, in this order.
    pub(super) async fn buried(&self, site: &SiteId, ids: &[CommentId]) -> Result<Vec<Buried>, Error> {
        let names: Vec<String> = ids.iter().map(|id| keys::tombstone(*id)).collect();
        let records = self.values(&self.names.site(site), &names).await?;
        let mut found = Vec::new();
        let mut ages = None;
        for (id, record) in ids.iter().zip(records) {
            let Some(record) = record else { continue };
            match Buried::of(*id, &record) {
                Ok(buried) => found.push(buried),
                Err(Error::Damaged(why)) => {
                    tracing::error!("what is not told by its places is lost; erasing it writes it anew: {why}");
                    if ages.is_none() {
                        ages = Some(self.ages_of(site, ids).await?);
                    }
                    let erased_at = ages.iter().flatten().find(|place| place.id == *id).map(|place| place.key);
                    let tombstone = self.rest_of(site, *id, erased_at.map(Timestamp::from_millis)).await?;
                    found.push(Buried { tombstone, unchanged: packed::unchanged(&record), is_damaged: true });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// What is known of a tombstone without its record. What it was counted in, and whom it names, is not.
    async fn rest_of(&self, site: &SiteId, id: CommentId, erased_at: Option<Timestamp>) -> Result<Tombstone, Error> {
        let last = self.last_event_of(site, id).await?;
        let mut external_id = last.as_ref().and_then(|last| last.external_id.clone());
        if let Some(name) = external_id.as_ref().map(keys::external) {
            let leads_to = self.values(&self.names.site(site), &[name]).await?.pop().flatten();
            // What leads to another one by now is that one's.
            external_id.take_if(|_| leads_to.is_none_or(|value| id_in(&value) != Ok(id)));
        }
        let received_at = id.made_at();
        Ok(Tombstone {
            id,
            external_id,
            status: last.as_ref().map_or(Status::Held, |last| last.status),
            version: last.as_ref().map_or(1, |last| last.version),
            received_at,
            written_at: received_at,
            erased_at: erased_at.or(last.map(|last| last.at)).unwrap_or(received_at),
            counted: Vec::new(),
            authors: [None; 2],
        })
    }

    /// Where these tombstones stand by age. All are walked through, which only damaged ones are worth.
    async fn ages_of(&self, site: &SiteId, ids: &[CommentId]) -> Result<Vec<Position>, Error> {
        let (prefix, mut ages, mut after) = (self.names.site(site), Vec::new(), None);
        loop {
            let places = self.members(&prefix, &Index::TombstoneAge, (after, false), CHUNK).await?;
            ages.extend(places.iter().filter(|place| ids.contains(&place.id)));
            after = places.last().copied();
            if places.len() < CHUNK {
                return Ok(ages);
            }
        }
    }

    /// The tombstone of the comment that a caller names so.
    pub(super) async fn find_buried(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Buried>, Error> {
        let id = match comment {
            CommentRef::Id(id) => Some(*id),
            CommentRef::External(name) => self.id_of(site, &keys::external(name)).await?,
        };
        match id {
            Some(id) => Ok(self.buried(site, &[id]).await?.pop()),
            None => Ok(None),
        }
    }

    /// [`Store::bury`](crate::store::Store::bury)
    pub(super) async fn bury(&self, site: &SiteId, tombstone: &Tombstone) -> Result<bool, Error> {
        let (id, mut plan) = (tombstone.id, Plan::new(self.names.site(site)));
        plan.expect_absent(keys::tombstone(id));
        plan.expect_absent(keys::comment(id));
        plan.set(keys::tombstone(id), packed::pack(plan.stamp, tombstone)?);
        if let Some(external_id) = &tombstone.external_id {
            plan.expect_absent(keys::external(external_id));
            plan.set(keys::external(external_id), id.to_string().into_bytes());
        }
        plan.replace(&[], &places::of_tombstone(tombstone));
        Counted::adding(&tombstone.counted).into_iter().for_each(|delta| plan.count(delta, true));
        match self.try_commit(Some(site), &plan).await? {
            Committed::Written { .. } => Ok(true),
            Committed::Unexpected(_, Some(value)) => Ok(plan.stamp.wrote(&value)),
            _ => Ok(false),
        }
    }

    /// Plans to let a tombstone go.
    pub(super) fn unbury(plan: &mut Plan, buried: &Buried) {
        let Buried { tombstone, unchanged, .. } = buried;
        plan.expect(keys::tombstone(tombstone.id), unchanged.clone());
        plan.delete(keys::tombstone(tombstone.id));
        if let Some(external_id) = &tombstone.external_id {
            plan.delete(keys::external(external_id));
        }
        plan.replace(&places::of_tombstone(tombstone), &[]);
        plan.count_all(Counted::taking_back(&tombstone.counted));
    }
}
