//! What only the embedded store on disk promises: files, locks, crashes, and an audit that can fail.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{CommentId, EventId, HistoryKind};
use moderato::store::{self, Charges, Error, OpenError, Record, Recorded, ServeLock, Settings, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::audit::{Summary, audit};
use crate::fixture::*;

#[test]
fn a_directory_is_served_by_one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = ServeLock::take(directory.path()).unwrap();
    let refused = ServeLock::take(directory.path()).unwrap_err();
    assert_eq!(refused, OpenError::InUse(directory.path().to_owned()));
    assert!(refused.to_string().contains(directory.path().to_str().unwrap()));
    drop(first);
    ServeLock::take(directory.path()).unwrap();
}

#[tokio::test]
async fn what_was_kept_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    keep(&*store, &blog(), named(held(1), "x-1")).await;
    let decided = changed(store.decide(&blog(), &by_id(1), wish(Approve, 9), None).await.unwrap());
    drop(store);
    // A store that is closed in order leaves one file, which can be copied.
    assert!(!directory.path().join("moderato.db-wal").exists());
    let store = opened(directory.path());
    assert_eq!(store.identity().await.unwrap(), Some(seed().identity));
    assert_eq!(store.get(&blog(), &by_external("x-1")).await.unwrap(), Some(decided));
    assert_eq!(store.events(&blog(), EventId::default(), 10).await.unwrap().len(), 2);
    let summary = Summary { sites: 2, comments: 1, events: 2, ..Summary::default() };
    assert_eq!(audit(&file(&directory)), Ok(summary));
}

#[test]
fn directory_and_database_are_made_for_the_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("some/data");
    let _store = opened(&data);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["moderato.db", "moderato.db-wal", "moderato.db-shm"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_store_of_an_unknown_kind_is_refused_without_showing_its_password() {
    let settings = Settings::at("postgres://:secret@cache/0");
    let refused = store::open(&settings, Path::new("/nowhere"), &Clock::System).err().unwrap();
    assert_eq!(refused, OpenError::UnknownUrl("postgres".to_owned()));
    assert!(!refused.to_string().contains("secret"), "{refused}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let directory = with_data().await;
    let connection = Connection::open(file(&directory)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let refused = refusal(directory.path());
    assert_eq!(refused, OpenError::Newer { path: file(&directory), found: 99, known: 6 });
    assert!(refused.to_string().contains("newer version of Moderato"));
}

#[test]
fn what_is_no_database_or_another_programs_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(file(&directory), "Dear diary, ".repeat(500)).unwrap();
    assert_eq!(refusal(directory.path()), OpenError::NotADatabase(file(&directory)));
    assert!(fs::read_to_string(file(&directory)).unwrap().starts_with("Dear diary"));
    fs::remove_file(file(&directory)).unwrap();
    let connection = Connection::open(file(&directory)).unwrap();
    connection.execute_batch("CREATE TABLE recipes (title TEXT); PRAGMA user_version = 1").unwrap();
    drop(connection);
    assert_eq!(refusal(directory.path()), OpenError::Foreign(file(&directory)));
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let below_a_file = directory.path().join("file/data");
    fs::write(directory.path().join("file"), "").unwrap();
    let refused = refusal(&below_a_file);
    assert!(matches!(&refused, OpenError::Directory { path, .. } if *path == below_a_file), "{refused:?}");
    assert_eq!(refused.to_string().lines().count(), 1);
    assert!(matches!(ServeLock::take(&below_a_file), Err(OpenError::Directory { .. })));
}

#[test]
fn several_processes_may_open_a_new_directory_at_once() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| opened(directory.path()));
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_harms_no_other_of_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    let behind = Connection::open(file(&directory)).unwrap();
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON comments WHEN new.post = 'poison'
                BEGIN SELECT raise(ABORT, 'poisoned'); END";
    behind.execute_batch(trap).unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for n in 1..=200 {
        let (store, post) = (store.clone(), if n % 10 == 0 { "poison" } else { "post" });
        let entry = new(counted_in(on_post(held(n), post), &[(HistoryKind::Mail, 1, None)]));
        calls.spawn(async move { (n, store.record(&blog(), entry).await) });
    }
    while let Some(answer) = calls.join_next().await {
        match answer.unwrap() {
            (n, Ok(Recorded::New)) => assert_ne!(n % 10, 0),
            (n, Err(Error::Unavailable(why))) => assert!(n % 10 == 0 && why.contains("poisoned"), "{n}: {why}"),
            unexpected => panic!("{unexpected:?}"),
        }
    }
    assert_eq!(store.counts(&blog()).await.unwrap().held, 180);
    assert_eq!(audit(&file(&directory)).unwrap().comments, 180);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_write_beside_a_running_service() {
    let directory = tempfile::tempdir().unwrap();
    let service = opened(directory.path());
    settle(&*service).await;
    let command = opened(directory.path());
    let mut calls = tokio::task::JoinSet::new();
    for n in 1..=200 {
        let store = if n % 2 == 0 { service.clone() } else { command.clone() };
        calls.spawn(async move { store.record(&blog(), new(held(n))).await.unwrap() });
    }
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap(), Recorded::New);
    }
    command.create_key(api_key('k', Some("blog"))).await.unwrap();
    drop(command);
    assert!(service.key(&key_id('k')).await.unwrap().is_some());
    assert_eq!(service.counts(&blog()).await.unwrap().held, 200);
    assert_eq!(audit(&file(&directory)).unwrap().comments, 200);
}

