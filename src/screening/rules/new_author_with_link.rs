//! Finds links of authors of whom nothing good is known.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "new_author_with_link",
    group: Group::History,
    summary: "An author who is not shown to have an approved comment brings a link, in the text or as their website.",
    why: "Spam is nearly always an author's first comment, and nearly always brings a link.",
    certain: false,
    fires: &[
        r#"{"content": "See https://shop.example/", "author": {"name": "Ana"}}"#,
        r#"{"content": "I agree.", "author": {"name": "Ana", "url": "https://ana.example/"}}"#,
        r#"{"content": "See https://shop.example/", "author": {"email": "ana@mail.example"}, "history": {"mail": {"b": [{"p": 683, "n": 1, "a": 1}]}}}"#,
        r#"{"content": "See https://shop.example/", "author": {"account": {"provider": "github", "id": "7", "verified": false}}, "history": {"account": {"b": [{"p": 683, "n": 1, "a": 1}]}}}"#,
    ],
    passes: &[
        r#"{"content": "I agree.", "author": {"name": "Ana"}}"#,
        r#"{"content": "See https://docs.example/", "author": {"email": "ana@mail.example"}, "history": {"mail_net": {"b": [{"p": 683, "a": 1}]}}}"#,
        r#"{"content": "See https://docs.example/", "author": {"account": {"provider": "github", "id": "7", "verified": true}}, "history": {"account": {"b": [{"p": 683, "n": 1, "a": 1}]}}}"#,
        r#"{"content": "See https://docs.example/", "author": {"name": "Ana", "record": {"approved": 4, "rejected": 0}}}"#,
    ],
    build: from_options::<NewAuthorWithLink>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAuthorWithLink {}

impl Check for NewAuthorWithLink {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        if case.is_mention() || case.author_is_proven() {
            return None;
        }
        let links = facts.foreign_links().map(|link| facts.evidence(Field::Content, link.span));
        let website = facts.website().map(|_| facts.whole(Field::AuthorUrl));
        let evidence: Vec<Evidence> = links.take(3).chain(website).collect();
        (!evidence.is_empty()).then(|| Finding::new("A new author brings a link.", evidence))
    }
}
