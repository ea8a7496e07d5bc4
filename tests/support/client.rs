//! A small blocking HTTP/1.1 client over one kept connection: what a load run and a kill run need, and no more.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One kept connection, opened again when it was lost.
pub struct Client {
    address: SocketAddr,
    authorization: String,
    connection: Option<BufReader<TcpStream>>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The header `Content-Type`, empty without one.
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// One request.
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub idempotency_key: Option<&'a str>,
    pub body: &'a [u8],
}

impl Client {
    /// A client of this server that sends this key.
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, authorization: format!("Bearer {key}"), connection: None }
    }

    /// Sends a request and reads the answer. An error means that the outcome is unknown; the next call connects anew.
    pub fn send(&mut self, call: &Call<'_>) -> io::Result<Answer> {
        let answer = self.exchange(call);
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&Call { method: "GET", path, idempotency_key: None, body: b"" })
    }

    pub fn post(&mut self, path: &str, body: &[u8]) -> io::Result<Answer> {
        self.send(&Call { method: "POST", path, idempotency_key: None, body })
    }

    fn exchange(&mut self, call: &Call<'_>) -> io::Result<Answer> {
        let mut request = Vec::with_capacity(call.body.len() + 300);
        write!(request, "{} {} HTTP/1.1\r\nHost: {}\r\n", call.method, call.path, self.address)?;
        write!(request, "Authorization: {}\r\n", self.authorization)?;
        if let Some(key) = call.idempotency_key {
            write!(request, "Idempotency-Key: {key}\r\n")?;
        }
        if !call.body.is_empty() {
            write!(request, "Content-Type: application/json\r\n")?;
        }
        write!(request, "Content-Length: {}\r\n\r\n", call.body.len())?;
        request.extend_from_slice(call.body);
        let connection = match &mut self.connection {
            Some(connection) => connection,
            closed => closed.insert(connect(self.address)?),
        };
        // A server that refuses a body early has answered though the rest cannot be sent.
        let sent = connection.get_mut().write_all(&request);
        let (answer, is_last) = read_answer(connection).map_err(|unread| sent.err().unwrap_or(unread))?;
        if is_last {
            self.connection = None;
        }
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(BufReader::new(stream))
}

/// The answer, and whether the server closes the connection after it.
fn read_answer(connection: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status"))?;
    let (mut length, mut content_type, mut is_last) = (0, String::new(), false);
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse().map_err(|_| broken("no length"))?,
            ("content-type", value) => value.clone_into(&mut content_type),
            ("connection", value) => is_last = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok((Answer { status, content_type, body }, is_last))
}
