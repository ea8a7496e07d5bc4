//! Finds search phrases in place of the author's name.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::{Link, is_dense};
use crate::screening::lists;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_name_keywords",
    group: Group::Author,
    summary: "The author's name is what people type into a search engine to buy something.",
    why: "The name becomes the text of the link to the author's website; with the right words in it the link is worth money.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "author": {"name": "cheap running shoes online"}}"#,
        r#"{"content": "I agree.", "author": {"name": "Best Car Insurance Rates"}}"#,
        r#"{"content": "I agree.", "author": {"name": "腕時計 通販 激安"}}"#,
        r#"{"content": "Look at <a href=\"http://shop.example/\">red garden gnomes</a>", "author": {"name": "red garden gnomes"}}"#,
    ],
    passes: &[
        r#"{"content": "I agree.", "author": {"name": "John Sale"}}"#,
        r#"{"content": "I agree.", "author": {"name": "blue lantern studios"}}"#,
        r#"{"content": "I agree.", "author": {"name": "Best"}}"#,
        r#"{"content": "Yours, <a href=\"https://bob.example/\">bob</a>", "author": {"name": "bob"}}"#,
        r#"{"content": "<a href=\"https://about.example/me\">Ana Diaz</a>", "author": {"name": "Ana Diaz"}}"#,
        r#"{"content": "[…] the cheap flights […]", "kind": "pingback", "author": {"name": "How to buy cheap flights online"}}"#,
    ],
    build: from_options::<AuthorNameKeywords>,
};

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| lists::entries(lists::TRADE_WORDS).collect());
static DENSE_WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lists::entries(lists::TRADE_WORDS).filter(|word| word.contains(is_dense)).collect());

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorNameKeywords {}

impl Check for AuthorNameKeywords {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        if case.is_mention() {
            return None;
        }
        let name = &case.facts.name().text;
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let spaced = words.iter().filter(|word| WORDS.contains(*word)).count();
        let dense = if name.is_ascii() { 0 } else { DENSE_WORDS.iter().filter(|word| name.contains(*word)).count() };
        let trade = spaced.max(dense);
        let evidence = || vec![case.facts.whole(Field::AuthorName)];
        if trade >= 2 || (trade == 1 && words.len() >= 3) || dense > 0 {
            return Some(Finding::new("The name is made of words that sell something.", evidence()));
        }
        (words.len() > 1 || name_is_lower_case(case)).then_some(())?;
        let is_promoted = case.facts.foreign_links().any(|link| promotes(link, name, &words, case));
        is_promoted.then(|| Finding::new("The name is what a link in the comment is about.", evidence()))
    }
}

/// Whether a link shows the name, or leads to a page called so. People link their own name too, so a capitalised name
/// of two words, and a site that bears the name, are left alone.
fn promotes(link: &Link, name: &str, words: &[&str], case: &Case<'_>) -> bool {
    let joined = words.concat();
    if link.target.host.replace('-', "").contains(&joined) || (words.len() < 3 && !name_is_lower_case(case)) {
        return false;
    }
    let is_shown = link.text.as_deref().is_some_and(|text| text.trim().to_lowercase() == name);
    let path = link.target.path.to_lowercase();
    let is_named = || words.len() > 1 && words.iter().all(|word| word.len() > 2 && path.contains(word));
    is_shown || is_named()
}

fn name_is_lower_case(case: &Case<'_>) -> bool {
    let name = case.facts.submission().author.name.as_deref().unwrap_or_default();
    !name.chars().any(char::is_uppercase)
}
