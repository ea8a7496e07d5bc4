//! Finds forms that came back faster than anybody writes.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "too_fast",
    group: Group::Client,
    summary: "The form came back within seconds of its delivery.",
    why: "Nobody reads a post and writes about it in so short a time; programs do.",
    certain: false,
    fires: &[r#"{"content": "What a wonderful article this is!", "form": {"seconds": 0.8}}"#],
    passes: &[
        r#"{"content": "What a wonderful article this is!", "form": {"seconds": 41.5}}"#,
        r#"{"content": "What a wonderful article this is!"}"#,
    ],
    build: from_options::<TooFast>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TooFast {
    seconds: u16,
}

impl Check for TooFast {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let millis = case.facts.submission().form.millis?;
        (millis < u64::from(self.seconds) * 1000).then(|| {
            Finding::new(
                format!("The form came back after {}.{} seconds.", millis / 1000, millis % 1000 / 100),
                Vec::new(),
            )
        })
    }
}
