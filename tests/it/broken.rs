//! A store that does not work, and counts how often it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use moderato::domain::{
    ApiKey, AuthorId, AuthorStanding, Comment, CommentId, CommentRef, Counts, DecisionRequest, EditRequest, EntryId,
    Event, EventId, ExternalId, Keep, KeyId, ListEntry, ListName, ListQuery, ModelSnapshot, Page, Site, SiteId,
    SiteName, SiteOverrides, SiteSettings, Taught, Timestamp, Tombstone, Totals,
};
use moderato::store::{
    Durability, Error, Expired, Forgotten, Idempotency, Identity, Listed, Outcome, Recall, Recalled, Record, Recorded,
    Repaired, Seed, Status, Store,
};
use tokio::sync::watch;

use crate::app::START;

/// A submission with this external id makes the store panic.
pub const PANIC: &str = "panic";

/// A store that knows who it is, perhaps has a site with an empty feed, and answers everything else with this error.
pub struct Broken {
    error: Error,
    has_site: bool,
    /// Changed by a test, it wakes those who wait for news.
    pub changes: watch::Sender<u64>,
    /// How often the feed was read.
    pub reads: AtomicUsize,
    at_once: AtomicUsize,
    /// The most submissions that were asked about at the same time.
    pub most_at_once: AtomicUsize,
}

impl Broken {
    /// One that has nothing.
    pub fn store(error: Error) -> Arc<Self> {
        let (has_site, changes) = (false, watch::Sender::new(0));
        let [reads, at_once, most_at_once] = [0; 3].map(AtomicUsize::new);
        Arc::new(Self { error, has_site, changes, reads, at_once, most_at_once })
    }

    /// One that has every site, all empty, and cannot be written.
    pub fn empty_sites() -> Arc<Self> {
        let store = Self::store(Error::Unavailable("away".to_owned()));
        Arc::new(Self { has_site: true, ..Arc::into_inner(store).unwrap() })
    }

    fn site_of(&self, id: &SiteId) -> Site {
        let name = SiteName::try_from(id.to_string()).unwrap();
        Site { id: id.clone(), name, created_at: START.parse().unwrap() }
    }

    fn fail<T>(&self) -> Result<T, Error> {
        Err(self.error.clone())
    }
}

