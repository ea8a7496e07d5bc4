//! Finds text that is turned around.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "bidi_override",
    group: Group::Text,
    summary: "The comment or its author's name contains characters that turn the direction of left-to-right text.",
    why: "What a reader sees is then not what is written: a turned address looks like another one.",
    certain: false,
    fires: &[
        r#"{"content": "see moc\u202Eelpmaxe.\u202C now"}"#,
        r#"{"content": "Hello", "author": {"name": "A\u202En"}}"#,
    ],
    passes: &[
        r#"{"content": "שלום \u202Eעולם\u202C"}"#,
        r#"{"content": "The name \u2068עולם\u2069 and \u200F more"}"#,
        r#"{"content": "Hello"}"#,
    ],
    build: from_options::<BidiOverride>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BidiOverride {}

impl Check for BidiOverride {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let submission = case.facts.submission();
        let name = submission.author.name.as_deref().unwrap_or_default();
        let found = [(Field::Content, &*submission.content), (Field::AuthorName, name)];
        let found = found.into_iter().filter_map(|(field, text)| Some((field, turned(text)?)));
        let evidence: Vec<Evidence> = found.map(|(field, at)| case.facts.evidence(field, (at, at + 3))).collect();
        (!evidence.is_empty()).then(|| Finding::new("Its text is turned around.", evidence))
    }
}

/// Where a text without right-to-left letters has an override.
fn turned(text: &str) -> Option<usize> {
    if text.is_ascii() {
        return None;
    }
    let is_turned = |c: char| matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}');
    text.find(['\u{202D}', '\u{202E}']).filter(|_| !text.contains(is_turned))
}
