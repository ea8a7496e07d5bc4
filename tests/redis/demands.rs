//! What is demanded of a server: each wrong set-up has its reason, and nothing is written to it.

use std::time::{Duration, Instant};

use moderato::store::{Durability, Error, Settings};

use super::servers::{Cluster, DURABLE, EVERYSEC, Program, Server, family};
use super::{fixture, open, open_as, reason, record, settled, within};

#[tokio::test]
async fn each_wrong_set_up_has_its_reason_and_lines_to_paste_and_takes_no_write() {
    use Durability::{Fsync, Relaxed, Replicated};
    let cases: [(&[&str], Durability, &str, &str); 7] = [
        (&[], Fsync, "not-durable", "CONFIG SET appendonly yes"),
        (&[], Relaxed, "not-durable", "CONFIG SET appendonly yes"),
        (&[], Replicated, "not-durable", "CONFIG SET appendonly yes"),
        (&EVERYSEC, Fsync, "not-durable", "CONFIG SET appendfsync always"),
        (&["--appendonly", "yes", "--appendfsync", "no"], Relaxed, "not-durable", "CONFIG SET appendfsync everysec"),
        (
            &["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"],
            Fsync,
            "eviction",
            "CONFIG SET maxmemory-policy noeviction",
        ),
        (&EVERYSEC, Replicated, "no-replicas", "REPLICAOF"),
    ];
    for (options, durability, expected, advice) in cases {
        let server = Server::start(options);
        let store = open(&server.url(), durability);
        for refused in [store.settle(fixture::seed()).await.map(drop), store.health().await] {
            let Err(Error::NotReady { reason, detail }) = refused else { panic!("{expected}: {refused:?}") };
            assert_eq!(reason, expected, "{detail}");
            assert!(detail.contains(advice) && detail.contains(&server.address()), "{detail}");
        }
        assert_eq!(server.say(&["DBSIZE"]).trim(), "0", "{expected}");
        assert!(!store.status().verified);
    }
}

#[tokio::test]
async fn the_lines_to_paste_make_a_server_ready() {
    let server = Server::start(&["--maxmemory-policy", "allkeys-lru"]);
    let store = open(&server.url(), Durability::Fsync);
    for _ in 0..9 {
        let Err(Error::NotReady { detail, .. }) = store.health().await else { break };
        let lines = detail.split_once("redis-cli: ").unwrap().1;
        for line in lines.split("; ").filter(|line| line.starts_with("CONFIG SET")) {
            assert_eq!(server.say(&line.split(' ').collect::<Vec<_>>()).trim(), "OK", "{line}");
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    store.settle(fixture::seed()).await.unwrap();
    assert!(store.status().verified);
}

#[tokio::test]
async fn a_server_that_is_set_up_anew_is_looked_at_anew() {
    let mut server = Server::start(&DURABLE);
    let store = settled(&server.url(), Durability::Fsync).await;
    server.say(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    let began = Instant::now();
    while reason(&*store).await != "eviction" {
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(matches!(record(&*store, 1).await, Err(Error::NotReady { reason: "eviction", .. })));
    // After a restart it is as its options say.
    server.kill();
    server.restart();
    within(Duration::from_secs(2), async || record(&*store, 1).await).await;
    server.kill();
    let mut worse = Server::start(&[]);
    worse.kill();
    worse.port = server.port;
    worse.restart();
    let wrote = record(&*store, 2).await;
    assert!(wrote.is_err());
    within(Duration::from_secs(2), async || match record(&*store, 2).await {
        Err(Error::NotReady { reason: "not-durable", .. }) => Ok(()),
        Err(other) => Err(other),
        Ok(_) => panic!("written to a server that keeps nothing"),
    })
    .await;
    assert_eq!(worse.say(&["DBSIZE"]).trim(), "0");
}

#[tokio::test]
async fn a_replica_is_no_place_to_write_to() {
    let (_primary, replicas) = family(1);
    let store = open(&replicas[0].url(), Durability::Relaxed);
    assert_eq!(reason(&*store).await, "replica");
    assert!(matches!(store.settle(fixture::seed()).await, Err(Error::NotReady { reason: "replica", .. })));
}

#[tokio::test]
async fn a_server_that_does_not_show_its_settings_is_believed_only_at_the_weakest_level() {
    let server = Server::start(&["--rename-command", "CONFIG", ""]);
    for durability in [Durability::Fsync, Durability::Replicated] {
        assert_eq!(reason(&*open(&server.url(), durability)).await, "unverifiable");
    }
    let store = settled(&server.url(), Durability::Relaxed).await;
    assert!(!store.status().verified);
    record(&*store, 1).await.unwrap();
    assert_eq!(reason(&*store).await, "ready");
}

#[tokio::test]
async fn a_store_of_another_schema_is_left_alone() {
    let server = Server::start(&DURABLE);
    drop(settled(&server.url(), Durability::Fsync).await);
    let schema = server.say(&["GET", "mod:schema"]).replace("\"schema\":1", "\"schema\":2");
    server.say(&["SET", "mod:schema", schema.trim()]);
    let store = open(&server.url(), Durability::Fsync);
    assert_eq!(reason(&*store).await, "foreign-schema");
    assert!(matches!(record(&*store, 1).await, Err(Error::NotReady { reason: "foreign-schema", .. })));
    assert!(matches!(
        store.create_site(fixture::site("third")).await,
        Err(Error::NotReady { reason: "foreign-schema", .. })
    ));
}

#[tokio::test]
async fn every_primary_of_a_cluster_is_looked_at() {
    let cluster = Cluster::start_as(Program::Redis, &EVERYSEC, 0);
    let (servers, url) = (&cluster.servers, cluster.url());
    let store = settled(&url, Durability::Relaxed).await;
    servers[2].say(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    let other = open(&url, Durability::Relaxed);
    let Err(Error::NotReady { reason: "eviction", detail }) = other.health().await else { panic!("it is ready") };
    assert!(detail.contains(&servers[2].address()), "{detail}");
    drop(store);
}

#[tokio::test]
async fn several_stores_share_a_server() {
    let server = Server::start(&DURABLE);
    let of = |prefix: &str| open_as(&Settings { prefix: prefix.to_owned(), ..Settings::at(&server.url()) });
    let (one, other) = (of("one"), of("two"));
    one.settle(fixture::seed()).await.unwrap();
    assert!(other.identity().await.unwrap().is_none());
    other.settle(fixture::seed()).await.unwrap();
    record(&*one, 1).await.unwrap();
    assert_eq!(other.counts(&fixture::blog()).await.unwrap().approved, 0);
}
