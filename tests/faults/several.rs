//! Faults of several servers: failovers of a cluster and of Sentinels, primaries that wake, slots that move.

use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, Manners, at};
use super::setups::{Server, cluster, eventually, owner, sentinels};
use super::single::demand_no_errors;
use super::table::{Kind, Row, Scale};

/// The slot of the run's one site.
const TAG: &str = "{demo}";
/// The bars: of a planned failover, of a primary that is gone, of slots that move.
const PLANNED: Duration = Duration::from_millis(250);
const GONE: Duration = Duration::from_secs(8);
const MOVED: Duration = Duration::from_secs(2);

/// A primary hangs until another has taken its place, and then goes on.
pub fn primary_wakes(scale: &Scale) -> Vec<Row> {
    let (servers, url) = cluster(2);
    let mut load = Load::start(at(&url, ""), Manners::SameKey);
    for number in 0..scale.zombies {
        load.wait_for_more(200);
        wake_after_failover(&servers, number % 2 == 1);
        load.wait_for_more(200);
    }
    let mut run = Row::of(&format!("cluster primary frozen until after the failover ×{}", scale.zombies), Kind::Run, &mut load);
    run.demand_gap(GONE);
    let mut load = Load::start(at(&url, "relaxed"), Manners::SameKey);
    load.wait_for_more(200);
    wake_after_failover(&servers, true);
    load.wait_for_more(200);
    let control = Row::of("the same without WAIT (store.durability relaxed)", Kind::Control, &mut load);
    vec![run, control]
}

/// Freezes the primary until it is none any more, and wakes it. `behind`: its replicas are cut off a moment before.
fn wake_after_failover(servers: &[Server], behind: bool) {
    let primary = owner(servers, TAG);
    let replicas = replicas_of(servers, primary);
    if behind {
        cut_off(primary, &replicas);
        thread::sleep(Duration::from_millis(700));
    }
    primary.freeze();
    let frozen = Instant::now();
    replicas.iter().for_each(|replica| let_on(replica));
    eventually("a failover", || replicas.iter().any(|replica| is_primary(replica)));
    thread::sleep(Duration::from_secs(8).saturating_sub(frozen.elapsed()));
    primary.thaw();
    settle(servers);
}

/// A replica takes over because somebody says so.
pub fn planned_failover(scale: &Scale) -> Vec<Row> {
    let (servers, url) = cluster(2);
    let mut load = Load::start(at(&url, ""), Manners::SameKey);
    for _ in 0..scale.planned {
        load.wait_for_more(300);
        let replica = replicas_of(&servers, owner(&servers, TAG))[0];
        assert!(replica.say(&["CLUSTER", "FAILOVER"]).contains("OK"));
        replica.wait_for("ROLE", "master");
        load.wait_for_more(300);
        settle(&servers);
    }
    let mut run = Row::of(&format!("planned failover of a cluster ×{}", scale.planned), Kind::Run, &mut load);
    run.demand_gap(PLANNED);
    demand_no_errors(&mut run, &load);
    let mut load = Load::start(at(&url, ""), Manners::SameKey);
    load.wait_for_more(100);
    let primary = owner(&servers, TAG);
    let replicas = replicas_of(&servers, primary);
    primary.freeze();
    eventually("a failover", || replicas.iter().any(|replica| is_primary(replica)));
    load.wait_for_more(100);
    primary.thaw();
    let mut control = Row::of("a failover that nobody planned", Kind::Control, &mut load);
    control.demand_gap(PLANNED);
    vec![run, control]
}

/// A primary is killed.
pub fn primary_killed(_scale: &Scale) -> Vec<Row> {
    let killed = |durability: &str, behind: bool, kind: Kind, name: &str| {
        let (mut servers, url) = cluster(2);
        let mut load = Load::start(at(&url, durability), Manners::SameKey);
        load.wait_for_more(300);
        let port = owner(&servers, TAG).port;
        if behind {
            let primary = owner(&servers, TAG);
            let replicas = replicas_of(&servers, primary);
            cut_off(primary, &replicas);
            thread::sleep(Duration::from_millis(700));
        }
        servers.iter_mut().find(|server| server.port == port).unwrap().kill();
        servers.iter().filter(|server| server.port != port).for_each(let_on);
        load.wait_for_more(300);
        let mut row = Row::of(name, kind, &mut load);
        row.demand_gap(GONE);
        row
    };
    vec![
        killed("", false, Kind::Run, "cluster primary killed (kill -9)"),
        killed("relaxed", true, Kind::Control, "the same without WAIT, replicas behind"),
    ]
}

