//! The embedded store: SQLite, one machine; one thread writes, a few connections read.

mod authors;
mod backup;
mod campaigns;
mod changes;
mod columns;
mod comments;
mod copies;
mod entries;
mod erasing;
mod existing;
mod fault;
mod feed;
mod history;
mod identity;
mod keeping;
mod keys;
mod lessons;
mod listing;
mod lock;
mod log;
mod models;
mod open;
mod outside;
mod packed;
mod readers;
mod repair;
mod restore;
mod retention;
mod schema;
mod settings;
mod sites;
mod space;
mod tombstones;
mod totals;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Transaction};
use tokio::sync::watch;

use self::fault::Fault;
use self::open::Connections;
use self::readers::Readers;
use self::space::Space;
use self::writer::Writer;
use super::{
    Durability, Error, Expired, Forgotten, Idempotency, Identity, Listed, OpenError, Outcome, Recall, Recalled, Record,
    Recorded, Repaired, Seed, Status, Store,
};
use crate::domain::{
    ApiKey, AuthorId, AuthorStanding, Comment, CommentId, CommentRef, Counts, DecisionRequest, EditRequest, EntryId,
    Event, EventId, ExternalId, Keep, KeyId, ListEntry, ListName, ListQuery, ModelSnapshot, Page, Site, SiteId,
    SiteName, SiteOverrides, SiteSettings, Taught, Timestamp, Tombstone, Totals,
};

pub(super) use self::backup::backup;
pub use self::lock::ServeLock;
pub use self::outside::{bytes_in_use, migrations_to_do};
pub(super) use self::repair::mend;
pub(super) use self::restore::restore;

/// The store. Each verb's body is a function over a transaction, in the file of its family; here it is only handed to
/// the writer, to a reader that answers at once, or, where it may read a thousand records, to a thread for slow work.
pub(super) struct Embedded {
    points: Readers,
    scans: Arc<Readers>,
    space: Option<Space>,
    /// The last field, so that its connection closes last: it alone copies the log into the database then.
    writer: Writer,
}

impl Embedded {
    /// Opens, or makes, the database in a data directory.
    pub(super) fn on_disk(data_dir: &Path) -> Result<Self, OpenError> {
        let connections = open::on_disk(data_dir)?;
        Self::over(connections, Some(Space::of(&data_dir.join(open::FILE))))
    }

    /// A new database without a file.
    pub(super) fn in_memory() -> Result<Self, OpenError> {
        Self::over(open::in_memory()?, None)
    }

    fn over(connections: Connections, space: Option<Space>) -> Result<Self, OpenError> {
        let Connections { writer, points, scans } = connections;
        let (points, scans) = (Readers::new(points), Arc::new(Readers::new(scans)));
        Ok(Self { points, scans, space, writer: Writer::start(writer)? })
    }

    async fn scan<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let scans = self.scans.clone();
        let read = tokio::task::spawn_blocking(move || scans.read(body));
        read.await.map_err(|why| Error::Unavailable(format!("a read was cut short: {why}")))?
    }

    /// Writes what is no new comment. Only submissions are told that there is no room; for everything else a full disk is
    /// a store that is away.
    async fn write<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.check_file()?;
        self.writer.write(body).await.map_err(|error| match error {
            Error::Full(why) => Error::Unavailable(why),
            other => other,
        })
    }

    fn check_file(&self) -> Result<(), Error> {
        self.space.as_ref().map_or(Ok(()), Space::check_file)
    }

    fn check_space(&self) -> Result<(), Error> {
        self.space.as_ref().map_or(Ok(()), Space::check)
    }
}

