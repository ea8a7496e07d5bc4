//! The program over a store in Redis: a start without it, several processes on it, and every command.

mod absence;
mod commands;
mod doctor;
mod several;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use moderato::clock::Stopwatch;
use serde_json::{Value, json};

use super::servers::{DURABLE, Program, Server};
use super::serving::Serving;
use super::{Ran, moderato, run};

/// The deployment's key.
const OPERATOR: &str = "b1946ac92492d2347c6235b4d2611184";

/// A server of a test's own that keeps what it is given, and may go away and come back.
struct Redis(Server);

impl Redis {
    /// One that is away, on a port that is free.
    fn away() -> Self {
        Self(Server::absent(Program::Redis, &DURABLE))
    }

    /// One that is there.
    fn start() -> Self {
        Self::start_with(&[])
    }

    /// One that is there, with further options.
    fn start_with(options: &[&str]) -> Self {
        Self(Server::start(&[&DURABLE, options].concat()))
    }

    /// Starts it with what it had, and waits until it answers.
    fn come(&mut self) {
        self.0.restart();
    }

    /// Ends it at once.
    fn go(&mut self) {
        self.0.kill();
    }

    fn url(&self) -> String {
        self.0.url()
    }

    /// What `redis-cli` answers.
    fn cli(&self, command: &[&str]) -> String {
        self.0.say(command)
    }

    /// A command over this store, in a folder.
    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = moderato(folder);
        command.args(arguments).env("MODERATO__STORE__URL", self.url());
        command
    }

    /// Runs a command over this store.
    fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        run(&mut self.command(folder, arguments))
    }

    /// A service over this store, in a folder.
    fn serve(&self, folder: &Path) -> Serving {
        let settings = [("MODERATO__STORE__URL", &*self.url()), ("MODERATO__AUTH__OPERATOR_KEY", OPERATOR)];
        Serving::start_with(folder, &settings)
    }
}

/// Waits until something is so, and says how long that took.
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Stopwatch::start();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

/// A request with the deployment's key, its answer's head and body.
fn call(serving: &Serving, method: &str, path: &str, body: &Value) -> (String, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = serving.ask(&format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

/// Fails unless the answer has this status.
fn expect((head, body): (String, Value), status: u16) -> Value {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}\n{body}");
    body
}

fn is_ready(serving: &Serving) -> bool {
    call(serving, "GET", "/readyz", &Value::Null).0.starts_with("http/1.1 200 ")
}

fn comment(content: &str) -> Value {
    json!({ "post": { "id": "1" }, "author": { "name": "Ana" }, "content": content })
}
