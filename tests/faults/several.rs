//! Faults of several servers: failovers of a cluster and of Sentinels, primaries that wake, slots that move.

use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, Manners, at};
use super::single::{demand_back, demand_no_errors};
use super::table::{Kind, Row, Scale};
use crate::redis::{Cluster, EVERYSEC, Program, Sentinels, Server, eventually};

/// The slot of the run's one site.
const TAG: &str = "{demo}";
/// The bars: of a planned failover, and of a primary that is gone.
const PLANNED: Duration = Duration::from_millis(250);
const GONE: Duration = Duration::from_secs(8);

/// How long a cluster's voters give no second vote to replicas of one primary: twice the node timeout. A failover that is
/// asked for within it stops the primary's clients for five seconds and comes to nothing, whoever asks.
const VOTES_APART: Duration = Duration::from_millis(4500);

/// How a primary's replicas are when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replicas {
    Following,
    Behind,
}

/// What becomes of a slot's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Moved,
    LeftBehind,
}

/// A primary hangs until another has taken its place, and then goes on.
pub fn primary_wakes(scale: &Scale) -> Vec<Row> {
    let cluster = started(2);
    let mut load = Load::start(at(&cluster.url(), ""), Manners::SameKey);
    for number in 0..scale.zombies {
        load.wait_for_more(200);
        wake_after_failover(&cluster, [Replicas::Following, Replicas::Behind][number % 2]);
        load.wait_for_more(200);
    }
    let mut run =
        Row::of(&format!("cluster primary frozen until after the failover ×{}", scale.zombies), Kind::Run, &mut load);
    run.demand_gap(GONE);
    let cluster = started(2);
    let mut load = Load::start(at(&cluster.url(), "relaxed"), Manners::SameKey);
    load.wait_for_more(200);
    wake_after_failover(&cluster, Replicas::Behind);
    load.wait_for_more(200);
    let control = Row::of("the same without WAIT (store.durability relaxed)", Kind::Control, &mut load);
    vec![run, control]
}

/// Freezes the primary until it is none any more, and wakes it. Replicas that are behind are cut off a moment before.
fn wake_after_failover(cluster: &Cluster, replicas_are: Replicas) {
    let primary = cluster.owner(TAG);
    let replicas = cluster.replicas_of(primary);
    if replicas_are == Replicas::Behind {
        cut_off(primary, &replicas);
        thread::sleep(Duration::from_millis(700));
    }
    primary.pause();
    let frozen = Instant::now();
    replicas.iter().for_each(|replica| let_on(replica));
    eventually("a failover", || replicas.iter().any(|replica| replica.is_primary()));
    thread::sleep(Duration::from_secs(8).saturating_sub(frozen.elapsed()));
    primary.resume();
    settle(cluster);
}

/// A replica takes over because somebody says so.
pub fn planned_failover(scale: &Scale) -> Vec<Row> {
    let cluster = started(2);
    let mut load = Load::start(at(&cluster.url(), ""), Manners::SameKey);
    let mut windows = Vec::new();
    for _ in 0..scale.planned {
        load.wait_for_more(300);
        let replica = cluster.replicas_of(cluster.owner(TAG))[0];
        let asked = Instant::now();
        // A request that is lost on the bus is forgotten after five seconds.
        while !replica.is_primary() {
            replica.say(&["CLUSTER", "FAILOVER"]);
            thread::sleep(Duration::from_millis(500));
        }
        load.wait_for_more(300);
        windows.push((asked, Instant::now()));
        settle(&cluster);
        thread::sleep(VOTES_APART);
    }
    let mut run = Row::of(&format!("planned failover of a cluster ×{}", scale.planned), Kind::Run, &mut load);
    run.look_only_within(&windows, &load);
    run.demand_gap(PLANNED);
    demand_no_errors(&mut run, &load);
    let cluster = started(2);
    let mut load = Load::start(at(&cluster.url(), ""), Manners::SameKey);
    load.wait_for_more(100);
    let primary = cluster.owner(TAG);
    let replicas = cluster.replicas_of(primary);
    primary.pause();
    eventually("a failover", || replicas.iter().any(|replica| replica.is_primary()));
    load.wait_for_more(100);
    primary.resume();
    let mut control = Row::of("a failover that nobody planned", Kind::Control, &mut load);
    control.demand_gap(PLANNED);
    vec![run, control]
}

/// A primary is killed.
pub fn primary_killed(_scale: &Scale) -> Vec<Row> {
    let killed = |durability: &str, replicas_are: Replicas, kind: Kind, name: &str| {
        let mut cluster = started(2);
        let mut load = Load::start(at(&cluster.url(), durability), Manners::SameKey);
        load.wait_for_more(300);
        let port = cluster.owner(TAG).port;
        if replicas_are == Replicas::Behind {
            let primary = cluster.owner(TAG);
            let replicas = cluster.replicas_of(primary);
            cut_off(primary, &replicas);
            thread::sleep(Duration::from_millis(700));
        }
        cluster.servers.iter_mut().find(|server| server.port == port).unwrap().kill();
        cluster.servers.iter().filter(|server| server.port != port).for_each(let_on);
        load.wait_for_more(300);
        let mut row = Row::of(name, kind, &mut load);
        row.demand_gap(GONE);
        row
    };
    vec![
        killed("", Replicas::Following, Kind::Run, "cluster primary killed (kill -9)"),
        killed("relaxed", Replicas::Behind, Kind::Control, "the same without WAIT, replicas behind"),
    ]
}

