//! Phrases of every kind looked for together in folded text.

use std::collections::HashSet;

use super::patterns::{Pattern, Patterns, beyond};
use super::steps::Steps;
use super::strings::Strings;
use super::wildcard::{Edges, Wildcard, Within};
use crate::domain::{Fault, Match};
use crate::screening::facts::{Span, fold_for_search};

/// A phrase, read.
pub enum Phrase {
    /// A folded string.
    Fixed(String, Edges),
    /// One with wildcards within.
    Within(Within),
    /// A regular expression.
    Pattern(Pattern),
}

impl Phrase {
    /// Reads a phrase as somebody typed it.
    pub fn read(kind: Match, value: &str) -> Result<Self, Fault> {
        let fixed = |edges: Edges| match fold_for_search(value).trim() {
            "" => Err(Fault::new("empty", "holds nothing that can be seen")),
            folded => Ok(Phrase::Fixed(folded.to_owned(), edges)),
        };
        match kind {
            Match::Word => fixed(Edges::WORDS),
            Match::Substring => fixed(Edges::ANYWHERE),
            Match::Wildcard => Ok(match Wildcard::read(fold_for_search(value).trim())? {
                Wildcard::Ends(core, edges) => Phrase::Fixed(core, edges),
                Wildcard::Within(within) => Phrase::Within(within),
            }),
            Match::Regex => Pattern::read(value).map(Phrase::Pattern),
        }
    }
}

/// Phrases, compiled.
#[derive(Default)]
pub struct Phrases {
    strings: Strings,
    /// What each of the strings means, and whose it is.
    meant: Vec<(Meant, u32)>,
    within: Vec<Within>,
    patterns: Patterns,
    /// Whose each of the patterns is.
    of_patterns: Vec<u32>,
}

/// What a string in a text means.
enum Meant {
    /// It is the phrase.
    Itself(Edges),
    /// It is the anchor of one of `within`.
    Anchor(u32),
}

impl Phrases {
    /// Compiles phrases, each with the number of its entry; and the numbers of those that cannot be in force beside the others.
    pub fn compile(phrases: Vec<(u32, Phrase)>) -> (Self, Vec<(u32, Fault)>) {
        let (mut compiled, mut strings, mut patterns) = (Self::default(), Vec::new(), Vec::new());
        for (entry, phrase) in phrases {
            match phrase {
                Phrase::Fixed(text, edges) => {
                    strings.push(text);
                    compiled.meant.push((Meant::Itself(edges), entry));
                }
                Phrase::Within(within) => {
                    strings.push(within.anchor.clone());
                    compiled.meant.push((Meant::Anchor(compiled.within.len() as u32), entry));
                    compiled.within.push(within);
                }
                Phrase::Pattern(pattern) => {
                    patterns.push(pattern);
                    compiled.of_patterns.push(entry);
                }
            }
        }
        compiled.meant.shrink_to_fit();
        compiled.patterns = Patterns::compile(patterns);
        let mut faults: Vec<_> =
            compiled.of_patterns[compiled.patterns.len()..].iter().map(|&entry| (entry, beyond())).collect();
        match Strings::compile(strings.iter().map(String::as_str)) {
            Some(strings) => compiled.strings = strings,
            None => {
                let fault = || Fault::new("too_large_together", "are too many for one search");
                faults.extend(compiled.meant.drain(..).map(|(_, entry)| (entry, fault())));
            }
        }
        (compiled, faults)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.meant.is_empty() && self.of_patterns.is_empty()
    }

    /// The entries whose phrases stand in a folded text, each once, with the first place that was found.
    pub fn find(&self, text: &str, steps: &Steps) -> Vec<(u32, Span)> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        self.strings.each(text, steps, |which, span| {
            let (meant, entry) = &self.meant[which];
            if seen.contains(entry) {
                return;
            }
            let span = match meant {
                Meant::Itself(edges) => edges.fit(text, span).then_some(span),
                Meant::Anchor(within) => self.within[*within as usize].at(text, span.0, steps),
            };
            if let Some(span) = span {
                seen.insert(*entry);
                found.push((*entry, span));
            }
        });
        self.patterns.each(text, steps, |which, span| found.push((self.of_patterns[which], span)));
        found
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let meant = self.meant.len() * size_of::<(Meant, u32)>() + 4 * self.of_patterns.len();
        let within = self.within.iter().map(Within::bytes).sum::<usize>();
        self.strings.bytes() + self.patterns.bytes() + meant + within
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::screening::listed::words;

    fn compiled(phrases: &[(Match, &str)]) -> Phrases {
        let read = (0..).zip(phrases).map(|(n, (kind, value))| (n, Phrase::read(*kind, value).unwrap()));
        let (compiled, faults) = Phrases::compile(read.collect());
        assert!(faults.is_empty());
        compiled
    }

