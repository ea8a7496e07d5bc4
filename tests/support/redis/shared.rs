//! Servers that all tests of a process share: each test keeps apart by a beginning of keys of its own.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Cluster, DURABLE, Program, Server};

/// A place in shared servers.
pub struct Lent<Servers: 'static> {
    pub servers: &'static Servers,
    pub url: String,
    /// What the keys of whoever has this begin with.
    pub prefix: String,
}

impl<Servers> Lent<Servers> {
    fn of(servers: &'static Servers, url: String) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { servers, url, prefix: format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed)) }
    }
}

/// A place in this process's Redis.
pub fn shared_redis() -> Lent<Server> {
    static SERVER: LazyLock<Server> = LazyLock::new(|| Server::start(&DURABLE));
    Lent::of(&SERVER, SERVER.url())
}

/// A place in this process's Valkey; `None` where that is not installed, which is said once.
pub fn shared_valkey() -> Option<Lent<Server>> {
    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| {
        let here = Program::Valkey.is_here();
        if !here {
            println!("skipped: valkey-server is not installed");
        }
        here.then(|| Server::start_as(Program::Valkey, &DURABLE))
    });
    SERVER.as_ref().map(|server| Lent::of(server, server.url()))
}

/// A place in this process's cluster.
pub fn shared_cluster() -> Lent<Cluster> {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
    Lent::of(&CLUSTER, CLUSTER.url())
}
