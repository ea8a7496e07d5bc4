//! A rule's documentation as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Group, RuleDoc};

/// Everything there is to know about a rule.
#[derive(Debug, Serialize)]
pub(in crate::http) struct RuleView<'a> {
    id: &'a str,
    group: Group,
    summary: &'a str,
    why: &'a str,
    mode: &'a str,
    points: i32,
    certain: bool,
    options: &'a BTreeMap<String, String>,
    fires: Vec<Value>,
    passes: Vec<Value>,
}

impl<'a> From<&'a RuleDoc> for RuleView<'a> {
    fn from(rule: &'a RuleDoc) -> Self {
        Self {
            id: rule.id.as_str(),
            group: rule.group,
            summary: rule.summary,
            why: rule.why,
            mode: rule.mode,
            points: rule.points,
            certain: rule.certain,
            options: &rule.options,
            fires: examples(rule.fires),
            passes: examples(rule.passes),
        }
    }
}

/// The examples as the submissions they are.
fn examples(texts: &[&str]) -> Vec<Value> {
    texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
}
