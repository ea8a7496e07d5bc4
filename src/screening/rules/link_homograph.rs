//! Finds links to hosts that look like others.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Span;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_homograph",
    group: Group::Links,
    summary: "A link leads to a host whose letters of another alphabet make it look like a different host.",
    why: "Browsers show such a name as it is encoded, because nobody tells it from the other one; it is made to deceive.",
    certain: false,
    fires: &[
        r#"{"content": "<a href=\"https://xn--80ak6aa92e.com/id\">log in</a>", "format": "html"}"#,
        r#"{"content": "https://аррӏе.com/id"}"#,
    ],
    passes: &[
        r#"{"content": "See https://münchen.de/ and https://россия.рф/"}"#,
        r#"{"content": "See https://中国.com/ and https://xn--e1afmkfd.com/"}"#,
    ],
    build: from_options::<LinkHomograph>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkHomograph {}

impl Check for LinkHomograph {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        // Mixed letters that the reader sees are `mixed_script`'s.
        let disguised = &facts.folded().disguised;
        let is_seen = |span: Span| disguised.iter().any(|word| word.span.0 < span.1 && span.0 < word.span.1);
        let links = facts.foreign_links().filter(|link| !is_seen(link.span));
        let found = links.filter_map(|link| Some((link, link.target.looks_like()?)));
        let found: Vec<(Evidence, String)> =
            found.map(|(link, twin)| (facts.evidence(Field::Content, link.span), twin)).take(5).collect();
        let (_, twin) = found.first()?;
        let message = format!("A link leads to a host that only looks like {twin}.");
        Some(Finding::new(message, found.into_iter().map(|(evidence, _)| evidence).collect()))
    }
}
