//! `doctor`: for each finding what brings it about, and what does not.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use moderato::clock::Clock;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::serving::Serving;
use super::{Ran, moderato, run};

/// A key that nobody guesses.
const STRONG: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// What the doctor of this folder says, asking a service at this address (or where nobody listens).
fn examine(folder: &Path, address: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = moderato(folder);
    command.args(["doctor", "--format", "json"]).env("MODERATO__HTTP__LISTEN", address);
    run(command.envs(variables.iter().copied()))
}

/// The same of a folder whose service has stopped.
fn alone(folder: &Path) -> Ran {
    examine(folder, "127.0.0.1:1", &[])
}

/// Fails unless this was found at this level, with something to do about it.
#[track_caller]
fn finds(ran: &Ran, level: &str, id: &str) -> Value {
    let answer = ran.json();
    let found = answer["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id);
    let found = found.unwrap_or_else(|| panic!("no {id} in {answer:#}"));
    assert_eq!(found["level"], level, "{found:#}");
    assert_eq!(found["change"].is_null(), level == "ok", "{found:#}");
    assert_eq!(ran.code, Some(i32::from(answer["problems"] != 0)), "{answer:#}");
    found.clone()
}

#[track_caller]
fn lacks(ran: &Ran, id: &str) {
    let answer = ran.json();
    assert!(answer["findings"].as_array().unwrap().iter().all(|finding| finding["id"] != id), "{answer:#}");
}

/// A service that limits nobody, and everything for it.
fn serve(folder: &Path, variables: &[(&str, &str)]) -> Serving {
    let variables =
        [variables, &[("MODERATO__LIMITS__ENABLED", "false"), ("MODERATO__AUTH__OPERATOR_KEY", STRONG)]].concat();
    Serving::start_with(folder, &variables)
}

/// What is answered to a submission.
fn post(serving: &Serving, body: &Value) -> String {
    let body = body.to_string();
    serving.ask(&format!(
        "POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {STRONG}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// Submits comments, the n-th with these members besides.
fn submit(serving: &Serving, count: usize, more: impl Fn(usize) -> Value) {
    for n in 0..count {
        let mut body =
            json!({"post": {"id": n.to_string()}, "author": {}, "content": format!("Thank you, {n} times.")});
        let Value::Object(more) = more(n) else { panic!("no members") };
        body.as_object_mut().unwrap().extend(more);
        let answer = post(serving, &body);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
}

/// A folder whose service took these comments and has stopped.
fn with_comments(count: usize, more: impl Fn(usize) -> Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[]);
    submit(&serving, count, more);
    serving.stop().ends(0);
    folder
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("data/moderato.db")).unwrap()
}

/// Changes exactly one row of a database.
fn change(folder: &Path, sql: &str) {
    assert_eq!(database(folder).execute(sql, []).unwrap(), 1, "{sql}");
}

fn ago(days: i64) -> i64 {
    Clock::System.now().millis() - days * 24 * 60 * 60 * 1000
}

#[test]
fn where_nothing_is_yet_it_says_so_makes_nothing_and_finds_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let ran = alone(folder.path()).ends(0);
    finds(&ran, "note", "store.empty");
    finds(&ran, "note", "service.runs");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::set_permissions(folder.path().join("data"), fs::Permissions::from_mode(0o700)).unwrap();
    finds(&alone(folder.path()).ends(0), "note", "store.empty");
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 0);
    let told = run(moderato(folder.path()).arg("doctor")).ends(0).out;
    assert!(told.ends_with("\n0 problems, 0 warnings\n"), "{told}");
    run(moderato(folder.path()).args(["doctor", "--config", "missing.toml"])).ends(1);
}

#[test]
fn beside_a_healthy_service_there_is_nothing_to_change_but_where_its_first_keys_lie() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[]);
    submit(&serving, 25, |n| json!({"client": {"ip": format!("203.0.113.{n}")}}));
    let ran = examine(folder.path(), serving.address(), &[]).ends(0);
    let answer = ran.json();
    let findings = answer["findings"].as_array().unwrap();
    let to_change: Vec<&Value> =
        findings.iter().filter(|finding| finding["level"] != "ok").map(|it| &it["id"]).collect();
    assert_eq!(to_change, ["keys.first_keys"], "{answer:#}");
    for id in [
        "service.runs",
        "store.opens",
        "store.comments",
        "durability.disk",
        "clock.agrees",
        "proxies.apart",
        "keys.used",
    ] {
        finds(&ran, "ok", id);
    }
    for id in ["disk.free", "disk.growth", "connections.files"] {
        finds(&ran, "ok", id);
    }
    fs::remove_file(folder.path().join("data/first-keys.txt")).unwrap();
    lacks(&examine(folder.path(), serving.address(), &[]).ends(0), "keys.first_keys");
    let told = run(moderato(folder.path()).arg("doctor").env("MODERATO__HTTP__LISTEN", serving.address())).ends(0).out;
    assert!(told.contains("25 of 25 comments were read") && !told.contains('>'), "{told}");
}

