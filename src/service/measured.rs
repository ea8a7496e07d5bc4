//! The store with a watch beside it: every verb is timed and its errors are counted, and none is asked before the store was seen.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hmac::Hmac;
use sha2::Sha256;
use tokio::sync::watch;

use super::Metrics;
use crate::clock::Stopwatch;
use crate::domain::{
    ApiKey, AuthorId, AuthorStanding, Comment, CommentId, CommentRef, Counts, DecisionRequest, EditRequest, EntryId,
    Event, EventId, ExternalId, Keep, KeyId, ListEntry, ListName, ListQuery, ModelSnapshot, Page, Site, SiteId,
    SiteName, SiteOverrides, SiteSettings, Taught, Timestamp, Tombstone, Totals,
};
use crate::store::{
    Error, Expired, Forgotten, Idempotency, Identity, Listed, Outcome, Recall, Recalled, Record, Recorded, Repaired,
    Seed, Status, Store,
};

/// A store that is measured.
pub(super) struct Measured {
    pub store: Arc<dyn Store>,
    pub metrics: Metrics,
    /// Filled once somebody knows who the store is. An empty store would say of everything that there is no such thing, and of
    /// every key that it is wrong.
    pub seen: Arc<OnceLock<Hmac<Sha256>>>,
}

/// The error of a verb that came before the store was seen.
pub(super) fn unseen() -> Error {
    Error::Unavailable("the store was not reached since the start".to_owned())
}

impl Measured {
    /// A verb of a store that was seen.
    async fn timed<T: Send>(
        &self,
        verb: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let call = async { if self.seen.get().is_some() { call.await } else { Err(unseen()) } };
        self.asked(verb, call).await
    }

    async fn asked<T: Send>(
        &self,
        verb: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let watch = Stopwatch::start();
        let answer = call.await;
        self.metrics.asked(verb, watch.elapsed(), answer.as_ref().err());
        answer
    }
}

#[async_trait]
impl Store for Measured {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        self.asked("identity", self.store.identity()).await
    }

    async fn settle(&self, seed: Seed) -> Result<Identity, Error> {
        self.asked("settle", self.store.settle(seed)).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.asked("health", self.store.health()).await
    }

    fn status(&self) -> Status {
        self.store.status()
    }

    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        self.timed("recall", self.store.recall(site, ask)).await
    }

    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error> {
        self.timed("record", self.store.record(site, entry)).await
    }

    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.timed("decide", self.store.decide(site, comment, request, idempotency)).await
    }

    async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: EditRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.timed("edit", self.store.edit(site, comment, request, idempotency)).await
    }

    async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        self.timed("link", self.store.link(site, comment, external_id, now)).await
    }

    async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error> {
        self.timed("withdraw", self.store.withdraw(site, comment, now)).await
    }

    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error> {
        self.timed("erase", self.store.erase(site, comment, now)).await
    }

    async fn forget(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Error> {
        self.timed("forget", self.store.forget(site, author, now)).await
    }

    async fn author(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Option<AuthorStanding>, Error> {
        self.timed("author", self.store.author(site, author, now)).await
    }

    async fn expire(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Error> {
        self.timed("expire", self.store.expire(site, keep, now)).await
    }

    async fn tombstones(&self, site: &SiteId, after: Option<CommentId>, limit: usize) -> Result<Vec<Tombstone>, Error> {
        self.timed("tombstones", self.store.tombstones(site, after, limit)).await
    }

    async fn bury(&self, site: &SiteId, tombstone: Tombstone) -> Result<bool, Error> {
        self.timed("bury", self.store.bury(site, tombstone)).await
    }

    async fn repair(&self, site: &SiteId) -> Result<Repaired, Error> {
        self.timed("repair", self.store.repair(site)).await
    }

    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error> {
        self.timed("get", self.store.get(site, comment)).await
    }

    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        self.timed("list", self.store.list(site, query)).await
    }

    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error> {
        self.timed("events", self.store.events(site, after, limit)).await
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        self.store.feed_changes()
    }

    async fn lessons(&self, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Error> {
        self.timed("lessons", self.store.lessons(site, after, limit)).await
    }

    async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        self.timed("model", self.store.model(site)).await
    }

    async fn put_model(&self, site: &SiteId, snapshot: ModelSnapshot, expected: Option<u64>) -> Result<bool, Error> {
        self.timed("put_model", self.store.put_model(site, snapshot, expected)).await
    }

    async fn create_site(&self, site: Site) -> Result<bool, Error> {
        self.timed("create_site", self.store.create_site(site)).await
    }

    async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error> {
        self.timed("site", self.store.site(site)).await
    }

    async fn counts(&self, site: &SiteId) -> Result<Counts, Error> {
        self.timed("counts", self.store.counts(site)).await
    }

    async fn totals(&self) -> Result<Totals, Error> {
        self.timed("totals", self.store.totals()).await
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        self.timed("sites", self.store.sites()).await
    }

    async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error> {
        self.timed("rename_site", self.store.rename_site(site, name)).await
    }

    async fn delete_site(&self, site: &SiteId) -> Result<bool, Error> {
        self.timed("delete_site", self.store.delete_site(site)).await
    }

    async fn settings(&self, site: &SiteId) -> Result<SiteSettings, Error> {
        self.timed("settings", self.store.settings(site)).await
    }

    async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error> {
        self.timed("override_policy", self.store.override_policy(site, overrides, expected)).await
    }

    async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        self.timed("entries", self.store.entries(site, list, after, limit)).await
    }

    async fn put_entries(&self, site: &SiteId, list: ListName, entries: Vec<ListEntry>) -> Result<Listed, Error> {
        self.timed("put_entries", self.store.put_entries(site, list, entries)).await
    }

    async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<bool, Error> {
        self.timed("delete_entry", self.store.delete_entry(site, list, id)).await
    }

    async fn create_key(&self, key: ApiKey) -> Result<(), Error> {
        self.timed("create_key", self.store.create_key(key)).await
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        self.timed("key", self.store.key(id)).await
    }

    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        self.timed("keys", self.store.keys(site)).await
    }

    async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        self.timed("note_uses", self.store.note_uses(uses)).await
    }

    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error> {
        self.timed("delete_key", self.store.delete_key(site, id)).await
    }
}
