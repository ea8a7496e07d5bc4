//! Finds links to domains of the site's own list.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options, listed};
use crate::domain::{Group, ListName};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_owner_blocked",
    group: Group::Links,
    summary: "A link or the author's website leads to a domain of the site's own list, or to one below it.",
    why: "Whoever moderates a site knows whose links it does not want. The entry says what becomes of the comment.",
    certain: false,
    fires: &[
        r#"{"content": "See http://www.shop.example/offer", "lists": {"domains": [{"value": "shop.example", "action": "hold"}]}}"#,
        r#"{"content": "Hello there", "author": {"url": "https://shop.example"}, "lists": {"domains": [{"value": "shop.example", "action": "hold"}]}}"#,
        r#"{"content": "See https://news.example/?url=http://shop.example/", "lists": {"domains": [{"value": "shop.example", "action": "hold"}]}}"#,
    ],
    passes: &[
        r#"{"content": "See http://myshop.example/offer", "lists": {"domains": [{"value": "shop.example", "action": "hold"}]}}"#,
        r#"{"content": "See http://shop.example/offer"}"#,
    ],
    build: from_options::<LinkOwnerBlocked>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOwnerBlocked {}

impl Check for LinkOwnerBlocked {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        listed::finding(ListName::Domains, case)
    }
}
