//! Who waits for a feed is woken by what another process wrote.

use std::time::Duration;

use moderato::domain::EventId;
use moderato::store::Durability;

use super::servers::{Cluster, EVERYSEC, Program, Server};
use super::{fixture, open, record, settled};

#[tokio::test]
async fn what_another_process_writes_wakes_who_waits_for_it() {
    let single = Server::start(&EVERYSEC);
    let cluster = Cluster::start_as(Program::Redis, &EVERYSEC, 0);
    for url in [single.url(), cluster.url()] {
        let (here, there) = (settled(&url, Durability::Relaxed).await, open(&url, Durability::Relaxed));
        let mut news = here.feed_changes();
        let seen = here.events(&fixture::blog(), EventId::default(), 10).await.unwrap();
        assert!(seen.is_empty());
        // The first look at a feed wakes once, as it may have grown since it was read.
        tokio::time::timeout(Duration::from_secs(2), news.changed()).await.unwrap().unwrap();
        for n in 1..4 {
            news.borrow_and_update();
            assert!(
                tokio::time::timeout(Duration::from_millis(600), news.changed()).await.is_err(),
                "woken by nothing"
            );
            record(&*there, n).await.unwrap();
            tokio::time::timeout(Duration::from_millis(600), news.changed()).await.unwrap().unwrap();
            let seen = here.events(&fixture::blog(), EventId::default(), 10).await.unwrap();
            assert_eq!(u32::try_from(seen.len()).unwrap(), n);
        }
    }
}

#[tokio::test]
async fn nobody_asks_for_news_that_nobody_waits_for() {
    let server = Server::start(&EVERYSEC);
    let store = settled(&server.url(), Durability::Relaxed).await;
    store.events(&fixture::blog(), EventId::default(), 10).await.unwrap();
    let reads = || {
        let stats = server.say(&["INFO", "commandstats"]);
        let of = |line: &str| line.strip_prefix("cmdstat_mget:calls=")?.split(',').next()?.parse::<u64>().ok();
        stats.lines().find_map(of).unwrap_or(0)
    };
    let before = reads();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(reads(), before);
    let _news = store.feed_changes();
    store.events(&fixture::blog(), EventId::default(), 10).await.unwrap();
    let before = reads();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!((3..=6).contains(&(reads() - before)), "{} reads in a second", reads() - before);
}
