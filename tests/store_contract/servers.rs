//! That the servers tests are run on end with them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::redis::{self, Server, eventually};

#[test]
fn servers_end_with_a_test_process_that_is_killed_and_leave_no_files() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::child_that_has_a_server_until_it_is_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find_map(|line| Some(line.strip_prefix("server ")?.to_owned())).unwrap();
    let (port, directory) = line.split_once(' ').unwrap();
    let (port, directory): (u16, &Path) = (port.parse().unwrap(), Path::new(directory));
    assert_eq!(redis::cli(port, &["PING"]).trim(), "PONG");
    assert!(directory.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the server is gone", || redis::cli(port, &["PING"]).trim() != "PONG");
    eventually("its files are gone", || !directory.exists() && !directory.parent().unwrap().exists());
}

#[test]
#[ignore = "ended by servers_end_with_a_test_process_that_is_killed_and_leave_no_files"]
fn child_that_has_a_server_until_it_is_killed() {
    let server = std::thread::spawn(|| Server::start(&redis::DURABLE)).join().unwrap();
    println!("server {} {}", server.port, server.directory.path().display());
    loop {
        std::thread::park();
    }
}

#[test]
fn a_server_goes_on_where_it_was_after_a_pause_and_after_its_death() {
    let mut server = Server::start(&redis::DURABLE);
    server.say(&["SET", "a", "1"]);
    server.pause();
    assert_eq!(server.say(&["GET", "a"]), "");
    server.resume();
    assert_eq!(server.say(&["GET", "a"]), "1\n");
    server.kill();
    assert_eq!(server.say(&["GET", "a"]), "");
    server.restart();
    assert_eq!(server.say(&["GET", "a"]), "1\n");
}

#[test]
fn sentinels_put_a_replica_in_the_place_of_a_dead_primary() {
    let mut all = redis::Sentinels::start();
    let first = all.primary().port;
    assert_eq!(first, all.servers[0].port);
    all.servers[0].kill();
    eventually("there is another primary", || all.primary().port != first && all.primary().is_primary());
}
