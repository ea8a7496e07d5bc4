//! The main job on real comments: 420 spam and 1,003 honest ones over HTTP to a fresh service, the queue, and 20 decisions;
//! then the site leaves for another store, and its export from there is the same to the byte.
//!
//! Needs the labelled comments of `MODERATO_DATA`; without them there is nothing to run. To see the tables:
//! `MODERATO_DATA=… cargo test --test real_run -- --nocapture`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use moderato::clock::Stopwatch;
use serde_json::{Value, json};

#[path = "../support/mod.rs"]
mod support;

use support::client::Client;
use support::rows;
use support::server::{Launch, Server, first_key};

const FILES: [&str; 3] = ["blog_haacked.jsonl", "wp_dylanmtaylor.jsonl", "ham_s5s5.jsonl"];

/// Label → status → how many.
type Table = BTreeMap<String, BTreeMap<String, usize>>;

#[test]
fn a_real_run_as_shipped_publishes_next_to_nothing_unseen() {
    let Some(table) = run("as shipped", &Launch::default()) else { return };
    let unseen = share(&table, "spam", &["approved"]);
    assert!(unseen <= 0.01, "{unseen:.3} of the spam was published without a look");
    assert!(share(&table, "ham", &["rejected"]) <= 0.005);
}

#[test]
fn a_real_run_by_screening_alone_keeps_the_marks() {
    let settings = vec![("MODERATO__POLICY__FIRST_COMMENT".to_owned(), "screen".to_owned())];
    let Some(table) = run("first_comment = screen", &Launch { settings, ..Launch::default() }) else { return };
    assert!(share(&table, "ham", &["rejected"]) <= 0.005, "honest comments lost");
    assert!(share(&table, "ham", &["held", "rejected"]) <= 0.10, "honest comments disturbed");
    assert!(share(&table, "spam", &["approved"]) <= 0.40, "spam published");
}

fn run(title: &str, launch: &Launch) -> Option<Table> {
    let Some(rows) = rows::read(&FILES) else {
        println!("MODERATO_DATA names no folder of labelled comments: nothing to run");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, launch).unwrap();
    let mut client = Client::new(server.address, &first_key(&data, "site demo"));
    let mut table = Table::new();
    for row in &rows {
        let answer = client.post("/v1/sites/demo/comments", row.submission.to_string().as_bytes()).unwrap();
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        let status = answer.json()["status"].as_str().unwrap().to_owned();
        *table.entry(row.label.clone()).or_default().entry(status).or_default() += 1;
    }
    println!("{title}: {} comments", rows.len());
    println!("{:<6}{:>10}{:>8}{:>10}", "", "approved", "held", "rejected");
    for (label, counts) in &table {
        let of = |status: &str| counts.get(status).copied().unwrap_or(0);
        println!("{label:<6}{:>10}{:>8}{:>10}", of("approved"), of("held"), of("rejected"));
    }
    let held: usize = table.values().filter_map(|counts| counts.get("held")).sum();
    assert_eq!(queue(&mut client).len(), held, "the queue holds what is held");
    decide_twenty(&mut client);
    assert_eq!(queue(&mut client).len(), held - 20, "what is decided leaves the queue");
    leave_and_come_back(&data, rows.len());
    Some(table)
}

/// Exports beside the running service, imports into a fresh store beside its running service, and exports again.
fn leave_and_come_back(data: &Path, comments: usize) {
    let (first, second) = (data.with_file_name("first.jsonl"), data.with_file_name("second.jsonl"));
    let (leaving, _) = moderato(&["export", "--out", first.to_str().unwrap()], data);
    let fresh = data.with_file_name("fresh");
    let server = Server::start(&fresh, &Launch::default()).unwrap();
    let (coming, told) = moderato(&["import", first.to_str().unwrap()], &fresh);
    assert!(told.starts_with(&format!("imported into demo: {comments} comments and 0 tombstones\n")), "{told}");
    moderato(&["export", "--out", second.to_str().unwrap()], &fresh);
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap(), "the second export differs from the first");
    drop(server);
    let bytes = fs::metadata(&first).unwrap().len();
    println!("exported in {leaving:.2?}, imported in {coming:.2?}: {comments} comments, {bytes} bytes");
}

/// Runs a command over the site in this data folder; how long it took, and what it said.
fn moderato(arguments: &[&str], data: &Path) -> (Duration, String) {
    let watch = Stopwatch::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_moderato"));
    let ran = command.args(arguments).args(["--site", "demo", "--data"]).arg(data).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    (watch.elapsed(), String::from_utf8(ran.stdout).unwrap())
}

/// The whole queue, page by page.
fn queue(client: &mut Client) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = "/v1/sites/demo/comments?review=open&limit=100".to_owned();
    loop {
        let page = client.get(&path).unwrap().json();
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return found };
        path = format!("/v1/sites/demo/comments?review=open&limit=100&cursor={next}");
    }
}

fn decide_twenty(client: &mut Client) {
    for (number, comment) in queue(client).iter().take(20).enumerate() {
        let id = comment["id"].as_str().unwrap();
        let (action, body) =
            if number % 2 == 0 { ("approve", json!({})) } else { ("reject", json!({"reason": "spam"})) };
        let answer =
            client.post(&format!("/v1/sites/demo/comments/{id}/{action}"), body.to_string().as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let expected = if number % 2 == 0 { "approved" } else { "rejected" };
        assert_eq!(answer.json()["status"], expected);
        assert_eq!(answer.json()["review"]["state"], "done");
    }
}

fn share(table: &Table, label: &str, statuses: &[&str]) -> f64 {
    let counts = &table[label];
    let part: usize = statuses.iter().filter_map(|status| counts.get(*status)).sum();
    part as f64 / counts.values().sum::<usize>() as f64
}
