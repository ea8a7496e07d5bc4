//! Finds addresses that are written so that programs do not read them.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::{Link, Syntax};

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_obfuscated",
    group: Group::Links,
    summary: "An address is written with its full stops in brackets or in words, with another full stop, percent signs or `hxxp`.",
    why: "It is not there to be clicked but to get past a filter. People who warn of an address write so, too: it holds nothing by itself.",
    certain: false,
    fires: &[
        r#"{"content": "Earn from home at quick-profit[.]com today"}"#,
        r#"{"content": "Earn from home at quick-profit (dot) com today"}"#,
        r#"{"content": "Earn from home at hxxps://quick-profit.com/today"}"#,
        r#"{"content": "Earn from home at quick-profit。com today"}"#,
        r#"{"content": "Earn from home at http://quick-%70rofit.com/ today"}"#,
    ],
    passes: &[
        r#"{"content": "I still remember the dot com bubble, and http://bücher.example/a%20b(c)"}"#,
        r#"{"content": "好。很好。http://docs.example/（第二章）"}"#,
        r#"{"content": "[docs](http://docs.example/) http://[2001:db8::7]/ HTTP://Docs.Example/"}"#,
    ],
    build: from_options::<LinkObfuscated>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkObfuscated {}

/// What no host has in it as it is written.
const SIGNS: &[char] = &[' ', '[', '(', '{', '%', '．', '。', '｡', '․'];

impl Check for LinkObfuscated {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| is_obfuscated(link));
        let evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("An address is disguised.", evidence))
    }
}

fn is_obfuscated(link: &Link) -> bool {
    if link.syntax != Syntax::Bare {
        return false;
    }
    let address = link.address.as_str();
    if address.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("hxxp")) {
        return true;
    }
    let behind = address.split_once("//").map_or(address, |(_, behind)| behind);
    let host = behind.split(['/', '\\', '?', '#', '／']).next().unwrap_or_default();
    // A number of IPv6 stands in brackets of its own.
    !host.contains("::") && host.contains(SIGNS) && !host.to_ascii_lowercase().contains(&link.target.host)
}
