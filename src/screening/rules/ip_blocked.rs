//! Finds comments from addresses and networks of the site's own list.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options, listed};
use crate::domain::{Group, ListName};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "ip_blocked",
    group: Group::Client,
    summary: "The comment comes from an address or network of the site's own list.",
    why: "Some networks send nothing else. The entry says what becomes of the comment, and should have an end: addresses change hands.",
    certain: false,
    fires: &[
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "lists": {"addresses": [{"value": "203.0.113.0/24", "action": "reject"}]}}"#,
        r#"{"content": "Hello there", "client": {"ip": "::ffff:203.0.113.7"}, "lists": {"addresses": [{"value": "203.0.113.0/24", "action": "reject"}]}}"#,
    ],
    passes: &[
        r#"{"content": "Hello there", "client": {"ip": "203.0.114.7"}, "lists": {"addresses": [{"value": "203.0.113.0/24", "action": "reject"}]}}"#,
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}}"#,
    ],
    build: from_options::<IpBlocked>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IpBlocked {}

impl Check for IpBlocked {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        listed::finding(ListName::Addresses, case)
    }
}
