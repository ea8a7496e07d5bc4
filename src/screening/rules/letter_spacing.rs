//! Finds words whose letters are spaced out.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Group};
use crate::screening::case::Case;
use crate::screening::facts::{Span, is_dense};

/// The rule.
pub const RULE: Rule = Rule {
    id: "letter_spacing",
    group: Group::Text,
    summary: "A word is written letter by letter, with spaces or dots between.",
    why: "Readers still see the word, filters see single letters.",
    certain: false,
    fires: &[r#"{"content": "Everybody wins at L U C K Y 7 7 today"}"#, r#"{"content": "buy c.a.s.i.n.o chips"}"#],
    passes: &[
        r#"{"content": "Answers: a b c d e f, and the vector is x y z"}"#,
        r#"{"content": "The U.S.A. and the U.S.S.R., J. R. R. Tolkien, 1 2 3 4 5 6"}"#,
        r#"{"content": "W T F is this"}"#,
        r#"{"content": "太快了，我 O U T 了"}"#,
    ],
    build: from_options::<LetterSpacing>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LetterSpacing {
    letters: u8,
}

impl Check for LetterSpacing {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let text = &case.facts.folded().text;
        let runs = runs(text).into_iter().filter(|&(start, end)| self.is_a_word(&text[start..end]));
        let evidence: Vec<Evidence> = runs.take(5).map(|span| case.facts.folded_evidence(span)).collect();
        (!evidence.is_empty()).then(|| Finding::new("A word is written letter by letter.", evidence))
    }
}

impl LetterSpacing {
    /// Whether a run of single characters is a word rather than a list or a count.
    fn is_a_word(&self, run: &str) -> bool {
        let characters: Vec<char> = run.chars().filter(|c| c.is_alphanumeric()).collect();
        let letters = characters.iter().filter(|c| c.is_alphabetic()).count();
        let steps = characters.windows(2).filter(|pair| pair[1] as u32 == pair[0] as u32 + 1).count();
        let same = characters.windows(2).filter(|pair| pair[1] == pair[0]).count();
        let enough = characters.len() >= usize::from(self.letters) && letters >= 3;
        enough && (steps + same) * 2 < characters.len()
    }
}

/// The runs of at least four single letters or digits, a space, a dot or a dash apart.
fn runs(text: &str) -> Vec<Span> {
    let mut runs = Vec::new();
    let mut run: Option<(Span, usize)> = None;
    let mut word: Option<(usize, usize)> = None;
    let close = |run: &mut Option<(Span, usize)>, runs: &mut Vec<Span>| {
        runs.extend(run.take().filter(|&(_, count)| count >= 4).map(|(span, _)| span));
    };
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() && !is_dense(c) {
            word = Some(word.map_or((at, 1), |(start, length)| (start, length + 1)));
            continue;
        }
        match word.take() {
            Some((start, 1)) => {
                let (span, count) = run.unwrap_or(((start, at), 0));
                run = Some(((span.0, at), count + 1));
            }
            Some(_) | None => close(&mut run, &mut runs),
        }
        if !matches!(c, ' ' | '.' | '-' | '_') {
            close(&mut run, &mut runs);
        }
    }
    close(&mut run, &mut runs);
    runs
}
