//! Finds forms filled in by programs: a field that people do not see has a value.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "honeypot",
    group: Group::Client,
    summary: "The form's hidden field was filled in.",
    why: "People cannot see the field, programs fill in everything. It rejects by itself.",
    certain: true,
    fires: &[r#"{"content": "I agree.", "form": {"honeypot": "http://shop.example/"}}"#],
    passes: &[
        r#"{"content": "I agree.", "form": {"honeypot": ""}}"#,
        r#"{"content": "I agree.", "form": {"honeypot": " "}}"#,
        r#"{"content": "I agree."}"#,
    ],
    build: from_options::<Honeypot>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Honeypot {}

impl Check for Honeypot {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let value = case.facts.submission().form.honeypot.as_deref()?;
        let is_filled = !value.trim().is_empty();
        is_filled.then(|| {
            Finding::new("A field that people do not see was filled in.", vec![case.facts.whole(Field::Honeypot)])
        })
    }
}
