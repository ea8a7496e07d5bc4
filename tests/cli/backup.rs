//! `backup`, `restore` and `repair`: the store as one file, back in its place, and put right.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moderato::clock::Stopwatch;
use rusqlite::Connection;
use tempfile::TempDir;

use super::serving::Serving;
use super::{Ran, moderato, run};
use crate::audit::audit;

/// No limits, and a log that does not fill the pipe that nobody reads meanwhile.
const UNLIMITED: [(&str, &str); 2] = [("MODERATO__LIMITS__ENABLED", "false"), ("MODERATO__LOG__LEVEL", "warn")];

#[test]
fn a_backup_beside_a_busy_service_has_all_that_was_acknowledged_before_and_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), &UNLIMITED);
    let key = site_key(folder.path());
    let (acknowledged, done) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let id = id_of(&serving.submit("demo", &key));
                    acknowledged.lock().unwrap().insert(id);
                }
            });
        }
        while acknowledged.lock().unwrap().len() < 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let before = acknowledged.lock().unwrap().clone();
        let made = command(folder.path(), &["backup", "copy.db"]);
        let begun = acknowledged.lock().unwrap().len();
        while acknowledged.lock().unwrap().len() < begun + 50 {
            std::thread::sleep(Duration::from_millis(5));
        }
        done.store(true, Ordering::SeqCst);
        let made = made.ends(0);
        assert!(made.out.is_empty() && made.err.starts_with("copy.db: 1 site, "), "{made:?}");
        assert!(made.err.ends_with("; checked\n"), "{made:?}");
        before
    });
    serving.stop();
    let copy = folder.path().join("copy.db");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let summary = audit(&copy).unwrap();
    assert!(before.is_subset(&ids(&copy)), "{} of {}", ids(&copy).len(), before.len());
    assert!(summary.comments < acknowledged.lock().unwrap().len(), "the service went on");
    // Nothing else is left beside the store.
    let names: BTreeSet<_> = names(folder.path());
    assert_eq!(names, ["copy.db", "data"].map(str::to_owned).into());

    let restored = command(folder.path(), &["restore", "copy.db", "--data", "other"]).ends(0);
    assert!(restored.err.starts_with("other from copy.db: 1 site, "), "{restored:?}");
    assert_eq!(audit(&folder.path().join("other/moderato.db")), Ok(summary));
    let serving = Serving::start_with(folder.path(), &[("MODERATO__DATA_DIR", "other"), UNLIMITED[0], UNLIMITED[1]]);
    // The keys came along.
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201"));
}

#[test]
fn a_backup_takes_no_others_place_and_leaves_nothing_where_it_fails() {
    let folder = filled(3);
    let at = folder.path();
    let refused = |arguments: &[&str], why: &str| {
        let before = names(at);
        let ran = command(at, &[&["backup"], arguments].concat()).ends(1);
        assert!(ran.err.contains(why) && ran.err.lines().count() == 1, "{arguments:?}: {ran:?}");
        assert_eq!(names(at), before, "{arguments:?}");
    };
    refused(&["copy.db", "--data", "nowhere"], "there is no data in nowhere");
    refused(&["data/moderato.db", "--force"], "belongs to the store itself");
    refused(&["data/moderato.db-wal", "--force"], "belongs to the store itself");
    refused(&["data", "--force"], "is a directory");
    refused(&["no/copy.db"], "No such file");
    fs::write(at.join("copy.db"), "what was there").unwrap();
    refused(&["copy.db"], "--force replaces it");
    assert_eq!(fs::read_to_string(at.join("copy.db")).unwrap(), "what was there");
    command(at, &["backup", "copy.db", "--force"]).ends(0);
    assert_eq!(audit(&at.join("copy.db")).unwrap().comments, 3);
    command(at, &["backup"]).ends(2);
}

