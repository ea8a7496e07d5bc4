//! What a commenter may know of their comment, as JSON.

use serde::Serialize;

use super::comment::Comment;
use crate::service::{PublicReason, PublicStatus};

/// A comment that was taken in, with what its author asks by how it stands.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Taken<'a> {
    #[serde(flatten)]
    pub comment: Comment<'a>,
    #[serde(flatten)]
    pub pass: StatusPass,
}

/// By which its author asks how a comment stands.
#[derive(Debug, Serialize)]
pub(in crate::http) struct StatusPass {
    pub status_token: String,
    /// Where to ask; left out while nobody has said where the outside reaches us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_url: Option<String>,
}

/// How a comment stands.
#[derive(Debug, Serialize)]
pub(in crate::http) struct StatusView {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl From<PublicStatus> for StatusView {
    fn from(status: PublicStatus) -> Self {
        let (status, reason) = match status {
            PublicStatus::Held(reason) => ("held", Some(reason)),
            PublicStatus::Published => ("published", None),
            PublicStatus::Declined(reason) => ("declined", Some(reason)),
        };
        let word = |reason| match reason {
            PublicReason::Links => "links",
            PublicReason::Wording => "wording",
            PublicReason::Rate => "rate",
            PublicReason::Review => "review",
        };
        Self { status, reason: reason.map(word) }
    }
}
