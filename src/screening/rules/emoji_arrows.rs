//! Finds arrows that point at somebody to write to.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "emoji_arrows",
    group: Group::Text,
    summary: "An emoji of a pointing hand, an arrow or a letter stands beside a link, handle or name.",
    why: "Pointers take readers away from the site; honest comments rarely draw them.",
    certain: false,
    fires: &[
        r#"{"content": "Text me 👇 WhatsApp +1 (202) 555-0143"}"#,
        r#"{"content": "👆👆 http://win.example"}"#,
        r#"{"content": "Pics here ➡️ @quick_profit"}"#,
    ],
    passes: &[
        r#"{"content": "I agree 👆"}"#,
        r#"{"content": "👇 this. http://docs.example explains it in detail, and here is more."}"#,
        r#"{"content": "Great song 📩"}"#,
    ],
    build: from_options::<EmojiArrows>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmojiArrows {}

const POINTERS: &[char] = &['👇', '👆', '👉', '👈', '⬇', '⬆', '➡', '⤵', '📩', '📲', '☎', '📞', '🔽'];

/// How far before a link or handle a pointer stands, in bytes: a messenger's word lies between.
const NEAR: usize = 24;

impl Check for EmojiArrows {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let content: &str = &facts.submission().content;
        if content.is_ascii() {
            return None;
        }
        let first = content.find(POINTERS)?;
        let sentence = content[first..].find(". ").map_or(content.len(), |at| first + at);
        let links = facts.foreign_links().map(|link| link.span);
        let targets = links.chain(facts.handles().iter().map(|handle| handle.span)).map(|span| span.0);
        let pointed =
            targets.filter(|&at| content[content.floor_char_boundary(at.saturating_sub(NEAR))..at].contains(POINTERS));
        let named = content[first..].match_indices('@').map(|(at, _)| first + at).take(8).filter(|&at| {
            let before = content[..at].trim_end_matches([' ', '\u{FE0F}', ':']);
            before.ends_with(POINTERS) && content[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic())
        });
        let place = pointed.chain(named).find(|&at| at <= sentence)?;
        Some(Finding::new(
            "It points at an address or name.",
            vec![facts.evidence(Field::Content, (first.min(place), place + 1))],
        ))
    }
}
