//! Finds letters buried under marks.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::heaps;

/// The rule.
pub const RULE: Rule = Rule {
    id: "zalgo",
    group: Group::Text,
    summary: "At least three letters carry more marks than writing needs, or are struck through by marks.",
    why: "Readers still make out the word, filters do not.",
    certain: false,
    fires: &[
        r#"{"content": "c\u0336a\u0336s\u0336i\u0336n\u0336o\u0336 bonus"}"#,
        r#"{"content": "c\u0301\u0302\u0303a\u0316\u0317\u0318s\u0301\u0302\u0303ino"}"#,
    ],
    passes: &[
        r#"{"content": "tie\u0302\u0301ng Vie\u0323\u0302t co\u0301 nhie\u0302\u0300u da\u0302\u0301u"}"#,
        r#"{"content": "1\uFE0F\u20E3 2\uFE0F\u20E3 3\uFE0F\u20E3 ❤\uFE0F"}"#,
        r#"{"content": "हिन्दी में क़लम"}"#,
        r#"{"content": "le\u0336t it be"}"#,
    ],
    build: from_options::<Zalgo>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Zalgo {}

/// How many such letters are no slip.
const LETTERS: usize = 3;

impl Check for Zalgo {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let spans = heaps(&case.facts.submission().content, LETTERS);
        if spans.len() < LETTERS {
            return None;
        }
        let evidence = spans.into_iter().map(|span| case.facts.evidence(Field::Content, span));
        Some(Finding::new("Letters are buried under marks.", evidence.collect()))
    }
}
