//! A comment a file: what the shipped policy says of it, and by which rules. Adding a case is adding a file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use moderato::domain::{History, Submission, Timestamp};
use moderato::screening::{Facts, FirstComment, Policy, Settings, screen};
use serde::Deserialize;
use serde_json::{Value, json};

/// What spam does, each of which has a comment that is caught and an honest one that looks like it and passes.
const TECHNIQUES: &[&str] = &[
    "a comment on the topic, the payload in the author's website",
    "a harmless comment first, links once it is approved",
    "doubts or praise that fit any post, and a referral to an exchange",
    "keywords for a name",
    "a template's choices left in",
    "a template's choices filled in, others on each site",
    "ways to reach somebody instead of links",
    "digits in disguise",
    "emoji that point",
    "praise by made-up customers",
    "lost money brought back",
    "look-alike letters",
    "invisible characters",
    "text that is turned around",
    "marks and spaces between letters",
    "hidden text and links without text",
    "Markdown that shows one address and leads to another",
    "every markup language at once",
    "pictures from elsewhere",
    "shortened links",
    "redirections and free hosting",
    "pages in other people's sites",
    "addresses without scheme or in disguise",
    "a well-known host as the user's name",
    "trackbacks and pingbacks",
    "an edit after approval",
    "calls past the form",
    "programs that work the form as people do",
    "code for the blog's software",
    "floods on one post",
    "orders to language models",
];

/// Techniques that no single comment shows: an edit is told by what the comment was before.
const BEYOND_ONE_COMMENT: &[usize] = &[26];

/// One case: `rules` are the ids of all hits, in the order in which they are listed; `techniques` are places in
/// [`TECHNIQUES`], counted from 1; `history` is what is remembered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default)]
    techniques: Vec<usize>,
    action: String,
    rules: Vec<String>,
    submission: Value,
    #[serde(default)]
    history: History,
}

#[test]
fn every_comment_gets_the_expected_verdict_by_the_expected_rules() {
    let policy = shipped_policy();
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 110, "only {} cases were found", cases.len());
    for (name, case) in cases {
        let submission = submission(case.submission);
        let facts = Facts::new(&submission, &policy, Timestamp::from_millis(1_767_225_600_000));
        let verdict = screen(&facts, &case.history, &policy);
        let rules: Vec<&str> = verdict.hits.iter().map(|hit| hit.rule.as_str()).collect();
        if verdict.action.as_str() != case.action || rules != case.rules {
            wrong.push(format!("{name} ({}): {} {} {rules:?}", case.about, verdict.action.as_str(), verdict.score));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_technique_is_caught_and_its_honest_look_alike_is_not() {
    let cases = cases();
    let mut wanting = Vec::new();
    for (place, technique) in TECHNIQUES.iter().enumerate() {
        let number = place + 1;
        let has = |caught: bool| {
            cases.iter().any(|(_, case)| case.techniques.contains(&number) && (case.action != "approve") == caught)
        };
        if !(BEYOND_ONE_COMMENT.contains(&number) || has(true) && has(false)) {
            wanting.push(format!("{number}, {technique}: caught {}, honest {}", has(true), has(false)));
        }
    }
    assert!(wanting.is_empty(), "{}", wanting.join("\n"));
    for (name, case) in &cases {
        let is_known = case.techniques.iter().all(|number| (1..=TECHNIQUES.len()).contains(number));
        assert!(is_known, "{name} names a technique that there is not");
        let is_honest = case.action == "approve";
        assert!(case.techniques.is_empty() || is_honest == name.starts_with("honest_"), "{name} is {}", case.action);
    }
}

/// Every case with its file's name.
fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cases");
    let read = |path: &Path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case = serde_json::from_str(&std::fs::read_to_string(path).unwrap());
        (name.clone(), case.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
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