#[test]
fn a_store_that_does_not_open_is_a_problem_and_the_rest_is_looked_at_all_the_same() {
    let folder = with_comments(1, |_| json!({}));
    finds(&alone(folder.path()).ends(0), "ok", "store.opens");
    change(folder.path(), "UPDATE meta SET store_id = store_id");
    database(folder.path()).pragma_update(None, "user_version", 999).unwrap();
    let newer = alone(folder.path()).ends(1);
    let newer = finds(&newer, "problem", "store.opens");
    assert!(newer["found"].as_str().unwrap().contains("newer version"));
    assert!(newer["change"].as_str().unwrap().starts_with("install the version"), "{newer}");
    fs::write(folder.path().join("data/moderato.db"), "no database at all, but a text that is long enough for one")
        .unwrap();
    let broken = alone(folder.path()).ends(1);
    assert!(finds(&broken, "problem", "store.opens")["found"].as_str().unwrap().contains("not a database"));
    finds(&broken, "ok", "disk.free");
    finds(&broken, "note", "keys.first_keys");
}

#[test]
fn an_older_database_is_told_and_left_as_it_is() {
    let folder = with_comments(1, |_| json!({}));
    lacks(&alone(folder.path()), "store.schema");
    database(folder.path()).pragma_update(None, "user_version", 1).unwrap();
    finds(&alone(folder.path()).ends(0), "warning", "store.schema");
    let version = database(folder.path()).pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    assert_eq!(version, Ok(1));
    let left = fs::read_dir(folder.path().join("data")).unwrap().count();
    assert_eq!(left, 4, "database, two locks, first keys");
}

#[test]
fn a_database_without_an_identity_is_a_problem() {
    let folder = with_comments(1, |_| json!({}));
    database(folder.path()).execute("DELETE FROM meta", []).unwrap();
    finds(&alone(folder.path()).ends(1), "problem", "store.opens");
}

#[test]
fn comments_that_are_damaged_and_counts_that_are_wrong_are_problems() {
    let folder = with_comments(3, |_| json!({}));
    finds(&alone(folder.path()).ends(0), "ok", "store.comments");
    change(folder.path(), "UPDATE sites SET approved = approved + 1, held = held - 1");
    finds(&alone(folder.path()).ends(1), "problem", "store.counts");
    change(folder.path(), "UPDATE sites SET approved = approved - 1, held = held + 1");
    change(folder.path(), "UPDATE comments SET packed = 'x' WHERE post = '1'");
    let found = finds(&alone(folder.path()).ends(1), "problem", "store.damaged");
    assert!(found["found"].as_str().unwrap().contains("1 of the latest 3"), "{found}");
}

#[test]
fn data_in_memory_is_a_problem() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let listed = fs::read_to_string("/proc/mounts").unwrap();
    if !listed.lines().any(|line| line.contains(" /dev/shm tmpfs ")) {
        return;
    }
    let ran = run(moderato(Path::new("/")).args(["doctor", "--format", "json", "--data"]).arg(folder.path()));
    finds(&ran, "problem", "durability.memory");
}

#[test]
fn a_service_that_keeps_its_metrics_to_itself_tells_them_to_the_deployments_key() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[("MODERATO__METRICS__OPEN_TO", "[]")]);
    finds(&examine(folder.path(), serving.address(), &[]), "note", "service.metrics");
    let key = [("MODERATO__AUTH__OPERATOR_KEY", STRONG)];
    finds(&examine(folder.path(), serving.address(), &key), "ok", "service.runs");
}

#[test]
fn another_program_at_the_services_address_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let answering = std::thread::Builder::new().spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let mut head = [0; 1024];
        assert!(stream.read(&mut head).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi").unwrap();
    });
    finds(&examine(folder.path(), &address, &[]).ends(0), "warning", "service.other");
    answering.unwrap().join().unwrap();
}

