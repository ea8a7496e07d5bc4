//! Finds comments that write links in several markup languages at once.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Syntax;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_syntax_mix",
    group: Group::Links,
    summary: "Links are written in several markup languages at once, or once as markup and once more in plain.",
    why: "People know how their blog wants links written; programs that do not know try everything.",
    certain: false,
    fires: &[
        r#"{"content": "<a href=\"http://shop.example/\">shop</a> [url=http://shop.example/]shop[/url]"}"#,
        r#"{"content": "xkqwz http://shop.example/ <a href=\"http://shop.example/\">xkqwz</a>"}"#,
    ],
    passes: &[
        r#"{"content": "[This](https://a.example/) and [that](https://b.example/), also https://c.example/"}"#,
        r#"{"content": "<a href=\"http://a.example/\">http://a.example/</a>"}"#,
    ],
    build: from_options::<LinkSyntaxMix>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkSyntaxMix {}

impl Check for LinkSyntaxMix {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let markup: BTreeSet<Syntax> =
            facts.foreign_links().map(|link| link.syntax).filter(|syntax| *syntax != Syntax::Bare).collect();
        let plain: BTreeSet<(&str, &str)> = facts
            .foreign_links()
            .filter(|link| link.syntax == Syntax::Bare)
            .map(|link| (link.target.host.as_str(), link.target.path.as_str()))
            .collect();
        let is_doubled = || {
            facts.foreign_links().any(|link| {
                link.syntax != Syntax::Bare && plain.contains(&(link.target.host.as_str(), link.target.path.as_str()))
            })
        };
        if markup.len() < 2 && (plain.is_empty() || !is_doubled()) {
            return None;
        }
        let evidence = facts.foreign_links().take(4).map(|link| facts.evidence(Field::Content, link.span));
        let names: Vec<&str> = markup.iter().map(|syntax| syntax.as_str()).collect();
        let message = match names[..] {
            [one] => format!("The same link is written in {one} and once more in plain."),
            _ => format!("Links are written in {} at once.", names.join(" and ")),
        };
        Some(Finding::new(message, evidence.collect()))
    }
}
