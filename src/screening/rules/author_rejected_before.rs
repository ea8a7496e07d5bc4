//! Finds authors whose comments people rejected as spam before.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_rejected_before",
    group: Group::History,
    summary: "People rejected comments of the same e-mail address or account as spam, and approved none; or the blog says so.",
    why: "Whoever sent spam once sends it again; one approved comment is enough to be judged by the comment alone.",
    certain: false,
    fires: &[
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 2, "s": 1}]}}}"#,
        r#"{"content": "Hello again", "history": {"account": {"b": [{"p": 683, "n": 4, "s": 3}]}}}"#,
        r#"{"content": "Hello again", "author": {"name": "Ana", "record": {"approved": 0, "rejected": 3}}}"#,
    ],
    passes: &[
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 4, "s": 1, "a": 2}]}}}"#,
        r#"{"content": "Hello again", "history": {"mail": {"b": [{"p": 683, "n": 2, "b": 1}]}}}"#,
        r#"{"content": "Hello again", "author": {"name": "Ana", "record": {"approved": 1, "rejected": 3}}}"#,
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
        let spam = rejected.iter().map(|tally| tally.spam).max().unwrap_or(0);
        let record = case.blogs_record();
        if approved || record.is_some_and(|record| record.approved > 0) {
            return None;
        }
        let comments = |number: u32| if number == 1 { "a comment".to_owned() } else { format!("{number} comments") };
        if spam > 0 {
            let message = format!("People rejected {} of this author as spam, and approved none.", comments(spam));
            return Some(Finding::new(message, Vec::new()).times(usize::from(spam > 1) + 1));
        }
        // The blog does not say why: once, however many.
        let record = record.filter(|record| record.rejected > 0)?;
        let message = format!("The blog rejected {} of this author, and approved none.", comments(record.rejected));
        Some(Finding::new(message, Vec::new()))
    }
}
