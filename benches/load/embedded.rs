//! The built program over a fresh embedded store: submit beside check.

use std::sync::atomic::AtomicU64;

use crate::processes::resident_kib;
use crate::round::{CONNECTIONS, Load, Round};
use crate::support::server::{Launch, Server, first_key};
use crate::{Length, SUBMIT};

pub fn run(length: Length) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &Launch::default()).unwrap();
    let (key, next, pid) = (first_key(&data, "site demo"), AtomicU64::new(0), server.child.id());
    let load = Load { address: server.address, key: &key, watched: vec![pid], next: &next, length: length.round };
    load.full(SUBMIT);
    println!("{CONNECTIONS} connections, {} rounds of {:?} each, in turn", length.rounds, length.round);
    Round::heading();
    let (mut submits, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..length.rounds {
        submits.push(load.full(SUBMIT).print("submit"));
        checks.push(load.full("/v1/sites/demo/comments/check").print("check"));
    }
    println!("medians:");
    Round::median(&submits).print("submit");
    Round::median(&checks).print("check");
    println!("resident memory of the server: {} MiB", resident_kib(pid) / 1024);
}
