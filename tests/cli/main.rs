//! The built program, run as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/audit.rs"]
mod audit;
mod backup;
mod check;
mod config;
mod doctor;
mod ending;
mod eval;
mod export;
mod foreign;
mod housekeeping;
mod import;
mod leaving;
mod lists;
mod redis;
mod reload;
mod serve;
#[path = "../support/redis.rs"]
mod servers;
mod serving;
mod simulate;
mod train;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A comment that every policy rejects: spam's test string.
const GTUBE: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// What a run of the program left behind.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// The answer as JSON.
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless the program ended with this code.
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// The program in an empty environment and a folder of its own.
fn moderato(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moderato"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// Runs the program to its end.
fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the program with arguments and an input.
fn run_with<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut command = moderato(folder.path());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes it, which is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn usage_ends_with_2_and_help_with_0() {
    let nothing: [&str; 0] = [];
    assert!(run_with(nothing, b"").ends(2).err.contains("Usage"));
    run_with(["chek"], b"").ends(2);
    run_with(["check", "--lines", "--format", "text"], b"").ends(2);
    run_with(["eval"], b"").ends(2);
    run_with(["keys", "create"], b"").ends(2);
    run_with(["keys", "create", "--site", "a b"], b"").ends(2);
    assert!(run_with(["--help"], b"").ends(0).out.contains("healthcheck"));
    let version = run_with(["--version"], b"").ends(0).out;
    assert_eq!(version, format!("moderato {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["--version"], &["check"], &["check", "--lines", "/dev/stdin"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut child = moderato(folder.path());
        let child = child.args(arguments).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // Help ends without reading.
        let _ = child.stdin.take().unwrap().write_all(b"hello\n");
        let ended = child.wait_with_output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {err}");
        assert!(err.starts_with("moderato: cannot write: ") && err.lines().count() == 1, "{err}");
    }
}
