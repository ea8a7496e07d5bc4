//! What a simulation found: numbers, ids and rules, and nothing of what comments say or of who wrote them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Action, Comment, CommentId, DecidedBy, DecisionAction, ExternalId, Reason};

/// What another policy would have made of the comments that people have decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulated {
    /// So many comments were judged, by both policies.
    pub comments: u64,
    /// Of so many, the numbers kept with their verdicts were enough.
    pub replayed: u64,
    /// Of so many, at least one rule was run again.
    pub screened_again: u64,
    /// Comments that cannot be judged again, and are in no other number.
    pub skipped: Skipped,
    /// Under the policy in force.
    pub now: Confusion,
    /// Under the draft.
    pub draft: Confusion,
    /// Comments that the draft would treat otherwise, as `approve->hold`, by what people decided.
    pub flips: BTreeMap<String, ByDecision>,
    /// What in the draft does that, what does it most often first.
    pub by_change: Vec<ByChange>,
    /// Some of those comments: spam that would be published and honest ones that would be lost first, then honest ones that would wait,
    /// then others that would be treated worse; the newest of each.
    pub examples: Vec<Example>,
    /// Keys in which the draft differs, and of which kept comments tell nothing.
    pub not_simulated: Vec<&'static str>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Comments that cannot be judged again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The draft turns on a rule that looks for the commenter's address, of which only the network is kept.
    pub address_cut: u64,
    /// Their records are damaged. Nobody knows whether they were decided.
    pub damaged: u64,
}

/// What became of comments under a policy, against what people decided of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Names the policy.
    pub policy_version: String,
    /// Of those that people approved.
    pub approved: Actions,
    /// Of those that they rejected as spam.
    pub spam: Actions,
    /// Of those that they rejected for another reason, or for none.
    pub other: Actions,
    /// Spam that would be published.
    pub published: u64,
    /// Approved comments that would be held or rejected.
    pub disturbed: u64,
    /// Approved comments that would be rejected.
    pub lost: u64,
}

/// How many comments would get which action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Actions {
    /// Published.
    pub approve: u64,
    /// Kept for a person.
    pub hold: u64,
    /// Not published.
    pub reject: u64,
}

/// How many comments, by what people decided of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByDecision {
    /// Approved.
    pub approved: u64,
    /// Rejected as spam.
    pub spam: u64,
    /// Rejected for another reason, or for none.
    pub other: u64,
}

/// What a part of the draft does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByChange {
    /// The policy's key.
    pub key: String,
    /// How many comments would be treated otherwise, and not so without it.
    pub flips: u64,
    /// Of those, how many nearer to what people decided: honest ones published sooner, spam later.
    pub better: u64,
    /// How many farther from it.
    pub worse: u64,
}

/// A comment that the draft would treat otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Its id.
    pub id: CommentId,
    /// The blog's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What people decided.
    pub decided: Said,
    /// What the policy in force makes of it.
    pub now: Judged,
    /// What the draft makes of it.
    pub draft: Judged,
    /// What in the draft makes the difference: without each of these it would not treat it so.
    pub because: Vec<Because>,
}

/// What a policy makes of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// What becomes of it.
    pub action: Action,
    /// Its score.
    pub score: i32,
    /// What decides.
    pub decided_by: DecidedBy,
}

/// A part of the draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Because {
    /// The policy's key.
    pub key: String,
    /// Of a rule, the points that it adds now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<i32>,
    /// And under the draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<i32>,
}

/// What people decided of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// To publish it.
    Approved,
    /// That it is spam.
    Spam,
    /// Not to publish it, for another reason.
    Other,
}

impl Said {
    /// What was decided of a comment; `None` if nothing stands.
    pub fn of(comment: &Comment) -> Option<Self> {
        let decision = comment.standing_decision()?;
        match (decision.action, decision.reason) {
            (DecisionAction::Approve, _) => Some(Said::Approved),
            (DecisionAction::Reject, Some(Reason::Spam)) => Some(Said::Spam),
            (DecisionAction::Reject, _) => Some(Said::Other),
            (DecisionAction::Reopen, _) => None,
        }
    }

    /// Whether a comment of which this was said is better off with one action than with another; `None`: nobody can say.
    pub fn prefers(self, action: Action, other: Action) -> Option<bool> {
        match self {
            _ if action == other => None,
            Said::Approved => Some(action < other),
            Said::Spam => Some(action > other),
            Said::Other => None,
        }
    }

    /// How many kinds of concern there are.
    pub(super) const CONCERNS: usize = 4;

    /// How much it concerns people that a comment of which this was said gets another action: 0 where spam is published or an honest
    /// comment is lost, 1 where one waits for them, 2 where it is farther else from what they decided, 3 where it is not.
    pub(super) fn concern(self, before: Action, after: Action) -> usize {
        match (self, after) {
            _ if self.prefers(after, before) != Some(false) => 3,
            (Said::Spam, Action::Approve) | (Said::Approved, Action::Reject) => 0,
            (Said::Approved, _) => 1,
            (Said::Spam | Said::Other, _) => 2,
        }
    }

    /// The value's word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Said::Approved => "approved",
            Said::Spam => "spam",
            Said::Other => "other",
        }
    }
}

impl Confusion {
    pub(super) fn count(&mut self, said: Said, action: Action) {
        let actions = match said {
            Said::Approved => &mut self.approved,
            Said::Spam => &mut self.spam,
            Said::Other => &mut self.other,
        };
        match action {
            Action::Approve => actions.approve += 1,
            Action::Hold => actions.hold += 1,
            Action::Reject => actions.reject += 1,
        }
        self.published = self.spam.approve;
        self.disturbed = self.approved.hold + self.approved.reject;
        self.lost = self.approved.reject;
    }
}

impl ByDecision {
    /// How many in all.
    pub fn all(self) -> u64 {
        self.approved + self.spam + self.other
    }

    pub(super) fn count(&mut self, said: Said) {
        match said {
            Said::Approved => self.approved += 1,
            Said::Spam => self.spam += 1,
            Said::Other => self.other += 1,
        }
    }
}