/// Sentinels find that their primary is gone.
pub fn sentinels_fail_over(_scale: &Scale) -> Vec<Row> {
    let killed = |durability: &str, replicas_are: Replicas, kind: Kind, name: &str| {
        let mut sentinels = Sentinels::start();
        let mut load = Load::start(at(&sentinels.url(), durability), Manners::SameKey);
        load.wait_for_more(300);
        if replicas_are == Replicas::Behind {
            let (primary, replicas) = sentinels.servers.split_first().unwrap();
            cut_off(primary, &replicas.iter().collect::<Vec<_>>());
            thread::sleep(Duration::from_millis(700));
        }
        sentinels.servers[0].kill();
        sentinels.servers[1..].iter().for_each(let_on);
        load.wait_for_more(300);
        let mut row = Row::of(name, kind, &mut load);
        row.demand_gap(GONE);
        row
    };
    vec![
        killed("", Replicas::Following, Kind::Run, "primary killed (kill -9), Sentinels fail over"),
        killed("relaxed", Replicas::Behind, Kind::Control, "the same without WAIT, replicas behind"),
    ]
}

/// The site's slot moves to another primary and back.
pub fn slots_move(scale: &Scale) -> Vec<Row> {
    let cluster = started(1);
    let mut load = Load::start(at(&cluster.url(), ""), Manners::SameKey);
    let (mut returns, mut longest) = (Vec::new(), Duration::ZERO);
    for _ in 0..scale.planned + 1 {
        load.wait_for_more(200);
        let began = Instant::now();
        move_slot(&cluster, Keys::Moved);
        longest = longest.max(began.elapsed());
        returns.push(Instant::now());
        load.wait_for_more(100);
    }
    let mut run = Row::of(&format!("the site's slot moved under load ×{}", scale.planned + 1), Kind::Run, &mut load);
    // While its keys are on their way, a site is written to by nobody.
    run.name = format!("{}, the longest move took {} ms", run.name, longest.as_millis());
    demand_back(&mut run, &load, &returns);
    let cluster = started(1);
    let mut load = Load::start(at(&cluster.url(), ""), Manners::SameKey);
    load.wait_for_more(100);
    move_slot(&cluster, Keys::LeftBehind);
    thread::sleep(Duration::from_secs(1));
    load.abandon();
    let control = Row::of("the slot moved without its keys", Kind::Control, &mut load);
    vec![run, control]
}

/// Moves the slot as `redis-cli --cluster reshard` does.
fn move_slot(cluster: &Cluster, keys: Keys) {
    let slot = cluster.servers[0].say(&["CLUSTER", "KEYSLOT", TAG]).trim().to_owned();
    let from = cluster.owner(TAG);
    let to = cluster.servers.iter().find(|server| server.is_primary() && server.port != from.port).unwrap();
    let (from_id, to_id) = (from.say(&["CLUSTER", "MYID"]), to.say(&["CLUSTER", "MYID"]));
    to.say(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id.trim()]);
    from.say(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id.trim()]);
    if keys == Keys::Moved {
        move_keys(&slot, from, to);
    }
    for server in [to, from] {
        server.say(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id.trim()]);
    }
}

fn move_keys(slot: &str, from: &Server, to: &Server) {
    let port = to.port.to_string();
    loop {
        let keys = from.say(&["CLUSTER", "GETKEYSINSLOT", slot, "1000"]);
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            return;
        }
        let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        migrate.extend(keys);
        let answer = from.say(&migrate);
        assert!(answer.contains("OK") || answer.contains("NOKEY"), "{answer}");
    }
}

/// Keeps replicas from following their primary, without their being away: they fail to log in.
fn cut_off(primary: &Server, replicas: &[&Server]) {
    for replica in replicas {
        replica.say(&["CONFIG", "SET", "masteruser", "nobody"]);
        replica.say(&["CONFIG", "SET", "masterauth", "nothing"]);
    }
    primary.say(&["CLIENT", "KILL", "TYPE", "replica"]);
}

/// Lets a server follow again.
fn let_on(server: &Server) {
    server.say(&["CONFIG", "SET", "masteruser", ""]);
    server.say(&["CONFIG", "SET", "masterauth", ""]);
}

/// A cluster with so many replicas of each primary.
fn started(replicas: usize) -> Cluster {
    Cluster::start_as(Program::Redis, &EVERYSEC, replicas)
}

/// Waits until every replica follows, and the site's primary has one.
fn settle(cluster: &Cluster) {
    eventually("three primaries", || cluster.primaries().len() == 3);
    cluster.settle();
    eventually("an owner that has replicas", || !cluster.replicas_of(cluster.owner(TAG)).is_empty());
}
