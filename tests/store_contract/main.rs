//! One list of behaviours × every backend: what a store promises, sentence by sentence.
//!
//! A behaviour is a test that calls [`everywhere`]; a backend is a line in [`BACKENDS`].

#![allow(clippy::unwrap_used, reason = "tests: the helpers too")]

#[path = "../support/audit.rs"]
mod audit;
mod damage;
mod deciding;
mod embedded;

mod files;
mod fixture;
mod forgetting;
mod history;
mod keeping;
mod leaving;
mod linking;
mod listing;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod repair;
mod retention;
mod settings;

mod sites;
mod telling;
mod tombstones;
mod upgrade;

use std::sync::Arc;

use moderato::clock::Clock;
use moderato::store::{self, Settings, Store};

/// A kind of store to test.
struct Backend {
    name: &'static str,
    /// Makes a new, empty store.
    make: fn() -> Bench,
}

/// Every kind of store.
const BACKENDS: [Backend; 3] = [
    Backend { name: "embedded on disk", make: on_disk },
    Backend { name: "embedded in memory", make: in_memory },
    Backend { name: "one Redis", make: one_redis },
];

/// A store of a test's own, and a look behind it.
pub struct Bench {
    store: Arc<dyn Store>,
    /// Recomputes what the store derives from its comments; `None` where nothing can look behind it.
    audit: Option<Audit>,
    server: Option<redis::Server>,
}

type Audit = Box<dyn Fn() -> Result<audit::Summary, Vec<String>> + Send>;

/// Runs a behaviour on every backend, each time on a new store with the sites `blog` and `other`, and audits what it
/// leaves.
async fn everywhere(behaviour: impl AsyncFn(&dyn Store)) {
    for backend in BACKENDS {
        println!("on the store {}:", backend.name);
        let bench = (backend.make)();
        fixture::settle(&*bench.store).await;
        behaviour(&*bench.store).await;
        audited(&bench, backend.name);
    }
}

/// Fails if the audit finds a fault.
fn audited(bench: &Bench, name: &str) {
    if let Some(audit) = &bench.audit
        && let Err(faults) = audit()
    {
        panic!("the audit of the store {name} found:\n{}", faults.join("\n"));
    }
}

fn on_disk() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    Bench { store, audit: Some(Box::new(move || audit::audit(&directory.path().join("moderato.db")))), server: None }
}

fn in_memory() -> Bench {
    Bench { store: store::in_memory().unwrap(), audit: None, server: None }
}

fn one_redis() -> Bench {
    let server = redis::Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = store::open(&Settings::at(&server.url()), std::path::Path::new("/nowhere"), &Clock::System).unwrap();
    Bench { store, audit: None, server: Some(server) }
}
