//! Finds links whose visible text names another site than they lead to.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::{Link, Target};

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_text_mismatch",
    group: Group::Links,
    summary: "A link shows one address and leads to another.",
    why: "That is how readers are led where they would not go.",
    certain: false,
    fires: &[
        r#"{"content": "Log in at <a href=\"http://evil.example/\">https://bank.test/login</a>"}"#,
        r#"{"content": "See [https://good.test/page](https://bad.example/page).", "format": "markdown"}"#,
    ],
    passes: &[
        r#"{"content": "<a href=\"https://www.good.test/a/long/page\">good.test/a/lo...</a>"}"#,
        r#"{"content": "<a href=\"https://docs.test/net\">ASP.NET docs</a> and [main.rs](https://code.test/main.rs)"}"#,
    ],
    build: from_options::<LinkTextMismatch>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkTextMismatch {}

impl Check for LinkTextMismatch {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let wrong = facts.foreign_links().filter(|link| misleads(link));
        let evidence: Vec<Evidence> = wrong.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("A link shows another address than it leads to.", evidence))
    }
}

fn misleads(link: &Link) -> bool {
    let Some(shown) = link.text.as_deref().and_then(shown_address) else { return false };
    let Some(claimed) = Target::of(shown) else { return false };
    let claimed_host = claimed.host.strip_prefix("www.").unwrap_or(&claimed.host);
    let real_host = link.target.host.strip_prefix("www.").unwrap_or(&link.target.host);
    claimed.owner != link.target.owner && !real_host.starts_with(claimed_host)
}

/// The address that a text shows, if it shows one and nothing else.
fn shown_address(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches(['.', '…', '/']);
    let names_web = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.");
    (names_web && !text.contains(char::is_whitespace)).then_some(text)
}
