//! Asks a running service something, with little patience.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::failure::Failure;
use crate::clock::Stopwatch;

/// The longest it waits, all in all.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most of an answer that is read: what `/metrics` says is a tenth of it.
const MOST: usize = 1024 * 1024;

/// Where to ask.
pub(super) struct Target {
    /// Address and port.
    pub authority: String,
    path: String,
}

/// What was answered.
pub(super) struct Answer {
    /// The status, if the answer is one in HTTP.
    pub status: Option<u16>,
    head: String,
    /// The body.
    pub body: String,
}

impl Target {
    /// What a URL names: `http://HOST:PORT`, and this path unless it has one of its own.
    pub(super) fn of_url(url: &str, path: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Usage(format!("--url must be like http://127.0.0.1:8080, not {url}"));
        let parsed = url::Url::parse(url).map_err(|_| wrong())?;
        let (Some(host), "http") = (parsed.host_str(), parsed.scheme()) else { return Err(wrong()) };
        let path = if parsed.path() == "/" { path } else { parsed.path() };
        Ok(Self { authority: format!("{host}:{}", parsed.port().unwrap_or(80)), path: path.to_owned() })
    }

    /// A path of what listens here, on this machine. Every address is reached through loopback.
    pub(super) fn of_listen(listen: &str, path: &str) -> Self {
        let authority = match listen.parse::<SocketAddr>() {
            Ok(address) => super::serve::reachable(address).to_string(),
            Err(_) => listen.to_owned(),
        };
        Self { authority, path: path.to_owned() }
    }

    /// The answer to a GET, with this key if there is one.
    pub(super) fn ask(&self, key: Option<&str>) -> io::Result<Answer> {
        let waiting = Stopwatch::start();
        let left = || match PATIENCE.saturating_sub(waiting.elapsed()) {
            Duration::ZERO => Err(io::Error::from(io::ErrorKind::TimedOut)),
            left => Ok(left),
        };
        let address = self.authority.to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other("its name has no address"))?;
        let mut stream = TcpStream::connect_timeout(&address, left()?)?;
        stream.set_write_timeout(Some(left()?))?;
        let Self { authority, path } = self;
        let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n{key}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while answer.len() < MOST {
            stream.set_read_timeout(Some(left()?))?;
            match stream.read(&mut part)? {
                0 => break,
                read => answer.extend_from_slice(&part[..read]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.strip_prefix("HTTP/").and_then(|head| head.split_ascii_whitespace().nth(1)?.parse().ok());
        Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }
}

impl Answer {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// Why nobody answered, in words.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer within 2 seconds".to_owned(),
        _ => error.to_string(),
    }
}
