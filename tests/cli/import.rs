//! `import` of Moderato's own exports: what is whole moves in, what is not is told and left out.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use moderato::clock::Stopwatch;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::leaving::{export, fresh, import, is_sound, lines, many, sealed};
use super::serving::Serving;
use super::{moderato, run};

const GOLDEN: &str = include_str!("exports/format-1.jsonl");

/// What is done to a comment's record.
type Change = Box<dyn FnOnce(&mut Value)>;

/// The header and the line of one comment.
fn one() -> Vec<String> {
    let mut lines = lines(&many(1));
    lines.truncate(2);
    lines
}

/// An export of one comment, changed.
fn one_with(change: impl FnOnce(&mut Value)) -> String {
    let [header, comment] = one().try_into().unwrap();
    let mut line: Value = serde_json::from_str(&comment).unwrap();
    change(&mut line["comment"]);
    sealed(&[header, line.to_string()])
}

#[test]
fn a_file_that_is_not_whole_is_told_before_anything_is_written() {
    let golden: Vec<&str> = GOLDEN.lines().collect();
    let without_last = golden[..golden.len() - 1].join("\n");
    let without_one = [&golden[..3], &golden[4..]].concat().join("\n");
    let cut_off = GOLDEN[..GOLDEN.len() / 2].to_owned();
    let altered = GOLDEN.replacen("An old one.", "An old lie.", 1);
    let cases = [
        (without_last.as_str(), "was cut off"),
        (cut_off.as_str(), "was cut off"),
        (without_one.as_str(), "it was altered"),
        (altered.as_str(), "(sha256): it was altered"),
        (&GOLDEN.replace('\n', "\r\n"), "(sha256): it was altered"),
        (&format!("{GOLDEN}{}\n", golden[1]), "goes on behind the last line"),
    ];
    for (text, said) in cases {
        let target = fresh();
        let ran = import(target.path(), text).ends(1);
        assert!(ran.err.contains(said) && ran.err.contains("Nothing was imported"), "{said}: {ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(export(target.path()).contains("\"comments\":0,"));
    }
}

