//! The verbs: the only place that knows the order of things.

mod authors;
mod change;
mod edit;
pub mod eval;
mod housekeep;
mod key;
mod leap;
mod learn;
mod leaving;
mod lists;
mod look;
mod measured;
mod memory;
mod metrics;
mod new_comment;
mod policy;
mod running;
mod seal;
mod setup;
pub mod simulate;
mod sites;
mod stats;
mod status;
mod submit;
pub mod train;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use hmac::Hmac;
use prometheus_client::registry::Registry;
use sha2::Sha256;

use crate::clock::{Clock, Stopwatch};
use crate::domain::{ApiKey, Comment, CommentId, Invalid, KeyId, Refused, RuleDoc, SiteId, Timestamp};
use crate::limits::Limits;
use crate::screening::BaseModel;
use crate::store::{self, Identity, Store};

use learn::Learners;
use measured::Measured;

pub use authors::AuthorName;
pub use change::{Decided, Wish};
pub use edit::{EditedComment, Rewrite};
pub use key::{Caller, NewKey, SecretKey};
pub use leaving::{Moved, Overridden, Standing};
pub use lists::{EntryFault, MAX_PUT, MovedEntries, Put};
pub use look::{EventsPage, needle};
pub use metrics::{Limited, Metrics, Reload};
pub use policy::{PolicyDefaults, PolicyOrigin, SitePolicy};
pub use running::Configuration;
use running::{Running, State};
pub use seal::{SEAL_BYTES, Sealed};
pub use setup::{FIRST_SITE, FirstKeys, FirstStart, Settled, settle};
pub use sites::SiteWithCounts;
pub use stats::{Agreement, Stats};
pub use status::{PublicReason, PublicStatus};
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
    state: State,
    /// Made of the store's secret: there once the store was seen.
    hasher: Arc<OnceLock<Hmac<Sha256>>>,
    known_keys: Mutex<HashMap<KeyId, (Option<ApiKey>, Stopwatch)>>,
    metrics: Metrics,
    simulations: simulate::Simulations,
    learners: Learners,
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
    /// What the operator decides.
    pub configuration: Configuration,
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, identity, clock, chance, configuration } = parts;
        let service = Self::before_store(store, clock, chance, configuration);
        service.recognise(&identity);
        service
    }

    /// A service over a store that was not seen yet. Until [`Service::settle`] has, every verb that needs the store answers
    /// [`Error::Unavailable`], without asking it.
    pub fn before_store(store: Arc<dyn Store>, clock: Clock, chance: Chance, configuration: Configuration) -> Self {
        let (metrics, hasher) = (Metrics::default(), Arc::new(OnceLock::new()));
        let limits = Limits::new(&configuration.limits, clock.clone());
        Self {
            store: Arc::new(Measured { store, metrics: metrics.clone(), seen: Arc::clone(&hasher) }),
            clock,
            chance,
            state: State::new(Running::new(configuration, limits)),
            hasher,
            known_keys: Mutex::new(HashMap::new()),
            metrics,
            simulations: simulate::Simulations::default(),
            learners: Learners::default(),
        }
    }

    /// The same with another base model than the one that is shipped.
    pub fn with_base_model(self, base: BaseModel) -> Self {
        Self { learners: Learners::new(base), ..self }
    }

    /// Finds out who the store is, and makes an empty one into one: one try of a first start, whose keys are given to `keep`.
    pub async fn settle(
        &self,
        first: &mut FirstStart,
        keep: impl FnMut(&FirstKeys) -> Result<(), Error>,
    ) -> Result<Settled, Error> {
        let operator_given = self.running().operator_key.is_some();
        let (identity, settled) = first.settle(self.store.as_ref(), operator_given, self.clock.now(), keep).await?;
        self.recognise(&identity);
        Ok(settled)
    }

    /// Finds out who the store is, and makes nothing; `false`: it is empty.
    pub async fn look_for_store(&self) -> Result<bool, Error> {
        let identity = self.store.identity().await?;
        Ok(identity.inspect(|identity| self.recognise(identity)).is_some())
    }

    fn recognise(&self, identity: &Identity) {
        // Whoever was first has told the same.
        let _ = self.hasher.set(memory::hasher(&identity.secret));
    }

    /// The keyed hash of this store.
    fn hasher(&self) -> Result<Hmac<Sha256>, Error> {
        self.hasher.get().cloned().ok_or_else(|| measured::unseen().into())
    }

    /// The moment of this call.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every rule with its documentation, as the site (or without one, the deployment) has set it.
    pub async fn rules(&self, site: Option<&SiteId>) -> Result<Vec<RuleDoc>, Error> {
        Ok(match site {
            Some(site) => self.activate(site).await?.policy.docs(),
            None => self.default_rules(),
        })
    }

    /// Every rule with its documentation, as the deployment has set it.
    pub fn default_rules(&self) -> Vec<RuleDoc> {
        self.running().policy.policy().docs()
    }

    /// Whether a submission would be taken now; the error says why not.
    pub async fn ready(&self) -> Result<(), Error> {
        self.store.health().await?;
        // A store that has just come back is asked who it is within a moment.
        self.hasher().map(drop)
    }

    /// What is known of the store, without asking it.
    pub fn store_status(&self) -> store::Status {
        self.store.status()
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
    /// This site knows nothing of such an author.
    UnknownAuthor,
    /// The comment's author gave neither account nor e-mail address, so that nothing tells them from others.
    NamelessAuthor,
    /// There is no such key in this site.
    UnknownKey,
    /// There is no such list.
    UnknownList,
    /// There is no such entry in this list.
    UnknownEntry,
    /// The token names no comment that is here.
    UnknownStatus,
    /// The key that was sent is none of ours.
    WrongKey,
    /// The key that was sent opened something until this moment.
    ExpiredKey(Timestamp),
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
    /// A person has rejected this comment, and its author may not edit it.
    RejectedByPerson(Box<Comment>),
    /// This comment has another external id.
    HasExternalId(Box<Comment>),
    /// A site with this id exists.
    SiteExists(SiteId),
    /// The last site cannot be deleted.
    LastSite,
    /// More than a limit allows.
    Limited(Refused),
    /// These values of a policy cannot be used.
    InvalidPolicy(Vec<Invalid>),
    /// `If-Match` names another version than this one of the site's settings.
    PolicyChanged(u64),
    /// These entries cannot be put into a list.
    InvalidEntries(Vec<EntryFault>),
    /// There is no room for more entries.
    ListsFull {
        /// How many the site has.
        there: usize,
    },
    /// The key that makes the call cannot be deleted by it.
    KeyInUse,
    /// A simulation of this site is running in this process.
    Simulating,
    /// The store cannot be reached; the same request later resolves it.
    Unavailable(String),
    /// The store is there, but not as the settings demand.
    NotReady {
        /// Which demand, as one word for monitors.
        reason: &'static str,
        /// What is wrong and what to do, for the operator.
        detail: String,
    },
    /// The store has no room for more comments.
    Full(String),
    /// Something that should not happen; for the log only.
    Internal(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Error::Limited(refused)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::UnknownSite => Error::UnknownSite,
            store::Error::Unavailable(why) => Error::Unavailable(why),
            store::Error::NotReady { reason, detail } => Error::NotReady { reason, detail },
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
            Error::UnknownAuthor => f.write_str("there is no such author"),
            Error::NamelessAuthor => f.write_str("the comment's author gave neither account nor e-mail address"),
            Error::UnknownKey => f.write_str("there is no such key"),
            Error::UnknownList => f.write_str("there is no such list"),
            Error::UnknownEntry => f.write_str("there is no such entry"),
            Error::UnknownStatus => f.write_str("there is no such status"),
            Error::WrongKey => f.write_str("the key is not valid"),
            Error::ExpiredKey(at) => write!(f, "the key expired at {at}"),
            Error::IdempotencyMismatch => f.write_str("the idempotency key stands for another request"),
            Error::ExternalIdTaken(id) => write!(f, "the external id belongs to comment {id}"),
            Error::Erased(id) => write!(f, "comment {id} was erased"),
            Error::VersionMismatch(comment) => write!(f, "the comment is at version {}", comment.version),
            Error::DecidedOtherwise(_) => f.write_str("a person has decided otherwise"),
            Error::Withdrawn(_) => f.write_str("the comment was withdrawn"),
            Error::RejectedByPerson(_) => f.write_str("a person has rejected the comment"),
            Error::HasExternalId(_) => f.write_str("the comment has another external id"),
            Error::SiteExists(id) => write!(f, "there is a site {id} already"),
            Error::LastSite => f.write_str("the last site cannot be deleted"),
            Error::Limited(refused) => write!(f, "over the limit {}", refused.limit.as_str()),
            Error::InvalidPolicy(faults) => write!(f, "the policy is not valid: {}", Invalid::list(faults)),
            Error::PolicyChanged(version) => write!(f, "the site's settings are at version {version}"),
            Error::InvalidEntries(faults) => {
                let told = faults.iter().map(|it| format!("entry {}: {} {}", it.place + 1, it.field, it.fault));
                write!(f, "nothing was written: {}", told.collect::<Vec<_>>().join("; "))
            }
            Error::ListsFull { there } => f.write_str(&lists::full(*there)),
            Error::Simulating => f.write_str("a simulation of this site is running"),
            Error::KeyInUse => f.write_str("a key cannot delete itself"),
            Error::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Error::NotReady { reason, detail } => write!(f, "the store is not ready ({reason}): {detail}"),
            Error::Full(why) => write!(f, "the store is full: {why}"),
            Error::Internal(why) => write!(f, "internal error: {why}"),
        }
    }
}

impl std::error::Error for Error {}
