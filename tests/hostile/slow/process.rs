//! A running program with its limits off, and what it takes of the machine.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::support::server::{Launch, Server, first_key};

/// The program over a folder of its own.
pub struct Process {
    server: Server,
    pub key: String,
    _folder: tempfile::TempDir,
}

impl Process {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with these settings, by the ends of their variables' names.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let without_limits = [("LIMITS__ENABLED", "false")];
        let set = |(name, value): &(&str, &str)| (format!("MODERATO__{name}"), (*value).to_owned());
        let settings = without_limits.iter().chain(settings).map(set).collect();
        let server = Server::start(&data, &Launch { settings, ..Launch::default() }).expect("it starts");
        let key = first_key(&data, "site demo");
        Self { server, key, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// How many files, sockets among them, it has open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.server.child.id())).unwrap().count()
    }

    /// Waits until it has no more files open than this.
    pub fn wait_for_open_files(&self, most: usize) {
        let begun = Instant::now();
        while self.open_files() > most {
            assert!(begun.elapsed() < Duration::from_secs(10), "{} files are open, not {most}", self.open_files());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
