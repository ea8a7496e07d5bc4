//! A cluster whose primaries hang, change and give slots away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moderato::store::{Durability, Store};

use super::servers::{Cluster, EVERYSEC, Program, Server};
use super::{fixture, record, settled, within};

/// Writes without a pause until it is stopped: how many were written, and which errors there were.
async fn write_on(store: Arc<dyn Store>, stop: Arc<AtomicBool>) -> (u32, Vec<String>, Duration) {
    static NEXT: AtomicU32 = AtomicU32::new(1000);
    let (mut written, mut errors, mut longest) = (0, Vec::new(), Duration::ZERO);
    while !stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        match record(&*store, NEXT.fetch_add(1, Ordering::SeqCst)).await {
            Ok(_) => written += 1,
            Err(why) => {
                errors.push(why.to_string());
                // An error at once leaves no room for whoever wants to stop this.
                tokio::task::yield_now().await;
            }
        }
        longest = longest.max(began.elapsed());
    }
    (written, errors, longest)
}

/// Does something while others write.
async fn under_load(store: &Arc<dyn Store>, task: impl FnOnce() + Send + 'static) -> (u32, Vec<String>, Duration) {
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8).map(|_| tokio::spawn(write_on(Arc::clone(store), Arc::clone(&stop)))).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    tokio::task::spawn_blocking(task).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let (mut written, mut errors, mut longest) = (0, Vec::new(), Duration::ZERO);
    for writer in writers {
        let (some, more, time) = writer.await.unwrap();
        written += some;
        errors.extend(more);
        longest = longest.max(time);
    }
    (written, errors, longest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_failover_passes_without_an_error() {
    let cluster = Arc::new(Cluster::start_as(Program::Redis, &EVERYSEC, 1));
    let store = settled(&cluster.url(), Durability::Usual).await;
    // There and back. A third within seconds is one too many for Redis 7.0: it takes the votes of the first for those of the third.
    for round in 0..2 {
        let all = Arc::clone(&cluster);
        let (written, errors, longest) = under_load(&store, move || {
            let old = all.owner("{blog}");
            let replica = all.replicas_of(old)[0];
            // A request that is lost on the bus is forgotten after five seconds.
            let mut asked = None::<Instant>;
            while !replica.say(&["ROLE"]).starts_with("master") {
                if asked.is_none_or(|asked| asked.elapsed() > Duration::from_secs(6)) {
                    replica.say(&["CLUSTER", "FAILOVER"]);
                    asked = Some(Instant::now());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            old.wait_for("INFO replication", "master_link_status:up");
        })
        .await;
        println!("failover {round}: {written} written, the longest took {longest:?}");
        assert_eq!(errors.first(), None, "{} errors", errors.len());
        assert!(written > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_move_move_without_an_error() {
    let cluster = Arc::new(Cluster::start_as(Program::Redis, &EVERYSEC, 1));
    let store = settled(&cluster.url(), Durability::Usual).await;
    let before = store.counts(&fixture::blog()).await.unwrap().approved;
    let all = Arc::clone(&cluster);
    let (written, errors, longest) = under_load(&store, move || {
        let slot = all.servers[0].say(&["CLUSTER", "KEYSLOT", "{blog}"]).trim().to_owned();
        let from = all.owner("{blog}");
        let to = all.primaries().into_iter().find(|server| server.port != from.port).unwrap();
        let (from_id, to_id) = (from.say(&["CLUSTER", "MYID"]), to.say(&["CLUSTER", "MYID"]));
        to.say(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id.trim()]);
        from.say(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id.trim()]);
        loop {
            let keys = from.say(&["CLUSTER", "GETKEYSINSLOT", &slot, "500"]);
            let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
            if keys.is_empty() {
                break;
            }
            let port = to.port.to_string();
            let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
            migrate.extend(keys);
            from.say(&migrate);
        }
        for server in [to, from] {
            server.say(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id.trim()]);
        }
    })
    .await;
    println!("moving a slot: {written} written, the longest took {longest:?}");
    assert_eq!(errors.first(), None, "{} errors", errors.len());
    let counts = store.counts(&fixture::blog()).await.unwrap();
    assert_eq!(counts.approved - before, u64::from(written));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hangs_is_left_for_the_one_in_its_place() {
    let cluster = Cluster::start_as(Program::Redis, &EVERYSEC, 2);
    let store = settled(&cluster.url(), Durability::Usual).await;
    record(&*store, 1).await.unwrap();
    let old = cluster.owner("{blog}");
    let replicas: Vec<&Server> = cluster.replicas_of(old);
    old.pause();
    let began = Instant::now();
    assert!(record(&*store, 2).await.is_err());
    assert!(began.elapsed() < Duration::from_millis(1700), "{:?}", began.elapsed());
    // Sites on other primaries are served.
    let other = ["other", "blog"].iter().find(|site| cluster.owner(&format!("{{{site}}}")).port != old.port);
    if other.is_some() {
        store.counts(&fixture::other()).await.unwrap();
    }
    let until = Instant::now() + Duration::from_secs(20);
    while !replicas.iter().any(|replica| replica.say(&["ROLE"]).starts_with("master")) {
        assert!(Instant::now() < until, "no failover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = within(Duration::from_secs(3), async || record(&*store, 2).await).await;
    println!("writes {took:?} after the failover");
    old.resume();
    for n in 0..200 {
        within(Duration::from_secs(2), async || record(&*store, n).await).await;
    }
    assert_eq!(store.counts(&fixture::blog()).await.unwrap().approved, 200);
}