#[test]
fn only_a_sound_backup_of_ours_is_restored_and_only_where_nobody_serves() {
    let folder = filled(3);
    let at = folder.path();
    command(at, &["backup", "copy.db"]).ends(0);
    let bytes = fs::read(at.join("copy.db")).unwrap();
    let before = audit(&at.join("data/moderato.db")).unwrap();
    let refused = |arguments: &[&str], why: &str| {
        let ran = command(at, &[&["restore"], arguments].concat()).ends(1);
        assert!(ran.err.contains(why) && ran.err.lines().count() == 1, "{arguments:?}: {ran:?}");
        assert_eq!(audit(&at.join("data/moderato.db")), Ok(before), "{arguments:?}");
        assert!(!names(&at.join("data")).iter().any(|name| name.contains("restor")), "{arguments:?}");
    };
    refused(&["copy.db"], "there is a store in data already; --force moves it aside");
    refused(&["nothing.db", "--force"], "there is no such file");
    refused(&["data/moderato.db", "--force"], "belongs to the store itself");
    fs::write(at.join("diary"), "Dear diary, ".repeat(500)).unwrap();
    refused(&["diary", "--force"], "is not a database");
    fs::write(at.join("empty.db"), "").unwrap();
    refused(&["empty.db", "--force"], "there is no data in");
    Connection::open(at.join("recipes.db")).unwrap().execute_batch("CREATE TABLE recipes (title TEXT)").unwrap();
    refused(&["recipes.db", "--force"], "another program");
    fs::copy(at.join("copy.db"), at.join("newer.db")).unwrap();
    Connection::open(at.join("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused(&["newer.db", "--force"], "a newer version of Moderato");
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 4096].fill(0x5a);
    fs::write(at.join("damaged.db"), damaged).unwrap();
    refused(&["damaged.db", "--force"], "damaged");
    fs::write(at.join("short.db"), &bytes[..bytes.len() / 2]).unwrap();
    refused(&["short.db", "--force"], "damaged");
    for (change, why) in [
        (
            "CREATE TRIGGER eats AFTER INSERT ON comments BEGIN DELETE FROM comments; END",
            "the trigger eats is none of ours",
        ),
        ("DROP TABLE members", "the table members is missing"),
    ] {
        fs::write(at.join("odd.db"), &bytes).unwrap();
        Connection::open(at.join("odd.db")).unwrap().execute_batch(change).unwrap();
        refused(&["odd.db", "--force"], why);
    }
    // A first start that is refused makes nothing.
    command(at, &["restore", "diary", "--data", "fresh"]).ends(1);
    assert!(!at.join("fresh").exists());

    let serving = Serving::start(at);
    let ran = command(at, &["restore", "copy.db", "--force"]).ends(1);
    assert!(ran.err.contains("another process serves the data directory data"), "{ran:?}");
    serving.stop();
}

#[test]
fn what_was_there_before_a_restoration_is_kept_under_the_name_that_is_told() {
    let folder = filled(3);
    let at = folder.path();
    command(at, &["backup", "copy.db"]).ends(0);
    submit_some(at, 2);
    for (number, comments) in [(1, 5), (2, 3)] {
        let ran = command(at, &["restore", "copy.db", "--force"]).ends(0);
        let aside = format!("data/moderato.db.before-restore-{number}");
        assert!(ran.err.ends_with(&format!("what was there before is {aside}\n")), "{ran:?}");
        assert_eq!(audit(&at.join(aside)).unwrap().comments, comments);
        assert_eq!(audit(&at.join("data/moderato.db")).unwrap().comments, 3);
    }
    // A store that cannot be opened any more is moved aside with its log.
    fs::write(at.join("data/moderato.db"), "what is left").unwrap();
    fs::write(at.join("data/moderato.db-wal"), "of it").unwrap();
    command(at, &["restore", "copy.db", "--force"]).ends(0);
    assert_eq!(fs::read_to_string(at.join("data/moderato.db.before-restore-3")).unwrap(), "what is left");
    assert_eq!(fs::read_to_string(at.join("data/moderato.db.before-restore-3-wal")).unwrap(), "of it");
    assert_eq!(audit(&at.join("data/moderato.db")).unwrap().comments, 3);
    Serving::start(at).stop();
}

#[test]
fn a_restoration_that_is_killed_leaves_the_old_store_or_the_new() {
    let folder = filled(3);
    let at = folder.path();
    command(at, &["backup", "copy.db"]).ends(0);
    submit_some(at, 2);
    let watch = Stopwatch::start();
    command(at, &["restore", "copy.db", "--force"]).ends(0);
    let whole = watch.elapsed();
    let mut seen = BTreeSet::new();
    // On a machine that is busier now than it was, the last ones wait far longer.
    for step in (0..30).chain([60, 120, 240, 480, 960, 1920]) {
        if step > 30 && seen.len() == 2 {
            break;
        }
        // Another store than the backup's.
        fs::copy(at.join("data/moderato.db.before-restore-1"), at.join("data/moderato.db")).unwrap();
        let child = moderato(at).args(["restore", "copy.db", "--force"]).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        std::thread::sleep(whole * step / 25);
        let _ = child.kill();
        child.wait().unwrap();
        let comments = audit(&at.join("data/moderato.db")).unwrap().comments;
        assert!([3, 5].contains(&comments), "after {step} of 25: {comments}");
        seen.insert(comments);
    }
    assert_eq!(seen, [3, 5].into(), "kills before and after");
    // What a killed one left is in nobody's way.
    command(at, &["restore", "copy.db", "--force"]).ends(0);
    assert!(!at.join("data/moderato.db.restoring").exists());
    Serving::start(at).stop();
}

#[test]
fn repair_says_what_it_corrected_and_then_that_there_is_nothing() {
    let folder = filled(3);
    let at = folder.path();
    let sound = command(at, &["repair"]).ends(0);
    assert_eq!(sound.out, "files: sound\nsite demo: 3 comments and 0 tombstones read\n  nothing to correct\n");
    tamper(at, "UPDATE sites SET held = 7");
    tamper(at, "UPDATE comments SET priority = 1 WHERE n = 1");
    let first = command(at, &["repair"]).ends(0);
    let expected = "  corrected: 1 places in lists or in the queue\n  corrected: 1 set of counts\n";
    assert!(first.out.ends_with(expected), "{first:?}");
    assert_eq!(command(at, &["repair"]).ends(0).out, sound.out);
    audit(&at.join("data/moderato.db")).unwrap();

    let serving = Serving::start(at);
    let refused = command(at, &["repair"]).ends(1);
    assert!(refused.err.contains("another process serves the data directory data: stop it first"), "{refused:?}");
    serving.stop();
    let nothing = command(at, &["repair", "--data", "nowhere"]).ends(1);
    assert!(nothing.err.contains("there is no data in nowhere") && !at.join("nowhere").exists(), "{nothing:?}");
}

#[test]
fn repair_builds_wrong_indexes_anew() {
    let folder = filled(3);
    let at = folder.path();
    // Rows that change behind an index's back.
    let index = "name = 'comments_post'";
    let db = || Connection::open(at.join("data/moderato.db")).unwrap();
    db().execute_batch(&format!(
        "CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE {index};
         PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE {index}"
    ))
    .unwrap();
    db().execute_batch("UPDATE comments SET post = 'hidden'").unwrap();
    db().execute_batch("PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM aside").unwrap();
    db().execute_batch("DROP TABLE aside").unwrap();
    let faults = audit(&at.join("data/moderato.db")).unwrap_err().join("\n");
    assert!(faults.contains("comments_post") || faults.contains("integrity_check"), "{faults}");
    let ran = command(at, &["repair", "--format", "json"]).json();
    assert_eq!(ran["files"]["rebuilt"], true, "{ran}");
    assert_eq!(ran["sites"][0]["corrected"]["rows"], 3, "{ran}");
}

#[test]
fn repair_names_damaged_comments_and_fails() {
    let folder = filled(3);
    let at = folder.path();
    tamper(at, "UPDATE comments SET packed = replace(packed, 'Thank', 'Think') WHERE n = 2");
    let damaged = ids(&at.join("data/moderato.db")).into_iter().nth(1).unwrap();
    for _ in 0..2 {
        let ran = command(at, &["repair"]).ends(1);
        assert!(ran.out.contains(&format!("  damaged: {damaged}\n")), "{ran:?}");
        assert!(ran.err.is_empty(), "{ran:?}");
        let json = command(at, &["repair", "--format", "json"]).ends(1).json();
        assert_eq!(json["sites"][0]["damaged"], serde_json::json!([damaged]));
    }
    // The record is still there as it was.
    tamper(at, "UPDATE comments SET packed = replace(packed, 'Think', 'Thank') WHERE n = 2");
    command(at, &["repair"]).ends(0);
    audit(&at.join("data/moderato.db")).unwrap();
}

/// A folder with a stopped service's data and so many comments in them.
fn filled(comments: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    submit_some(folder.path(), comments);
    folder
}

fn submit_some(folder: &Path, comments: usize) {
    let serving = Serving::start_with(folder, &UNLIMITED);
    let key = site_key(folder);
    for _ in 0..comments {
        id_of(&serving.submit("demo", &key));
    }
    serving.stop();
}

fn command(folder: &Path, arguments: &[&str]) -> Ran {
    run(moderato(folder).args(arguments))
}

fn tamper(folder: &Path, change: &str) {
    let db = Connection::open(folder.join("data/moderato.db")).unwrap();
    assert!(db.execute(change, []).unwrap() > 0, "{change}");
}

/// The key that the first start left.
fn site_key(folder: &Path) -> String {
    let keys = fs::read_to_string(folder.join("data/first-keys.txt")).unwrap();
    keys.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap().to_owned()
}

/// The id in the answer to a submission.
fn id_of(answer: &str) -> String {
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    answer.split("\"id\":\"").nth(1).unwrap()[..36].to_owned()
}

/// The ids of the comments in a database, sorted.
fn ids(db: &PathBuf) -> BTreeSet<String> {
    let db = Connection::open(db).unwrap();
    let mut find = db.prepare("SELECT id FROM comments").unwrap();
    let ids = find.query_map([], |row| row.get(0).map(moderato::domain::CommentId::from_bytes)).unwrap();
    ids.map(|id| id.unwrap().to_string()).collect()
}

/// The names of what is in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
