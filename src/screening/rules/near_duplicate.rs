//! Finds reworded copies of what other authors posted.

use serde::Deserialize;

use super::campaign::count;
use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group, Past};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "near_duplicate",
    group: Group::History,
    summary: "Several other authors posted much the same text, and people approved none of it; doubly bad if it was rejected as \
              spam.",
    why: "Campaigns change numbers, links, names and some words from copy to copy, and keep the rest. An author's own corrections \
          are no copies, and what software makes of a page that mentions another is always alike.",
    certain: false,
    fires: &[
        r#"{"content": "We offer loans from two thousand to two million at three percent.", "history": {"near": [{}, {"b": [{"p": 683, "n": 2}], "m": [17, 18]}], "members": {"a": 42}}}"#,
        r#"{"content": "We offer loans from two thousand to two million at three percent.", "history": {"near": [{"b": [{"p": 683, "n": 1}], "m": [17]}, {"b": [{"p": 683, "n": 1}], "m": [18]}], "members": {"a": 42}}}"#,
        r#"{"content": "We offer loans from two thousand to two million at three percent.", "history": {"near": [{"b": [{"p": 683, "n": 1, "s": 1}], "m": [17]}], "members": {"a": 42}}}"#,
    ],
    passes: &[
        r#"{"content": "We offer loans from two thousand to two million at three percent."}"#,
        r#"{"content": "Sorry for the typing, this is what I wanted to say here all along.", "history": {"near": [{"b": [{"p": 683, "n": 3, "s": 1}], "m": [42]}], "members": {"a": 42}}}"#,
        r#"{"content": "I have the same question as the one above, did you find an answer?", "history": {"near": [{"b": [{"p": 683, "n": 1}], "m": [17]}, {"b": [{"p": 683, "n": 1}], "m": [17]}], "members": {"a": 42}}}"#,
        r#"{"content": "[...] Sound added to the game of dice that I wrote about last week [...]", "kind": "pingback", "history": {"near": [{"b": [{"p": 683, "n": 3}], "m": [17, 18, 19]}], "members": {"a": 42}}}"#,
        r#"{"content": "The rules of this blog are as follows: be kind to each other.", "history": {"near": [{"b": [{"p": 683, "n": 3, "a": 1, "s": 1}], "m": [17, 18, 19]}], "members": {"a": 42}}}"#,
    ],
    build: from_options::<NearDuplicate>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NearDuplicate {
    /// How many other authors it takes as long as nobody has judged.
    authors: usize,
}

impl Check for NearDuplicate {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        if case.is_mention() {
            return None;
        }
        let (now, own) = (case.facts.now(), case.history.members.author);
        let others = |past: &Past| past.members.iter().filter(|member| **member != own).count();
        let evidence = || vec![case.facts.whole(Field::Content)];
        let shared = || case.history.near.iter().filter(|past| others(past) > 0);
        let is_spam = |past: &&Past| past.total(now).spam > past.total(now).approved;
        if let Some(past) = shared().filter(is_spam).max_by_key(|past| past.total(now).spam) {
            let message = "Much the same text of another author was rejected as spam before.";
            return Some(Finding::new(message, evidence()).times(2).of(past.campaign));
        }
        let undecided = || shared().filter(|past| past.total(now).approved == 0);
        let mut authors: Vec<u32> = undecided().flat_map(|past| &past.members).copied().collect();
        authors.sort_unstable();
        authors.dedup();
        authors.retain(|author| *author != own);
        let widest = undecided().max_by_key(|past| others(past))?;
        let message = || format!("{} other authors posted much the same text.", count(authors.len()));
        (authors.len() >= self.authors).then(|| Finding::new(message(), evidence()).of(widest.campaign))
    }
}
