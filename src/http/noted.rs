//! What a request leaves for its line in the log.

use crate::domain::{Action, CommentId, DecidedBy, SiteId, Verdict};
use crate::service::Took;

/// Told to the log by the door: which site a request is about.
pub(super) struct NotedSite(pub SiteId);

/// Told to the log by a handler: how a comment was screened.
pub(super) struct Screened {
    pub comment: Option<CommentId>,
    pub action: Action,
    pub score: i32,
    pub rules: String,
    pub decided_by: DecidedBy,
    pub took: Took,
}

impl Screened {
    /// What the log says of a verdict.
    pub fn new(comment: Option<CommentId>, verdict: &Verdict, took: Took) -> Self {
        let rules: Vec<_> = verdict.hits.iter().map(|hit| hit.rule.as_str()).collect();
        Self {
            comment,
            action: verdict.action,
            score: verdict.score,
            rules: rules.join(","),
            decided_by: verdict.decided_by,
            took,
        }
    }
}