    fn found(phrases: &[(Match, &str)], text: &str) -> Vec<u32> {
        let text = fold_for_search(text);
        let mut found: Vec<u32> =
            compiled(phrases).find(&text, &Steps::new()).into_iter().map(|(entry, _)| entry).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn whole_words_are_found_in_every_script_and_disguise() {
        for (phrase, text, is_found) in [
            ("check", "Check outs", true),
            ("check out", "check outs", false),
            ("cialis", "a specialist", false),
            ("CIALIS", "buy cialis!", true),
            ("straße", "die STRAẞE", true),
            ("casino", "с\u{430}sino now", true),
            ("casino", "c\u{430}\u{200B}sino now", true),
            ("казино", "лучшее КАЗИНО", true),
            ("казино", "казиношка", false),
            ("می\u{200C}خواهم", "من می\u{200C}خواهم بخرم", true),
            ("می", "من می\u{200C}خواهم", false),
            ("ซื้อ", "อยากซื้อยา", true),
            ("ซ", "ซื้อ", false),
            ("नमस्", "नमस्ते", false),
            ("नमस्ते", "नमस्ते दुनिया", true),
            ("加微信", "请加微信吧", true),
            ("도박", "도박 사이트", true),
            ("cafe\u{301}", "a CAFÉ there", true),
            ("c++", "I like C++ a lot", true),
            ("$$$", "make $$$ fast", true),
            ("ﬁne print", "fine   print", true),
        ] {
            assert_eq!(found(&[(Match::Word, phrase)], text) == [0], is_found, "{phrase} in {text}");
        }
    }

    #[test]
    fn each_kind_is_compared_in_its_own_way_and_all_are_found_at_once() {
        use Match::{Regex, Substring, Wildcard, Word};
        let all = [
            (Word, "check"),
            (Word, "check out"),
            (Substring, "eck ou"),
            (Wildcard, "ch?ck o*"),
            (Regex, r"\bo\w+s\b"),
            (Wildcard, "*hec"),
            (Substring, "check outs"),
        ];
        assert_eq!(found(&all, "Check outs"), [0, 2, 3, 4, 6]);
        assert_eq!(found(&all, "check out"), [0, 1, 2, 3]);
        assert_eq!(found(&all, "nothing of it"), Vec::<u32>::new());
    }

    #[test]
    fn a_text_made_to_be_slow_uses_up_its_steps() {
        let nested: Vec<String> = (1..=400).map(|length| "a".repeat(length)).collect();
        let nested: Vec<_> = nested.iter().map(|phrase| (Match::Word, phrase.as_str())).collect();
        let steps = Steps::new();
        assert_eq!(compiled(&nested).find(&"a".repeat(64 * 1024), &steps), []);
        assert!(steps.are_used_up());
        let stars = [(Match::Wildcard, "a*a*a*a*b")];
        let steps = Steps::new();
        assert_eq!(compiled(&stars).find(&"a".repeat(64 * 1024), &steps), []);
        assert!(steps.are_used_up() || steps.take(1));
    }

    /// Whether a phrase with wildcards stands at the beginning of a text, and all the places where it may end.
    fn naive(pattern: &[char], text: &[char], reach: usize) -> Vec<usize> {
        let is_word = |c: &char| words::is_word(*c);
        match (pattern.split_first(), text.split_first()) {
            (None, _) => vec![0],
            (Some(('*', rest)), first) => {
                let mut ends = naive(rest, text, 40);
                if let Some((first, others)) = first
                    && is_word(first)
                    && reach > 0
                {
                    ends.extend(naive(pattern, others, reach - 1).into_iter().map(|end| end + 1));
                }
                ends
            }
            (Some((wanted, rest)), Some((first, others))) if wanted == first || (*wanted == '?' && is_word(first)) => {
                naive(rest, others, 40).into_iter().map(|end| end + 1).collect()
            }
            _ => vec![],
        }
    }

    /// What the compiled phrases must find, looked for place by place.
    fn is_in(kind: Match, value: &str, text: &str) -> bool {
        let value = fold_for_search(value);
        let mut core: Vec<char> = value.trim().chars().collect();
        let is_wild = kind == Match::Wildcard;
        let (left, right) = (is_wild && core.first() == Some(&'*'), is_wild && core.last() == Some(&'*'));
        if is_wild {
            core = value.trim().trim_matches('*').chars().collect();
        }
        let (left, right) = (left || kind == Match::Substring, right || kind == Match::Substring);
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
        let letters: Vec<char> = text.chars().collect();
        let fits = |open: bool, place: usize| open || words::is_border(text, places[place]);
        (0..letters.len()).filter(|&start| fits(left, start)).any(|start| {
            let ends = match is_wild {
                true => naive(&core, &letters[start..], 40),
                false if letters[start..].starts_with(&core) => vec![core.len()],
                false => vec![],
            };
            ends.into_iter().any(|end| fits(right, start + end))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn all_that_stands_there_is_found_and_nothing_else(
            phrases in prop::collection::vec((prop::sample::select(vec![Match::Word, Match::Substring, Match::Wildcard]),
                "[ab]{1,3}( [ab]{1,2})?|[ab*?]{1,4}|[aб本ซิ์ ]{1,4}"), 0..12),
            text in "[ab ]{0,20}|[ab]{0,40}|[aбb本ซิ์ .]{0,20}",
        ) {
            let readable = (0..).zip(&phrases).filter_map(|(n, (kind, value))| Some((n, Phrase::read(*kind, value).ok()?)));
            let readable: Vec<_> = readable.collect();
            let expected: Vec<u32> = readable.iter().map(|(n, _)| *n).filter(|&n| {
                let (kind, value) = &phrases[n as usize];
                is_in(*kind, value, &fold_for_search(&text))
            }).collect();
            let (compiled, faults) = Phrases::compile(readable);
            prop_assert!(faults.is_empty());
            let text = fold_for_search(&text);
            let mut found: Vec<u32> = compiled.find(&text, &Steps::new()).into_iter().map(|(entry, _)| entry).collect();
            found.sort_unstable();
            prop_assert_eq!(found, expected, "{:?} in {:?}", phrases, text);
        }
    }
}
