//! Set-ups of Redis of a test's own: one server, a primary with replicas, Sentinels, a cluster; each ends with its owner.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// As a level that waits for the disk demands it.
pub const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
/// As any level demands it.
pub const EVERYSEC: [&str; 2] = ["--appendonly", "yes"];

/// A server, which may be away.
pub struct Server {
    process: Option<Child>,
    options: Vec<String>,
    pub port: u16,
    pub directory: TempDir,
}

impl Server {
    /// One that is not started yet.
    pub fn absent(options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Self { process: None, options, port: free_port(), directory: tempfile::tempdir().unwrap() }
    }

    /// One that answers.
    pub fn start(options: &[&str]) -> Self {
        let mut server = Self::absent(options);
        server.revive();
        server
    }

    /// Starts it on its old port, with its old data.
    pub fn revive(&mut self) {
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--dir", self.directory.path().to_str().unwrap(), "--repl-diskless-sync-delay", "0"])
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        eventually("redis-server listens", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// More options for its next start.
    pub fn add_options(&mut self, options: &[&str]) {
        self.options.extend(options.iter().map(|option| (*option).to_owned()));
    }

    /// A Sentinel that watches this server as `main`.
    pub fn sentinel(watched: &Server) -> Self {
        let mut server = Self::absent(&[]);
        let file = server.directory.path().join("sentinel.conf");
        let watch = format!(
            "sentinel monitor main 127.0.0.1 {} 2\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main \
             5000\n",
            watched.port
        );
        std::fs::write(&file, format!("port {}\nbind 127.0.0.1\n{watch}", server.port)).unwrap();
        let process = Command::new("redis-server").arg(file).arg("--sentinel").stdout(Stdio::null()).spawn().unwrap();
        server.process = Some(process);
        eventually("a Sentinel listens", || TcpStream::connect(("127.0.0.1", server.port)).is_ok());
        server
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What redis-cli prints for a command.
    pub fn say(&self, words: &[&str]) -> String {
        cli(self.port, words)
    }

    /// Ends the process as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Makes it a replica, and waits until it follows.
    pub fn follow(&self, primary: &Server) {
        self.say(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        self.wait_for("INFO replication", "master_link_status:up");
    }

    /// Waits until the answer to some words has a text.
    pub fn wait_for(&self, words: &str, text: &str) {
        let words: Vec<&str> = words.split(' ').collect();
        eventually(text, || self.say(&words).contains(text));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A primary with replicas that follow it.
pub fn family(replicas: usize) -> (Server, Vec<Server>) {
    let primary = Server::start(&EVERYSEC);
    let replicas: Vec<Server> = (0..replicas).map(|_| Server::start(&EVERYSEC)).collect();
    replicas.iter().for_each(|replica| replica.follow(&primary));
    (primary, replicas)
}

/// A primary with two replicas and three Sentinels, who all know each other; the store's URL.
pub fn sentinels() -> (Vec<Server>, Vec<Server>, String) {
    let (primary, replicas) = family(2);
    let sentinels: Vec<Server> = (0..3).map(|_| Server::sentinel(&primary)).collect();
    for sentinel in &sentinels {
        sentinel.wait_for("INFO sentinel", "status=ok,address=127.0.0.1");
        sentinel.wait_for("INFO sentinel", "slaves=2,sentinels=3");
    }
    let addresses: Vec<String> = sentinels.iter().map(Server::address).collect();
    let servers = std::iter::once(primary).chain(replicas).collect();
    (servers, sentinels, format!("redis+sentinel://{}/main", addresses.join(",")))
}

/// A cluster of three primaries with so many replicas each; the store's URL.
pub fn cluster(replicas: usize) -> (Vec<Server>, String) {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--appendonly", "yes"];
    let servers: Vec<Server> = (0..3 + 3 * replicas).map(|_| Server::start(&options)).collect();
    let addresses: Vec<String> = servers.iter().map(Server::address).collect();
    let mut create = vec!["--cluster", "create"];
    create.extend(addresses.iter().map(String::as_str));
    let each = replicas.to_string();
    create.extend(["--cluster-replicas", &each, "--cluster-yes"]);
    let made = cli(servers[0].port, &create);
    assert!(made.contains("All 16384 slots covered"), "{made}");
    for server in &servers {
        server.wait_for("CLUSTER INFO", "cluster_state:ok");
        // Who does not know yet that another is a replica denies it its vote.
        eventually("everybody knows everybody", || {
            let nodes = server.say(&["CLUSTER", "NODES"]);
            let words: Vec<&str> = nodes.split([' ', ',', '\n']).collect();
            let count = |word: &str| words.iter().filter(|found| **found == word).count();
            count("slave") == servers.len() - 3 && count("connected") == servers.len()
        });
        if server.say(&["ROLE"]).starts_with("slave") {
            server.wait_for("INFO replication", "master_link_status:up");
        }
    }
    let url = format!("redis+cluster://{},{}", addresses[0], addresses[1]);
    (servers, url)
}

/// The member of a cluster that has this key as a primary.
pub fn owner<'a>(servers: &'a [Server], key: &str) -> &'a Server {
    let slot: u16 = servers[0].say(&["CLUSTER", "KEYSLOT", key]).trim().parse().unwrap();
    let slots = servers[0].say(&["CLUSTER", "NODES"]);
    let line = slots.lines().find(|line| {
        let mut words = line.split(' ');
        words.nth(2).is_some_and(|flags| flags.contains("master"))
            && line.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                (first.parse().unwrap_or(u16::MAX)..=last.parse().unwrap_or(0)).contains(&slot)
            })
    });
    let address = line.unwrap().split(' ').nth(1).unwrap().split('@').next().unwrap().to_owned();
    servers.iter().find(|server| server.address() == address).unwrap()
}

/// A certificate authority and a server's certificate for 127.0.0.1, in this directory.
pub fn certificates(directory: &Path) {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(directory).output().unwrap();
        assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(directory.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    for ca in ["ca", "other"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {ca}.key -out {ca}.crt -days 2 -subj /CN={ca}"
        ));
    }
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout redis.key -out redis.csr -subj /CN=redis",
    );
    openssl("x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out redis.crt -days 2 -extfile names");
}

/// What redis-cli prints for a command to this port.
pub fn cli(port: u16, words: &[&str]) -> String {
    let output = Command::new("redis-cli").args(["-p", &port.to_string()]).args(words).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A port of nobody's, with one for a cluster's bus 10000 above it; both below those that connections are given.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 97).unwrap() * 100;
    loop {
        let port = 12_000 + (first + NEXT.fetch_add(1, Ordering::SeqCst)) % 10_000;
        if [port, port + 10_000].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}
