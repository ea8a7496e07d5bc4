//! Finds texts that say the same words over and over.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The most words that are looked at: who repeats does so from the beginning.
const MAX_WORDS: usize = 500;

/// The rule.
pub const RULE: Rule = Rule {
    id: "repetition",
    group: Group::Text,
    summary: "Few different words make up most of a longer comment.",
    why: "Search engines are told by repetition, people are bored by it.",
    certain: false,
    fires: &[
        r#"{"content": "cheap shoes, buy cheap shoes, cheap shoes online, buy shoes online cheap, shoes cheap, cheap shoes buy, buy cheap shoes online"}"#,
    ],
    passes: &[
        r#"{"content": "ha ha ha ha ha"}"#,
        r#"{"content": "The first run took a minute, the second half a minute, the third only ten seconds, so I guess that the cache works as it should and the disk is what makes the first run slow."}"#,
    ],
    build: from_options::<Repetition>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repetition {
    words: u16,
    distinct_percent: u8,
}

impl Check for Repetition {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        if case.facts.words().count < usize::from(self.words) {
            return None;
        }
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let text = &case.facts.folded().text;
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).take(MAX_WORDS);
        for word in words {
            *seen.entry(word).or_default() += 1;
        }
        let total: usize = seen.values().sum();
        let most = seen.values().max().copied().unwrap_or_default();
        let is_poor = seen.len() * 100 <= total * usize::from(self.distinct_percent);
        (total >= usize::from(self.words) && is_poor && most * 10 >= total)
            .then(|| Finding::new("It repeats the same few words.", vec![case.facts.whole(Field::Content)]))
    }
}
