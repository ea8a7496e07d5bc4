//! What the fuzzer found worth keeping is tried again: each saved case holds its property.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on fails")]

use std::panic::catch_unwind;
use std::path::Path;

#[path = "../support/generators.rs"]
mod generators;
#[path = "../../fuzz/properties.rs"]
mod properties;

/// The saved cases of a property: a JSON string a line.
fn cases(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/cases/{name}.jsonl"));
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_saved_case_holds_its_property() {
    let mut broken = Vec::new();
    for (name, property) in properties::ALL {
        let cases = cases(name);
        assert!(cases.len() >= 50, "{name} has only {} saved cases", cases.len());
        let fails = |case: &&String| catch_unwind(|| property(case)).is_err();
        broken.extend(cases.iter().filter(fails).map(|case| format!("{name}: {case:?}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn hostile_texts_hold_every_property() {
    for (text, make) in generators::GENERATORS {
        let text_of = make(2048);
        for (name, property) in properties::ALL {
            assert!(catch_unwind(|| property(&text_of)).is_ok(), "{name} of {text}");
        }
    }
}
