//! A service of its own with a second site, by itself or behind a proxy, and what its log says of requests.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::exchange::{Bodies, Seen, exchange};
use crate::front::{Front, Starts};
use crate::support::client::Client;
use crate::support::server::{Launch, Server};
use crate::support::texts;

/// The operator's key of every target.
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What cases are sent to.
pub struct Target {
    // The proxy ends before the service, and the folder goes last.
    front: Option<Front>,
    server: Server,
    folder: TempDir,
}

/// A request as the service's log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub id: String,
    pub status: u64,
}

impl Target {
    /// The service itself.
    pub fn direct() -> Target {
        let folder = tempfile::tempdir().unwrap();
        let settings = [
            ("LIMITS__ENABLED", "false"),
            ("AUTH__OPERATOR_KEY", KEY),
            ("LOG__LEVEL", "info,actix_http=off"),
            ("LOG__FORMAT", "json"),
            ("HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ];
        let settings = settings.map(|(name, value)| (format!("MODERATO__{name}"), value.to_owned())).to_vec();
        let launch = Launch { settings, ..Launch::default() };
        let server = Server::start(&folder.path().join("data"), &launch).unwrap();
        let mut client = Client::new(server.address, KEY);
        let other = json!({"id": "other", "name": "Another site"}).to_string();
        assert_eq!(client.post("/v1/sites", other.as_bytes()).unwrap().status, 201);
        for number in 0..100 {
            let body = texts::submission("warm", number).to_string();
            assert_eq!(client.post("/v1/sites/demo/comments", body.as_bytes()).unwrap().status, 201);
        }
        Target { front: None, server, folder }
    }

    /// The service behind a proxy.
    pub fn behind(starts: Starts) -> Target {
        let target = Target::direct();
        let front = starts(target.server.address, target.folder.path());
        Target { front: Some(front), ..target }
    }

    /// Whether nothing stands before the service.
    pub fn is_direct(&self) -> bool {
        self.front.is_none()
    }

    /// Where cases are sent.
    pub fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.server.address, |front| front.address)
    }

    /// Sends a good request with this id on a connection of its own.
    pub fn good_request(&self, id: &str) -> Seen {
        let request = format!(
            "GET /v1/sites/demo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nX-Request-Id: {id}\r\nConnection: close\r\n\r\n"
        );
        exchange(self.address(), request.as_bytes(), (1, Bodies::AsDeclared))
    }

    /// How many bytes of log there are.
    pub fn log_end(&self) -> u64 {
        fs::metadata(self.log_file()).unwrap().len()
    }

    /// The log from this byte on.
    pub fn log_from(&self, start: u64) -> String {
        let mut file = fs::File::open(self.log_file()).unwrap();
        file.seek(SeekFrom::Start(start)).unwrap();
        let mut log = String::new();
        file.read_to_string(&mut log).unwrap();
        log
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("data.log")
    }

    /// The memory that the service holds, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim_end_matches("kB").trim().parse().unwrap()
    }
}

/// The requests of a stretch of the log, in order.
pub fn logged(log: &str) -> Vec<Logged> {
    let request = |line: &str| {
        let fields: Value = serde_json::from_str(line).ok()?;
        let id = fields["request"].as_str()?.to_owned();
        (fields["message"] == "request").then(|| Logged { id, status: fields["status"].as_u64().unwrap() })
    };
    log.lines().filter_map(request).collect()
}
