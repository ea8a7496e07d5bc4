//! A comment in the making: what a submission and its verdict come to, and an old comment's decision.

use super::memory::Traces;
use crate::domain::{
    Action, Comment, CommentId, Decided, DecidedKind, Decision, DecisionAction, Features, Fingerprint, History, Lesson,
    Name, Outcome, Review, ReviewWhy, Source, Status, Submission, Timestamp, Verdict,
};

/// What the screening knows of a submission by the time it is kept.
pub(super) struct Judgement {
    pub verdict: Verdict,
    pub features: Features,
    pub history: History,
    pub hosts: Vec<String>,
    pub traces: Traces,
}

/// A comment as it is kept first: as its verdict says, or an old one as it was decided.
pub(super) fn new_comment(id: CommentId, now: Timestamp, submission: Submission, judged: Judgement) -> Comment {
    let written_at = submission.created_at.map_or(now, |at| at.min(now));
    let decided = submission.decided.iter();
    let decisions: Vec<_> = decided.filter_map(|old| person_decision(old, (written_at, now))).collect();
    let lesson = decisions.last().map_or(Lesson::Nothing, |decision| Lesson::of(decision.action, decision.reason));
    let status = match (&submission.decided, judged.verdict.action) {
        (Some(Decided { outcome: Outcome::Approve, .. }), _) | (None, Action::Approve) => Status::Approved,
        (Some(Decided { outcome: Outcome::Reject, .. }), _) | (None, Action::Reject) => Status::Rejected,
        (None, Action::Hold) => Status::Held,
    };
    let review = match status {
        Status::Held => Review::open(ReviewWhy::Held, now, &judged.verdict),
        Status::Approved | Status::Rejected => Review::Done,
    };
    // Owner, staff and moderators are never learnt from.
    let is_trusted = submission.author.role.is_some_and(|role| role.is_trusted());
    let counted = if is_trusted { Vec::new() } else { judged.traces.counted(written_at, lesson) };
    let comment = Comment {
        id,
        version: 1,
        status,
        review,
        submission,
        fingerprint: Fingerprint::from(String::new()),
        author_id: judged.traces.author_id,
        mail_id: judged.traces.mail_id,
        address_is_cut: false,
        hosts: judged.hosts,
        received_at: now,
        written_at,
        changed_at: now,
        verdict: judged.verdict,
        history: judged.history,
        decisions,
        earlier_decisions: 0,
        linked_at: None,
        withdrawn_at: None,
        edited: None,
        expired: None,
        features: if is_trusted { Features::default() } else { judged.features },
        counted,
    };
    Comment { version: comment.changes(), ..comment }
}

/// The decision that an old comment brings along, if a person made it; never later than now, or whatever the blog tells
/// afterwards would count as outdated.
fn person_decision(old: &Decided, (written_at, now): (Timestamp, Timestamp)) -> Option<Decision> {
    let action = match old.outcome {
        Outcome::Approve => DecisionAction::Approve,
        Outcome::Reject => DecisionAction::Reject,
    };
    let actor = old.actor.clone().unwrap_or_else(|| Name::try_from("unknown".to_owned()).unwrap_or_default());
    let decision = Decision {
        action,
        reason: old.reason,
        note: None,
        source: Source::Import,
        actor,
        at: old.at.unwrap_or(written_at).min(now),
    };
    (old.by == DecidedKind::Person).then_some(decision)
}
