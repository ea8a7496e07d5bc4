//! Finds the test string that stands for certain spam.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The Generic Test for Unsolicited Bulk E-mail, as SpamAssassin defined it.
const TEST_STRING: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// The rule.
pub const RULE: Rule = Rule {
    id: "gtube",
    group: Group::Text,
    summary: "The comment contains the GTUBE test string.",
    why: "It lets anybody try, from the blog's form to the queue, what becomes of spam. It rejects by itself.",
    certain: true,
    fires: &[r#"{"content": "A test: XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"}"#],
    passes: &[r#"{"content": "The GTUBE string is explained in the manual."}"#],
    build: from_options::<Gtube>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gtube {}

impl Check for Gtube {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let start = case.facts.submission().content.find(TEST_STRING)?;
        let evidence = case.facts.evidence(Field::Content, (start, start + TEST_STRING.len()));
        Some(Finding::new("It contains the test string for spam.", vec![evidence]))
    }
}
