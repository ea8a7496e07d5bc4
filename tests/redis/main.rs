//! The way to Redis: what is demanded of servers, what becomes of calls while they are away, fail over or move keys.

#![allow(clippy::unwrap_used, reason = "tests: the helpers too")]
#![allow(clippy::disallowed_methods, reason = "tests measure real time")]

mod access;
mod away;
mod cluster;
mod demands;
mod feed;
#[allow(dead_code, reason = "shared with the stores' contract, which needs more of it")]
#[path = "../store_contract/fixture.rs"]
mod fixture;
mod replicas;
#[path = "../support/redis.rs"]
mod servers;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moderato::clock::Clock;
use moderato::store::{self, Charges, Durability, Error, Record, Recorded, Settings, Store};

/// The store at an address, at a level.
fn open(url: &str, durability: Durability) -> Arc<dyn Store> {
    open_as(&Settings { durability, ..Settings::at(url) })
}

fn open_as(settings: &Settings) -> Arc<dyn Store> {
    assert_eq!(settings.fault(), None);
    store::open(settings, Path::new("/nowhere"), &Clock::System).unwrap()
}

/// A new store at an address, with its sites.
async fn settled(url: &str, durability: Durability) -> Arc<dyn Store> {
    let store = open(url, durability);
    within(Duration::from_secs(20), async || {
        store.settle(fixture::seed()).await?;
        store.create_site(fixture::site("other")).await
    })
    .await;
    store
}

/// Keeps the comment made of this number.
async fn record(store: &dyn Store, n: u32) -> Result<Recorded, Error> {
    let comment = fixture::approved(n);
    store
        .record(&fixture::blog(), Record { comment, idempotency: None, announced: true, charges: Charges::default() })
        .await
}

/// Calls until there is no error; how long that took.
async fn within<T>(limit: Duration, call: impl AsyncFn() -> Result<T, Error>) -> Duration {
    let began = Instant::now();
    while let Err(why) = call().await {
        assert!(began.elapsed() < limit, "still after {limit:?}: {why}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// The reason for which nothing is written.
async fn reason(store: &dyn Store) -> &'static str {
    match store.health().await {
        Ok(()) => "ready",
        Err(Error::NotReady { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
    }
}

/// Waits until something is so.
async fn eventually_is(is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(10), "in vain");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
