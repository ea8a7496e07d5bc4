//! What is left of a comment that is no longer kept: nothing personal.

use serde::{Deserialize, Serialize};

use super::{AuthorId, Comment, CommentId, Counted, ExternalId, Status, Timestamp};

/// A comment that was here. Its ids stay taken, so that a late retry does not bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Our id.
    pub id: CommentId,
    /// The blog's id.
    pub external_id: Option<ExternalId>,
    /// How it stood in the end.
    pub status: Status,
    /// With its going.
    pub version: u64,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it was written.
    pub written_at: Timestamp,
    /// When it went.
    pub erased_at: Timestamp,
    /// Every history entry it is still counted in: none after an erasure.
    pub counted: Vec<Counted>,
    /// The tokens of its author, who may yet ask to be forgotten: none after an erasure.
    pub authors: [Option<AuthorId>; 2],
}

impl Tombstone {
    /// Of a comment whose time is over: what it taught stays.
    pub fn of_purged(comment: &Comment, now: Timestamp) -> Self {
        Self { counted: comment.counted.clone(), authors: comment.authors(), ..Self::of_erased(comment, now) }
    }

    /// Of a comment that somebody asked to erase.
    pub fn of_erased(comment: &Comment, now: Timestamp) -> Self {
        Self {
            id: comment.id,
            external_id: comment.submission.external_id.clone(),
            status: comment.status,
            version: comment.version + 1,
            received_at: comment.received_at,
            written_at: comment.written_at,
            erased_at: now,
            counted: Vec::new(),
            authors: [None; 2],
        }
    }
}
