//! What becomes of calls while a server is away, frozen, or forgets its scripts.

use std::time::{Duration, Instant};

use moderato::domain::{CommentRef, EventId, ModelSnapshot};
use moderato::store::{Durability, Error};

use super::servers::{DURABLE, EVERYSEC, Program, Server, family};
use super::{fixture, open, record, settled, within};

/// No call may take longer; the bar for a frozen server.
const MOST: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_store_that_is_away_at_the_start_is_used_within_a_second_of_its_coming() {
    let mut server = Server::absent(Program::Redis, &DURABLE);
    let store = open(&server.url(), Durability::Usual);
    for _ in 0..3 {
        let began = Instant::now();
        assert!(matches!(store.health().await, Err(Error::Unavailable(_))));
        assert!(matches!(store.settle(fixture::seed()).await, Err(Error::Unavailable(_))));
        assert!(began.elapsed() < MOST, "{:?}", began.elapsed());
    }
    server.restart();
    let took = within(Duration::from_secs(1), async || store.settle(fixture::seed()).await).await;
    println!("settled {took:?} after the server came");
    record(&*store, 1).await.unwrap();
}

#[tokio::test]
async fn while_a_server_is_away_calls_fail_at_once_and_within_a_second_of_its_return_they_succeed() {
    let mut server = Server::start(&DURABLE);
    let store = settled(&server.url(), Durability::Usual).await;
    for round in 0..3 {
        record(&*store, round).await.unwrap();
        server.kill();
        assert!(matches!(record(&*store, 100 + round).await, Err(Error::Unavailable(_))));
        let began = Instant::now();
        for _ in 0..20 {
            assert!(matches!(record(&*store, 100 + round).await, Err(Error::Unavailable(_))));
            assert!(store.sites().await.is_err());
        }
        assert!(began.elapsed() < Duration::from_millis(20 * 50), "20 calls took {:?}", began.elapsed());
        server.restart();
        within(Duration::from_secs(1), async || record(&*store, 100 + round).await).await;
        assert_eq!(store.counts(&fixture::blog()).await.unwrap().approved, u64::from(2 * round + 2));
    }
}

#[tokio::test]
async fn a_restart_shorter_than_a_calls_patience_is_not_noticed() {
    let mut server = Server::start(&EVERYSEC);
    let store = settled(&server.url(), Durability::Relaxed).await;
    record(&*store, 1).await.unwrap();
    server.kill();
    let (recorded, ()) = tokio::join!(record(&*store, 2), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.restart();
    });
    recorded.unwrap();
}

#[tokio::test]
async fn a_frozen_server_delays_a_call_by_its_limit_and_service_is_back_two_seconds_after_it() {
    for durability in [Durability::Fsync, Durability::Replicated] {
        let (primary, _replicas) = family(1);
        primary.say(&["CONFIG", "SET", "appendfsync", "always"]);
        let store = settled(&primary.url(), durability).await;
        primary.pause();
        let calls = (0..50).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let began = Instant::now();
                assert!(record(&*store, n).await.is_err());
                assert!(store.sites().await.is_err());
                began.elapsed()
            })
        });
        for call in calls.collect::<Vec<_>>() {
            let took = call.await.unwrap();
            assert!(took < MOST + Duration::from_millis(200), "at {durability} {took:?}");
        }
        let began = Instant::now();
        assert!(record(&*store, 100).await.is_err());
        assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
        primary.resume();
        let took = within(Duration::from_secs(2), async || record(&*store, 100).await).await;
        println!("at {durability} back after {took:?}");
        // Whatever became of those calls, the same again resolves them.
        for n in 0..50 {
            record(&*store, n).await.unwrap();
        }
        assert_eq!(store.counts(&fixture::blog()).await.unwrap().approved, 51);
    }
}

#[tokio::test]
async fn a_server_that_forgets_its_scripts_is_told_them_again() {
    let (primary, _replicas) = family(1);
    primary.say(&["CONFIG", "SET", "appendfsync", "always"]);
    for (round, durability) in [Durability::Relaxed, Durability::Fsync, Durability::Replicated].into_iter().enumerate()
    {
        let store = settled(&primary.url(), durability).await;
        for n in 0..5 {
            assert!(primary.say(&["SCRIPT", "FLUSH"]).contains("OK"));
            let n = u32::try_from(round).unwrap() * 100 + n * 10;
            let some = (n..n + 8).map(|n| record(&*store, n));
            futures_util::future::try_join_all(some).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_full_server_takes_no_comments_but_everything_else() {
    let (primary, _replicas) = family(1);
    primary.say(&["CONFIG", "SET", "appendfsync", "always"]);
    for (n, durability) in [(1, Durability::Fsync), (2, Durability::Replicated)] {
        let store = settled(&primary.url(), durability).await;
        record(&*store, n).await.unwrap();
        primary.say(&["CONFIG", "SET", "maxmemory", "1mb"]);
        assert!(matches!(record(&*store, 100 + n).await, Err(Error::Full(_))));
        // It grows by a mebibyte a site, and can be made anew.
        let snapshot = ModelSnapshot { taught: 0, bytes: vec![1; 100] };
        let refused = store.put_model(&fixture::blog(), snapshot, None).await;
        assert!(matches!(refused, Err(Error::Full(_))), "{refused:?}");
        let comment = CommentRef::Id(fixture::id(n));
        let external = fixture::external(&format!("ext-{n}"));
        for _ in 0..2 {
            // The second time it is found to be so already, and vouched for.
            store.link(&fixture::blog(), &comment, external.clone(), fixture::at(9)).await.unwrap();
        }
        assert!(!store.events(&fixture::blog(), EventId::default(), 9).await.unwrap().is_empty());
        primary.say(&["CONFIG", "SET", "maxmemory", "0"]);
        record(&*store, 100 + n).await.unwrap();
    }
}
