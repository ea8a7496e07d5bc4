//! Finds links that hide where they lead behind a shortening service.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::lists;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_shortener",
    group: Group::Links,
    summary: "A link goes through a service that shortens addresses.",
    why: "A comment has room for the true address; shortening it hides the target from readers and block lists.",
    certain: false,
    fires: &[
        r#"{"content": "More on this here: https://bit.ly/3xYzAbC"}"#,
        r#"{"content": "Hello", "author": {"name": "Ana", "url": "http://is.gd/abcd"}}"#,
    ],
    passes: &[
        r#"{"content": "The video is at https://youtu.be/abcdefghijk"}"#,
        r#"{"content": "bit.ly is a shortening service, you know."}"#,
    ],
    build: from_options::<LinkShortener>,
};

static HOSTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| lists::entries(lists::SHORTENERS).collect());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkShortener {}

impl Check for LinkShortener {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let is_short = |host: &str| HOSTS.contains(host.strip_prefix("www.").unwrap_or(host));
        let in_content = facts.foreign_links().filter(|link| is_short(&link.target.host));
        let mut evidence: Vec<Evidence> =
            in_content.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        evidence.extend(facts.website().filter(|site| is_short(&site.host)).map(|_| facts.whole(Field::AuthorUrl)));
        (!evidence.is_empty()).then(|| Finding::new("A link hides its target behind a shortening service.", evidence))
    }
}
