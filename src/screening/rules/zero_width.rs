//! Finds invisible characters within words.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "zero_width",
    group: Group::Text,
    summary: "Words contain invisible characters.",
    why: "They change nothing for a reader and everything for a filter. Emoji and scripts that need joiners are left alone.",
    certain: false,
    fires: &[
        r#"{"content": "Play at the ca\u200Bsi\u200Bno tonight"}"#,
        r#"{"content": "Play tonight", "author": {"name": "ca\u2060sino"}}"#,
    ],
    passes: &[
        r#"{"content": "Nice song\uFEFF"}"#,
        r#"{"content": "👩‍👩‍👧 می‌خواهم Silben\u00ADtrennung"}"#,
        r#"{"content": "ภาษา\u200Bไทย"}"#,
    ],
    build: from_options::<ZeroWidth>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZeroWidth {}

impl Check for ZeroWidth {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let content = facts.folded().invisible.iter().map(|&span| facts.evidence(Field::Content, span));
        let name = facts.name().invisible.iter().map(|&span| facts.evidence(Field::AuthorName, span));
        let evidence: Vec<Evidence> = content.chain(name).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("Words contain invisible characters.", evidence))
    }
}
