//! The Redis store: one server, Sentinel or a cluster; any number of processes on it.
//!
//! A verb reads, lets the rules of [`domain`](crate::domain) say what follows, and writes that by one run of `commit.lua`, which
//! first looks whether everything is still as it was read. If not, the verb begins again.

mod about;
mod authors;
mod base;
mod changes;
mod clearing;
mod entries;
mod erasing;
mod feed;
mod identity;
mod keeping;
mod keyring;
mod keys;
mod lessons;
mod link;
mod listing;
mod missed;
mod models;
#[cfg(test)]
mod next;
mod packed;
mod places;
mod plan;
mod recalling;
mod repair;
mod retention;
mod sites;
mod sums;
mod survey;
mod tombstones;
mod totals;
mod watching;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::watch;

pub use self::about::About;
use self::base::Base;
use self::keys::Names;
pub(super) use self::link::Address;
use self::link::Link;
use self::watching::Watched;
use super::{
    Error, Expired, Forgotten, Idempotency, Identity, Listed, OpenError, Outcome, Recall, Recalled, Record, Recorded,
    Repaired, Seed, Settings, Status, Store,
};
use crate::clock::Clock;
use crate::domain::{
    ApiKey, AuthorId, AuthorStanding, Comment, CommentId, CommentRef, Counts, DecisionRequest, EditRequest, EntryId,
    Event, EventId, ExternalId, Keep, KeyId, ListEntry, ListName, ListQuery, ModelSnapshot, Page, Site, SiteId,
    SiteName, SiteOverrides, SiteSettings, Taught, Timestamp, Tombstone, Totals,
};

/// The store. Each verb's body is in the file of its family.
pub(super) struct Redis {
    base: Arc<Base>,
}

impl Redis {
    /// A store at this address; nothing is asked of it yet.
    pub(super) fn new(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let (link, names) = (Link::new(settings)?, Names::new(&settings.prefix));
        let (changes, tag, watched) = (watch::Sender::new(0), OnceLock::new(), Watched::default());
        let base = Arc::new(Base { link, names, clock, changes, tag, watched });
        base.link.run(watching::watch(Arc::downgrade(&base)));
        Ok(Self { base })
    }
}

#[async_trait]
impl Store for Redis {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        self.base.identity().await
    }

    async fn settle(&self, seed: Seed) -> Result<Identity, Error> {
        self.base.settle(seed).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.base.link.health().await?;
        self.base.schema().await.map(drop)
    }

    fn status(&self) -> Status {
        self.base.link.status()
    }

    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        self.base.recall(site, ask).await
    }

    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error> {
        self.base.record(site, &entry).await
    }

    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.base.decide(site, comment, &request, idempotency.as_ref()).await
    }

    async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: EditRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.base.edit(site, comment, &request, idempotency.as_ref()).await
    }

    async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        self.base.link(site, comment, &external_id, now).await
    }

    async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error> {
        self.base.withdraw(site, comment, now).await
    }

    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error> {
        self.base.erase(site, comment, now).await
    }

    async fn forget(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Error> {
        self.base.forget(site, author, now).await
    }

    async fn author(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Option<AuthorStanding>, Error> {
        self.base.author(site, author, now).await
    }

    async fn expire(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Error> {
        self.base.expire(site, keep, now).await
    }

    async fn tombstones(&self, site: &SiteId, after: Option<CommentId>, limit: usize) -> Result<Vec<Tombstone>, Error> {
        self.base.tombstones(site, after, limit).await
    }

    async fn bury(&self, site: &SiteId, tombstone: Tombstone) -> Result<bool, Error> {
        self.base.bury(site, &tombstone).await
    }

    async fn repair(&self, site: &SiteId) -> Result<Repaired, Error> {
        self.base.repair(site).await
    }

    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error> {
        Ok(self.base.find(site, comment).await?.map(|found| found.comment))
    }

    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        self.base.list(site, query).await
    }

    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error> {
        self.base.events(site, after, limit).await
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        self.base.changes.subscribe()
    }

    async fn lessons(&self, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Error> {
        self.base.lessons(site, after, limit).await
    }

    async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        self.base.model(site).await
    }

    async fn put_model(&self, site: &SiteId, snapshot: ModelSnapshot, expected: Option<u64>) -> Result<bool, Error> {
        self.base.put_model(site, &snapshot, expected).await
    }

    async fn create_site(&self, site: Site) -> Result<bool, Error> {
        self.base.create_site(&site).await
    }

    async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error> {
        self.base.site(site).await
    }

    async fn counts(&self, site: &SiteId) -> Result<Counts, Error> {
        self.base.counts(site).await
    }

    async fn totals(&self) -> Result<Totals, Error> {
        self.base.totals().await
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        self.base.sites().await
    }

    async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error> {
        self.base.rename_site(site, name).await
    }

    async fn delete_site(&self, site: &SiteId) -> Result<bool, Error> {
        self.base.delete_site(site).await
    }

    async fn settings(&self, site: &SiteId) -> Result<SiteSettings, Error> {
        self.base.settings(site).await
    }

    async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error> {
        self.base.override_policy(site, overrides, expected).await
    }

    async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        self.base.entries(site, list, after, limit).await
    }

    async fn put_entries(&self, site: &SiteId, list: ListName, entries: Vec<ListEntry>) -> Result<Listed, Error> {
        self.base.put_entries(site, list, &entries).await
    }

    async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<bool, Error> {
        self.base.delete_entry(site, list, id).await
    }

    async fn create_key(&self, key: ApiKey) -> Result<(), Error> {
        self.base.create_key(&key).await
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        self.base.key(id).await
    }

    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        self.base.keys(site).await
    }

    async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        self.base.note_uses(uses).await
    }

    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error> {
        self.base.delete_key(site, id).await
    }
}
