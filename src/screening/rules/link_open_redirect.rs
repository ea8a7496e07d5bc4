//! Finds links that lead through another site to where they lead.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_open_redirect",
    group: Group::Links,
    summary: "A link leads on to another site, which it names in a parameter.",
    why: "Lists of hosts and readers see the site that it leads through, which knows nothing of it.",
    certain: false,
    fires: &[
        r#"{"content": "Details: https://www.google.com/url?q=https%3A%2F%2Fpills.example%2F&sa=D"}"#,
        r#"{"content": "Look https://travel.test/out.php?url=http://casino.example/play"}"#,
    ],
    passes: &[
        r#"{"content": "Look https://travel.test/search?q=hotels+in+rome"}"#,
        r#"{"content": "Archived: https://web.archive.org/web/2024/https://news.example/"}"#,
    ],
    build: from_options::<LinkOpenRedirect>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOpenRedirect {}

impl Check for LinkOpenRedirect {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| link.leads_on());
        let evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("A link leads on to another site than the one it names.", evidence))
    }
}
