//! Which kind of store the suite runs on: `MODERATO_TEST_STORE` says `redis`, `cluster` or `valkey`; without it, the embedded one.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use moderato::clock::Clock;
use moderato::store::{self, Settings, Store};
use tempfile::TempDir;

use crate::app::START;
use crate::redis::{Lent, shared_cluster, shared_redis, shared_valkey};

#[allow(clippy::disallowed_methods, reason = "it says on what the tests run, and configures no service")]
static KIND: LazyLock<String> = LazyLock::new(|| std::env::var("MODERATO_TEST_STORE").unwrap_or_default());

/// Where a test has its store.
pub enum Place {
    /// In this directory.
    Embedded(TempDir),
    /// In memory, gone with its last owner.
    Memory,
    /// On servers that other tests use too.
    Served(Settings),
}

impl Place {
    /// A place of nobody's, for the kind of store that the suite runs on.
    pub fn new() -> Self {
        match KIND.as_str() {
            "" => Place::Embedded(tempfile::tempdir().unwrap()),
            "redis" => Self::served(&shared_redis()),
            "cluster" => Self::served(&shared_cluster()),
            "valkey" => Self::served(&shared_valkey().expect("valkey-server is installed")),
            other => panic!("MODERATO_TEST_STORE={other} is none of redis, cluster and valkey"),
        }
    }

    /// The same, but the embedded store is in memory only.
    pub fn light() -> Self {
        if KIND.is_empty() { Place::Memory } else { Self::new() }
    }

    /// A place in these servers.
    pub fn served<Servers>(lent: &Lent<Servers>) -> Self {
        Place::Served(Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) })
    }

    /// The store there, for a service by this clock.
    pub fn open(&self, clock: &Clock) -> Arc<dyn Store> {
        match self {
            Place::Embedded(directory) => store::open(&Settings::embedded(), directory.path(), clock),
            Place::Memory => store::in_memory(),
            Place::Served(settings) => store::open(settings, Path::new("/nowhere"), clock),
        }
        .unwrap()
    }

    /// The store there, as another process has it beside the one that has this.
    pub fn beside(&self, store: &Arc<dyn Store>, clock: &Clock) -> Arc<dyn Store> {
        match self {
            Place::Served(_) => self.open(clock),
            // Files have one process at a time, which may have several services.
            Place::Embedded(_) | Place::Memory => store.clone(),
        }
    }
}

/// The store of a service, with the clock of both.
pub struct Memory {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    /// Where it is, unless it is a test's own make.
    pub place: Option<Place>,
}

impl Memory {
    /// The store at this place, when every test begins.
    pub fn at(place: Place) -> Self {
        let clock = Clock::manual(START.parse().unwrap());
        Self { store: place.open(&clock), clock, place: Some(place) }
    }

    /// This store.
    pub fn of(store: Arc<dyn Store>) -> Self {
        Self { store, clock: Clock::manual(START.parse().unwrap()), place: None }
    }
}

/// An embedded store with its files in this directory, whatever the suite runs on.
pub fn open_store(directory: &Path) -> Arc<dyn Store> {
    store::open(&Settings::embedded(), directory, &Clock::System).unwrap()
}
