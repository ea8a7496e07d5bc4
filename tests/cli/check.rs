//! `check`, with every kind of input and output.

use std::process::{Command, Stdio};

use super::{GTUBE, run_with};

#[test]
fn the_verdict_comes_first_and_the_places_are_marked() {
    let ran = run_with(["check"], format!("Hello\n{GTUBE}\n").as_bytes()).ends(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("REJECT  "), "{}", ran.out);
    for heading in ["content", "why", "score"] {
        assert!(lines.contains(&heading), "{heading}: {}", ran.out);
    }
    assert!(lines.iter().any(|line| line.trim_start_matches([' ', '│']).starts_with("^")), "{}", ran.out);
    assert!(lines.iter().any(|line| line.contains("gtube")), "{}", ran.out);
    assert!(!ran.out.contains('\x1b') && ran.err.is_empty(), "{ran:?}");
}

#[test]
fn json_in_and_out() {
    let submission = serde_json::json!({ "post": { "id": "1" }, "author": { "name": "Ana" }, "content": GTUBE });
    let verdict = run_with(["check", "--format", "json", "-"], submission.to_string().as_bytes()).ends(0).json();
    assert_eq!(verdict["action"], "reject");
    assert!(verdict["hits"].as_array().unwrap().iter().any(|hit| hit["rule"] == "gtube"), "{verdict}");
    assert!(verdict.get("facts").is_none(), "{verdict}");
    let with_facts = run_with(["check", "--format", "json", "--facts"], GTUBE.as_bytes()).ends(0).json();
    assert!(with_facts["facts"]["folded"].is_string(), "{with_facts}");
}

#[test]
fn facts_are_told_as_text_too() {
    let ran = run_with(["check", "--facts"], b"Hello").ends(0);
    assert!(ran.out.contains("\nfacts\n{\n"), "{}", ran.out);
}

#[test]
fn one_line_in_one_line_out() {
    let good = serde_json::json!({ "post": { "id": "1" }, "author": {}, "content": "Thank you." });
    let input = format!("{good}\n{{\"content\": \n\n{GTUBE}\nplain text without an end");
    let ran = run_with(["check", "--lines"], input.as_bytes()).ends(1);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5, "{}", ran.out);
    assert!(lines[0]["action"].is_string() && lines[4]["action"].is_string());
    assert_eq!((&lines[1]["line"], &lines[2]["line"]), (&2.into(), &3.into()));
    assert!(lines[1]["errors"][0].is_string());
    assert_eq!(lines[3]["action"], "reject");
    assert_eq!(ran.err, "moderato: standard input: 2 of 5 lines have no verdict, the first is line 2\n");
    run_with(["check", "--lines"], b"one\ntwo\n").ends(0);
    run_with(["check", "--lines"], b"").ends(0);
}

#[test]
fn no_comment_acts_on_the_terminal() {
    let hostile =
        "\u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{202e}txt.exe\u{2066} \u{200b} \r back http://a.example/\u{1b}[8m";
    let json =
        serde_json::json!({ "post": { "id": "1" }, "author": { "name": hostile }, "content": hostile }).to_string();
    let acts = |character: char| {
        character != '\n'
            && (character.is_control()
                || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    };
    for input in [hostile, &json] {
        for arguments in [
            &["check"][..],
            &["check", "--facts"],
            &["check", "--format", "json", "--facts"],
            &["check", "--lines", "--facts"],
        ] {
            let ran = run_with(arguments, input.as_bytes()).ends(0);
            assert!(!ran.out.chars().any(acts) && !ran.err.chars().any(acts), "{arguments:?}: {ran:?}");
        }
    }
    let ran = run_with(["check"], format!("{{\"{hostile}\": 1}}").as_bytes()).ends(1);
    assert!(!ran.err.chars().any(acts), "{ran:?}");
}

#[test]
fn what_is_no_submission_is_one_line_of_error() {
    let cases: [(&[&str], &[u8], &str); 5] = [
        (
            &["check"],
            b"{\"content\":\n x",
            "standard input is no submission: it is no JSON: expected value at line 2 column 2\n",
        ),
        (&["check"], b"\xff\xfe", "standard input is no submission: it is not UTF-8"),
        (&["check"], &[b'x'; 65_537], "64 KiB"),
        (&["check"], &[b'x'; 300_000], "256 KiB"),
        (&["check", "nowhere.txt"], b"", "nowhere.txt cannot be read: "),
    ];
    for (arguments, input, said) in cases {
        let ran = run_with(arguments, input).ends(1);
        assert!(ran.err.starts_with("moderato: ") && ran.err.contains(said) && ran.out.is_empty(), "{said}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
}

#[test]
fn huge_and_empty_texts_are_explained_in_few_lines() {
    for input in ["http://a.example/ ".repeat(3600), "x\n".repeat(32_000), "x".repeat(65_000), String::new()] {
        let ran = run_with(["check"], input.as_bytes()).ends(0);
        assert!(ran.out.lines().count() < 200, "{}", ran.out);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("many");
    std::fs::write(&input, "a comment\n".repeat(20_000)).unwrap();
    let line = format!("'{}' check --lines many | head -n 1", env!("CARGO_BIN_EXE_moderato"));
    let mut shell = Command::new("sh");
    let ran = super::run(shell.args(["-c", &line]).current_dir(folder.path()).stdin(Stdio::null())).ends(0);
    assert_eq!(ran.out.lines().count(), 1);
    assert_eq!(ran.err, "");
}
