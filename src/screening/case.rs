//! A case: what is known of a submission beside what is remembered, and what several rules ask of the two.

use super::facts::Facts;
use crate::domain::{AuthorRecord, History, Past, Tally};

/// What there is to judge.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// What is known of the submission.
    pub facts: &'a Facts<'a>,
    /// What is remembered.
    pub history: &'a History,
}

impl Case<'_> {
    /// Whether a page mentions the post rather than a person writing about it: name and address are then a page's.
    pub fn is_mention(&self) -> bool {
        matches!(&*self.facts.submission().kind, "trackback" | "pingback")
    }

    /// Whether a person has approved a comment of this e-mail address or account, here or on the blog.
    pub fn author_is_known(&self) -> bool {
        let now = self.facts.now();
        let approved = |past: &Past| past.total(now).approved > 0;
        let record = self.blogs_record();
        approved(&self.history.mail)
            || approved(&self.history.account)
            || record.is_some_and(|record| record.approved > 0)
    }

    /// What the blog itself knows of the author, where people have decided of fewer of their comments here.
    pub fn blogs_record(&self) -> Option<AuthorRecord> {
        let decided = |past: &Past| {
            let Tally { approved, spam, abuse, .. } = past.total(self.facts.now());
            u64::from(approved) + u64::from(spam) + u64::from(abuse)
        };
        let ours = decided(&self.history.mail).max(decided(&self.history.account));
        let record = self.facts.submission().author.record;
        record.filter(|record| u64::from(record.approved) + u64::from(record.rejected) > ours)
    }

    /// Whether an author people have approved is shown to be this one: by a verified account, by an e-mail address that
    /// came with the same network or website before, or by the word of the blog. A typed address shows nothing.
    pub fn author_is_proven(&self) -> bool {
        let now = self.facts.now();
        let approved = |past: &Past| past.total(now).approved > 0;
        let author = &self.facts.submission().author;
        let is_verified = author.account.as_ref().is_some_and(|account| account.verified);
        (is_verified && approved(&self.history.account))
            || approved(&self.history.mail_net)
            || approved(&self.history.mail_owner)
            || self.blogs_record().is_some_and(|record| record.approved > 0)
    }
}
