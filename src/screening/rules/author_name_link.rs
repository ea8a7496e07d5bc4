//! Finds web addresses in the author's name.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_name_link",
    group: Group::Author,
    summary: "The author's name is or contains a web address.",
    why: "The name is shown on every page that shows the comment; people sign with a name.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "author": {"name": "http://shop.example"}}"#,
        r#"{"content": "I agree.", "author": {"name": "best-watches.com"}}"#,
    ],
    passes: &[
        r#"{"content": "I agree.", "author": {"name": "Ana M. Diaz"}}"#,
        r#"{"content": "I agree.", "author": {"name": "node.js fan"}}"#,
        r#"{"content": "[…] as they wrote […]", "kind": "pingback", "author": {"name": "My notes | www.notes.example"}}"#,
    ],
    build: from_options::<AuthorNameLink>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorNameLink {}

impl Check for AuthorNameLink {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let has_link = !case.is_mention() && case.facts.name_has_link();
        has_link.then(|| Finding::new("The name contains a web address.", vec![case.facts.whole(Field::AuthorName)]))
    }
}
