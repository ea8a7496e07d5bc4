//! The service's memory, in domain verbs; it never sees a rule.

mod embedded;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::watch;

pub use embedded::ServeLock;

use crate::domain::{
    ApiKey, Comment, CommentId, CommentRef, Counts, DecisionRequest, Event, EventId, ExternalId, Fingerprint, History,
    HistoryKey, KeyId, ListQuery, Page, Refusal, Site, SiteId, SiteName, Timestamp, Totals,
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
///   sum of all comments' `counted` lists (periods no longer kept aside).
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

    /// Everything that bears on one submission, in one read.
    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error>;

    /// Keeps a new comment: the record, its place in the queue, counts, history and (if announced) the event. If its
    /// idempotency key or its external id is known by now, nothing is written, and the answer says whose it is; except that
    /// a new key is remembered for the comment that has the external id, if that has the same fingerprint.
    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error>;

    /// Decides by [`Comment::decide`]. If the idempotency key is known, nothing is written.
    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
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
    /// bring it back. `false` if there is none.
    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error>;

    /// One comment.
    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error>;

    /// A page of comments. [`ListQuery::index`] names the index that is read, in the query's order; of at most
    /// [`MAX_READ`](crate::domain::MAX_READ) records read, those that [`Filter::accepts`](crate::domain::Filter::accepts)
    /// are answered. `next` is the position of the last record read, unless the index ended there.
    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error>;

    /// The events after this one, oldest first, at most `limit`.
    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error>;

    /// Changes whenever some site's feed may have grown; a waiting reader then asks again.
    fn feed_changes(&self) -> watch::Receiver<u64>;

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

    /// Adds a key. Its id is new, or the call fails.
    async fn create_key(&self, key: ApiKey) -> Result<(), Error>;

    /// One key, whichever site it opens.
    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error>;

    /// The keys of a site, or (`None`) those of the operator, by time of making.
    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error>;

    /// Removes a key of this site (`None`: of the operator); `false` if there is none.
    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error>;
}

/// Where the service's memory is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:` for the embedded store in the data directory.
    pub url: String,
}

/// Opens the store that the settings name. The embedded one makes the data directory (mode 0700) and its database if they
/// are missing, and brings an older database up to date; it does not take the [`ServeLock`], so that commands can work
/// beside a running service.
pub fn open(settings: &Settings, data_dir: &Path) -> Result<Arc<dyn Store>, OpenError> {
    match settings.url.as_str() {
        "sqlite:" => Ok(Arc::new(embedded::Embedded::on_disk(data_dir)?)),
        other => Err(OpenError::unknown_url(other)),
    }
}

/// An empty store that is gone when it is dropped: for evaluations and tests. It behaves like the embedded one on disk,
/// but is never full and survives nothing.
pub fn in_memory() -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(embedded::Embedded::in_memory()?))
}

/// Why a store cannot be opened, in one line for the person who starts the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// `store.url` names no kind of store that there is. Holds the part before the first `:`, as the rest may be secret.
    UnknownUrl(String),
    /// The data directory cannot be made, entered or written.
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// The file is no SQLite database, or a damaged one.
    NotADatabase(PathBuf),
    /// The file is another program's database.
    Foreign(PathBuf),
    /// The database was written by a newer version of this program.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: usize,
        /// The newest schema this program knows.
        known: usize,
    },
    /// Another process serves this data directory.
    InUse(PathBuf),
    /// SQLite cannot open the file for another reason.
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
}

impl OpenError {
    fn unknown_url(url: &str) -> Self {
        OpenError::UnknownUrl(url.split(':').next().unwrap_or_default().to_owned())
    }

