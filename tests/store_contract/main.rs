//! One list of behaviours × every backend: what a store promises, sentence by sentence.
//!
//! A behaviour is a test that calls [`everywhere`]; a backend is a line in [`BACKENDS`].

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests: the helpers too, which read clocks and spawn"
)]

#[path = "../support/audit.rs"]
mod audit;
#[path = "../support/audit_redis/mod.rs"]
mod audit_redis;
mod charges;
mod damage;
mod deciding;
mod editing;
mod embedded;

mod files;
mod fixture;
mod forgetting;
mod history;
mod keeping;
mod learning;
mod leaving;
mod lessons;
mod lessons_behind;
mod linking;
mod listing;
mod lists;
mod random;
#[path = "../support/redis.rs"]
mod redis;
mod redis_audit;
mod redis_damage;
mod redis_repair;
mod redis_sites;
mod repair;
mod retention;
mod servers;
mod settings;

mod sites;
mod telling;
mod tombstones;
mod upgrade;

use std::path::Path;
use std::sync::Arc;

use moderato::clock::Clock;
use moderato::store::{self, Settings, Store};

/// A kind of store to test.
struct Backend {
    name: &'static str,
    /// Makes a new, empty store; `None` where this machine has no server for it.
    make: fn() -> Option<Bench>,
}

/// Every kind of store.
const BACKENDS: [Backend; 5] = [
    Backend { name: "embedded on disk", make: on_disk },
    Backend { name: "embedded in memory", make: in_memory },
    Backend { name: "one Redis", make: one_redis },
    Backend { name: "a cluster of Redis", make: redis_cluster },
    Backend { name: "one Valkey", make: one_valkey },
];

/// A store of a test's own, and a look behind it.
pub struct Bench {
    store: Arc<dyn Store>,
    /// Recomputes what the store derives from its comments; `None` where nothing can look behind it.
    audit: Option<Audit>,
}

type Audit = Box<dyn Fn() -> Result<audit::Summary, Vec<String>> + Send>;

/// A new, empty store of every kind there is here, one at a time.
fn benches() -> impl Iterator<Item = (&'static str, Bench)> {
    BACKENDS.iter().filter_map(|backend| {
        let bench = (backend.make)()?;
        println!("on the store {}:", backend.name);
        Some((backend.name, bench))
    })
}

/// Runs a behaviour on every backend, each time on a new store with the sites `blog` and `other`, and audits what it
/// leaves.
async fn everywhere(behaviour: impl AsyncFn(&dyn Store)) {
    for (name, bench) in benches() {
        fixture::settle(&*bench.store).await;
        behaviour(&*bench.store).await;
        audited(&bench, name);
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

fn on_disk() -> Option<Bench> {
    let directory = tempfile::tempdir().unwrap();
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    let audit: Audit = Box::new(move || audit::audit(&directory.path().join("moderato.db")));
    Some(Bench { store, audit: Some(audit) })
}

fn in_memory() -> Option<Bench> {
    Some(Bench { store: store::in_memory().unwrap(), audit: None })
}

fn one_redis() -> Option<Bench> {
    Some(over(&redis::shared_redis(), |server| vec![server.port]))
}

fn redis_cluster() -> Option<Bench> {
    Some(over(&redis::shared_cluster(), |cluster| cluster.primaries().iter().map(|server| server.port).collect()))
}

fn one_valkey() -> Option<Bench> {
    redis::shared_valkey().as_ref().map(|lent| over(lent, |server| vec![server.port]))
}

/// A store in servers that other tests use too; the audit reads those on these ports.
fn over<Servers: Sync>(place: &redis::Lent<Servers>, ports: fn(&Servers) -> Vec<u16>) -> Bench {
    let settings = Settings { prefix: place.prefix.clone(), ..Settings::at(&place.url) };
    let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
    let (servers, prefix): (&'static Servers, _) = (place.servers, place.prefix.clone());
    Bench { store, audit: Some(Box::new(move || audit_redis::audit(&ports(servers), &prefix))) }
}
