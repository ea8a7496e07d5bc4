//! The service's memory, in domain verbs; it never sees a rule.

mod embedded;
mod error;
mod exchange;
mod place;
mod redis;
mod settings;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

pub use embedded::{ServeLock, bytes_in_use, migrations_to_do};
pub use error::{CopyError, Error, OpenError};
pub use exchange::{
    Charges, Copied, Copying, Existing, Expired, Forgotten, Idempotency, IdempotencyKey, Identity, Listed, Mended,
    Outcome, Recall, Recalled, Record, Recorded, Repaired, Seed, Standing,
};
pub use redis::About;
pub use settings::{Durability, Settings, Status};

use crate::clock::Clock;
use crate::domain::{
    ApiKey, AuthorId, AuthorStanding, Comment, CommentId, CommentRef, Counts, DecisionRequest, EditRequest, EntryId,
    Event, EventId, ExternalId, Keep, KeyId, ListEntry, ListName, ListQuery, ModelSnapshot, Page, Site, SiteId,
    SiteName, SiteOverrides, SiteSettings, Taught, Timestamp, Tombstone, Totals,
};

/// What the service remembers, and how it changes.
///
/// The contract, tested on every backend by `tests/store_contract`:
///
/// - Every verb that changes something is one atomic step: all of it is there afterwards, or nothing. When it answers
///   `Ok`, it is there at the configured durability. When it answers [`Error::Unavailable`], the outcome is unknown, and
///   the same call again resolves it.
/// - `version` is the number of changes kept in the record; every change appends one event to the site's feed. Events
///   become visible in the order of their ids.
/// - A comment's review is open if and only if it is in the queue, once. Counts equal a recount, history entries equal the
///   sum of the `counted` lists of all comments and tombstones (periods no longer kept aside).
/// - Nothing of one site is reachable through another. A verb that names a site that does not exist answers
///   [`Error::UnknownSite`].
/// - Times come in as arguments; no verb reads a clock.
#[allow(clippy::too_many_arguments, reason = "four, and self")]
#[async_trait]
pub trait Store: Send + Sync {
    /// Who this store is; `None` for one that is empty.
    async fn identity(&self) -> Result<Option<Identity>, Error>;

    /// Makes an empty store into one with this identity, its first site and its first keys. A store that has an identity
    /// keeps it; the answer is the one that now holds.
    async fn settle(&self, seed: Seed) -> Result<Identity, Error>;

    /// Whether a submission would be taken now; the error says why not.
    async fn health(&self) -> Result<(), Error>;

    /// What is known of the store, without asking it.
    fn status(&self) -> Status;

    /// Everything that bears on one submission, in one read.
    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error>;

    /// Keeps a new comment: the record, its place in the queue, counts, history and (if announced) the event. If its
    /// idempotency key or its external id is known by now, nothing is written, and the answer says whose it is; except that
    /// a new key is remembered for the comment that has the external id, if that has the same fingerprint.
    ///
    /// A store that several processes share pays the charges in the same step, by its server's clock and after it has looked for
    /// what is known: a retry pays nothing. A store of one process ignores them: what that process counts is exact.
    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error>;

    /// Decides by [`Comment::decide`]. If the idempotency key is known, nothing is written.
    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error>;

