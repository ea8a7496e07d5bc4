//! Finds authors whose comments people rejected as spam before.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_rejected_before",
    group: Group::History,
    summary: "People rejected comments of the same e-mail address or account as spam, and approved none.",
    why: "Whoever sent spam once sends it again; one approved comment is enough to be judged by the comment alone.",
    certain: false,
    fires: &[
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 2, "s": 1}]}}}"#,
        r#"{"content": "Hello again", "history": {"account": {"b": [{"p": 683, "n": 4, "s": 3}]}}}"#,
    ],
    passes: &[
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 4, "s": 1, "a": 2}]}}}"#,
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 2, "b": 1}]}}}"#,
    ],
    build: from_options::<AuthorRejectedBefore>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorRejectedBefore {}

impl Check for AuthorRejectedBefore {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let now = case.facts.now();
        let rejected = [&case.history.mail, &case.history.account].map(|past| past.total(now));
        let approved = rejected.iter().any(|tally| tally.approved > 0);
        let spam = rejected.iter().map(|tally| tally.spam).max().filter(|spam| *spam > 0 && !approved)?;
        let comments = if spam == 1 { "a comment".to_owned() } else { format!("{spam} comments") };
        let message = format!("People rejected {comments} of this author as spam, and approved none.");
        Some(Finding::new(message, Vec::new()).times(usize::from(spam > 1) + 1))
    }
}
