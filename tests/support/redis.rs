//! Redis servers of a test's own, on free ports: one, with replicas, behind Sentinels, as a cluster. None outlives its test
//! process, however that ends.

#![allow(dead_code, unused_imports, reason = "each binary uses some of it")]
#![allow(clippy::disallowed_methods, reason = "servers take real time, and live on a thread of their own")]

#[path = "redis/cluster.rs"]
mod cluster;
#[path = "redis/guard.rs"]
mod guard;
#[path = "redis/place.rs"]
mod place;
#[path = "redis/sentinels.rs"]
mod sentinels;
#[path = "redis/shared.rs"]
mod shared;
#[path = "redis/tls.rs"]
mod tls;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use cluster::Cluster;
pub use guard::Guard;
pub use sentinels::Sentinels;
pub use shared::{Lent, shared_cluster, shared_redis, shared_valkey};
pub use tls::Certificates;

/// What a store at level `fsync` demands of its server.
pub const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
/// What a store at the other levels demands.
pub const EVERYSEC: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "everysec"];

/// How long a server may take to be there, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Redis,
    Valkey,
}

impl Program {
    fn server(self) -> &'static str {
        match self {
            Program::Redis => "redis-server",
            Program::Valkey => "valkey-server",
        }
    }

    /// Whether it is installed.
    pub fn is_here(self) -> bool {
        Command::new(self.server()).arg("--version").stdout(Stdio::null()).status().is_ok()
    }
}

/// A server, which may be away. It ends when this is dropped.
pub struct Server {
    process: Option<Child>,
    program: Program,
    options: Vec<String>,
    guard: Guard,
    pub port: u16,
    pub directory: TempDir,
}

impl Server {
    /// One Redis that answers, started with these options. Without any it keeps nothing on disk.
    pub fn start(options: &[&str]) -> Self {
        Self::start_as(Program::Redis, options)
    }

    /// One server of this program that answers.
    pub fn start_as(program: Program, options: &[&str]) -> Self {
        Self::start_guarded(program, options, &Guard::default())
    }

    /// One server of this program that answers those whom its guard lets in.
    pub fn start_guarded(program: Program, options: &[&str], guard: &Guard) -> Self {
        let mut tries = 0;
        loop {
            let mut server = Self::absent(program, options).guarded(guard);
            match server.try_restart() {
                Ok(()) => return server,
                // Another process took the port after it was found free.
                Err(log) if tries < 5 && log.contains("in use") => tries += 1,
                Err(log) => panic!("{} ends at once:\n{log}", program.server()),
            }
        }
    }

    /// One that is not started yet, with a port that nobody has now.
    pub fn absent(program: Program, options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let (port, directory) = (place::free_port(), place::directory());
        Self { process: None, program, options, guard: Guard::default(), port, directory }
    }

    fn guarded(mut self, guard: &Guard) -> Self {
        self.guard = guard.clone();
        self
    }

    /// Starts it on its port, in its directory, and waits until it answers; if it runs, it is killed first.
    pub fn restart(&mut self) {
        self.kill();
        if let Err(log) = self.try_restart() {
            panic!("{} ends at once:\n{log}", self.program.server());
        }
    }

    /// Starts it; `Err`: what it wrote before it ended.
    fn try_restart(&mut self) -> Result<(), String> {
        let log = self.directory.path().join("log");
        let _ = fs::remove_file(&log);
        let mut command = place::bound(self.program.server());
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--repl-diskless-sync-delay", "0", "--logfile", "log"])
            .arg("--dir")
            .arg(self.directory.path())
            .args(self.guard.lines(self.port).iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]))
            .args(self.guard.password.iter().flat_map(|password| ["--masterauth", password]))
            .args(&self.options);
        self.process = Some(place::spawn(command));
        self.until_it_says("Ready to accept connections")
    }

    /// Waits until its log has this text; `Err`: the log, if it ended.
    fn until_it_says(&mut self, text: &str) -> Result<(), String> {
        let log = self.directory.path().join("log");
        let until = Instant::now() + PATIENCE;
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if said.contains(text) {
                return Ok(());
            }
            if self.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_some()) {
                self.process = None;
                return Err(fs::read_to_string(&log).unwrap_or_default());
            }
            assert!(Instant::now() < until, "{} is not there:\n{said}", self.program.server());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a crash does. Its port and directory stay its own.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Lets it do nothing, with all its connections open.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        kill_process(Pid::from_child(process), signal).unwrap();
    }

    /// The process, if it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// As a store's URL.
    pub fn url(&self) -> String {
        format!("{}://{}{}", self.guard.scheme(), self.guard.credentials(), self.address())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it answers to a command, as redis-cli prints it.
    pub fn say(&self, words: &[&str]) -> String {
        guarded_cli(self.port, &self.guard, words)
    }

    /// A number that `INFO` tells.
    pub fn info(&self, name: &str) -> u64 {
        let info = self.say(&["INFO", "everything"]);
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in:\n{info}")).trim().parse().unwrap()
    }

    /// Whether it is a primary now.
    pub fn is_primary(&self) -> bool {
        self.say(&["ROLE"]).starts_with("master")
    }

    /// Makes it a replica, and waits until it follows.
    pub fn follow(&self, primary: &Server) {
        self.say(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        eventually("a replica follows", || self.follows() && primary.knows_its_followers());
    }

    /// Whether it is a replica with all that its primary had.
    pub fn follows(&self) -> bool {
        self.say(&["INFO", "replication"]).contains("master_link_status:up")
    }

    /// Whether each of its replicas counts as one for it, too: that is a moment after the replica is content.
    pub fn knows_its_followers(&self) -> bool {
        let replication = self.say(&["INFO", "replication"]);
        replication.lines().filter(|line| line.contains("state=")).all(|line| line.contains("state=online"))
    }

    /// Waits until the answer to these words has this text.
    pub fn wait_for(&self, words: &str, text: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        eventually(&format!("{words:?} says {text}"), || self.say(&words).contains(text));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A primary, and so many replicas that follow it.
pub fn family(replicas: usize) -> (Server, Vec<Server>) {
    guarded_family(replicas, &Guard::default())
}

/// The same, all with this guard.
pub fn guarded_family(replicas: usize, guard: &Guard) -> (Server, Vec<Server>) {
    let start = || Server::start_guarded(Program::Redis, &EVERYSEC, guard);
    let primary = start();
    let replicas: Vec<Server> = (0..replicas).map(|_| start()).collect();
    replicas.iter().for_each(|replica| replica.follow(&primary));
    (primary, replicas)
}

/// What redis-cli prints for a command to this port; nothing if nobody answers within two seconds.
pub fn cli(port: u16, words: &[&str]) -> String {
    guarded_cli(port, &Guard::default(), words)
}

/// The same, of a server with this guard.
fn guarded_cli(port: u16, guard: &Guard, words: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["-s", "KILL", if words.first() == Some(&"--cluster") { "60" } else { "2" }])
        .args(["redis-cli", "-p", &port.to_string()])
        .args(guard.of_cli())
        .args(words)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
