//! A comment a file: what the shipped policy says of it, and by which rules. Adding a case is adding a file.

use std::path::Path;

use moderato::domain::{History, Submission, Timestamp};
use moderato::screening::{Facts, FirstComment, Policy, Settings, screen};
use serde::Deserialize;
use serde_json::{Value, json};

/// One case: `rules` are the ids of all hits, in the order in which they are listed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    action: String,
    rules: Vec<String>,
    submission: Value,
}

#[test]
fn every_comment_gets_the_expected_verdict_by_the_expected_rules() {
    let policy = shipped_policy();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cases");
    let mut wrong = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let submission = submission(case.submission);
        let facts = Facts::new(&submission, &policy, Timestamp::from_millis(1_767_225_600_000));
        let verdict = screen(&facts, &History::default(), &policy);
        let rules: Vec<&str> = verdict.hits.iter().map(|hit| hit.rule.as_str()).collect();
        if verdict.action.as_str() != case.action || rules != case.rules {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("{name} ({}): {} {} {rules:?}", case.about, verdict.action.as_str(), verdict.score));
        }
        cases += 1;
    }
    assert!(cases >= 50, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The policy as it is shipped, but for first comments: the corpus asks what the screening itself says.
fn shipped_policy() -> Policy {
    let file: toml::Table = include_str!("../../config/moderato.toml").parse().expect("it is TOML");
    let mut settings: Settings = file["policy"].clone().try_into().expect("the policy is complete");
    settings.first_comment = FirstComment::Screen;
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A submission from the fields that a case names; the others are empty.
fn submission(given: Value) -> Submission {
    let mut whole = json!({"post": {"id": "1", "tags": []}, "kind": "comment", "author": {}, "content": "",
        "format": "text", "client": {}, "form": {}});
    merge(&mut whole, given);
    serde_json::from_value(whole).expect("a case names only fields that exist")
}

fn merge(base: &mut Value, given: Value) {
    match (base, given) {
        (Value::Object(base), Value::Object(given)) => {
            for (key, value) in given {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, given) => *base = given,
    }
}
