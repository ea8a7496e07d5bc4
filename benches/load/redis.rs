//! The built program over Redis, beside servers that only ask Redis.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::processes::resident_kib;
use crate::round::{CONNECTIONS, Load, Round};
use crate::servers;
use crate::statistics::Statistics;
use crate::support::server::{Launch, Server, first_key};
use crate::{Length, SUBMIT};

/// What is asked a second in the rounds at a steady rate; `RATE` says otherwise.
const STEADY: u64 = 5_000;

/// A server of this program's own, in another process.
struct Beside {
    child: Child,
    address: SocketAddr,
}

impl Beside {
    fn start(what: &str, url: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["canned", what, url, &address.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, address }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn run(length: Length) {
    println!(
        "{CONNECTIONS} connections, {} rounds of {:?} each, in turn; CPU: of the server and of Redis",
        length.rounds, length.round
    );
    let everysec = ["--appendonly", "yes", "--appendfsync", "everysec"];
    compare("AOF every second", &everysec, "relaxed", length);
    let always = ["--appendonly", "yes", "--appendfsync", "always"];
    compare("AOF always", &always, "fsync", length);
}

fn compare(title: &str, options: &[&str], durability: &str, length: Length) {
    println!("\n{title}");
    let redis = servers::Server::start(options);
    let mut statistics = Statistics::of(&redis.url());
    let redis_pid = statistics.pid();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = [("STORE__URL", redis.url().as_str()), ("STORE__DURABILITY", durability)]
        .map(|(name, value)| (format!("MODERATO__{name}"), value.to_owned()));
    let launch = Launch { settings: settings.to_vec(), ..Launch::default() };
    let moderato = Server::start(&data, &launch).unwrap();
    let (key, next) = (first_key(&data, "site demo"), AtomicU64::new(0));
    let load =
        |address, pid| Load { address, key: &key, watched: vec![pid, redis_pid], next: &next, length: length.round };
    let ours = load(moderato.address, moderato.child.id());
    ours.full(SUBMIT);
    let verbs = Beside::start(durability, &redis.url());
    let bare = Beside::start("bare", &redis.url());
    let (canned, floor) = (load(verbs.address, verbs.child.id()), load(bare.address, bare.child.id()));
    canned.full(SUBMIT);
    floor.full(SUBMIT);
    Round::heading();
    let mut rows: [Vec<Round>; 3] = Default::default();
    let (mut script_micros, mut commands) = (Vec::new(), Default::default());
    for _ in 0..length.rounds {
        statistics.reset();
        rows[0].push(ours.full(SUBMIT).print("moderato"));
        let (calls, micros) = statistics.commands()["evalsha"];
        commands = statistics.commands();
        script_micros.push(micros as f64 / calls as f64);
        rows[1].push(canned.full(SUBMIT).print("two verbs, no screening"));
        rows[2].push(floor.full(SUBMIT).print("one bare script"));
    }
    let [ours_full, canned_full, floor_full] = rows.map(|rows| Round::median(&rows));
    println!("medians:");
    let ours_full = ours_full.print("moderato");
    let canned_full = canned_full.print("two verbs, no screening");
    let floor_full = floor_full.print("one bare script");
    let ratio = |what: &str, one: f64, other: f64| println!("{what}: {:.2}", one / other);
    ratio("CPU a request, moderato / two verbs", ours_full.cpu_micros, canned_full.cpu_micros);
    ratio("requests a second, moderato / two verbs", ours_full.per_second, canned_full.per_second);
    ratio("CPU a request, moderato / one bare script", ours_full.cpu_micros, floor_full.cpu_micros);
    ratio("requests a second, moderato / one bare script", ours_full.per_second, floor_full.per_second);
    script_micros.sort_by(f64::total_cmp);
    println!("Redis, µs of one run of the script: {:.1}", script_micros[script_micros.len() / 2]);
    println!("Redis, calls and µs by command in the last of these rounds: {commands:?}");

    let rate = std::env::var("RATE").ok().and_then(|rate| rate.parse().ok()).unwrap_or(STEADY);
    println!("at a steady {rate} a second:");
    let (mut ours_steady, mut canned_steady) = (Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        ours_steady.push(ours.steady(SUBMIT, rate).print("moderato"));
        canned_steady.push(canned.steady(SUBMIT, rate).print("two verbs, no screening"));
    }
    let (ours_steady, canned_steady) = (Round::median(&ours_steady), Round::median(&canned_steady));
    ratio("p50, moderato / two verbs", ours_steady.p50_micros as f64, canned_steady.p50_micros as f64);
    ratio("p99, moderato / two verbs", ours_steady.p99_micros as f64, canned_steady.p99_micros as f64);
    println!("resident memory of moderato: {} MiB", resident_kib(moderato.child.id()) / 1024);
}
