//! Finds addresses that begin with the name of another site, as a user of theirs.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Target;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_userinfo",
    group: Group::Links,
    summary: "A link names another site before an `@`, and leads elsewhere.",
    why: "What stands before the `@` is a user name: a reader takes it for the host.",
    certain: false,
    fires: &[
        r#"{"content": "Log in again: https://bank.example@evil.test/login"}"#,
        r#"{"content": "See <a href=\"http://www.shop.example:80@evil.test/\">the shop</a>"}"#,
    ],
    passes: &[
        r#"{"content": "git clone https://git@code.example/repo.git worked for me"}"#,
        r#"{"content": "The post is at https://social.example/@somebody.example/1"}"#,
    ],
    build: from_options::<LinkUserinfo>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkUserinfo {}

impl Check for LinkUserinfo {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| names_a_host(&link.address));
        let evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("A link names another site as a user of its own.", evidence))
    }
}

fn names_a_host(address: &str) -> bool {
    let behind = address.split_once("//").map_or(address, |(_, behind)| behind);
    let authority = behind.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    let name = user.split(':').next().unwrap_or_default();
    Target::of(name).is_some_and(|target| target.owner.contains('.'))
}
