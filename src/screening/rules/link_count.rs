//! Counts the links that lead away from the site.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_count",
    group: Group::Links,
    summary: "The comment links to other sites; the points count for each link beyond the free ones.",
    why: "Nearly all spam carries a link, and the more links, the likelier. Most honest comments have none.",
    certain: false,
    fires: &[
        r#"{"content": "See http://a.example/ and http://b.example/ for more."}"#,
        r#"{"content": "<a href=\"https://shop.example/1\">one</a>, [two](https://shop.example/2), www.shop.example/3"}"#,
    ],
    passes: &[
        r#"{"content": "No link here, only main.rs and System.Net."}"#,
        r#"{"content": "As you said in https://blog.example/1 and https://blog.example/2", "post": {"url": "https://blog.example/3"}}"#,
    ],
    build: from_options::<LinkCount>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkCount {
    free: u16,
    most: u16,
}

impl Check for LinkCount {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let targets: BTreeSet<(&str, &str)> =
            facts.foreign_links().map(|link| (link.target.host.as_str(), link.target.path.as_str())).collect();
        let over = targets.len().saturating_sub(self.free.into());
        if over == 0 {
            return None;
        }
        let evidence = facts.foreign_links().take(5).map(|link| facts.evidence(Field::Content, link.span));
        let message = match targets.len() {
            1 => "It links to another site.".to_owned(),
            count => format!("It has {count} different links to other sites."),
        };
        Some(Finding::new(message, evidence.collect()).times(over.min(self.most.into())))
    }
}
