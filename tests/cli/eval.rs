//! `eval`, with figures that were computed by hand.

use std::path::Path;

use super::{GTUBE, Ran, moderato, run};

/// Four spams, of which two are caught, four honest comments, and an insult. Of the 16 pairs of a spam and an honest
/// comment 8 are won and 8 tie: AUC (8 + 8 / 2) / 16 = 0.75. Above all honest comments are 2 of 4 spams.
fn labelled() -> String {
    let rows = [
        ("a", "spam", GTUBE.to_owned()),
        ("a", "spam", "The weather was fine on that day.".to_owned()),
        ("a", "toxic", format!("{GTUBE} you")),
        ("a", "ham", "I read this twice and still agree with most of it.".to_owned()),
        ("b", "ham", "Our garden looks much the same in October.".to_owned()),
        ("b", "spam", format!("{GTUBE} again")),
        ("b", "spam", "We went there by train and stayed a week.".to_owned()),
        ("b", "ham", "That chapter explains it better than the lecture did.".to_owned()),
        ("b", "ham", "Could you say a little more about the second method?".to_owned()),
    ];
    let times = ["2014-11-07T06:20:48Z", "4/21/2018 18:35", "2010-04-15T15:58:0", ""];
    let row = |(index, (source, label, content)): (usize, &(&str, &str, String))| {
        let created_at = times[index % times.len()];
        let row = serde_json::json!({ "id": index, "source": source, "label": label, "content": content,
            "created_at": created_at, "lang": "en", "author_name": null, "something_else": [1] });
        format!("{row}\n")
    };
    rows.iter().enumerate().map(row).collect()
}

fn eval(folder: &Path, arguments: &[&str]) -> Ran {
    run(moderato(folder).arg("eval").args(arguments))
}

/// The rules alone, whose figures can be computed by hand.
fn eval_rules(folder: &Path, arguments: &[&str]) -> Ran {
    std::fs::write(folder.join("rules.toml"), "[rules.learned_spam]\nmode = 'off'\n").unwrap();
    eval(folder, &[arguments, &["--policy", "rules.toml"]].concat())
}

#[test]
fn figures_are_those_computed_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.jsonl"), labelled()).unwrap();
    let report = eval_rules(folder.path(), &["mine.jsonl", "--format", "json"]).ends(0).json();
    let total = &report["total"];
    assert_eq!(total["spam"], serde_json::json!({ "approved": 2, "held": 0, "rejected": 2 }));
    assert_eq!(total["ham"], serde_json::json!({ "approved": 4, "held": 0, "rejected": 0 }));
    assert_eq!(
        (&total["auc"], &total["caught_at_1"], &total["caught_at_0_5"]),
        (&0.75.into(), &0.5.into(), &0.5.into())
    );
    assert!(total["us"]["median"].as_f64().unwrap() <= total["us"]["max"].as_f64().unwrap());
    assert_eq!(report["sources"]["a"]["ham"]["approved"], 1);
    assert_eq!(report["sources"]["b"]["ham"]["approved"], 3);
    let sources = serde_json::json!({ "a": { "spam": 1, "ham": 0 }, "b": { "spam": 1, "ham": 0 } });
    let expected =
        serde_json::json!({ "spam": 2, "ham": 0, "precision": 1.0, "stops": 2, "disturbs": 0, "by_source": sources });
    assert_eq!(report["rules"]["gtube"], expected);
}

#[test]
fn after_leaves_out_the_first_of_each_source() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.jsonl"), labelled()).unwrap();
    let report = eval_rules(folder.path(), &["mine.jsonl", "--after", "4", "--format", "json"]).ends(0).json();
    assert_eq!(report["sources"]["a"]["spam"], serde_json::json!({ "approved": 0, "held": 0, "rejected": 0 }));
    assert_eq!(report["total"]["ham"]["approved"], 1);
    assert!(report["total"]["auc"].is_null() && report["total"]["caught_at_1"].is_null(), "{report}");
    assert!(report["sources"]["a"]["us"]["median"].is_null());
}

#[test]
fn tables_name_every_source_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.jsonl"), labelled()).unwrap();
    let ran = eval_rules(folder.path(), &["mine.jsonl"]).ends(0);
    let row = |name: &str| ran.out.lines().find(|line| line.split_whitespace().next() == Some(name)).map(str::to_owned);
    assert!(row("total").unwrap().contains("0.7500") && row("a").is_some() && row("b").is_some(), "{}", ran.out);
    assert!(row("gtube").unwrap().contains("100.0 %"), "{}", ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn a_bare_name_is_looked_up_among_the_labelled_data() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(data.path().join("mine.jsonl"), labelled()).unwrap();
    let mut command = moderato(folder.path());
    let ran = run(command.args(["eval", "mine.jsonl", "--format", "json"]).env("MODERATO_DATA", data.path())).ends(0);
    assert_eq!(ran.json()["total"]["spam"]["rejected"], 2);
    eval(folder.path(), &["mine.jsonl"]).ends(1);
}

#[test]
fn a_row_that_is_none_is_named_by_file_and_line() {
    let long = serde_json::json!({ "source": "a", "label": "ham", "content": "x".repeat(65_537) }).to_string();
    let cases = [
        ("{", "mine.jsonl:2: is no labelled comment"),
        ("", "mine.jsonl:2: is no labelled comment"),
        (r#"{"source":"a","label":"nice","content":""}"#, "mine.jsonl:2: is no labelled comment: unknown variant"),
        (r#"{"source":"a","label":"ham"}"#, "missing field `content`"),
        (r#"{"source":"a","label":"ham","content":"","ip":"here"}"#, "mine.jsonl:2: ip \"here\" is no IP address"),
        (&long, "mine.jsonl:2: content has 65537 bytes"),
    ];
    for (row, said) in cases {
        let folder = tempfile::tempdir().unwrap();
        let first = r#"{"source":"a","label":"ham","content":"good"}"#;
        std::fs::write(folder.path().join("mine.jsonl"), format!("{first}\n{row}\n{first}\n")).unwrap();
        let ran = eval(folder.path(), &["mine.jsonl"]).ends(1);
        assert!(ran.err.starts_with("moderato: mine.jsonl:2: ") && ran.err.contains(said), "{ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""), "{ran:?}");
    }
}

#[test]
fn a_policy_holds_the_keys_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.jsonl"), labelled()).unwrap();
    std::fs::write(folder.path().join("good.toml"), "first_comment = \"hold\"\n").unwrap();
    std::fs::write(folder.path().join("bad.toml"), "\nfirst_coment = \"hold\"\n").unwrap();
    eval(folder.path(), &["mine.jsonl", "--policy", "good.toml"]).ends(0);
    let ran = eval(folder.path(), &["mine.jsonl", "--policy", "bad.toml"]).ends(1);
    assert_eq!(ran.err, "moderato: bad.toml:2: there is no key first_coment; did you mean first_comment?\n");
}