/// Sentinels find that their primary is gone.
pub fn sentinels_fail_over(_scale: &Scale) -> Vec<Row> {
    let killed = |durability: &str, behind: bool, kind: Kind, name: &str| {
        let (mut servers, _sentinels, url) = sentinels();
        let mut load = Load::start(at(&url, durability), Manners::SameKey);
        load.wait_for_more(300);
        if behind {
            let (primary, replicas) = servers.split_first().unwrap();
            cut_off(primary, &replicas.iter().collect::<Vec<_>>());
            thread::sleep(Duration::from_millis(700));
        }
        servers[0].kill();
        servers[1..].iter().for_each(let_on);
        load.wait_for_more(300);
        let mut row = Row::of(name, kind, &mut load);
        row.demand_gap(GONE);
        row
    };
    vec![
        killed("", false, Kind::Run, "primary killed (kill -9), Sentinels fail over"),
        killed("relaxed", true, Kind::Control, "the same without WAIT, replicas behind"),
    ]
}

/// The site's slot moves to another primary and back.
pub fn slots_move(scale: &Scale) -> Vec<Row> {
    let (servers, url) = cluster(1);
    let mut load = Load::start(at(&url, ""), Manners::SameKey);
    for _ in 0..scale.planned + 1 {
        load.wait_for_more(200);
        move_slot(&servers, true);
        load.wait_for_more(100);
    }
    let mut run = Row::of(&format!("the site's slot moved under load ×{}", scale.planned + 1), Kind::Run, &mut load);
    run.demand_gap(MOVED);
    demand_no_errors(&mut run, &load);
    let mut load = Load::start(at(&url, ""), Manners::SameKey);
    load.wait_for_more(100);
    move_slot(&servers, false);
    thread::sleep(Duration::from_secs(1));
    load.abandon();
    let control = Row::of("the slot moved without its keys", Kind::Control, &mut load);
    vec![run, control]
}

/// Moves the slot as `redis-cli --cluster reshard` does.
fn move_slot(servers: &[Server], with_keys: bool) {
    let slot = servers[0].say(&["CLUSTER", "KEYSLOT", TAG]).trim().to_owned();
    let from = owner(servers, TAG);
    let to = servers.iter().find(|server| is_primary(server) && server.port != from.port).unwrap();
    let (from_id, to_id) = (from.say(&["CLUSTER", "MYID"]), to.say(&["CLUSTER", "MYID"]));
    to.say(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id.trim()]);
    from.say(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id.trim()]);
    let port = to.port.to_string();
    while with_keys {
        let keys = from.say(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            break;
        }
        let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        migrate.extend(keys);
        let answer = from.say(&migrate);
        assert!(answer.contains("OK") || answer.contains("NOKEY"), "{answer}");
    }
    for server in [to, from] {
        server.say(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id.trim()]);
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

fn is_primary(server: &Server) -> bool {
    server.say(&["ROLE"]).starts_with("master")
}

/// Waits until every replica follows.
fn settle(servers: &[Server]) {
    let follows = |server: &Server| {
        let info = server.say(&["INFO", "replication"]);
        info.contains("role:master") || info.contains("master_link_status:up")
    };
    eventually("three primaries", || servers.iter().filter(|server| is_primary(server)).count() == 3);
    eventually("all replicas follow", || servers.iter().all(follows));
    eventually("an owner that has replicas", || !replicas_of(servers, owner(servers, TAG)).is_empty());
}

fn replicas_of<'a>(servers: &'a [Server], primary: &Server) -> Vec<&'a Server> {
    let port = format!("\n{}\n", primary.port);
    let of = |server: &&Server| {
        let role = server.say(&["ROLE"]);
        role.starts_with("slave") && role.contains(&port)
    };
    servers.iter().filter(of).collect()
}
