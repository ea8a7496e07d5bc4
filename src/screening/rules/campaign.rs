//! Finds contacts that several authors give, one after the other.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group, MAX_MEMBERS};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "campaign",
    group: Group::History,
    summary: "Several authors gave the same contact, and people approved none of it.",
    why: "A campaign changes names, addresses and words, and must say whom to write to. A link that several authors bring tells \
          nothing before somebody decides: good pages are passed round too.",
    certain: false,
    fires: &[
        r#"{"content": "Write me on WhatsApp +1 (202) 555-0143", "history": {"handles": [{"b": [{"p": 683, "n": 3}], "m": [1, 2]}], "members": {"a": 9}}}"#,
        r#"{"content": "Ask my broker on telegram @quick_profit", "history": {"handles": [{"b": [{"p": 683, "n": 4, "s": 2}], "m": [1, 2, 3]}], "members": {"a": 9}}}"#,
    ],
    passes: &[
        r#"{"content": "Write me on WhatsApp +1 (202) 555-0143", "history": {"handles": [{"b": [{"p": 683, "n": 9, "a": 1}], "m": [1, 2, 3]}], "members": {"a": 9}}}"#,
        r#"{"content": "Write me on WhatsApp +1 (202) 555-0143", "history": {"handles": [{"b": [{"p": 683, "n": 9}], "m": [9]}], "members": {"a": 9}}}"#,
        r#"{"content": "See http://notes.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 9}], "m": [1, 2, 3, 4, 5, 6]}], "members": {"a": 9}}}"#,
    ],
    build: from_options::<Campaign>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campaign {
    /// How many other authors make a campaign.
    authors: usize,
}

impl Check for Campaign {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let (facts, history) = (case.facts, case.history);
        let mut known = facts.handle_names().into_iter().zip(&history.handles);
        let (name, others) = known.find_map(|(name, past)| {
            let others = past.members.iter().filter(|member| **member != history.members.author).count();
            (past.total(facts.now()).approved == 0 && others >= self.authors).then_some((name, others))
        })?;
        let named = facts.handles().iter().filter(|handle| handle.name == name);
        let evidence = named.map(|handle| facts.evidence(Field::Content, handle.span)).take(5).collect();
        let message = format!("{} other authors gave the same contact, and people approved none of it.", count(others));
        Some(Finding::new(message, evidence))
    }
}

/// So many, as far as they are counted.
fn count(others: usize) -> String {
    if others >= MAX_MEMBERS - 1 { format!("{} or more", MAX_MEMBERS - 1) } else { others.to_string() }
}