#[tokio::test]
async fn the_audit_finds_whatever_was_tampered_with() {
    for (change, fault) in [
        ("UPDATE sites SET held = held + 1 WHERE id = 'blog'", "counts"),
        ("UPDATE sites SET open = 0 WHERE id = 'blog'", "counts"),
        ("UPDATE sites SET event_number = 9 WHERE id = 'blog'", "the last event"),
        ("UPDATE comments SET priority = NULL", "column priority"),
        ("UPDATE comments SET priority = priority + 1", "column priority"),
        ("UPDATE comments SET status = 'approved'", "column status"),
        ("UPDATE comments SET post = 'other'", "column post"),
        ("UPDATE comments SET author = NULL", "column author"),
        ("UPDATE comments SET external_id = 'x-9' WHERE external_id IS NOT NULL", "column external_id"),
        ("UPDATE comments SET written_at = 0", "column written_at"),
        ("UPDATE comments SET packed = replace(packed, 'number', 'Number')", "checksum"),
        ("UPDATE comments SET packed = 'x'", "cannot be read"),
        ("UPDATE comments SET packed = json_set(packed, '$.version', 7)", "version 7"),
        ("UPDATE comments SET packed = json_set(packed, '$.review', json('{\"state\":\"done\"}'))", "not in the queue"),
        ("UPDATE comments SET changed_at = 0", "column changed_at"),
        ("UPDATE comments SET received_at = 0", "column received_at"),
        ("UPDATE comments SET address = 1 - address", "column address"),
        ("UPDATE comments SET mail = zeroblob(16)", "column mail"),
        ("UPDATE comments SET parent = 'ext:y'", "column parent"),
        (
            "UPDATE tombstones SET counted = json_array(json_object('k', 'mail', 'h', hex(zeroblob(16)), 'p', 681, 'n', 1))",
            "history mail",
        ),
        ("UPDATE tombstones SET counted = '{}'", "cannot be read"),
        ("UPDATE tombstones SET author = zeroblob(16)", "still tells of its author"),
        ("UPDATE history SET seen = seen + 1", "history mail"),
        ("DELETE FROM history", "missing"),
        ("INSERT INTO history SELECT site, kind, hash, period + 1, 1, 0, 0, 0 FROM history", "history mail"),
        ("UPDATE members SET uses = 2", "members"),
        ("DELETE FROM members", "members"),
        ("DELETE FROM comments WHERE external_id IS NULL", "there never was"),
        ("DELETE FROM tombstones", "there never was"),
        ("UPDATE tombstones SET version = 9", "version 9"),
        ("UPDATE tombstones SET external_id = 'x-1'", "names two comments"),
        ("DELETE FROM events WHERE number = 0 AND packed LIKE '%erased%'", "the feed says"),
        ("UPDATE events SET packed = json_set(packed, '$.version', 5)", "version"),
        ("UPDATE events SET packed = 'x'", "cannot be read"),
        ("UPDATE idempotency SET comment = zeroblob(16)", "never was"),
        ("UPDATE comments SET site = 77", "belong to no site"),
    ] {
        let directory = with_data().await;
        audit(&file(&directory)).unwrap();
        tamper(&directory, change);
        let faults = audit(&file(&directory)).expect_err(change).join("\n");
        assert!(faults.contains(fault), "{change}: {faults}");
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    let directory = with_data().await;
    let mut acknowledged: Vec<CommentId> = Vec::new();
    for round in 1..=5 {
        fs::write(directory.path().join("round"), round.to_string()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "embedded::child_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ids = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("kept ")?.parse().ok());
        let enough = 100 * round;
        for (count, id) in ids.enumerate() {
            acknowledged.push(id);
            if count == enough {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let summary = audit(&file(&directory)).unwrap();
        assert!(summary.comments >= acknowledged.len());
    }
    let behind = Connection::open(file(&directory)).unwrap();
    let mut find = behind.prepare("SELECT 1 FROM comments WHERE id = ?1").unwrap();
    let lost = acknowledged.iter().filter(|id| !find.exists([id.as_bytes()]).unwrap()).count();
    assert_eq!(lost, 0, "of {}", acknowledged.len());
    assert!(acknowledged.len() > 1_500);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the other half of nothing_acknowledged_is_lost_by_kill_9"]
async fn child_that_writes_until_it_is_killed() {
    let round: u32 = fs::read_to_string("round").unwrap().parse().unwrap();
    let store = opened(Path::new("."));
    let mut calls = tokio::task::JoinSet::new();
    for n in 1..=100_000 {
        let (store, n) = (store.clone(), round * 1_000_000 + n);
        calls.spawn(async move {
            let entry = new(counted_in(held(n), &[(HistoryKind::Mail, 1, None)]));
            (n, store.record(&blog(), entry).await)
        });
        if calls.len() == 32 {
            let (n, answer) = calls.join_next().await.unwrap().unwrap();
            assert_eq!(answer.unwrap(), Recorded::New);
            writeln!(std::io::stdout(), "kept {}", id(n)).unwrap();
        }
    }
}

fn opened(data: &Path) -> Arc<dyn Store> {
    store::open(&Settings::embedded(), data, &Clock::System).unwrap()
}

fn refusal(data: &Path) -> OpenError {
    store::open(&Settings::embedded(), data, &Clock::System).err().unwrap()
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("moderato.db")
}

fn tamper(directory: &TempDir, change: &str) {
    let connection = Connection::open(file(directory)).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(connection.execute(change, []).unwrap() > 0, "{change}");
}

/// A closed store with a bit of everything: two held comments, one of them named, and an erased one.
async fn with_data() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 2, Some(3))];
    let named_x = named(by_author(held(1), 1), "x-1");
    store.record(&blog(), keyed(counted_in(named_x, &entries), 1)).await.unwrap();
    keep(&*store, &blog(), by_author(held(2), 1)).await;
    keep(&*store, &blog(), named(approved(3), "x-3")).await;
    store.erase(&blog(), &by_id(3), at(10)).await.unwrap();
    directory
}

#[tokio::test]
async fn a_database_that_was_removed_takes_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    settle(&*store).await;
    keep(&*store, &blog(), held(1)).await;
    let (file, aside) = (directory.path().join("moderato.db"), directory.path().join("aside.db"));
    std::fs::rename(&file, &aside).unwrap();
    let removed = |error: Error| matches!(&error, Error::Unavailable(why) if why.contains("was removed or replaced"));
    assert!(removed(store.health().await.unwrap_err()));
    let record = Record { comment: held(2), idempotency: None, announced: true, charges: Charges::default() };
    assert!(removed(store.record(&blog(), record).await.unwrap_err()));
    assert!(removed(store.decide(&blog(), &by_id(1), wish(Approve, 10), None).await.unwrap_err()));
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(store.health().await, Ok(()));
}
