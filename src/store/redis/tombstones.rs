//! Tombstones: what is left of comments that are no longer kept.

use super::base::Base;
use super::keys::{self, Index};
use super::packed;
use super::places;
use super::plan::{Committed, Plan};
use crate::domain::{CommentId, CommentRef, Counted, Position, SiteId, Tombstone};
use crate::store::Error;

/// A tombstone with the record that it was read from.
pub(super) struct Buried {
    pub(super) tombstone: Tombstone,
    /// The record's start, by which a plan knows that nobody wrote it since.
    pub(super) unchanged: Vec<u8>,
}

impl Base {
    /// [`Store::tombstones`](crate::store::Store::tombstones)
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

    /// Those of these tombstones that are there and can be read.
    pub(super) async fn buried(&self, site: &SiteId, ids: &[CommentId]) -> Result<Vec<Buried>, Error> {
        let names: Vec<String> = ids.iter().map(|id| keys::tombstone(*id)).collect();
        let records = self.values(&self.names.site(site), &names).await?;
        let mut found = Vec::new();
        for (id, record) in ids.iter().zip(records) {
            let Some(record) = record else { continue };
            match packed::tombstone(*id, &record) {
                Ok(tombstone) => found.push(Buried { tombstone, unchanged: packed::unchanged(&record) }),
                Err(Error::Damaged(why)) => tracing::error!("left out; `moderato repair` names it: {why}"),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
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
        let Buried { tombstone, unchanged } = buried;
        plan.expect(keys::tombstone(tombstone.id), unchanged.clone());
        plan.delete(keys::tombstone(tombstone.id));
        if let Some(external_id) = &tombstone.external_id {
            plan.delete(keys::external(external_id));
        }
        plan.replace(&places::of_tombstone(tombstone), &[]);
        plan.count_all(Counted::taking_back(&tombstone.counted));
    }
}
