//! Finds words written with look-alike letters of other alphabets.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Disguise;

/// The rule.
pub const RULE: Rule = Rule {
    id: "mixed_script",
    group: Group::Text,
    summary: "Words mix look-alike letters of several alphabets, or are set in mathematical letters.",
    why: "A word that only looks right escapes filters. Nobody types one by habit; a single slip of the keyboard is let pass.",
    certain: false,
    fires: &[
        r#"{"content": "Best саsіnо bonus"}"#,
        r#"{"content": "Нужны pебята нa пoдработку"}"#,
        r#"{"content": "Menang besar di 𝘿𝙊𝙍𝘼𝟳𝟳"}"#,
    ],
    passes: &[
        r#"{"content": "Поставил USB-кабель, VPNы и 3080ti на windows"}"#,
        r#"{"content": "Ναι, το Wi-Fi της ΔΕΗ, 中文 and English"}"#,
        r#"{"content": "let 𝑥 be the number of words"}"#,
        r#"{"content": "I agree.", "author": {"name": "𝒜𝓃𝒶"}}"#,
    ],
    build: from_options::<MixedScript>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MixedScript {}

impl Check for MixedScript {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let content = facts.folded().disguised.iter().map(|word| (Field::Content, word));
        let name = facts.name().disguised.iter().filter(|word| word.changes > 0).map(|word| (Field::AuthorName, word));
        let found: Vec<(Field, &Disguise)> = content.chain(name).collect();
        if found.len() < 2 && !found.iter().any(|(_, word)| word.changes != 1) {
            return None;
        }
        let evidence: Vec<Evidence> =
            found.iter().take(5).map(|(field, word)| facts.evidence(*field, word.span)).collect();
        Some(Finding::new("Words are written with look-alike letters.", evidence))
    }
}
