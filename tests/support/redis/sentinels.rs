//! One primary, two replicas, and three Sentinels that put a replica in its place within seconds.

use std::fs;

use super::{Guard, Program, Server, guarded_family, place};

/// What Sentinels call the primary.
const NAME: &str = "main";

/// A primary with two replicas, watched.
pub struct Sentinels {
    /// The first one is the primary to begin with.
    pub servers: Vec<Server>,
    pub sentinels: Vec<Server>,
}

impl Sentinels {
    /// Starts them and waits until all know each other.
    pub fn start() -> Self {
        Self::guarded(&Guard::default(), &Guard::default())
    }

    /// The same, with a guard for the servers and one for the Sentinels.
    pub fn guarded(of_servers: &Guard, of_sentinels: &Guard) -> Self {
        let (primary, replicas) = guarded_family(2, of_servers);
        let sentinels: Vec<Server> = (0..3).map(|_| watch(&primary, of_sentinels)).collect();
        for sentinel in &sentinels {
            sentinel.wait_for("INFO sentinel", "status=ok,address=127.0.0.1");
            sentinel.wait_for("INFO sentinel", "slaves=2,sentinels=3");
        }
        let servers = std::iter::once(primary).chain(replicas).collect();
        Self { servers, sentinels }
    }

    /// As a store's URL.
    pub fn url(&self) -> String {
        let addresses: Vec<String> = self.sentinels.iter().map(Server::address).collect();
        let guard = &self.servers[0].guard;
        format!("{}+sentinel://{}{}/{NAME}", guard.scheme(), guard.credentials(), addresses.join(","))
    }

    /// Who is the primary by the Sentinels' words.
    pub fn primary(&self) -> &Server {
        let answer = self.sentinels[0].say(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
        let port: u16 = answer.lines().nth(1).unwrap().trim().parse().unwrap();
        self.servers.iter().find(|server| server.port == port).unwrap()
    }
}

/// A Sentinel that watches this primary. Its options are its file, which it also writes to.
fn watch(primary: &Server, guard: &Guard) -> Server {
    for _ in 0..5 {
        let mut sentinel = Server::absent(Program::Redis, &[]).guarded(guard);
        let file = sentinel.directory.path().join("sentinel.conf");
        let lines = format!(
            "bind 127.0.0.1\ndir {directory}\nlogfile log\n\
             sentinel monitor {NAME} 127.0.0.1 {watched} 2\n\
             sentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 5000\n",
            directory = sentinel.directory.path().display(),
            watched = primary.port,
        );
        let of_guard: Vec<String> =
            guard.lines(sentinel.port).iter().map(|(name, value)| format!("{name} {value}\n")).collect();
        let password = primary.guard.password.iter().map(|password| format!("sentinel auth-pass {NAME} {password}\n"));
        fs::write(&file, of_guard.concat() + &lines + &password.collect::<String>()).unwrap();
        let mut command = place::bound("redis-server");
        command.arg(&file).arg("--sentinel");
        sentinel.process = Some(place::spawn(command));
        if sentinel.until_it_says("+monitor master").is_ok() {
            return sentinel;
        }
    }
    panic!("no port for a Sentinel");
}