    fn directory(path: &Path, why: &std::io::Error) -> Self {
        OpenError::Directory { path: path.to_owned(), why: why.to_string() }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::UnknownUrl(scheme) => {
                write!(f, "store.url: there is no store `{scheme}:`; it must be `sqlite:`")
            }
            OpenError::Directory { path, why } => {
                write!(f, "the data directory {} cannot be used: {why}", path.display())
            }
            OpenError::NotADatabase(path) => {
                write!(f, "{} is not a database, or it is damaged; restore a backup or move it away", path.display())
            }
            OpenError::Foreign(path) => write!(f, "{} is a database of another program", path.display()),
            OpenError::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer version of Moderato (schema {found}; this version knows {known}): upgrade it",
                path.display()
            ),
            OpenError::InUse(path) => {
                write!(f, "another process serves the data directory {}: stop it first", path.display())
            }
            OpenError::Failed { path, why } => write!(f, "{} cannot be opened: {why}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// What went wrong in a store. Absence is no error: it is an `Option` or a `bool`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The store cannot be reached or cannot write. The outcome of a write is unknown; the same call later resolves it.
    Unavailable(String),
    /// There is no room for more comments; everything else still works.
    Full(String),
    /// There is no such site.
    UnknownSite,
    /// A record cannot be read, or the store is none of ours.
    Damaged(String),
}

impl Error {
    /// Whether the same call may succeed later without anybody's doing.
    pub fn transient(&self) -> bool {
        matches!(self, Error::Unavailable(_) | Error::Full(_))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Error::Full(why) => write!(f, "the store is full: {why}"),
            Error::UnknownSite => f.write_str("there is no such site"),
            Error::Damaged(why) => write!(f, "the store is damaged: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Who a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Tells this store from every other.
    pub store_id: String,
    /// The key of the hashes under which persons are remembered.
    pub secret: [u8; 32],
}

/// What an empty store begins with.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Who it will be.
    pub identity: Identity,
    /// Its first site.
    pub site: Site,
    /// Its first keys.
    pub keys: Vec<ApiKey>,
}

/// A question for everything that bears on one submission.
#[derive(Clone, Debug)]
pub struct Recall {
    /// The caller's idempotency key, if it gave one.
    pub idempotency: Option<IdempotencyKey>,
    /// The blog's id, if it has one.
    pub external_id: Option<ExternalId>,
    /// The history entries to look up.
    pub history: Vec<HistoryKey>,
    /// The moment of the request.
    pub now: Timestamp,
}

/// What the store remembers that bears on one submission.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// The comment that this submission already is, if it came before.
    pub existing: Option<Existing>,
    /// The history.
    pub history: History,
}

/// A hash of the caller's idempotency key (the key itself is not kept).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub [u8; 16]);

/// An idempotency key with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: IdempotencyKey,
    /// Tells the same request from another one under the same key.
    pub fingerprint: Fingerprint,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// What stands where a submission wanted to go.
#[derive(Clone, Debug, PartialEq)]
pub enum Existing {
    /// The idempotency key names this comment; the fingerprint is the first request's.
    ByKey {
        /// The comment as it is now.
        comment: Box<Comment>,
        /// Of the request that used the key first.
        fingerprint: Fingerprint,
    },
    /// The external id names this comment.
    ByExternalId {
        /// The comment as it is now.
        comment: Box<Comment>,
    },
    /// The idempotency key or the external id names a comment that was erased.
    Erased(CommentId),
}

/// A comment to keep.
#[derive(Clone, Debug)]
pub struct Record {
    /// At version [`Comment::changes`]: 1, or 2 for an old comment that brings a person's decision along. A `counted` entry's member is dropped by the store if its entry is full.
    pub comment: Comment,
    /// The caller's idempotency key, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// Whether the feed tells of it (old comments come in silently).
    pub announced: bool,
}

/// What came of keeping a comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is kept.
    New,
    /// Its key or external id was taken in the meantime; at most its key was written.
    Existing(Existing),
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is no such comment.
    NotFound,
    /// It was written; the comment as it now is.
    Changed(Box<Comment>),
    /// It was so already; nothing was written.
    Already(Box<Comment>),
    /// The blog told of something older than a person's last decision; nothing was written.
    Outdated(Box<Comment>),
    /// It may not be; the comment as it is.
    Refused(Refusal, Box<Comment>),
    /// The external id belongs to another comment, or to one that was erased.
    ExternalIdTaken(CommentId),
    /// The idempotency key was used before.
    Replayed {
        /// The comment it names, as it now is.
        comment: Box<Comment>,
        /// Of the request that used the key first.
        fingerprint: Fingerprint,
        /// Whether that request was applied: `false` if it was outdated.
        applied: bool,
    },
    /// The idempotency key names a comment that was erased.
    ReplayedErased(CommentId),
}
