//! A cluster of three primaries, each with one replica.

use super::{DURABLE, Guard, PATIENCE, Program, Server, eventually};

/// Six servers that are a cluster.
pub struct Cluster {
    pub servers: Vec<Server>,
}

impl Cluster {
    /// Starts one and waits until it is whole.
    pub fn start() -> Self {
        Self::start_as(Program::Redis, &DURABLE, 1)
    }

    /// Starts one of this program, with so many replicas of each primary.
    pub fn start_as(program: Program, options: &[&str], replicas: usize) -> Self {
        Self::guarded((program, options), replicas, &Guard::default())
    }

    /// The same, with this guard.
    pub fn guarded((program, options): (Program, &[&str]), replicas: usize, guard: &Guard) -> Self {
        let mut all = vec!["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        all.extend(options);
        if guard.certificates.is_some() {
            all.extend(["--tls-cluster", "yes"]);
        }
        let servers: Vec<Server> = (0..3 + 3 * replicas).map(|_| Server::start_guarded(program, &all, guard)).collect();
        let addresses: Vec<String> = servers.iter().map(Server::address).collect();
        let mut create = vec!["--cluster", "create"];
        create.extend(addresses.iter().map(String::as_str));
        let replicas = replicas.to_string();
        create.extend(["--cluster-replicas", &replicas, "--cluster-yes"]);
        let made = servers[0].say(&create);
        assert!(made.contains("All 16384 slots covered"), "no cluster within {PATIENCE:?}:\n{made}");
        let cluster = Self { servers };
        cluster.settle();
        for server in &cluster.servers {
            eventually("everybody knows everybody", || cluster.is_known_to(server));
        }
        cluster
    }

    /// Waits until every server knows the cluster as whole, and every replica follows.
    pub fn settle(&self) {
        for server in &self.servers {
            server.wait_for("CLUSTER INFO", "cluster_state:ok");
        }
        for server in &self.servers {
            eventually("a replica follows", || server.is_primary() || server.follows());
        }
        for server in &self.servers {
            eventually("a primary knows its replicas as followers", || server.knows_its_followers());
        }
    }

    /// Whether a server knows who is a replica. Who does not yet denies that one its vote.
    fn is_known_to(&self, server: &Server) -> bool {
        let nodes = server.say(&["CLUSTER", "NODES"]);
        let count = |word| nodes.split([' ', ',', '\n']).filter(|found| *found == word).count();
        count("slave") == self.servers.len() - 3 && count("connected") == self.servers.len()
    }

    /// As a store's URL.
    pub fn url(&self) -> String {
        let guard = &self.servers[0].guard;
        let (first, second) = (self.servers[0].address(), self.servers[1].address());
        format!("{}+cluster://{}{first},{second}", guard.scheme(), guard.credentials())
    }

    /// Those that are primaries now.
    pub fn primaries(&self) -> Vec<&Server> {
        self.servers.iter().filter(|server| server.is_primary()).collect()
    }

    /// Who serves this key, by the words of a server that runs.
    pub fn owner(&self, key: &str) -> &Server {
        let speaker = self.servers.iter().find(|server| server.id().is_some()).expect("one runs");
        let slot: u16 = speaker.say(&["CLUSTER", "KEYSLOT", key]).trim().parse().unwrap();
        let nodes = speaker.say(&["CLUSTER", "NODES"]);
        let has_slot = |line: &&str| {
            line.split(' ').nth(2).is_some_and(|flags| flags.contains("master"))
                && line.split(' ').skip(8).any(|range| {
                    let (first, last) = range.split_once('-').unwrap_or((range, range));
                    (first.parse().unwrap_or(u16::MAX)..=last.parse().unwrap_or(0)).contains(&slot)
                })
        };
        let line = nodes.lines().find(has_slot).unwrap_or_else(|| panic!("nobody has slot {slot}:\n{nodes}"));
        let address = line.split(' ').nth(1).unwrap().split('@').next().unwrap().to_owned();
        self.servers.iter().find(|server| server.address() == address).unwrap()
    }

    /// The replicas of a primary.
    pub fn replicas_of(&self, primary: &Server) -> Vec<&Server> {
        let port = format!("\n{}\n", primary.port);
        let follows = |server: &&Server| {
            let role = server.say(&["ROLE"]);
            role.starts_with("slave") && role.contains(&port)
        };
        self.servers.iter().filter(follows).collect()
    }
}
