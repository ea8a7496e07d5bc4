//! Finds links and contacts that several authors bring, one after the other.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group, MAX_MEMBERS, Past};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "campaign",
    group: Group::History,
    summary: "Several authors brought the same link owner or contact, and people approved none of it.",
    why: "A campaign changes names, addresses and words, and must name where it leads.",
    certain: false,
    fires: &[
        r#"{"content": "See http://pills.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 5}], "m": [1, 2, 3, 4, 5]}], "members": {"a": 9}}}"#,
        r#"{"content": "Write me on WhatsApp +1 (202) 555-0143", "history": {"handles": [{"b": [{"p": 683, "n": 3}], "m": [1, 2]}], "members": {"a": 9}}}"#,
    ],
    passes: &[
        r#"{"content": "See http://notes.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 9, "a": 1}], "m": [1, 2, 3, 4, 5, 6]}], "members": {"a": 9}}}"#,
        r#"{"content": "Mine is http://notes.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 30}], "m": [9]}], "members": {"a": 9}}}"#,
    ],
    build: from_options::<Campaign>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campaign {
    /// How many other authors make a campaign of a link.
    link_authors: usize,
    /// How many make one of a contact.
    contact_authors: usize,
}

impl Check for Campaign {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let (facts, history) = (case.facts, case.history);
        let others = |past: &Past, least: usize| {
            let others = past.members.iter().filter(|member| **member != history.members.author).count();
            (past.total(facts.now()).approved == 0 && others >= least).then_some(others)
        };
        let owner = facts.owners().into_iter().zip(&history.owners).find_map(|(owner, past)| {
            let others = others(past, self.link_authors)?;
            Some((format!("{} other authors linked to {owner} as well", count(others)), facts.evidence_of_owner(owner)))
        });
        let handle = || {
            facts.handle_names().into_iter().zip(&history.handles).find_map(|(name, past)| {
                let others = others(past, self.contact_authors)?;
                let named = facts.handles().iter().filter(|handle| handle.name == name);
                let evidence = named.map(|handle| facts.evidence(Field::Content, handle.span)).take(5).collect();
                Some((format!("{} other authors gave the same contact", count(others)), evidence))
            })
        };
        let (what, evidence) = owner.or_else(handle)?;
        Some(Finding::new(format!("{what}, and people approved none of it."), evidence))
    }
}

/// So many, as far as they are counted.
fn count(others: usize) -> String {
    if others >= MAX_MEMBERS - 1 { format!("{} or more", MAX_MEMBERS - 1) } else { others.to_string() }
}
