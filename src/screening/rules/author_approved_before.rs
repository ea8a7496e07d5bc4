//! Trusts what authors write whose comments people have approved.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group, Past};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_approved_before",
    group: Group::History,
    summary: "People have approved comments of this author and rejected none as spam; full trust, twice the points, takes more than a typed e-mail address. It covers words: of a link elsewhere or a new website only a long record on the blog itself says half of it.",
    why: "Who wrote well before will again. But anybody can type an address: twice the points are for a verified account, or an e-mail address seen together with the same network or website. And a harmless first comment must not open the door for links; a blog's own record does not tell them apart.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example"}, "history": {"mail": {"b": [{"p": 683, "n": 2, "a": 2}]}}}"#,
        r#"{"content": "I agree.", "author": {"name": "Ana", "record": {"approved": 3, "rejected": 0}}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example", "url": "http://ana.example/"}, "history": {"mail_owner": {"b": [{"p": 683, "a": 2}]}}}"#,
        r#"{"content": "See http://a.example", "author": {"name": "Ana", "record": {"approved": 12, "rejected": 0}}}"#,
    ],
    passes: &[
        r#"{"content": "http://a.example http://b.example", "author": {"email": "ana@mail.example"}, "history": {"mail": {"b": [{"p": 683, "n": 2, "a": 2}]}}}"#,
        r#"{"content": "See http://a.example", "author": {"email": "ana@mail.example"}, "history": {"mail_net": {"b": [{"p": 683, "a": 5}]}}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example", "url": "http://shop.example/"}, "history": {"mail_net": {"b": [{"p": 683, "a": 5}]}}}"#,
        r#"{"content": "See http://a.example", "author": {"name": "Ana", "record": {"approved": 3, "rejected": 0}}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example"}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example"}, "history": {"mail": {"b": [{"p": 683, "n": 2, "a": 1, "s": 1}]}}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example", "record": {"approved": 1, "rejected": 0}}, "history": {"mail": {"b": [{"p": 683, "n": 2, "s": 2}]}}}"#,
    ],
    build: from_options::<AuthorApprovedBefore>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorApprovedBefore {
    /// From how many comments on that the blog itself published half the trust is for links too.
    record: u32,
}

impl Check for AuthorApprovedBefore {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let history = case.history;
        let author = &case.facts.submission().author;
        let is_good = |past: &Past| {
            let total = past.total(case.facts.now());
            total.approved > 0 && total.spam == 0 && total.abuse == 0
        };
        let record = case.blogs_record().filter(|record| record.approved > 0 && record.rejected == 0);
        let is_verified = author.account.as_ref().is_some_and(|account| account.verified) && is_good(&history.account);
        let has_website = is_good(&history.mail_owner);
        let is_shown = is_verified || is_good(&history.mail_net) || has_website || record.is_some();
        if !(is_shown || is_good(&history.mail) || is_good(&history.account)) {
            return None;
        }
        let brings_links = case.facts.foreign_links().next().is_some();
        let is_beyond_words = brings_links || (case.facts.website().is_some() && !has_website);
        if is_beyond_words && record.is_none_or(|record| record.approved < self.record) {
            return None;
        }
        let times = if is_shown && !is_beyond_words { 2 } else { 1 };
        let field = if author.email.is_some() { Field::AuthorEmail } else { Field::AuthorName };
        // The word of a blog about somebody it does not name points at nothing.
        let evidence = Some(case.facts.whole(field)).filter(|evidence| !evidence.excerpt.is_empty());
        let message = "People have approved comments of this author.";
        Some(Finding::new(message, evidence.into_iter().collect()).times(times))
    }
}