#[test]
fn clocks_that_disagree_are_told() {
    let minutes_ago = |minutes: i64| moderato::domain::Timestamp::from_millis(ago(0) - minutes * 60_000).to_string();
    let late = with_comments(20, |_| json!({"created_at": minutes_ago(10)}));
    finds(&alone(late.path()).ends(0), "warning", "clock.late");
    let early = with_comments(20, |_| json!({"created_at": minutes_ago(-10)}));
    finds(&alone(early.path()).ends(0), "note", "clock.early");
    let right = with_comments(20, |_| json!({"created_at": minutes_ago(1)}));
    finds(&alone(right.path()).ends(0), "ok", "clock.agrees");
    let decided = |_| json!({"created_at": minutes_ago(10), "decided": {"action": "approve", "by": "person"}});
    finds(&alone(with_comments(20, decided).path()).ends(0), "ok", "clock.agrees");

    // The clock was ten years ahead, and nothing but the feed tells of it.
    let ahead = with_comments(1, |_| json!({}));
    let years = 3_650 * 24 * 60 * 60 * 1000_i64;
    let jump = "UPDATE events SET millis = millis + ?1, packed = json_set(packed, '$.id.millis', millis + ?1)";
    database(ahead.path()).execute(jump, [years]).unwrap();
    let told = alone(ahead.path()).ends(0);
    assert!(finds(&told, "warning", "clock.ahead")["found"].as_str().unwrap().contains("expired too early"));

    let connection = database(right.path());
    let packed = "SELECT packed FROM comments WHERE post = '1'";
    let packed: String = connection.query_row(packed, [], |row| row.get(0)).unwrap();
    let mut comment: Value = serde_json::from_str(&packed).unwrap();
    comment["received_at"] = json!(ago(-1));
    let packed = comment.to_string();
    let crc = crc32fast::hash(packed.as_bytes());
    let update = "UPDATE comments SET packed = ?1, crc = ?2 WHERE post = '1'";
    assert_eq!(connection.execute(update, (&packed, crc)).unwrap(), 1);
    drop(connection);
    finds(&alone(right.path()).ends(0), "warning", "clock.future");
}

#[test]
fn commenters_that_are_not_told_apart_are_told() {
    let from = |ip: &'static str| with_comments(20, move |_| json!({"client": {"ip": ip}}));
    finds(&alone(with_comments(20, |_| json!({})).path()).ends(0), "warning", "proxies.no_address");
    finds(&alone(from("10.0.0.1").path()).ends(1), "problem", "proxies.private");
    let one = alone(from("203.0.113.7").path()).ends(0);
    assert!(finds(&one, "warning", "proxies.one_address")["found"].as_str().unwrap().contains("203.0.113.7/32"));
    let demo = |_| json!({"post": {"id": "keep-the-comments"}, "client": {"ip": "127.0.0.1"}});
    finds(&alone(with_comments(20, demo).path()).ends(0), "ok", "proxies.apart");
    let few = alone(with_comments(19, |_| json!({})).path()).ends(0);
    assert!(finds(&few, "ok", "proxies.apart")["found"].as_str().unwrap().contains("too few"));
}

