//! Finds hosts that are numbers in a form that nobody writes.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_numeric_host",
    group: Group::Links,
    summary: "A link leads to an address of the network in a form that hides it.",
    why: "`http://3475932041/` opens as any other address does, and tells a reader and a list of hosts nothing.",
    certain: false,
    fires: &[
        r#"{"content": "Watch it here http://3475932041/video"}"#,
        r#"{"content": "Watch it here http://0xcf.0x2e.0xc5.0x89/"}"#,
    ],
    passes: &[
        r#"{"content": "My router answers at http://203.0.113.7/ but not at http://192.168.1.1/"}"#,
        r#"{"content": "Release 1.2.3.4 is out"}"#,
    ],
    build: from_options::<LinkNumericHost>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkNumericHost {}

impl Check for LinkNumericHost {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| is_disguised(&link.address, &link.target.host));
        let evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("A link leads to a number that hides where.", evidence))
    }
}

fn is_disguised(address: &str, host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok() && !address.contains(host)
}