#[async_trait]
impl Store for Embedded {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        self.points.read(identity::identity)
    }

    async fn settle(&self, seed: Seed) -> Result<Identity, Error> {
        self.write(move |tx| identity::settle(tx, &seed)).await
    }

    async fn health(&self) -> Result<(), Error> {
        self.writer.check()?;
        self.check_space()?;
        self.points.read(identity::identity).map(|_| ())
    }

    fn status(&self) -> Status {
        Status { kind: "sqlite", durability: Durability::Fsync, verified: true }
    }

    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        self.points.read(|tx| existing::recall(tx, site, ask))
    }

    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error> {
        self.check_space()?;
        let (site, draft) = (site.clone(), keeping::Draft::of(entry).map_err(Fault::into_error)?);
        self.writer.write(move |tx| keeping::record(tx, &site, &draft)).await
    }

    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        let (site, comment) = (site.clone(), comment.clone());
        let body = changes::Deciding { comment, request, idempotency };
        self.write(move |tx| changes::decide(tx, &site, &body)).await
    }

    async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: EditRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        let (site, comment) = (site.clone(), comment.clone());
        let body = changes::Editing { comment, request, idempotency };
        self.write(move |tx| changes::edit(tx, &site, &body)).await
    }

    async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let (site, comment) = (site.clone(), comment.clone());
        self.write(move |tx| changes::link(tx, &site, (&comment, &external_id), now)).await
    }

    async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error> {
        let (site, comment) = (site.clone(), comment.clone());
        self.write(move |tx| changes::withdraw(tx, &site, &comment, now)).await
    }

    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error> {
        let (site, comment) = (site.clone(), comment.clone());
        self.check_file()?;
        self.writer.scrub_after(move |tx| erasing::erase(tx, &site, &comment, now), |erased| *erased).await
    }

    async fn forget(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Error> {
        let site = site.clone();
        self.check_file()?;
        self.writer.scrub_after(move |tx| authors::forget(tx, &site, author, now), Forgotten::erased_something).await
    }

    async fn author(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Option<AuthorStanding>, Error> {
        let site = site.clone();
        self.scan(move |tx| authors::standing(tx, &site, author, now)).await
    }

    async fn expire(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Error> {
        let (site, keep) = (site.clone(), keep.clone());
        self.check_file()?;
        self.writer.scrub_after(move |tx| retention::expire(tx, &site, &keep, now), Expired::erased_something).await
    }

    async fn tombstones(&self, site: &SiteId, after: Option<CommentId>, limit: usize) -> Result<Vec<Tombstone>, Error> {
        let site = site.clone();
        self.scan(move |tx| tombstones::list(tx, &site, after, limit)).await
    }

    async fn bury(&self, site: &SiteId, tombstone: Tombstone) -> Result<bool, Error> {
        let site = site.clone();
        self.write(move |tx| tombstones::bury(tx, &site, &tombstone)).await
    }

    async fn repair(&self, site: &SiteId) -> Result<Repaired, Error> {
        let site = site.clone();
        self.write(move |tx| repair::repair(tx, &site)).await
    }

    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error> {
        self.points.read(|tx| comments::get(tx, site, comment))
    }

    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        let (site, query) = (site.clone(), query.clone());
        self.scan(move |tx| listing::list(tx, &site, &query)).await
    }

    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error> {
        let site = site.clone();
        self.scan(move |tx| feed::events(tx, &site, after, limit)).await
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    async fn lessons(&self, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Error> {
        let site = site.clone();
        self.scan(move |tx| lessons::list(tx, &site, after, limit)).await
    }

    async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        let site = site.clone();
        self.scan(move |tx| models::read(tx, &site)).await
    }

    async fn put_model(&self, site: &SiteId, snapshot: ModelSnapshot, expected: Option<u64>) -> Result<bool, Error> {
        let site = site.clone();
        self.write(move |tx| models::put(tx, &site, &snapshot, expected)).await
    }

    async fn create_site(&self, site: Site) -> Result<bool, Error> {
        self.write(move |tx| sites::create(tx, &site)).await
    }

    async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error> {
        self.points.read(|tx| sites::one(tx, site))
    }

    async fn counts(&self, site: &SiteId) -> Result<Counts, Error> {
        self.points.read(|tx| sites::counts(tx, site))
    }

    async fn totals(&self) -> Result<Totals, Error> {
        self.scan(totals::totals).await
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        self.points.read(sites::all)
    }

    async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error> {
        let site = site.clone();
        self.write(move |tx| sites::rename(tx, &site, &name)).await
    }

    async fn delete_site(&self, site: &SiteId) -> Result<bool, Error> {
        let site = site.clone();
        self.check_file()?;
        self.writer.scrub_after(move |tx| sites::delete(tx, &site), |deleted| *deleted).await
    }

    async fn settings(&self, site: &SiteId) -> Result<SiteSettings, Error> {
        self.points.read(|tx| settings::read(tx, site))
    }

    async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error> {
        let site = site.clone();
        self.write(move |tx| settings::override_policy(tx, &site, &overrides, expected)).await
    }

    async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        let site = site.clone();
        self.scan(move |tx| entries::page(tx, (&site, list), after.as_ref(), limit)).await
    }

    async fn put_entries(&self, site: &SiteId, list: ListName, entries: Vec<ListEntry>) -> Result<Listed, Error> {
        let site = site.clone();
        self.write(move |tx| entries::put(tx, (&site, list), &entries)).await
    }

    async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<bool, Error> {
        let (site, id) = (site.clone(), id.clone());
        self.check_file()?;
        // It may have been somebody's address.
        self.writer.scrub_after(move |tx| entries::delete(tx, (&site, list), &id), |deleted| *deleted).await
    }

    async fn create_key(&self, key: ApiKey) -> Result<(), Error> {
        self.write(move |tx| keys::create(tx, &key)).await
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        self.points.read(|tx| keys::one(tx, id))
    }

    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        self.points.read(|tx| keys::all(tx, site))
    }

    async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        self.write(move |tx| keys::note_uses(tx, &uses)).await
    }

    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error> {
        let (site, id) = (site.cloned(), id.clone());
        self.write(move |tx| keys::delete(tx, site.as_ref(), &id)).await
    }
}
