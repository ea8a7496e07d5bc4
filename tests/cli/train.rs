//! `train`, and what `eval` makes of a model and of labels that are given as decisions.

use std::fmt::Write as _;
use std::path::Path;

use super::{Ran, moderato, run};

/// Comments of two sources in which nothing but words tells spam from the rest: no rule fires on them.
fn labelled() -> String {
    let spam = ["lucky numbers tonight", "the numbers are lucky", "lucky tonight", "numbers for tonight"];
    let honest = ["a walk by the lake", "the lake was frozen", "we walk on sundays", "frozen over on sunday"];
    let mut rows = String::new();
    for number in 0..80 {
        let (label, content) = match number % 2 {
            0 => ("spam", spam[number / 2 % 4]),
            _ => ("ham", honest[number / 2 % 4]),
        };
        let source = ["one", "two"][number % 3 % 2];
        let row = serde_json::json!({"source": source, "label": label, "content": format!("{content}, {number}")});
        let _ = writeln!(rows, "{row}");
    }
    rows
}

fn in_a_folder(test: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.jsonl"), labelled()).unwrap();
    test(folder.path());
}

fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    run(moderato(folder).args(arguments))
}

#[test]
fn the_same_comments_make_the_same_bytes_and_others_make_others() {
    in_a_folder(|folder| {
        let said = ran(folder, &["train", "mine.jsonl", "--out", "first"]).ends(0).out;
        assert!(said.contains("80 comments (spam/honest): one 27/26, two 13/14"), "{said}");
        ran(folder, &["train", "mine.jsonl", "--out", "second"]).ends(0);
        ran(folder, &["train", "mine.jsonl", "--leave-out", "two", "--out", "without"]).ends(0);
        let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
        assert!(bytes("first") == bytes("second"));
        assert!(bytes("first") != bytes("without"));
        assert!(bytes("first").len() <= 512 * 1024);
    });
}

#[test]
fn a_trained_model_tells_spam_that_no_rule_finds() {
    in_a_folder(|folder| {
        ran(folder, &["train", "mine.jsonl", "--out", "model"]).ends(0);
        let measured = ran(folder, &["eval", "mine.jsonl", "--model", "model", "--format", "json"]).ends(0).json();
        assert!(measured["total"]["auc"].as_f64().unwrap() > 0.95, "{measured}");
    });
}

#[test]
fn labels_that_are_given_as_decisions_are_learnt() {
    in_a_folder(|folder| {
        let learnt = ["eval", "mine.jsonl", "--learn", "--after", "20", "--format", "json"];
        let learnt = ran(folder, &learnt).ends(0).json();
        assert!(learnt["total"]["auc"].as_f64().unwrap() > 0.95, "{learnt}");
    });
}

#[test]
fn what_is_no_model_and_what_is_nowhere_is_told() {
    in_a_folder(|folder| {
        let told = ran(folder, &["eval", "mine.jsonl", "--model", "mine.jsonl"]).ends(1).err;
        assert!(told.contains("mine.jsonl is no base model of this version"), "{told}");
        let told = ran(folder, &["eval", "mine.jsonl", "--model", "nowhere"]).ends(1).err;
        assert!(told.contains("nowhere cannot be read"), "{told}");
        let told = ran(folder, &["train", "mine.jsonl", "--leave-out", "three", "--out", "model"]).ends(1).err;
        assert!(told.contains("no comment is of the source three"), "{told}");
        let told = ran(folder, &["train", "mine.jsonl", "--out", "nowhere/model"]).ends(1).err;
        assert!(told.contains("nowhere/model cannot be written"), "{told}");
    });
}