#[async_trait]
impl Store for Broken {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        Ok(Some(Identity { store_id: "broken".to_owned(), secret: [0; 32] }))
    }

    async fn settle(&self, _: Seed) -> Result<Identity, Error> {
        self.fail()
    }

    async fn health(&self) -> Result<(), Error> {
        self.fail()
    }

    fn status(&self) -> Status {
        Status { kind: "broken", durability: Durability::Relaxed, verified: false }
    }

    async fn recall(&self, _: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        self.most_at_once.fetch_max(self.at_once.fetch_add(1, Relaxed) + 1, Relaxed);
        // Long enough for all that may to come in.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.at_once.fetch_sub(1, Relaxed);
        assert!(ask.external_id.as_ref().is_none_or(|id| id.as_str() != PANIC), "a panic, on purpose");
        self.fail()
    }

    async fn record(&self, _: &SiteId, _: Record) -> Result<Recorded, Error> {
        self.fail()
    }

    async fn decide(
        &self,
        _: &SiteId,
        _: &CommentRef,
        _: DecisionRequest,
        _: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn edit(&self, _: &SiteId, _: &CommentRef, _: EditRequest, _: Option<Idempotency>) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn link(&self, _: &SiteId, _: &CommentRef, _: ExternalId, _: Timestamp) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn withdraw(&self, _: &SiteId, _: &CommentRef, _: Timestamp) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn erase(&self, _: &SiteId, _: &CommentRef, _: Timestamp) -> Result<bool, Error> {
        self.fail()
    }

    async fn forget(&self, _: &SiteId, _: AuthorId, _: Timestamp) -> Result<Forgotten, Error> {
        self.fail()
    }

    async fn author(&self, _: &SiteId, _: AuthorId, _: Timestamp) -> Result<Option<AuthorStanding>, Error> {
        self.fail()
    }

    async fn expire(&self, _: &SiteId, _: &Keep, _: Timestamp) -> Result<Expired, Error> {
        self.fail()
    }

    async fn tombstones(&self, _: &SiteId, _: Option<CommentId>, _: usize) -> Result<Vec<Tombstone>, Error> {
        self.fail()
    }

    async fn bury(&self, _: &SiteId, _: Tombstone) -> Result<bool, Error> {
        self.fail()
    }

    async fn repair(&self, _: &SiteId) -> Result<Repaired, Error> {
        self.fail()
    }

    async fn get(&self, _: &SiteId, _: &CommentRef) -> Result<Option<Comment>, Error> {
        self.fail()
    }

    async fn list(&self, _: &SiteId, _: &ListQuery) -> Result<Page<Comment>, Error> {
        self.fail()
    }

    async fn events(&self, _: &SiteId, _: EventId, _: usize) -> Result<Vec<Event>, Error> {
        self.reads.fetch_add(1, Relaxed);
        if self.has_site { Ok(Vec::new()) } else { self.fail() }
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        assert!(self.error != Error::UnknownSite, "a panic, on purpose");
        self.changes.subscribe()
    }

    async fn lessons(&self, _: &SiteId, _: u64, _: usize) -> Result<Vec<Taught>, Error> {
        self.fail()
    }

    async fn model(&self, _: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        self.fail()
    }

    async fn put_model(&self, _: &SiteId, _: ModelSnapshot, _: Option<u64>) -> Result<bool, Error> {
        self.fail()
    }

    async fn create_site(&self, _: Site) -> Result<bool, Error> {
        self.fail()
    }

    async fn site(&self, id: &SiteId) -> Result<Option<Site>, Error> {
        if self.has_site { Ok(Some(self.site_of(id))) } else { self.fail() }
    }

    async fn counts(&self, _: &SiteId) -> Result<Counts, Error> {
        if self.has_site { Ok(Counts::default()) } else { self.fail() }
    }

    async fn totals(&self) -> Result<Totals, Error> {
        self.fail()
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        let site = |id: &str| self.site_of(&id.parse().unwrap());
        if self.has_site { Ok(vec![site("one"), site("two")]) } else { self.fail() }
    }

    async fn rename_site(&self, _: &SiteId, _: SiteName) -> Result<Site, Error> {
        self.fail()
    }

    async fn delete_site(&self, _: &SiteId) -> Result<bool, Error> {
        self.fail()
    }

    async fn settings(&self, _: &SiteId) -> Result<SiteSettings, Error> {
        Ok(SiteSettings::default())
    }

    async fn override_policy(
        &self,
        _: &SiteId,
        _: SiteOverrides,
        _: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error> {
        self.fail()
    }

    async fn note_uses(&self, _: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        self.fail()
    }

    async fn entries(
        &self,
        _: &SiteId,
        _: ListName,
        _: Option<EntryId>,
        _: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        Ok(Vec::new())
    }

    async fn put_entries(&self, _: &SiteId, _: ListName, _: Vec<ListEntry>) -> Result<Listed, Error> {
        self.fail()
    }

    async fn delete_entry(&self, _: &SiteId, _: ListName, _: &EntryId) -> Result<bool, Error> {
        self.fail()
    }

    async fn create_key(&self, _: ApiKey) -> Result<(), Error> {
        self.fail()
    }

    async fn key(&self, _: &KeyId) -> Result<Option<ApiKey>, Error> {
        self.fail()
    }

    async fn keys(&self, _: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        self.fail()
    }

    async fn delete_key(&self, _: Option<&SiteId>, _: &KeyId) -> Result<bool, Error> {
        self.fail()
    }
}
