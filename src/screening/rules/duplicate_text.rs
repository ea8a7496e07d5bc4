//! Finds texts that were posted before, by others or on other posts.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "duplicate_text",
    group: Group::History,
    summary: "The same text was posted before by another author or on another post; doubly bad if it was rejected as spam.",
    why: "People repeat themselves rarely, campaigns always. Case, spaces, marks and look-alike letters make no difference.",
    certain: false,
    fires: &[
        r#"{"content": "We offer loans from two thousand to two million at three percent.", "history": {"text": {"b": [{"p": 683, "n": 1}], "m": [17]}, "members": {"p": 42}}}"#,
        r#"{"content": "We offer loans from two thousand to two million at three percent.", "history": {"text": {"b": [{"p": 683, "n": 1, "s": 1}], "m": [42]}, "members": {"p": 42}}}"#,
    ],
    passes: &[
        r#"{"content": "We offer loans from two thousand to two million at three percent."}"#,
        r#"{"content": "Posted twice by a nervous finger, sorry for the noise everybody", "history": {"text": {"b": [{"p": 683, "n": 1}], "m": [42]}, "members": {"p": 42}}}"#,
        r#"{"content": "The rules of this blog are as follows: be kind to each other.", "history": {"text": {"b": [{"p": 683, "n": 3, "a": 2}], "m": [17, 18]}, "members": {"p": 42}}}"#,
    ],
    build: from_options::<DuplicateText>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DuplicateText {
    others: u8,
}

impl Check for DuplicateText {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let past = &case.history.text;
        let total = past.total(case.facts.now());
        let others = past.members.iter().filter(|&&member| member != case.history.members.author_and_post).count();
        let evidence = || vec![case.facts.whole(Field::Content)];
        if total.spam > total.approved {
            return Some(
                Finding::new("The same text was rejected as spam before.", evidence()).times(2).of(past.campaign),
            );
        }
        let is_copied = total.seen > 0 && others >= usize::from(self.others) && total.approved == 0;
        let message = "The same text was posted before by others or elsewhere.";
        is_copied.then(|| Finding::new(message, evidence()).of(past.campaign))
    }
}
