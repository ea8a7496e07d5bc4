//! Finds links that no reader can see.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Link;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_hidden",
    group: Group::Links,
    summary: "A link of the content has no visible text, or is styled so that nobody sees it.",
    why: "No reader follows it: it is there for search engines.",
    certain: false,
    fires: &[
        r#"{"content": "Nice write-up. <a href=\"http://pills.example/\"></a>"}"#,
        r#"{"content": "Agreed. [](https://pills.example/)", "format": "markdown"}"#,
        r#"{"content": "Agreed. <div style=\"display:none\"><a href=\"http://pills.example/\">pills</a></div>"}"#,
    ],
    passes: &[
        r#"{"content": "<a href=\"http://pics.example/1\"><img src=\"http://pics.example/1.png\"></a>"}"#,
        r#"{"content": "Like this: ![](https://pics.example/1.png)", "format": "markdown"}"#,
        r#"{"content": "<span style=\"font-size:0.9em\"><a href=\"http://notes.example/\">my notes</a></span>"}"#,
    ],
    build: from_options::<LinkHidden>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkHidden {}

impl Check for LinkHidden {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| is_hidden(&facts.submission().content, link));
        let evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        (!evidence.is_empty()).then(|| Finding::new("A link has no text that a reader could see.", evidence))
    }
}

fn is_hidden(content: &str, link: &Link) -> bool {
    let shows_picture = || {
        let written = content[link.span.0..link.span.1].to_ascii_lowercase();
        ["<img", "![", "[img"].iter().any(|picture| written.contains(picture))
    };
    link.text.as_deref().is_some_and(|text| !text.contains(is_visible)) && !shows_picture()
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}
