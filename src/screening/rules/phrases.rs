//! A set of phrases looked for in one pass, as whole words, in folded text.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use crate::screening::facts::{Span, fold_for_search, is_dense};

/// Phrases, compiled.
pub struct Phrases {
    automaton: AhoCorasick,
}

impl Phrases {
    /// Compiles phrases; each is folded like the text it is looked for in. The error says why it cannot be done.
    pub fn new<'p>(phrases: impl IntoIterator<Item = &'p str>) -> Result<Self, String> {
        let folded = phrases.into_iter().map(fold_for_search).filter(|phrase| !phrase.trim().is_empty());
        let automaton = AhoCorasickBuilder::new()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(folded)
            .map_err(|error| error.to_string())?;
        Ok(Self { automaton })
    }

    /// The phrases in a folded text, where they stand as whole words: (which, where).
    pub fn find<'t>(&'t self, folded: &'t str) -> impl Iterator<Item = (usize, Span)> + 't {
        let found =
            self.automaton.find_iter(folded).map(|found| (found.pattern().as_usize(), (found.start(), found.end())));
        found.filter(|&(_, span)| is_whole(folded, span))
    }
}

/// Whether a match neither begins nor ends within a word. Scripts without spaces have no such borders.
fn is_whole(text: &str, (start, end): Span) -> bool {
    let inner = &text[start..end];
    let open = |outside: Option<char>, inside: Option<char>| match (outside, inside) {
        (Some(outside), Some(inside)) => {
            !outside.is_alphanumeric() || !inside.is_alphanumeric() || is_dense(outside) || is_dense(inside)
        }
        _ => true,
    };
    open(text[..start].chars().next_back(), inner.chars().next())
        && open(text[end..].chars().next(), inner.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words_only() {
        let phrases = Phrases::new(["cialis", "Buy Now", "加微信"]).unwrap();
        let found = |text: &str| phrases.find(&fold_for_search(text)).map(|(which, _)| which).collect::<Vec<_>>();
        assert_eq!(found("a specialist"), Vec::<usize>::new());
        assert_eq!(found("CIALIS, buy   now!"), [0, 1]);
        assert_eq!(found("请加微信吧"), [2]);
    }
}