    /// Edits a comment by [`Comment::edit`]. If the idempotency key is known, nothing is written. A `counted` entry's member is
    /// dropped by the store if its entry is full.
    async fn edit(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: EditRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error>;

    /// Gives a comment the blog's id by [`Comment::link`].
    async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error>;

    /// Takes a comment out of the queue by [`Comment::withdraw`].
    async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error>;

    /// Erases a comment and takes back what it was counted in; a tombstone keeps its ids, so that a late retry does not
    /// bring it back, and replies no longer tell what it said. Of one that is kept no longer, what it taught and what replies
    /// quote goes. `false` if there is nothing to erase.
    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error>;

    /// Erases at most a hundred comments of an author, like [`Store::erase`], and what at most a hundred tombstones still tell
    /// of them; replies to those no longer tell what they said. Once there is no more, nothing is remembered under the token.
    async fn forget(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Error>;

    /// How an author stands; `None` for one of whom nothing is known.
    async fn author(&self, site: &SiteId, author: AuthorId, now: Timestamp) -> Result<Option<AuthorStanding>, Error>;

    /// Does what is due by now, at most a hundred of each kind: comments by [`Comment::expiry`], addresses, tombstones,
    /// events, lessons by [`Covered::lets_go`](crate::domain::Covered::lets_go), and idempotency keys whose time is over. What cannot
    /// be read is passed over, once. On disk, what was erased
    /// before is gone from all files when this is done, unless a reader still needs the log.
    async fn expire(&self, site: &SiteId, keep: &Keep, now: Timestamp) -> Result<Expired, Error>;

    /// Tombstones after this id, in the order of their ids, at most `limit`. A damaged one is among them, with what is still known
    /// of it.
    async fn tombstones(&self, site: &SiteId, after: Option<CommentId>, limit: usize) -> Result<Vec<Tombstone>, Error>;

    /// Keeps a tombstone that comes from another store, with what it is counted in, in silence; `false` if one of its ids is
    /// taken.
    async fn bury(&self, site: &SiteId, tombstone: Tombstone) -> Result<bool, Error>;

    /// Makes anew, in one step, whatever is derived from a site's comments and tombstones: their places in lists and in the
    /// queue, counts, history. The same again corrects nothing. What cannot be read is told and left as it is.
    async fn repair(&self, site: &SiteId) -> Result<Repaired, Error>;

    /// One comment.
    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error>;

    /// A page of comments. [`ListQuery::index`] names the index that is read, in the query's order; of at most
    /// [`MAX_READ`](crate::domain::MAX_READ) records read, and no further one once their texts have
    /// [`MAX_READ_BYTES`](crate::domain::MAX_READ_BYTES), those that [`Filter::accepts`](crate::domain::Filter::accepts)
    /// are answered. `next` is the position of the last record read, unless the index ended there.
    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error>;

    /// The events after this one, oldest first, at most `limit`.
    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error>;

    /// Changes whenever some site's feed may have grown; a waiting reader then asks again.
    fn feed_changes(&self) -> watch::Receiver<u64>;

    /// What was taught after the lesson of this number, in order, at most `limit`. Whatever changes a comment or brings one in
    /// appends what it teaches by [`Teaching::between`](crate::domain::Teaching::between) in the same step; nothing
    /// that erases or expires does. A site's lessons have the numbers 1, 2, 3 and so on, without gaps.
    ///
    /// Where the first number is not `after + 1`, lessons went by [`Store::expire`], or one that is damaged was left out: whatever
    /// a later snapshot has is learnt from that, and what it does not have is lost, so that a learner goes on.
    async fn lessons(&self, site: &SiteId, after: u64, limit: usize) -> Result<Vec<Taught>, Error>;

    /// The snapshot of what was learnt; `None` if there is none that can be read.
    async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error>;

    /// Replaces the snapshot, if it is one of the lessons up to `expected` (`None`: if there is none that can be read); whether
    /// it did, or it says so already. `false` also for one of more lessons than the site had: it is of another site of this name. One of
    /// more than [`MAX_MODEL`](crate::domain::MAX_MODEL) bytes is an error.
    async fn put_model(&self, site: &SiteId, snapshot: ModelSnapshot, expected: Option<u64>) -> Result<bool, Error>;

    /// Adds a site; `false` if its id is taken.
    async fn create_site(&self, site: Site) -> Result<bool, Error>;

    /// One site.
    async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error>;

    /// A site's counts.
    async fn counts(&self, site: &SiteId) -> Result<Counts, Error>;

    /// How all sites together stand. For `oldest_open`, at most [`MAX_READ`](crate::domain::MAX_READ) records are read, from
    /// the fronts of the queues; where more came in within a day, it may be up to a day too late.
    async fn totals(&self) -> Result<Totals, Error>;

    /// All sites, by id.
    async fn sites(&self) -> Result<Vec<Site>, Error>;

    /// Renames a site; the answer is the site as it now is.
    async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error>;

    /// Removes a site with everything in it. The last site stays: `false`.
    async fn delete_site(&self, site: &SiteId) -> Result<bool, Error>;

    /// A site's settings.
    async fn settings(&self, site: &SiteId) -> Result<SiteSettings, Error>;

    /// Replaces what a site overrides, if its settings are at the version `expected` (`None`: at any). The answer is the
    /// settings as they now are; `Err` holds those that stand in the way.
    async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<Result<SiteSettings, SiteSettings>, Error>;

    /// The entries of a site's list after this id, in the order of their ids, at most `limit`. What cannot be read is left out.
    async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error>;

    /// Puts entries into a site's list, at most a thousand a call, each in the place of the one that has its id by
    /// [`EntryId::of`], of which it keeps the time of its coming. If that changes anything, it raises the version of the
    /// site's settings.
    async fn put_entries(&self, site: &SiteId, list: ListName, entries: Vec<ListEntry>) -> Result<Listed, Error>;

    /// Takes an entry out of a site's list and raises the version of the site's settings; `false` if there is none.
    async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<bool, Error>;

    /// Adds a key, and raises the version of its site's settings. Its id is new, or the call fails.
    async fn create_key(&self, key: ApiKey) -> Result<(), Error>;

    /// One key, whichever site it opens.
    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error>;

    /// The keys of a site, or (`None`) those of the operator, by time of making.
    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error>;

    /// Notes when keys were last used; keys that are gone, and times before the noted ones, change nothing.
    async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error>;

    /// Removes a key of this site (`None`: of the operator) and raises the version of its settings; `false` if there is
    /// none.
    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error>;
}

/// Opens the store that the settings name. The embedded one makes the data directory (mode 0700) and its database if they
/// are missing, and brings an older database up to date; it does not take the [`ServeLock`], so that commands can work
/// beside a running service.
pub fn open(settings: &Settings, data_dir: &Path, clock: &Clock) -> Result<Arc<dyn Store>, OpenError> {
    match settings.url.as_str() {
        "sqlite:" => Ok(Arc::new(embedded::Embedded::on_disk(data_dir)?)),
        url if redis::Address::is_meant(url) => Ok(Arc::new(redis::Redis::new(settings, clock.clone())?)),
        other => Err(OpenError::unknown_url(other)),
    }
}

/// What a server of Redis tells of itself, for people; `None` where it does not, and for the embedded store.
pub async fn about(settings: &Settings) -> Result<Option<About>, Error> {
    if settings.is_embedded() {
        return Ok(None);
    }
    let store = redis::Redis::new(settings, Clock::System).map_err(|error| Error::Unavailable(error.to_string()))?;
    store.about().await
}

/// Looks for faults in the files of a store that nobody serves, and builds indexes anew if they are wrong. It says nothing of
/// the records in them: that is [`Store::repair`]. Whoever calls it holds the [`ServeLock`].
pub fn mend(settings: &Settings, data_dir: &Path) -> Result<Mended, OpenError> {
    match settings.url.as_str() {
        "sqlite:" => embedded::mend(data_dir),
        _ => Err(OpenError::NoFiles),
    }
}

/// Copies a store, also beside a running service, into one file of mode 0600 as it was at one moment after the call began;
/// the file is there, checked and on disk, when this returns, or not at all. It holds the keys and the secret of the store.
/// Meanwhile the service goes on, but its log grows and keeps what is erased.
pub fn backup(settings: &Settings, data_dir: &Path, copying: Copying<'_>) -> Result<Copied, CopyError> {
    match settings.url.as_str() {
        "sqlite:" => embedded::backup(data_dir, copying),
        _ => Err(OpenError::NoFiles.into()),
    }
}

/// Puts a backup in the place of a store that nobody serves: it takes the [`ServeLock`]. Whenever it is ended, either the
/// old store is in its place or the new one.
pub fn restore(settings: &Settings, data_dir: &Path, copying: Copying<'_>) -> Result<Copied, CopyError> {
    match settings.url.as_str() {
        "sqlite:" => embedded::restore(data_dir, copying),
        _ => Err(OpenError::NoFiles.into()),
    }
}

/// An empty store that is gone when it is dropped: for evaluations and tests. It behaves like the embedded one on disk,
/// but is never full and survives nothing.
pub fn in_memory() -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(embedded::Embedded::in_memory()?))
}
