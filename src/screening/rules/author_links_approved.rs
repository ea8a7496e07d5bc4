//! Trusts the links of authors whose links people have approved.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group, Past};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_links_approved",
    group: Group::History,
    summary: "People have approved comments with links of this author, who is shown to be the same, and rejected none as spam.",
    why: "Trust is earned for what was shown: many harmless comments say nothing of where the next one's link leads. And whoever types           the address of somebody else has none of it: it takes the verified account, or the address from the same network or with the           same website.",
    certain: false,
    fires: &[
        r#"{"content": "See http://notes.example/2", "author": {"email": "ana@mail.example"}, "history": {"linked": [{"b": [{"p": 683, "a": 2}]}]}}"#,
        r#"{"content": "See http://notes.example/2", "author": {"account": {"provider": "github", "id": "7", "verified": true}}, "history": {"linked": [{}, {"b": [{"p": 682, "a": 1}, {"p": 683, "a": 3}]}]}}"#,
    ],
    passes: &[
        r#"{"content": "See http://pills.example/", "author": {"email": "ana@mail.example"}, "history": {"mail": {"b": [{"p": 683, "n": 9, "a": 9}]}, "mail_net": {"b": [{"p": 683, "a": 9}]}}}"#,
        r#"{"content": "See http://notes.example/2", "author": {"email": "ana@mail.example"}, "history": {"linked": [{"b": [{"p": 683, "a": 1}]}]}}"#,
        r#"{"content": "See http://notes.example/2", "author": {"email": "ana@mail.example"}, "history": {"linked": [{"b": [{"p": 683, "a": 4, "s": 1}]}]}}"#,
    ],
    build: from_options::<AuthorLinksApproved>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorLinksApproved {
    /// From how many approved comments with links on.
    approved: u32,
}

impl Check for AuthorLinksApproved {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let is_good = |past: &Past| {
            let total = past.total(facts.now());
            total.approved >= self.approved && total.spam == 0 && total.abuse == 0
        };
        let links = facts.foreign_links().map(|link| facts.evidence(Field::Content, link.span));
        let evidence: Vec<Evidence> = links.take(3).collect();
        let is_trusted = !evidence.is_empty() && case.history.linked.iter().any(is_good);
        is_trusted.then(|| Finding::new("People have approved comments with links of this author.", evidence))
    }
}
