//! Finds authors whose e-mail address or mail domain is in the site's own list.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options, listed};
use crate::domain::{Group, ListName};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_mail_blocked",
    group: Group::Author,
    summary: "The author's e-mail address is in the site's own list, or its domain is.",
    why: "Who comes back under one address is known by it. The entry says what becomes of the comment; what approves is only as good as a typed address.",
    certain: false,
    fires: &[
        r#"{"content": "Hello there", "author": {"email": "Ana@Mail.example"}, "lists": {"mails": [{"value": "mail.example", "action": "hold"}]}}"#,
        r#"{"content": "Hello there", "author": {"email": "ana@mail.example"}, "lists": {"mails": [{"value": "ana@mail.example", "action": "hold"}]}}"#,
    ],
    passes: &[
        r#"{"content": "Hello there", "author": {"email": "ana@other.example"}, "lists": {"mails": [{"value": "mail.example", "action": "hold"}]}}"#,
        r#"{"content": "Hello there", "author": {"email": "ana@mail.example"}, "lists": {"mails": [{"value": "bo@mail.example", "action": "hold"}]}}"#,
    ],
    build: from_options::<AuthorMailBlocked>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorMailBlocked {}

impl Check for AuthorMailBlocked {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        listed::finding(ListName::Mails, case)
    }
}
