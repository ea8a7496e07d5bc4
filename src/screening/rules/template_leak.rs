//! Finds what a spam program forgot to fill in.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Span;

/// The rule.
pub const RULE: Rule = Rule {
    id: "template_leak",
    group: Group::Text,
    summary: "The comment contains choices in braces or placeholders of the programs that post comments.",
    why: "A person writes one word and not the list to choose it from.",
    certain: false,
    fires: &[
        r#"{"content": "{Great|Nice|Good} {post|article}, {I|we} will come back"}"#,
        r#"{"content": "Visit %anchor_text% for more"}"#,
        r#"{"content": "{Hello|Hi} {there|all|{my|our} friends}"}"#,
    ],
    passes: &[
        r#"{"content": "Usage: tool {start|stop}"}"#,
        r#"{"content": "type A = {| a: string |}; x || y"}"#,
        r#"{"content": "`{a|b} {c|d}` and echo {a,b}"}"#,
        r#"{"content": "$\\{x|y\\} \\mathbb{a|b} P{a|b}"}"#,
        r#"{"content": "Set %path% and {name}"}"#,
    ],
    build: from_options::<TemplateLeak>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateLeak {}

/// Placeholders of such programs, in lower case.
const PLACEHOLDERS: &[&str] =
    &["%anchor_text%", "%anchor%", "%blogtitle%", "%blog_title%", "%blogurl%", "%keyword%", "#file_links["];

/// The longest list of choices, in bytes.
const LONGEST: usize = 200;

impl Check for TemplateLeak {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let content: &str = &facts.submission().content;
        if !content.contains(['{', '%', '#']) {
            return None;
        }
        let folded = &facts.folded().text;
        let begins = |placeholder: &&&str| folded.contains(char::from(placeholder.as_bytes()[0]));
        let left = PLACEHOLDERS
            .iter()
            .filter(begins)
            .filter_map(|placeholder| Some((folded.find(placeholder)?, placeholder.len())));
        let mut evidence: Vec<Evidence> = left.map(|(at, length)| facts.folded_evidence((at, at + length))).collect();
        let is_code = ["`", "<code", "<pre", "[code"].iter().any(|mark| content.contains(mark));
        let choices: Vec<Span> = if is_code { Vec::new() } else { choices(content) };
        if choices.len() > 1 {
            evidence.extend(choices.into_iter().take(5).map(|span| facts.evidence(Field::Content, span)));
        }
        (!evidence.is_empty()).then(|| Finding::new("It contains an unfilled template.", evidence))
    }
}

/// Innermost braces with words to choose from.
fn choices(text: &str) -> Vec<Span> {
    let mut choices = Vec::new();
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open = Some(at),
            b'}' => {
                if let Some(start) = open.take().filter(|start| at - start <= LONGEST)
                    && is_choice(&text[start + 1..at])
                    && !text[..start]
                        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '$' | '\\' | '^' | '_' | '%' | '#'))
                {
                    choices.push((start, at + 1));
                }
            }
            _ => {}
        }
    }
    choices
}

/// Words with single bars between.
fn is_choice(inner: &str) -> bool {
    let is_word = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | ',' | '.' | '!' | '?' | '-');
    let words = |choice: &str| choice.chars().all(is_word) && choice.contains(char::is_alphabetic);
    inner.contains('|') && inner.split('|').all(words)
}
