//! A connection: bytes are sent as they are, and answers read for as long as they come.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long nothing may come before a connection with all its answers counts as done.
const SILENCE: Duration = Duration::from_millis(20);
/// How long an answer is waited for: longer than the service waits for a head or a body.
const PATIENCE: Duration = Duration::from_secs(14);

/// What came back on a connection.
#[derive(Debug, Default)]
pub struct Seen {
    pub replies: Vec<Reply>,
    pub closed: bool,
    /// Bytes that are no whole answer.
    pub rest: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Whether answers have bodies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    AsDeclared,
    None,
}

/// Sends these bytes on a new connection and reads until it is closed, or silent after at least `wanted` answers, or nothing comes
/// for long. Writing may fail: who refuses a request need not read it.
pub fn exchange(address: SocketAddr, bytes: &[u8], (wanted, bodies): (usize, Bodies)) -> Seen {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(bytes);
    let (mut seen, mut buffer, begun) = (Seen::default(), vec![0; 65_536], Instant::now());
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => seen.closed = true,
            Ok(count) => seen.rest.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if seen.replies.len() >= wanted.max(1) || begun.elapsed() > PATIENCE {
                    return seen;
                }
            }
            Err(_) => seen.closed = true,
        }
        while let Some((reply, length)) = first_reply(&seen.rest, bodies, seen.closed) {
            seen.rest.drain(..length);
            if reply.status != 100 {
                seen.replies.push(reply);
            }
        }
        if seen.closed {
            return seen;
        }
    }
}

/// The first answer of these bytes and its length, if it is whole.
fn first_reply(bytes: &[u8], bodies: Bodies, closed: bool) -> Option<(Reply, usize)> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let pair = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let mut reply = Reply { status, headers: lines.filter_map(pair).collect(), body: Vec::new() };
    let start = end + 4;
    if bodies == Bodies::None || status < 200 || matches!(status, 204 | 304) {
        return Some((reply, start));
    }
    let after = &bytes[start..];
    let length = if reply.header("transfer-encoding").is_some() {
        let (body, length) = unchunked(after)?;
        reply.body = body;
        length
    } else {
        let declared = reply.header("content-length").map(|value| value.parse::<usize>().unwrap());
        let length = declared.or(closed.then_some(after.len()))?;
        reply.body = after.get(..length)?.to_vec();
        length
    };
    Some((reply, start + length))
}

fn unchunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?, 16).ok()?;
        let start = at + line + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        at = start + size + 2;
        if at > bytes.len() {
            return None;
        }
        if size == 0 {
            return Some((body, at));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
