//! Writes that wait for replicas, and servers that fail over behind Sentinels.

use std::time::{Duration, Instant};

use moderato::domain::CommentRef;
use moderato::store::{Durability, Error};

use super::servers::{Sentinels, eventually, family};
use super::{fixture, reason, record, settled, within};

#[tokio::test]
async fn what_too_few_replicas_have_is_not_acknowledged_and_the_same_call_again_resolves_it() {
    let (primary, replicas) = family(1);
    let store = settled(&primary.url(), Durability::Replicated).await;
    record(&*store, 1).await.unwrap();
    replicas[0].pause();
    let began = Instant::now();
    let refused = record(&*store, 2).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(began.elapsed() < Duration::from_millis(1600), "{:?}", began.elapsed());
    // It is there; an answer that finds it vouches for it as little.
    let found = store.get(&fixture::blog(), &fixture::by_id(2)).await.unwrap();
    assert!(found.is_some());
    assert!(matches!(record(&*store, 2).await, Err(Error::Unavailable(_))));
    let (site, first, external) = (fixture::blog(), CommentRef::Id(fixture::id(1)), fixture::external("ext"));
    let link = || store.link(&site, &first, external.clone(), fixture::at(9));
    assert!(matches!(link().await, Err(Error::Unavailable(_))));
    assert!(matches!(link().await, Err(Error::Unavailable(_))), "what is so already is not vouched for");
    replicas[0].resume();
    within(Duration::from_secs(2), async || record(&*store, 2).await).await;
    link().await.unwrap();
    assert_eq!(store.counts(&fixture::blog()).await.unwrap().approved, 2);
    assert_eq!(store.events(&fixture::blog(), moderato::domain::EventId::default(), 9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn without_a_replica_nothing_is_written_and_with_one_again() {
    let (primary, mut replicas) = family(1);
    let store = settled(&primary.url(), Durability::Replicated).await;
    replicas[0].kill();
    primary.wait_for("INFO replication", "connected_slaves:0");
    assert!(record(&*store, 1).await.is_err());
    super::eventually_is(async || reason(&*store).await == "no-replicas").await;
    let began = Instant::now();
    assert!(matches!(record(&*store, 1).await, Err(Error::NotReady { reason: "no-replicas", .. })));
    assert!(began.elapsed() < Duration::from_millis(500), "it did not wait for its limit of time");
    replicas[0].restart();
    replicas[0].follow(&primary);
    within(Duration::from_secs(2), async || record(&*store, 1).await).await;
    assert_eq!(reason(&*store).await, "ready");
}

#[tokio::test]
async fn many_writers_share_what_they_wait_for() {
    let (primary, _replicas) = family(1);
    let store = settled(&primary.url(), Durability::Replicated).await;
    let waits = || -> u64 {
        let stats = primary.say(&["INFO", "commandstats"]);
        let wait = stats.lines().find_map(|line| line.strip_prefix("cmdstat_wait:calls="));
        wait.and_then(|wait| wait.split(',').next()?.parse().ok()).unwrap_or(0)
    };
    let before = waits();
    let writers = (0..200).map(|n| record(&*store, n));
    futures_util::future::try_join_all(writers).await.unwrap();
    let waited = waits() - before;
    assert!((4..=100).contains(&waited), "200 writes waited {waited} times");
}

#[tokio::test]
async fn a_failover_of_sentinels_is_followed() {
    let mut setup = Sentinels::start();
    let store = settled(&setup.url(), Durability::Usual).await;
    assert_eq!(store.status().durability, Durability::Replicated);
    for n in 0..20 {
        record(&*store, n).await.unwrap();
    }
    setup.servers[0].kill();
    let old = setup.servers[0].port;
    eventually("another primary", || setup.primary().port != old);
    let took = within(Duration::from_secs(5), async || record(&*store, 20).await).await;
    println!("writes {took:?} after the Sentinels' decision");
    // The old one comes back as a replica, and the next failover finds it fit.
    setup.servers[0].restart();
    setup.servers[0].wait_for("INFO replication", "role:slave");
    for n in 0..30 {
        record(&*store, n).await.unwrap();
    }
    assert_eq!(store.counts(&fixture::blog()).await.unwrap().approved, 30);
}
