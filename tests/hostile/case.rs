//! The cases: those in the files, a fold of every field with every class of text, and the Big List of Naughty Strings.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::field::Field;
use super::fold;
use super::value::Sent;

/// One thing to send.
pub struct Case {
    pub name: String,
    pub field: Field,
    pub sent: Sent,
    /// Statuses that may be answered.
    pub allow: Vec<u16>,
    pub must: Must,
}

/// What else must hold of the answer.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Must {
    /// Whether it is approved.
    pub approved: Option<bool>,
    /// A rule that fires.
    pub rule: Option<String>,
}

/// A line of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    field: String,
    value: Value,
    allow: Option<Vec<u16>>,
    #[serde(default)]
    must: Must,
}

impl Case {
    /// A case of which the field's limits say what is answered.
    pub fn new(name: String, field: Field, sent: Sent) -> Self {
        let allow = field.statuses(&sent);
        Self { name, field, sent, allow, must: Must::default() }
    }
}

/// All of them, each with a name of its own.
pub fn all() -> Vec<Case> {
    let mut cases = from_files();
    cases.extend(fold::cases());
    cases.extend(naughty());
    let mut names = BTreeSet::new();
    let twice: Vec<_> = cases.iter().map(|case| &case.name).filter(|name| !names.insert((*name).clone())).collect();
    assert!(twice.is_empty(), "names given twice: {twice:?}");
    cases
}

fn from_files() -> Vec<Case> {
    let mut paths: Vec<_> = fs::read_dir(folder("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")) {
        for (place, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let line: Line =
                serde_json::from_str(line).unwrap_or_else(|why| panic!("{}:{}: {why}", path.display(), place + 1));
            let case = Case::new(line.name, Field::named(&line.field), Sent::of(&line.value));
            let allow = line.allow.unwrap_or_else(|| case.allow.clone());
            cases.push(Case { allow, must: line.must, ..case });
        }
    }
    cases
}

/// The Big List of Naughty Strings, as texts and as names.
fn naughty() -> Vec<Case> {
    let json = fs::read_to_string(folder("blns").join("blns.json")).unwrap();
    let strings: Vec<String> = serde_json::from_str(&json).unwrap();
    let of = |name: &'static str| {
        let field = Field::named(name);
        strings
            .iter()
            .enumerate()
            .map(move |(place, text)| Case::new(format!("naughty string {place} as {name}"), field, Sent::text(text)))
    };
    of("content").chain(of("author.name")).collect()
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hostile").join(name)
}
