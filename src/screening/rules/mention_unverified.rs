//! Finds trackbacks and pingbacks of pages on which the blog did not find the mention.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "mention_unverified",
    group: Group::Links,
    summary: "A trackback or pingback comes from a page on which the blog did not find the link to the post.",
    why: "Whoever mentions a post links to it; who only wants the link back does not. The blog says whether it looked and found it: \
          nothing is fetched here.",
    certain: false,
    fires: &[
        r#"{"kind": "trackback", "content": "A post about loans", "mention": {"source": "http://loans.example/1", "target": "http://blog.example/1", "verified": false}}"#,
        r#"{"kind": "pingback", "content": "[…]", "author": {"url": "http://loans.example/1"}, "mention": {"source": "http://loans.example/1", "target": "http://blog.example/1", "verified": false}}"#,
    ],
    passes: &[
        r#"{"kind": "pingback", "content": "[…]", "mention": {"source": "http://other.example/1", "target": "http://blog.example/1", "verified": true}}"#,
        r#"{"kind": "pingback", "content": "[…]"}"#,
        r#"{"kind": "comment", "content": "I agree.", "mention": {"source": "http://other.example/1", "target": "http://blog.example/1", "verified": false}}"#,
    ],
    build: from_options::<MentionUnverified>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MentionUnverified {}

impl Check for MentionUnverified {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let mention = case.facts.submission().mention.as_ref()?;
        let is_found = case.is_mention() && !mention.verified;
        is_found.then(|| Finding::new("The blog did not find its link on the page that mentions the post.", Vec::new()))
    }
}
