//! A rule's documentation as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::{Group, RuleDoc};
use crate::service::Agreement;

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
    fires: Vec<Example>,
    passes: Vec<Example>,
    /// How it has stood the test of the site's decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<LedgerView>,
}

/// How often people agreed with something.
#[derive(Debug, Serialize)]
pub(super) struct LedgerView {
    decided: u64,
    agreed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_bound: Option<f64>,
}

impl From<&Agreement> for LedgerView {
    fn from(agreement: &Agreement) -> Self {
        // Four decimals tell more than the decisions behind them.
        let lower_bound = agreement.lower_bound.map(|bound| (bound * 10_000.0).floor() / 10_000.0);
        Self { decided: agreement.decided, agreed: agreement.agreed, lower_bound }
    }
}

impl<'a> From<&'a (RuleDoc, Agreement)> for RuleView<'a> {
    fn from((rule, agreement): &'a (RuleDoc, Agreement)) -> Self {
        Self { ledger: Some(agreement.into()), ..Self::from(rule) }
    }
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
            ledger: None,
        }
    }
}

/// A submission on which a rule fires, or does not.
#[derive(Debug, Serialize)]
struct Example {
    submission: Value,
    /// Whether that holds only for an author or a text with a past.
    needs_history: bool,
    /// The entries by which that holds, by the name of the site's list that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    lists: Option<Value>,
}

fn examples(texts: &[&str]) -> Vec<Example> {
    texts.iter().filter_map(|text| serde_json::from_str(text).ok().map(Example::of)).collect()
}

impl Example {
    /// An example tells only what matters; what every submission needs is added, so that it can be sent as it is.
    fn of(mut given: Map<String, Value>) -> Self {
        let needs_history = given.remove("history").is_some();
        let lists = given.remove("lists");
        for (name, least) in [("post", json!({"id": "1"})), ("author", json!({})), ("content", json!(""))] {
            given.entry(name).or_insert(least);
        }
        if let Some(Value::Object(post)) = given.get_mut("post") {
            post.entry("id").or_insert(json!("1"));
        }
        Self { submission: Value::Object(given), needs_history, lists }
    }
}
