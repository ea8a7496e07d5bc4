//! Finds praise that would fit any post.

use std::sync::LazyLock;

use serde::Deserialize;

use super::phrases::Phrases;
use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Group};
use crate::screening::case::Case;
use crate::screening::lists;

/// The rule.
pub const RULE: Rule = Rule {
    id: "generic_praise",
    group: Group::Text,
    summary: "The comment praises site and author in phrases that fit any post, and brings a link; two such phrases count twice if nothing follows the link.",
    why: "Most of what spam programs write around their link is such praise; honest thanks rarely come with an address.",
    certain: false,
    fires: &[
        r#"{"content": "I stumbled upon your blog, keep up the good work! http://shop.example/"}"#,
        r#"{"content": "Very informative post. I have bookmarked your site.", "author": {"name": "Ana", "url": "http://shop.example/a/b"}}"#,
    ],
    passes: &[
        r#"{"content": "Great article, thanks for sharing! The part on indexes saved my day."}"#,
        r#"{"content": "The fix is described at https://docs.example/fix"}"#,
    ],
    build: from_options::<GenericPraise>,
};

static PHRASES: LazyLock<Option<Phrases>> = LazyLock::new(|| Phrases::new(lists::entries(lists::PRAISE)).ok());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GenericPraise {}

impl Check for GenericPraise {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        if case.is_mention() || (facts.website().is_none() && facts.foreign_links().next().is_none()) {
            return None;
        }
        let found = PHRASES.as_ref()?.find(&facts.folded().text);
        let evidence: Vec<Evidence> = found.map(|(_, span)| facts.folded_evidence(span)).take(5).collect();
        let is_wrapping = facts.foreign_links().next().is_none() || ends_with_link(case);
        let times = if is_wrapping { evidence.len().min(2) } else { 1 };
        (!evidence.is_empty()).then(|| Finding::new("It praises in words that fit any post.", evidence).times(times))
    }
}

/// Whether nothing more is said after the last link.
fn ends_with_link(case: &Case<'_>) -> bool {
    let content: &str = &case.facts.submission().content;
    let rest = case.facts.foreign_links().last().map_or(content, |link| &content[link.span.1..]);
    let mut in_tag = false;
    !rest.chars().any(|c| {
        in_tag = c == '<' || (in_tag && c != '>');
        !in_tag && c.is_alphanumeric()
    })
}