#[test]
fn from_a_pipe_what_was_read_is_in_and_the_end_is_told() {
    let golden: Vec<&str> = GOLDEN.lines().collect();
    let target = fresh();
    std::fs::write(target.path().join("cut"), golden[..6].join("\n")).unwrap();
    let cut = std::fs::File::open(target.path().join("cut")).unwrap();
    let ran = run(moderato(target.path()).args(["import", "--site", "demo", "-"]).stdin(cut)).ends(1);
    let said = "moderato: standard input: the export has no last line: it was cut off, or it is still being written\n";
    assert_eq!(ran.err, said);
    assert!(ran.out.starts_with("imported into demo: 5 comments and 0 tombstones\n"), "{ran:?}");

    let target = fresh();
    run(std::process::Command::new("mkfifo").arg(target.path().join("pipe"))).ends(0);
    let mut command = moderato(target.path());
    let child =
        command.args(["import", "--site", "demo", "pipe"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    std::fs::write(target.path().join("pipe"), GOLDEN).unwrap();
    let ended = child.unwrap().wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(export(target.path()), GOLDEN);
}

#[test]
fn what_cannot_be_read_at_all_is_told_in_a_line() {
    let newer = GOLDEN.replacen("\"format\":1", "\"format\":2", 1);
    let cases: Vec<(&[u8], &str)> = vec![
        (b"", "is empty"),
        (b"hello", "is no export of Moderato, WordPress or Disqus"),
        (b"\x1f\x8b\x08rest", "is compressed"),
        (b"\xff\xfe<\0", "is UTF-16"),
        (b"{", "is not the first line"),
        (b"{\"export\":\"moderato\",\"format\":1}", "must have a `policy`"),
        (b"{\"export\":\"other\",\"format\":1,\"policy\":{}}", "`export` must be"),
        (b"{\"export\":\"moderato\",\"format\":\"1\",\"policy\":{}}", "it must be 1"),
        (b"{\"export\":\"moderato\",\"format\":1,\"policy\":{},\"more\":1}", "more is not known here"),
        (newer.as_bytes(), "format 2, which a newer version of Moderato wrote"),
        (b"\xef\xbb\xbf{\"export\":\"moderato\",\"format\":1,\"policy\":{}}", "is not the first line"),
    ];
    let target = fresh();
    for (text, said) in cases {
        let ran = import(target.path(), text).ends(1);
        assert!(ran.err.starts_with("moderato: export") && ran.err.contains(said), "{said}: {ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""), "{ran:?}");
    }
    let tried = |file: &str| run(moderato(target.path()).args(["import", "--site", "demo", file])).ends(1).err;
    assert_eq!(tried("data"), "moderato: data is a directory; name a file\n");
    assert!(tried("nowhere").starts_with("moderato: cannot read nowhere: "));
    let secret = target.path().join("secret");
    std::fs::write(&secret, GOLDEN).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Who may read everything can read this, too.
    if std::fs::File::open(&secret).is_err() {
        assert!(tried("secret").starts_with("moderato: cannot read secret: "));
    }
    let elsewhere = run(moderato(target.path()).args(["import", "--site", "else", "secret", "--from", "moderato"]));
    assert_eq!(elsewhere.ends(1).err, "moderato: there is no site else; `moderato sites create else` makes it\n");
}

#[test]
fn a_bad_line_is_told_by_number_field_fault_and_limit_and_the_others_move_in() {
    let long = "x".repeat(70_000);
    let changes: Vec<(Change, &str)> = vec![
        (Box::new(|c| c["id"] = "7".into()), "/comment/id must be a comment's id (a UUID)"),
        (Box::new(|c| c["id"] = 7.into()), "/comment/id must be a comment's id (a UUID)"),
        (Box::new(|c| c["status"] = "gone".into()), "/comment/status must be one of `approved`, `held`, `rejected`"),
        (Box::new(|c| c["version"] = 9.into()), "/comment/version must be 2, by the changes the record shows"),
        (Box::new(|c| c["version"] = (-1).into()), "/comment/version must be a whole number from 0 to "),
        (Box::new(|c| c["earlier_decisions"] = u64::MAX.into()), "/comment/earlier_decisions must be at most"),
        (Box::new(|c| c["status"] = "held".into()), "/comment/review is missing, though the comment is held"),
        (Box::new(|c| c["status"] = "rejected".into()), "/comment/status is not what the last decision says"),
        (Box::new(|c| c["received_at"] = "yesterday".into()), "/comment/received_at must be a time in RFC 3339"),
        (Box::new(|c| c["changed_at"] = "9999-01-01T00:00:00Z".into()), "/comment/changed_at is in the future"),
        (Box::new(|c| c["changed_at"] = "1999-01-01T00:00:00Z".into()), "/comment/changed_at is before received_at"),
        (Box::new(|c| c["address_is_cut"] = true.into()), "/comment/address_is_cut is told of no address"),
        (Box::new(|c| c["fingerprint"] = "abc".into()), "/comment/fingerprint must be 64 hexadecimal digits"),
        (Box::new(|c| c["author_id"] = "abc".into()), "/comment/author_id is not known here"),
        (Box::new(|c| c["verdict"] = json!([1])), "/comment/verdict must be an object"),
        (Box::new(|c| c["hosts"] = "x".into()), "/comment/hosts must be an array"),
        (Box::new(|c| c["decisions"] = json!([null])), "/comment/decisions/0 must be an object"),
        (Box::new(|c| c["submission"]["kind"] = "A B".into()), "/comment/submission/kind must be 1 to 40"),
        (
            Box::new(move |c| c["submission"]["content"] = long.into()),
            "/comment/submission/content has 70000 bytes; the limit is 65536 (64 KiB)",
        ),
        (
            Box::new(|c| {
                c["verdict"]["hits"] = json!([{ "rule": "gtube", "group": "text", "mode": "on", "points": 1,
                    "message": "", "evidence": [{ "field": "content", "span": { "start": 2, "end": 9000 },
                    "excerpt": "" }] }]);
            }),
            "/comment/verdict/hits/0/evidence/0/span is not within the field's text",
        ),
    ];
    for (change, said) in changes {
        let target = fresh();
        let ran = import(target.path(), one_with(change)).ends(1);
        assert!(ran.err.starts_with(&format!("moderato: export: line 2 {said}")), "{said}: {ran:?}");
        assert!(
            ran.out.starts_with("imported into demo: 0 comments") && ran.out.contains("told and left out"),
            "{ran:?}"
        );
    }
    let [header, comment] = one().try_into().unwrap();
    let deep = format!("{{\"comment\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let endless = json!({ "tombstone": {
        "id": "01920000-0000-7000-8000-000000000001", "status": "held", "version": u64::MAX,
        "received_at": "2026-11-01T00:00:00.000Z", "written_at": "2026-11-01T00:00:00.000Z",
        "erased_at": "2026-11-02T00:00:00.000Z",
    } });
    let endless = endless.to_string();
    let bad = [
        (endless.as_str(), "/tombstone/version must be at most 9007199254740991"),
        ("{\"comment\":{}}", "/comment must be"),
        ("{\"comment\":1,\"comment\":2}", "/comment is given more than once"),
        ("{}", "must be an object with one of"),
        ("\u{0}", "is no JSON"),
        ("", "is no JSON"),
        ("[]", "must be an object"),
        (deep.as_str(), "lies deeper than the limit of 16"),
        ("{\"tombstone\":{\"id\":1}}", "/tombstone/id must be a comment's id"),
    ];
    for (line, said) in bad {
        let target = fresh();
        let lines = [header.clone(), line.to_owned(), comment.clone()];
        let text = sealed(&lines);
        std::fs::write(target.path().join("bad"), text).unwrap();
        let input = std::fs::File::open(target.path().join("bad")).unwrap();
        let ran = run(moderato(target.path()).args(["import", "--site", "demo", "-"]).stdin(input)).ends(1);
        assert!(ran.err.contains("standard input: line 2 ") && ran.err.contains(said), "{said}: {ran:?}");
        assert!(ran.out.starts_with("imported into demo: 1 comment"), "{ran:?}");
    }
}

#[test]
fn a_line_longer_than_any_comment_is_left_out_and_costs_no_memory() {
    let [header, comment] = one().try_into().unwrap();
    let long = format!("{{\"comment\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let text = sealed(&[header, long, comment]);
    let target = fresh();
    std::fs::write(target.path().join("long"), text).unwrap();
    let input = std::fs::File::open(target.path().join("long")).unwrap();
    let ran = run(moderato(target.path()).args(["import", "--site", "demo", "-"]).stdin(input)).ends(1);
    assert!(ran.err.contains("line 2 has more than 4194304 bytes (4 MiB), the limit of a line"), "{ran:?}");
    assert!(ran.out.starts_with("imported into demo: 1 comment"), "{ran:?}");
}

#[test]
fn what_an_id_names_here_already_stays() {
    let target = fresh();
    import(target.path(), many(3)).ends(0);
    let before = export(target.path());
    let other_text = one_with(|comment| comment["fingerprint"] = "0".repeat(64).into());
    let ran = import(target.path(), other_text).ends(1);
    assert!(ran.err.contains("line 2 is left out: its id is another comment's here"), "{ran:?}");
    let other_id = one_with(|comment| comment["id"] = "018dfb12-0000-7000-8000-0000000000ff".into());
    let ran = import(target.path(), other_id).ends(1);
    let said = "comment 018dfb12-0000-7000-8000-000000000000 here has its external id many-0";
    assert!(ran.err.contains(said), "{ran:?}");
    // The same comment twice in one file.
    let [header, comment] = one().try_into().unwrap();
    let ran = import(target.path(), sealed(&[header, comment.clone(), comment])).ends(0);
    assert!(ran.out.starts_with("imported into demo: 0 comments") && ran.out.contains("there already: 2"), "{ran:?}");
    let grave = json!({ "id": "018dfb12-0000-7000-8000-000000000001", "status": "held", "version": 2,
        "received_at": "2024-01-01T00:00:00Z", "written_at": "2024-01-01T00:00:00Z", "erased_at": "2024-01-01T00:00:00Z" });
    let ran = import(target.path(), sealed(&[one()[0].clone(), json!({ "tombstone": grave }).to_string()])).ends(1);
    assert!(ran.err.contains("its id is another comment's here"), "{ran:?}");
    assert_eq!(export(target.path()), before);
}

#[test]
fn a_policy_is_put_in_force_where_nothing_is_overridden_and_valid_only() {
    let header = |policy: Value| json!({ "export": "moderato", "format": 1, "policy": policy }).to_string();
    let target = fresh();
    let wrong = import(target.path(), sealed(&[header(json!({ "first_coment": "hold" }))])).ends(1);
    assert!(wrong.err.contains("line 1 policy is left out") && wrong.err.contains("first_coment"), "{wrong:?}");
    let hold = sealed(&[header(json!({ "first_comment": "hold" }))]);
    assert!(import(target.path(), &hold).ends(0).out.contains("put the policy of the export in force"));
    assert!(!import(target.path(), &hold).ends(0).out.contains("policy"));
    let screen = sealed(&[header(json!({ "first_comment": "screen" }))]);
    let ran = import(target.path(), screen).ends(1);
    assert!(ran.err.contains("the site here overrides other values, which stay"), "{ran:?}");
    assert!(export(target.path()).contains("\"policy\":{\"first_comment\":\"hold\"}"));
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let target = fresh();
    let whole = many(4_000);
    std::fs::write(target.path().join("export"), &whole).unwrap();
    let mut command = moderato(target.path());
    let mut child = command.args(["import", "--site", "demo", "export"]).stdout(Stdio::null()).spawn().unwrap();
    let count = || {
        let database = Connection::open(target.path().join("data/moderato.db")).unwrap();
        database.query_row("SELECT count(*) FROM comments", [], |row| row.get::<_, u64>(0)).unwrap()
    };
    let watch = Stopwatch::start();
    while count() == 0 {
        assert!(watch.elapsed() < Duration::from_secs(60), "nothing moves in");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let killed_at = count();
    let ran = import(target.path(), &whole).ends(0);
    let said =
        format!("imported into demo: {} comments and 0 tombstones\nthere already: {killed_at}\n", 4_000 - killed_at);
    assert_eq!(ran.out, said);
    is_sound(target.path());
    let again = lines(&export(target.path()));
    assert_eq!(again.len(), lines(&whole).len());
}

#[test]
fn whatever_the_bytes_are_the_answer_is_an_answer_and_the_store_sound() {
    let inputs = [
        ("moderato", GOLDEN.as_bytes()),
        ("wxr", include_bytes!("exports/wordpress.xml")),
        ("disqus", include_bytes!("exports/disqus.xml")),
    ];
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let change = (any::<prop::sample::Index>(), 0..4u8, any::<u8>());
    let changes = (0..3usize, proptest::collection::vec(change, 1..6));
    let target = fresh();
    let outcome = runner.run(&changes, |(input, changes)| {
        let (from, bytes) = inputs[input];
        let mut bytes = bytes.to_vec();
        for (place, kind, byte) in changes {
            let place = place.index(bytes.len().max(1)).min(bytes.len());
            match kind {
                0 => bytes.truncate(place.max(bytes.len() / 2)),
                1 if place < bytes.len() => bytes[place] = byte,
                2 => bytes.insert(place, [b'<', b'>', b'"', b'{', b'}', b'&', 0, b'\n'][usize::from(byte % 8)]),
                _ => drop(bytes.drain(place..(place + usize::from(byte)).min(bytes.len()))),
            }
        }
        std::fs::write(target.path().join("bytes"), &bytes).unwrap();
        let input = std::fs::File::open(target.path().join("bytes")).unwrap();
        let mut command = moderato(target.path());
        let ran = run(command.args(["import", "--site", "demo", "-", "--from", from]).stdin(input));
        prop_assert!(matches!(ran.code, Some(0 | 1)) && !ran.err.contains("a fault of the program"), "{ran:?}");
        is_sound(target.path());
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn an_author_who_was_trusted_is_trusted_where_the_site_has_gone() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let comment = |text: &str| {
        json!({ "post": { "id": "1" }, "author": { "name": "Ana", "email": "ana@mail.example" }, "content": text,
            "client": { "ip": "198.51.100.7" } })
    };
    let here = Serving::start(from.path());
    let held = submitted(from.path(), &here, &comment("I read this twice and still agree with most of it."));
    assert_eq!(held["status"], "held", "{held}");
    let approve = format!("POST /v1/sites/demo/comments/{}/approve", held["id"].as_str().unwrap());
    asked(from.path(), &here, (&approve, "{}"));
    let there = Serving::start(to.path());
    let stranger = submitted(to.path(), &there, &comment("That chapter explains it better than the lecture did."));
    assert_eq!(stranger["status"], "held", "the control: nobody knows her here yet: {stranger}");
    import(to.path(), export(from.path())).ends(0);
    let known = submitted(to.path(), &there, &comment("Could you say a little more about the second method?"));
    assert_eq!(known["status"], "approved", "{known}");
}

fn submitted(folder: &Path, serving: &Serving, comment: &Value) -> Value {
    asked(folder, serving, ("POST /v1/sites/demo/comments", &comment.to_string()))
}

fn asked(folder: &Path, serving: &Serving, (what, body): (&str, &str)) -> Value {
    let keys = std::fs::read_to_string(folder.join("data/first-keys.txt")).unwrap();
    let key = keys.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap();
    let answer = serving.ask(&format!(
        "{what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}