/// Sends calls with these headers.
fn call(serving: &Serving, count: usize, headers: &str) {
    for _ in 0..count {
        let answer = serving.ask(&format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// Whom the service trusts, which calls it gets, and what is found.
type Case = (&'static str, &'static [(usize, &'static str)], Option<(&'static str, &'static str)>);

#[test]
fn proxies_that_are_not_trusted_or_name_nobody_are_told() {
    let trust = |proxy: &'static str| ("MODERATO__HTTP__TRUSTED_PROXIES", proxy);
    const TRUSTED: &str = "[\"127.0.0.1\"]";
    let cases: [Case; 8] = [
        ("[]", &[(1, "X-Forwarded-For: 203.0.113.9\r\n")], Some(("warning", "proxies.untrusted"))),
        ("[]", &[(30, "")], None),
        ("[\"192.0.2.1\"]", &[(1, "X-Real-IP: 203.0.113.9\r\n")], Some(("note", "proxies.stranger"))),
        (TRUSTED, &[(1, "X-Forwarded-For: unknown\r\n")], Some(("warning", "proxies.broken_header"))),
        (TRUSTED, &[(20, "")], Some(("note", "proxies.no_header"))),
        (TRUSTED, &[(20, ""), (1, "X-Forwarded-For: 203.0.113.9\r\n")], None),
        (
            TRUSTED,
            &[(19, "X-Forwarded-For: 203.0.113.9\r\n"), (1, "X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n")],
            Some(("note", "proxies.depth")),
        ),
        (TRUSTED, &[(21, "X-Forwarded-For: 203.0.113.9\r\n"), (1, "X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n")], None),
    ];
    for (trusted, calls, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let serving = serve(folder.path(), &[trust(trusted)]);
        calls.iter().for_each(|(count, headers)| call(&serving, *count, headers));
        let ran = examine(folder.path(), serving.address(), &[trust(trusted)]).ends(0);
        match expected {
            Some((level, id)) => drop(finds(&ran, level, id)),
            None => drop(finds(&ran, "ok", "proxies.apart")),
        }
    }
}

#[test]
fn a_line_to_change_stands_under_a_table_that_a_file_has_already() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[]);
    call(&serving, 1, "X-Forwarded-For: 203.0.113.9\r\n");
    let found = finds(&examine(folder.path(), serving.address(), &[]).ends(0), "warning", "proxies.untrusted");
    let change = found["change"].as_str().unwrap();
    let (table, line) = change.strip_prefix("in ").and_then(|rest| rest.split_once(": ")).unwrap();
    let line = line.split_once(", or ").unwrap().0;
    fs::write(folder.path().join("mine.toml"), format!("{table}\nworkers = 1\n{line}\n")).unwrap();
    run(moderato(folder.path()).args(["config", "check", "--config", "mine.toml"])).ends(0);
    let with_it = [("MODERATO__HTTP__TRUSTED_PROXIES", line.split_once(" = ").unwrap().1)];
    lacks(&examine(folder.path(), serving.address(), &with_it).ends(0), "proxies.untrusted");
}

#[test]
fn keys_that_are_weak_or_in_reach_are_told() {
    let folder = with_comments(1, |_| json!({}));
    let key = |key: &'static str| examine(folder.path(), "127.0.0.1:1", &[("MODERATO__AUTH__OPERATOR_KEY", key)]);
    finds(&key("please-use-another-password-than-this").ends(1), "problem", "keys.weak");
    finds(&key(STRONG).ends(0), "ok", "keys.operator");
    let mode =
        |name: &str, mode| fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    lacks(&alone(folder.path()).ends(0), "keys.readable");
    mode("data/first-keys.txt", 0o640);
    finds(&alone(folder.path()).ends(1), "problem", "keys.readable");
    mode("data/first-keys.txt", 0o600);
    mode("data", 0o755);
    finds(&alone(folder.path()).ends(0), "warning", "keys.directory");
}

#[test]
fn keys_that_nobody_uses_are_told() {
    let folder = with_comments(1, |_| json!({}));
    finds(&alone(folder.path()).ends(0), "ok", "keys.used");
    change(folder.path(), &format!("UPDATE keys SET created_at = {}", ago(8)));
    finds(&alone(folder.path()).ends(0), "note", "keys.never_used");
    change(folder.path(), &format!("UPDATE keys SET last_used_at = {}", ago(89)));
    finds(&alone(folder.path()).ends(0), "ok", "keys.used");
    change(folder.path(), &format!("UPDATE keys SET last_used_at = {}", ago(91)));
    finds(&alone(folder.path()).ends(0), "warning", "keys.forgotten");
    change(folder.path(), &format!("UPDATE keys SET expires_at = {}", ago(-1)));
    finds(&alone(folder.path()).ends(0), "ok", "keys.used");
    change(folder.path(), &format!("UPDATE keys SET expires_at = {}", ago(1)));
    finds(&alone(folder.path()).ends(0), "note", "keys.expired");
}

#[test]
fn the_size_that_the_database_will_have_is_told_once_there_are_enough_comments() {
    let few = with_comments(1, |_| json!({}));
    let found = finds(&alone(few.path()).ends(0), "ok", "disk.growth");
    assert!(found["found"].as_str().unwrap().contains("too few"), "{found}");
    let told = |ran: &Ran| {
        let found = finds(ran, "ok", "disk.growth")["found"].as_str().unwrap().to_owned();
        let (_, after) = found.split_once(", ").unwrap();
        assert!(found.contains("100.0 comments a day"), "{found}");
        after.split(" a comment").next().unwrap().strip_suffix(" KiB").unwrap().parse::<f64>().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path(), &[]);
    submit(&serving, 100, |_| json!({}));
    let beside = told(&examine(folder.path(), serving.address(), &[]).ends(0));
    serving.stop().ends(0);
    assert_eq!(beside, told(&alone(folder.path()).ends(0)), "whether its log is in the database yet plays no part");
    assert!((0.5..20.0).contains(&beside), "{beside}");
}

#[test]
fn too_few_open_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let shell = format!("ulimit -n 64; exec {} doctor --format json", env!("CARGO_BIN_EXE_moderato"));
    let ran = run(Command::new("sh").args(["-c", &shell]).current_dir(folder.path()).env_clear()).ends(0);
    let found = finds(&ran, "warning", "connections.files");
    assert!(found["change"].as_str().unwrap().contains("ulimit -n 10048"), "{found}");
}
