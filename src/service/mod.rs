//! The verbs: the only place that knows the order of things.

mod change;
pub mod eval;
mod key;
mod look;
mod measured;
mod memory;
mod metrics;
mod setup;
mod sites;
mod submit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use hmac::Hmac;
use prometheus_client::registry::Registry;
use sha2::Sha256;

use crate::clock::{Clock, Stopwatch};
use crate::domain::{ApiKey, Comment, CommentId, KeyId, RuleDoc, SiteId, Timestamp};
use crate::screening::Policy;
use crate::store::{self, Identity, Store};

use measured::Measured;

pub use change::{Decided, Wish};
pub use key::{Caller, NewKey, SecretKey};
pub use look::{EventsPage, needle};
pub use metrics::{Limited, Metrics, Reload};
pub use setup::{FIRST_SITE, FirstKeys, settle};
pub use sites::SiteWithCounts;
pub use submit::{Judged, Submitted, Took};

/// The longest a reader of the feed is kept waiting, in seconds.
pub const MAX_WAIT_SECONDS: u64 = 5;

/// How long an idempotency key is kept: 72 hours.
const IDEMPOTENCY_MILLIS: i64 = 72 * 60 * 60 * 1000;

/// Everything Moderato does, over a store and a policy. One per process, shared by all edges.
pub struct Service {
    store: Arc<dyn Store>,
    clock: Clock,
    chance: Chance,
    policy: Arc<Policy>,
    hasher: Hmac<Sha256>,
    operator_key: Option<[u8; 32]>,
    known_keys: Mutex<HashMap<KeyId, (Option<ApiKey>, Stopwatch)>>,
    metrics: Metrics,
}

/// What a service is made of.
pub struct Parts {
    /// Its memory.
    pub store: Arc<dyn Store>,
    /// Who that memory is.
    pub identity: Identity,
    /// Its time.
    pub clock: Clock,
    /// Its randomness.
    pub chance: Chance,
    /// What it judges by.
    pub policy: Policy,
    /// The deployment's own key for everything, if it gave one.
    pub operator_key: Option<String>,
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let metrics = Metrics::default();
        Self {
            store: Arc::new(Measured { store: parts.store, metrics: metrics.clone() }),
            clock: parts.clock,
            chance: parts.chance,
            policy: Arc::new(parts.policy),
            hasher: memory::hasher(&parts.identity.secret),
            operator_key: parts.operator_key.map(|key| key::sha256(key.as_bytes())),
            known_keys: Mutex::new(HashMap::new()),
            metrics,
        }
    }

    /// The moment of this call.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every rule with its documentation and settings.
    pub fn rules(&self) -> Vec<RuleDoc> {
        self.policy.docs()
    }

    /// Whether a submission would be taken now; the error says why not.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.store.health().await?)
    }

    /// What is counted while it works.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Puts into a registry how everything stands now. While the store is away, that is nothing.
    pub async fn register_standing(&self, registry: &mut Registry) {
        if let Ok(totals) = self.store.totals().await {
            metrics::register_totals(&totals, self.clock.now(), registry);
        }
    }

    /// Fills bytes with chance, for ids that an edge makes (request ids).
    pub fn random(&self) -> Result<[u8; 10], Error> {
        self.chance.bytes()
    }
}

/// Where randomness comes from.
#[derive(Clone, Copy, Debug)]
pub enum Chance {
    /// The operating system.
    System,
}

impl Chance {
    /// `N` random bytes.
    #[allow(clippy::disallowed_methods, reason = "this is the place")]
    pub fn bytes<const N: usize>(self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        match self {
            Chance::System => getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?,
        }
        Ok(bytes)
    }
}

/// Why a verb did not do what it was asked for.
#[derive(Debug)]
pub enum Error {
    /// There is no such site.
    UnknownSite,
    /// There is no such comment in this site.
    UnknownComment,
    /// There is no such key in this site.
    UnknownKey,
    /// The key that was sent is none of ours.
    WrongKey,
    /// The idempotency key stands for another request.
    IdempotencyMismatch,
    /// The external id belongs to this other comment.
    ExternalIdTaken(CommentId),
    /// What is named was erased; this was its id.
    Erased(CommentId),
    /// `If-Match` names another version than this comment's.
    VersionMismatch(Box<Comment>),
    /// A person has decided this comment otherwise.
    DecidedOtherwise(Box<Comment>),
    /// This comment was withdrawn from the blog.
    Withdrawn(Box<Comment>),
    /// This comment has another external id.
    HasExternalId(Box<Comment>),
    /// A site with this id exists.
    SiteExists(SiteId),
    /// The last site cannot be deleted.
    LastSite,
    /// The key that makes the call cannot be deleted by it.
    KeyInUse,
    /// The store cannot be reached; the same request later resolves it.
    Unavailable(String),
    /// The store has no room for more comments.
    Full(String),
    /// Something that should not happen; for the log only.
    Internal(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::UnknownSite => Error::UnknownSite,
            store::Error::Unavailable(why) => Error::Unavailable(why),
            store::Error::Full(why) => Error::Full(why),
            store::Error::Damaged(why) => Error::Internal(why),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::UnknownSite => f.write_str("there is no such site"),
            Error::UnknownComment => f.write_str("there is no such comment"),
            Error::UnknownKey => f.write_str("there is no such key"),
            Error::WrongKey => f.write_str("the key is not valid"),
            Error::IdempotencyMismatch => f.write_str("the idempotency key stands for another request"),
            Error::ExternalIdTaken(id) => write!(f, "the external id belongs to comment {id}"),
            Error::Erased(id) => write!(f, "comment {id} was erased"),
            Error::VersionMismatch(comment) => write!(f, "the comment is at version {}", comment.version),
            Error::DecidedOtherwise(_) => f.write_str("a person has decided otherwise"),
            Error::Withdrawn(_) => f.write_str("the comment was withdrawn"),
            Error::HasExternalId(_) => f.write_str("the comment has another external id"),
            Error::SiteExists(id) => write!(f, "there is a site {id} already"),
            Error::LastSite => f.write_str("the last site cannot be deleted"),
            Error::KeyInUse => f.write_str("a key cannot delete itself"),
            Error::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Error::Full(why) => write!(f, "the store is full: {why}"),
            Error::Internal(why) => write!(f, "internal error: {why}"),
        }
    }
}

impl std::error::Error for Error {}
