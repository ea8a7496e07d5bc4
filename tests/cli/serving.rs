//! A service that a test runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Ran, moderato};

/// A service that was started, with its first lines. It is killed if the test does not stop it.
pub struct Serving {
    pub child: Child,
    pub lines: String,
}

impl Serving {
    /// Starts a service in this folder and waits for the last of its first lines.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = moderato(folder);
        command.arg("serve");
        if folder.join("moderato.toml").is_file() {
            command.args(["--config", "moderato.toml"]);
        }
        Self::of(command.env("MODERATO__HTTP__LISTEN", "127.0.0.1:0").envs(variables.iter().copied()))
    }

    /// What this command starts.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        while !lines.lines().any(|line| line.starts_with("try ")) {
            let read = out.read_line(&mut lines).unwrap();
            if read == 0 {
                let mut err = String::new();
                child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
                panic!("it ended: {lines}{err}");
            }
        }
        Self { child, lines }
    }

    /// What follows a word at the beginning of a line.
    pub fn line(&self, word: &str) -> &str {
        let line = self.lines.lines().find_map(|line| line.strip_prefix(word).map(str::trim));
        line.unwrap_or_else(|| panic!("no {word} in {}", self.lines))
    }

    pub fn address(&self) -> &str {
        self.line("listening").strip_prefix("http://").unwrap()
    }

    /// The answer to a request: status line, headers, body.
    pub fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Submits a comment with this key.
    pub fn submit(&self, site: &str, key: &str) -> String {
        let body = r#"{"post":{"id":"1"},"author":{"name":"Ana"},"content":"Thank you."}"#;
        self.ask(&format!(
            "POST /v1/sites/{site}/comments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(self) -> Ran {
        self.ask_to_stop();
        self.end()
    }

    /// Asks it to stop. A second time ends it at once.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    /// Waits until it has stopped.
    pub fn end(mut self) -> Ran {
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let status = self.child.wait().unwrap();
        Ran { code: status.code(), out: self.lines.clone(), err }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
