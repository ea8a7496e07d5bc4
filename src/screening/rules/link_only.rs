//! Finds comments that say next to nothing beside a link.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Syntax;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_only",
    group: Group::Links,
    summary: "The comment is little more than a link.",
    why: "Somebody who answers a post says something about it; who only leaves an address wants it visited.",
    certain: false,
    fires: &[
        r#"{"content": "https://shop.example/offer"}"#,
        r#"{"content": "Wow <a href=\"http://shop.example/\">cheap watches</a>"}"#,
    ],
    passes: &[
        r#"{"content": "The list you are looking for is here: https://docs.example/list"}"#,
        r#"{"content": "Nice!"}"#,
    ],
    build: from_options::<LinkOnly>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOnly {
    words: u16,
}

impl Check for LinkOnly {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let first = facts.foreign_links().next()?;
        if case.is_mention() {
            return None;
        }
        let in_links = facts.links().iter().map(|link| match (link.syntax, &link.text) {
            (Syntax::Bare, _) => words(&link.address),
            (_, Some(text)) => words(text),
            (_, None) => 0,
        });
        let rest = facts.words().count.saturating_sub(in_links.sum());
        (rest < usize::from(self.words))
            .then(|| Finding::new("It is little more than a link.", vec![facts.evidence(Field::Content, first.span)]))
    }
}

fn words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count()
}
