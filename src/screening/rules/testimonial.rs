//! Finds praise for somebody who makes others rich.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "testimonial",
    group: Group::Text,
    summary: "The comment praises a person with a title for the profit that their trading brought the author.",
    why: "Several accounts praise the same broker under a post, and answer each other; behind the name is one deceiver.",
    certain: false,
    fires: &[
        r#"{"content": "Mrs Ana Roe is the best broker, my profit was $12,500 weekly with her trading"}"#,
        r#"{"content": "I invested with Mr. Roe, a forex trader, and my returns came in a week"}"#,
    ],
    passes: &[
        r#"{"content": "Mr. Roe, the fund manager, lost $5,000,000 of profit."}"#,
        r#"{"content": "My broker takes 5% of my profits."}"#,
        r#"{"content": "Mrs Roe taught me to manage my time."}"#,
    ],
    build: from_options::<Testimonial>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Testimonial {}

const TITLES: &[&str] = &["mr", "mrs", "ms", "miss", "madam", "sir"];
const TRADES: &[&str] = &[
    "broker",
    "trader",
    "trading",
    "trades",
    "invest",
    "invested",
    "investing",
    "investment",
    "forex",
    "crypto",
    "bitcoin",
    "signals",
    "portfolio",
];
const GAINS: &[&str] =
    &["profit", "profits", "returns", "withdraw", "withdrawal", "withdrew", "earn", "earned", "earning", "earnings"];

impl Check for Testimonial {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let title = facts.wording().position(|word| TITLES.contains(&word))?;
        let tells = |list: &[&str]| facts.wording().any(|word| list.contains(&word));
        if !tells(TRADES) || !tells(GAINS) || !tells(&["my", "me", "i"]) {
            return None;
        }
        let evidence = vec![facts.folded_evidence(facts.tokens()[title])];
        Some(Finding::new("It praises a person for the profit they brought.", evidence))
    }
}
