//! Finds praise for those who bring back lost money.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "recovery_scam",
    group: Group::Text,
    summary: "The comment tells of lost or stolen money that somebody brought back, and how to reach them.",
    why: "Nobody brings back stolen coins; those who were robbed once are robbed again.",
    certain: false,
    fires: &[
        r#"{"content": "I lost my bitcoin to a fake broker, but this hacker recovered 100% of it: contact fast@recover.example"}"#,
        r#"{"content": "Scammed of your crypto funds? Swift Recovery Agency can retrieve it, WhatsApp +1 (202) 555-0143"}"#,
    ],
    passes: &[
        r#"{"content": "I lost my wallet's password and recovered my bitcoin from the seed."}"#,
        r#"{"content": "They recovered the stolen money, the police said."}"#,
        r#"{"content": "Restore the funds module with git, contact me at a@b.example"}"#,
    ],
    build: from_options::<RecoveryScam>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryScam {}

const LOSS: &[&str] =
    &["lost", "lose", "stolen", "scammed", "scam", "scammers", "scammer", "defrauded", "hacked", "fraudulent"];
const BACK: &[&str] =
    &["recover", "recovered", "recovering", "recovery", "retrieve", "retrieved", "reclaim", "refunded"];
const ASSETS: &[&str] = &[
    "bitcoin",
    "bitcoins",
    "btc",
    "crypto",
    "cryptocurrency",
    "usdt",
    "eth",
    "ethereum",
    "funds",
    "money",
    "investment",
    "coins",
];

impl Check for RecoveryScam {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let tells = |list: &[&str]| facts.wording().any(|word| list.contains(&word));
        let back = facts.wording().position(|word| BACK.contains(&word))?;
        if !tells(LOSS) || !tells(ASSETS) {
            return None;
        }
        let handles = facts.handles().iter().map(|handle| facts.evidence(Field::Content, handle.span));
        let links = facts.foreign_links().map(|link| facts.evidence(Field::Content, link.span));
        let contact = handles.chain(links).next()?;
        let evidence = vec![facts.folded_evidence(facts.tokens()[back]), contact];
        Some(Finding::new("It praises somebody who brings back lost money.", evidence))
    }
}
