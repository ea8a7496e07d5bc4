//! The site's feed: what changed, in ids and words, never content or personal data.

use serde::{Deserialize, Serialize};

use super::decision::{DecisionAction, Reason, Source};
use super::{Action, CommentId, EditedBy, EventId, ExternalId, Status, Timestamp};

/// An entry of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the feed.
    pub id: EventId,
    /// When the change was asked for.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub change: EventChange,
    /// To which comment.
    pub comment: CommentId,
    /// The blog's id of it, if known by then.
    pub external_id: Option<ExternalId>,
    /// The comment's version after the change.
    pub version: u64,
    /// Its status after the change.
    pub status: Status,
}

/// What happened to a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventChange {
    /// It came in and was screened.
    #[serde(rename = "comment.submitted")]
    Submitted {
        /// What the screening said.
        action: Action,
        /// With which score.
        score: i32,
    },
    /// A person decided.
    #[serde(rename = "comment.decided")]
    Decided {
        /// What.
        decision: DecisionAction,
        /// Why, when rejected.
        reason: Option<Reason>,
        /// How it came here.
        source: Source,
        /// Who.
        actor: String,
    },
    /// What it says was changed.
    #[serde(rename = "comment.edited")]
    Edited {
        /// By whom.
        edited_by: EditedBy,
    },
    /// It got the blog's id.
    #[serde(rename = "comment.linked")]
    Linked,
    /// It is gone from the blog.
    #[serde(rename = "comment.withdrawn")]
    Withdrawn,
    /// Nobody had decided it in time: it is rejected.
    #[serde(rename = "comment.expired")]
    Expired,
    /// It is kept here no longer. On the blog it stays as it is.
    #[serde(rename = "comment.purged")]
    Purged,
    /// Somebody asked to erase it.
    #[serde(rename = "comment.erased")]
    Erased,
}

impl EventChange {
    /// The value's word in JSON and logs.
    pub fn as_str(&self) -> &'static str {
        match self {
            EventChange::Submitted { .. } => "comment.submitted",
            EventChange::Decided { .. } => "comment.decided",
            EventChange::Edited { .. } => "comment.edited",
            EventChange::Linked => "comment.linked",
            EventChange::Withdrawn => "comment.withdrawn",
            EventChange::Expired => "comment.expired",
            EventChange::Purged => "comment.purged",
            EventChange::Erased => "comment.erased",
        }
    }
}
