//! Retention: what is kept no longer goes, in small steps, each written whole.

use super::base::{Base, Found, until_settled};
use super::changes::{change_comment, rewrite};
use super::feed::News;
use super::keys::{self, Index};
use super::packed;
use super::places::{self, Place};
use super::plan::Plan;
use crate::domain::{
    Comment, CommentId, EventChange, EventId, Expiry, HeldExpires, Keep, Position, SiteId, Status, Timestamp, Tombstone,
};
use crate::store::{Error, Expired};

/// The most of each kind in one step.
const STEP: usize = 100;

/// What became of the comments that were due.
#[derive(Default)]
struct Ended {
    rejected: usize,
    purged: usize,
    looked_at: usize,
}

impl Base {
    /// [`Store::expire`](crate::store::Store::expire). (Idempotency keys end by themselves.)
    pub(super) async fn expire(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Error> {
        self.read_head(site).await?;
        let Ended { rejected, purged, looked_at } = until_settled!(self.try_to_end(site, keep, now))?;
        let addresses = match keep.addresses_before(now) {
            Some(limit) => until_settled!(self.try_to_cut_addresses(site, limit))?,
            None => 0,
        };
        let tombstones = match keep.tombstones_before(now) {
            Some(limit) => until_settled!(self.try_to_drop_tombstones(site, limit))?,
            None => 0,
        };
        let events = self.drop_events(site, now).await?;
        let lessons = self.forget_lessons(site, now).await?;
        let more = [looked_at, addresses, tombstones, events, lessons].contains(&STEP);
        Ok(Expired { rejected, purged, addresses, tombstones, events, lessons, more })
    }

    async fn try_to_end(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Option<Ended>, Error> {
        let (prefix, mut ended) = (self.names.site(site), Ended::default());
        let mut plan = Plan::new(prefix.clone());
        let due = self.due(site, keep, now).await?;
        let names: Vec<String> = due.iter().map(|(_, place)| keys::comment(place.id)).collect();
        let records = self.values(&prefix, &names).await?;
        for ((index, place), record) in due.iter().zip(records) {
            ended.looked_at += 1;
            let Some(found) = readable(&mut plan, (index, place), record)? else { continue };
            match found.comment.expiry(keep, now) {
                Some(Expiry::Reject(change)) => {
                    change_comment(&mut plan, &found, &change)?;
                    ended.rejected += 1;
                }
                Some(Expiry::Purge) => {
                    purge(&mut plan, &found, now)?;
                    ended.purged += 1;
                }
                // It stands where it should not, or it would not have been found: next time it would be again.
                None => correct(&mut plan, &found, (index, place)),
            }
        }
        if ended.looked_at == 0 {
            return Ok(Some(ended));
        }
        Ok(self.commit(site, &plan).await?.map(|_| ended))
    }

    /// Comments whose time is over, the oldest of each status first.
    async fn due(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Vec<(Index, Position)>, Error> {
        let mut due = Vec::new();
        for status in Status::ALL {
            let Some(limit) = keep.last_changed_before(status, now) else { continue };
            let indexes = match (status, keep.held_expires) {
                // Those that wait on are not even looked at: there may be many.
                (Status::Held, HeldExpires::Keep) => vec![Index::Withdrawn],
                (Status::Held, HeldExpires::Reject) => vec![Index::Age(Status::Held), Index::Withdrawn],
                (status, _) => vec![Index::Age(status)],
            };
            let left = STEP - due.len();
            let mut found = Vec::new();
            for index in indexes {
                let places = self.before(site, &index, limit, left).await?;
                found.extend(places.into_iter().map(|place| (index.clone(), place)));
            }
            found.sort_by_key(|(_, place)| (place.key, place.id));
            due.extend(found.into_iter().take(left));
        }
        Ok(due)
    }

    /// The first places of an index that are before a moment, at most so many.
    async fn before(
        &self,
        site: &SiteId,
        index: &Index,
        limit: Timestamp,
        most: usize,
    ) -> Result<Vec<Position>, Error> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let mut places = self.members(&self.names.site(site), index, (None, false), most).await?;
        places.retain(|place| place.key < limit.millis());
        Ok(places)
    }

    async fn try_to_cut_addresses(&self, site: &SiteId, limit: Timestamp) -> Result<Option<usize>, Error> {
        let prefix = self.names.site(site);
        let places = self.before(site, &Index::Address, limit, STEP).await?;
        let names: Vec<String> = places.iter().map(|place| keys::comment(place.id)).collect();
        let records = self.values(&prefix, &names).await?;
        let mut plan = Plan::new(prefix);
        for (place, record) in places.iter().zip(records) {
            let at = (&Index::Address, place);
            let Some(found) = readable(&mut plan, at, record)? else { continue };
            if found.comment.received_at < limit && found.comment.has_whole_address() {
                rewrite(&mut plan, &found, &Comment::with_cut_address(found.comment.clone()))?;
            } else {
                correct(&mut plan, &found, at);
            }
        }
        if places.is_empty() {
            return Ok(Some(0));
        }
        Ok(self.commit(site, &plan).await?.map(|_| places.len()))
    }

    async fn try_to_drop_tombstones(&self, site: &SiteId, limit: Timestamp) -> Result<Option<usize>, Error> {
        let places = self.before(site, &Index::TombstoneAge, limit, STEP).await?;
        if places.is_empty() {
            return Ok(Some(0));
        }
        let mut plan = Plan::new(self.names.site(site));
        let ids: Vec<CommentId> = places.iter().map(|place| place.id).collect();
        let buried = self.buried(site, &ids).await?;
        buried.iter().for_each(|buried| Self::unbury(&mut plan, buried));
        for place in &places {
            // One that is gone is not looked at again.
            if !buried.iter().any(|buried| buried.tombstone.id == place.id) {
                plan.remove(&Index::TombstoneAge, places::member(place.key, place.id));
                plan.remove(&Index::Tombstones, places::member(0, place.id));
            }
        }
        Ok(self.commit(site, &plan).await?.map(|_| places.len()))
    }

    async fn drop_events(&self, site: &SiteId, now: Timestamp) -> Result<usize, Error> {
        let limit = u64::try_from(Keep::events_before(now).millis()).unwrap_or(0);
        if limit == 0 {
            return Ok(0);
        }
        let old = self.event_ids(site, limit - 1, STEP).await?;
        let Some(last) = old.last() else { return Ok(0) };
        let mut plan = Plan::new(self.names.site(site));
        plan.trim(EventId { number: last.number + 1, ..*last });
        self.commit(site, &plan).await?;
        Ok(old.len())
    }
}

/// The comment of a record that was found by a place. What is not there, or cannot be read, is not looked at again.
fn readable(plan: &mut Plan, at: (&Index, &Position), record: Option<Vec<u8>>) -> Result<Option<Found>, Error> {
    let (index, place) = at;
    let found = match record.map(|record| Found::of(place.id, &record)) {
        Some(Ok(found)) => return Ok(Some(found)),
        Some(Err(Error::Damaged(why))) => Some(why),
        Some(Err(error)) => return Err(error),
        None => None,
    };
    plan.remove(index, places::member(place.key, place.id));
    if let Some(why) = found {
        // Somebody has to look at it, but not every minute again.
        tracing::error!("retention leaves it out from now on; `moderato repair` names it, and it can be erased: {why}");
    }
    Ok(None)
}

/// Plans to take a comment out of a place where it should not stand, and to put it where it should.
fn correct(plan: &mut Plan, found: &Found, (index, place): (&Index, &Position)) {
    let wrong = Place { index: index.clone(), member: places::member(place.key, place.id) };
    let right: Vec<Place> = places::of_comment(&found.comment);
    plan.expect(keys::comment(found.comment.id), found.unchanged.clone());
    if !right.contains(&wrong) {
        plan.remove(&wrong.index, wrong.member);
    }
    right.into_iter().for_each(|place| plan.add(&place.index, place.member));
}

fn purge(plan: &mut Plan, found: &Found, now: Timestamp) -> Result<(), Error> {
    let Found { comment, unchanged } = found;
    let tombstone = Tombstone::of_purged(comment, now);
    plan.expect(keys::comment(comment.id), unchanged.clone());
    plan.delete(keys::comment(comment.id));
    plan.set(keys::tombstone(comment.id), packed::pack(plan.stamp, &tombstone)?);
    plan.replace(&places::of_comment(comment), &places::of_tombstone(&tombstone));
    plan.recount(Some(comment), None);
    News::of_gone(EventChange::Purged, &tombstone, now).tell(plan)
}
