//! One door for the rules' tests: an example in, the verdict's hits out.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::ALL;
use crate::domain::{History, ListName, Submission, Timestamp, Verdict};
use crate::screening::{Facts, Mode, Policy, Settings, SiteLists, rules, screen};

/// The moment of every example: 2026-01-01T00:00:00Z.
pub const NOW: i64 = 1_767_225_600_000;

/// The defaults, as they are shipped.
pub fn default_settings() -> Settings {
    let file: toml::Table = include_str!("../../../config/moderato.toml").parse().unwrap();
    file["policy"].clone().try_into().unwrap()
}

/// The shipped policy with every rule on.
pub fn policy() -> Policy {
    let mut settings = default_settings();
    for table in settings.rules.values_mut() {
        table.mode = Mode::On;
    }
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The same policy for a site with the lists of an example: `lists`, by list.
pub fn with_lists_of(text: &str, policy: &Policy) -> Policy {
    let given: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let lists = given.get("lists").and_then(Value::as_object).cloned().unwrap_or_default();
    let entries = lists.into_iter().flat_map(|(list, entries)| {
        let list: ListName = list.parse().unwrap();
        let entries = entries.as_array().unwrap().clone();
        entries.into_iter().map(move |mut entry| {
            merge(&mut entry, json!({"created_at": NOW}));
            (list, serde_json::from_value(entry).unwrap())
        })
    });
    let (lists, bad) = SiteLists::compile(entries);
    assert_eq!(bad, [], "{text}");
    policy.with_lists(Arc::new(lists))
}

/// Reads an example: the fields of a submission, those left out being empty, and `history`.
pub fn example(text: &str) -> (Submission, History) {
    let mut given: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    given.as_object_mut().unwrap().remove("lists");
    let history = given.as_object_mut().unwrap().remove("history").unwrap_or_else(|| json!({}));
    if let Some(form) = given.get_mut("form").and_then(Value::as_object_mut)
        && let Some(seconds) = form.remove("seconds")
    {
        form.insert("millis".to_owned(), json!((seconds.as_f64().unwrap() * 1000.0) as u64));
    }
    let mut whole = json!({"post": {"id": "1", "tags": []}, "kind": "comment", "author": {}, "content": "",
        "format": "text", "client": {}, "form": {}});
    merge(&mut whole, given);
    let submission = serde_json::from_value(whole).unwrap_or_else(|error| panic!("{error} in {text}"));
    let history = serde_json::from_value(history).unwrap_or_else(|error| panic!("{error} in {text}"));
    (submission, history)
}

/// The verdict on an example.
pub fn judge(text: &str, policy: &Policy) -> Verdict {
    let (submission, history) = example(text);
    let policy = &with_lists_of(text, policy);
    screen(&Facts::new(&submission, policy, Timestamp::from_millis(NOW)), &history, policy)
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

#[test]
fn every_rule_fires_on_its_examples_and_not_on_their_look_alikes() {
    let policy = policy();
    for rule in ALL {
        assert!(!rule.fires.is_empty() && !rule.passes.is_empty(), "{} needs examples", rule.id);
        let fires = |text: &str| {
            let (submission, history) = example(text);
            let policy = with_lists_of(text, &policy);
            let facts = Facts::new(&submission, &policy, Timestamp::from_millis(NOW));
            rules(&facts, &history, &policy).list.into_iter().find(|hit| hit.rule.as_str() == rule.id)
        };
        for text in rule.fires {
            let hit = fires(text).unwrap_or_else(|| panic!("{} does not fire on {text}", rule.id));
            assert!(!hit.message.is_empty(), "{}", rule.id);
        }
        for text in rule.passes {
            assert!(fires(text).is_none(), "{} fires on {text}", rule.id);
        }
    }
}

#[test]
fn rules_files_and_configuration_name_the_same_rules() {
    let in_code: BTreeSet<String> = ALL.iter().map(|rule| rule.id.to_owned()).collect();
    let in_config: BTreeSet<String> = default_settings().rules.into_keys().collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/screening/rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let in_files: BTreeSet<String> =
        names.filter(|name| !["listed", "mod", "phrases", "testing"].contains(&name.as_str())).collect();
    let learner = || [crate::screening::learner::RULE.to_owned()];
    assert_eq!(in_code.iter().cloned().chain(learner()).collect::<BTreeSet<_>>(), in_config);
    assert_eq!(in_code, in_files);
    assert_eq!(in_code.len(), ALL.len(), "an id is used twice");
}
