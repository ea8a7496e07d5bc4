//! The program under test, and what is seen of it from outside: its log, its memory, its counters.

use std::fs;
use std::path::PathBuf;

use super::request::CANARY;
use super::sender::Sender;
use super::support::client::Client;
use super::support::server::{Launch, Server, first_key};

/// A running program over a folder of its own.
pub struct Host {
    server: Server,
    data: PathBuf,
    key: String,
    _folder: tempfile::TempDir,
}

impl Host {
    /// Starts it: it logs all that it ever would, and its limits are off.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let set = |name: &str, value: &str| (format!("MODERATO__{name}"), value.to_owned());
        let settings = vec![
            set("LOG__LEVEL", "debug,actix_http=off,actix_server=warn"),
            set("LIMITS__ENABLED", "false"),
            set("POLICY__FIRST_COMMENT", "screen"),
        ];
        let server = Server::start(&data, &Launch { settings, ..Launch::default() }).expect("it starts");
        let key = first_key(&data, "operator");
        Self { server, data, key, _folder: folder }
    }

    /// A connection of its own.
    pub fn sender(&self, number: usize) -> Sender {
        Sender::new(self.server.address, &self.key, number)
    }

    /// The requests that it has answered, by its own count.
    pub fn requests_counted(&self) -> u64 {
        let page = Client::new(self.server.address, &self.key).get("/metrics").unwrap();
        let text = String::from_utf8(page.body).unwrap();
        let counts = text.lines().filter(|line| line.starts_with("moderato_http_requests_total{"));
        counts.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// What its log says that it should not.
    pub fn log_faults(&self) -> Vec<String> {
        let log = fs::read(self.data.with_extension("log")).unwrap();
        let log = String::from_utf8_lossy(&log);
        assert!(log.lines().count() > 1_000, "it logs its requests");
        let is_wrong = |line: &&str| {
            let is_entry = line.starts_with("20") && !line.contains(|c: char| c.is_control());
            line.contains("ERROR") || line.contains("panicked") || line.contains(CANARY) || !is_entry
        };
        log.lines().filter(is_wrong).map(|line| format!("the log says: {line}")).collect()
    }
}
