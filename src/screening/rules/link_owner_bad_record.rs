//! Finds links to pages of owners whose links people rejected before.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_owner_bad_record",
    group: Group::History,
    summary: "People rejected comments that link to the same owner, and approved none.",
    why: "Authors, addresses and texts change from one comment to the next; where they lead does not.",
    certain: false,
    fires: &[
        r#"{"content": "See http://pills.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 5, "s": 3}]}]}}"#,
        r#"{"content": "Hello there", "author": {"url": "http://pills.example/"}, "history": {"owners": [{"b": [{"p": 683, "n": 5, "s": 4}]}]}}"#,
    ],
    passes: &[
        r#"{"content": "See http://notes.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 9, "s": 4, "a": 1}]}]}}"#,
        r#"{"content": "See http://notes.example/1", "history": {"owners": [{"b": [{"p": 683, "n": 2, "s": 2}]}]}}"#,
    ],
    build: from_options::<LinkOwnerBadRecord>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOwnerBadRecord {
    /// From how many rejected comments on.
    rejected: u32,
}

impl Check for LinkOwnerBadRecord {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let (facts, now) = (case.facts, case.facts.now());
        let known = facts.owners().into_iter().zip(&case.history.owners);
        let (owner, tally) = known
            .map(|(owner, past)| (owner, past.total(now)))
            .find(|(_, tally)| tally.approved == 0 && tally.spam >= self.rejected)?;
        let message = format!("People rejected {} comments that link to {owner}, and approved none.", tally.spam);
        Some(Finding::new(message, facts.evidence_of_owner(owner)))
    }
}
