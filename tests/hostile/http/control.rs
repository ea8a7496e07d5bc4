//! The control: a service that is taken in, so that it is known that these proxies and checks would show it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::exchange::{Bodies, Seen, exchange};
use crate::front::{Front, Starts};

#[test]
fn a_service_that_reads_a_body_as_a_request_gives_the_next_caller_anothers_answer() {
    if super::without_proxies() {
        return;
    }
    for starts in [Front::nginx as Starts, Front::haproxy] {
        let folder = tempfile::tempdir().unwrap();
        let front = starts(service_without_bodies(), folder.path());
        let hidden = "GET /hidden HTTP/1.1\r\nX-Request-Id: hidden\r\nX-Swallowed: ";
        let first = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: first\r\nContent-Length: {}\r\n\r\n{hidden}",
            hidden.len()
        );
        assert_eq!(id_of(&exchange(front.address, first.as_bytes(), (1, Bodies::AsDeclared))), "first");
        let next = "GET / HTTP/1.1\r\nHost: x\r\nX-Request-Id: next\r\nConnection: close\r\n\r\n";
        assert_eq!(id_of(&exchange(front.address, next.as_bytes(), (1, Bodies::AsDeclared))), "hidden");
    }
}

fn id_of(seen: &Seen) -> &str {
    seen.replies[0].header("x-request-id").unwrap()
}

/// A service that takes every body for the beginning of the next request.
fn service_without_bodies() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || answer_heads(&stream));
        }
    });
    address
}

fn answer_heads(mut stream: &TcpStream) {
    let mut id = String::new();
    for line in BufReader::new(stream).split(b'\n') {
        let Ok(line) = line.map(|line| String::from_utf8_lossy(&line).trim_end().to_ascii_lowercase()) else { return };
        if let Some(value) = line.strip_prefix("x-request-id: ") {
            // Of a request with another one inside, the first counts.
            if id.is_empty() {
                value.clone_into(&mut id);
            }
        } else if line.is_empty() {
            let answer = format!("HTTP/1.1 200 OK\r\nX-Request-Id: {id}\r\nContent-Length: 0\r\n\r\n");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            id.clear();
        }
    }
}
