//! What people decide, and what a decision teaches.

use serde::{Deserialize, Serialize};

use super::history::Tally;
use super::submission::{Line, Name};
use super::{Counted, Timestamp};

/// One decision as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub action: DecisionAction,
    /// Why, when rejected.
    pub reason: Option<Reason>,
    /// A word of the moderator to the others.
    pub note: Option<Line>,
    /// How it came here.
    pub source: Source,
    /// Who decided.
    pub actor: Name,
    /// When.
    pub at: Timestamp,
}

/// What a person can do with a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionAction {
    /// Readers see it.
    Approve,
    /// Readers do not.
    Reject,
    /// Back to `held`, for somebody to look again.
    Reopen,
}

impl DecisionAction {
    /// The value's word in JSON, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            DecisionAction::Approve => "approve",
            DecisionAction::Reject => "reject",
            DecisionAction::Reopen => "reopen",
        }
    }
}

/// Why a comment is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It advertises or deceives.
    Spam,
    /// It hurts somebody.
    Abuse,
    /// It belongs somewhere else.
    OffTopic,
    /// It is there already.
    Duplicate,
    /// Anything else.
    Other,
}

impl Reason {
    /// The value's word in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Spam => "spam",
            Reason::Abuse => "abuse",
            Reason::OffTopic => "off_topic",
            Reason::Duplicate => "duplicate",
            Reason::Other => "other",
        }
    }
}

/// How a decision came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Over REST.
    Api,
    /// It had already happened on the blog.
    Site,
    /// It came with an old comment.
    Import,
}

impl Source {
    /// The value's word in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Api => "api",
            Source::Site => "site",
            Source::Import => "import",
        }
    }
}

/// A decision that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRequest {
    /// The decision; its `at` is not after `now`.
    pub decision: Decision,
    /// Where its `at` comes from.
    pub dated: Dated,
    /// Only if the comment has this version.
    pub if_match: Option<u64>,
    /// The moment of the request.
    pub now: Timestamp,
}

/// Where a decision's time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dated {
    /// The caller told it: the same wish at a later time is a decision of its own.
    Told,
    /// It is the moment of the request: the same wish again is a repetition.
    Assumed,
}

/// What a decision teaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lesson {
    /// An honest comment.
    Honest,
    /// Spam.
    Spam,
    /// Counts against the author only.
    Abuse,
    /// Nothing.
    #[default]
    Nothing,
}

impl Lesson {
    /// What this decision teaches.
    pub fn of(action: DecisionAction, reason: Option<Reason>) -> Self {
        match (action, reason) {
            (DecisionAction::Approve, _) => Lesson::Honest,
            (DecisionAction::Reject, Some(Reason::Spam)) => Lesson::Spam,
            (DecisionAction::Reject, Some(Reason::Abuse)) => Lesson::Abuse,
            (DecisionAction::Reject | DecisionAction::Reopen, _) => Lesson::Nothing,
        }
    }

    /// Whether it teaches nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Lesson::Nothing
    }

    /// What an entry shall hold of a comment with this lesson.
    pub fn tally(self, counted: &Counted) -> Tally {
        let about_author = counted.key.kind.is_author();
        Tally {
            seen: counted.tally.seen,
            approved: u32::from(self == Lesson::Honest),
            spam: u32::from(self == Lesson::Spam),
            abuse: u32::from(self == Lesson::Abuse && about_author),
        }
    }
}
