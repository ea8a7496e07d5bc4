//! How a comment changes: the rules every store applies in one atomic step.

use super::decision::{Dated, Decision, DecisionAction, DecisionRequest, Lesson, Source};
use super::event::EventChange;
use super::history::Delta;
use super::{Comment, Edited, ExternalId, Review, ReviewWhy, Status, Timestamp};

/// The most decisions that a record keeps: more tell a moderator nothing, and a record is written whole each time.
const MAX_DECISIONS: usize = 50;

/// A change to a comment, ready to be written as a whole.
#[derive(Clone, Debug)]
pub struct Change {
    /// The comment after it.
    pub comment: Comment,
    /// What it does to the history entries.
    pub deltas: Vec<Delta>,
    /// What the feed will say.
    pub event: EventChange,
}

/// What comes of a request to change a comment.
#[derive(Clone, Debug)]
pub enum Step {
    /// To be written.
    Change(Box<Change>),
    /// It is so already: nothing to write.
    Already,
    /// The blog tells of something older than a person's last decision: nothing to write.
    Outdated,
    /// It may not be.
    Refused(Refusal),
}

/// Why a comment may not change so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `If-Match` names another version.
    VersionMismatch,
    /// A person has decided otherwise, and the request does not show that it knows.
    DecidedOtherwise,
    /// It was withdrawn from the blog.
    Withdrawn,
    /// It has another external id.
    HasExternalId,
    /// A person has rejected it, and its author edits it.
    Rejected,
}

impl Comment {
    /// What comes of a decision.
    ///
    /// The same wish by the same person is a repetition, whatever version it names, so that a retry after a lost answer is
    /// answered like the first try. A blog tells what has happened there in whatever order: what is older than the last
    /// decision is outdated, what is newer is kept even if it changes nothing, as later news are held against its time. A
    /// decision that an edit undid stands in nobody's way, and what the blog decided before that edit is outdated.
    pub fn decide(&self, request: &DecisionRequest) -> Step {
        let wish = &request.decision;
        let (last, standing) = (self.decisions.last(), self.standing_decision());
        let is_newer = request.dated == Dated::Told && last.is_none_or(|last| wish.at > last.at);
        if self.withdrawn_at.is_some() {
            return Step::Refused(Refusal::Withdrawn);
        }
        if standing.is_some_and(|last| repeats(last, wish)) && !is_newer && !self.expired_since_reopened() {
            return Step::Already;
        }
        if request.if_match.is_some_and(|version| version != self.version) {
            return Step::Refused(Refusal::VersionMismatch);
        }
        let undone_at = self.edited.filter(|edited| edited.undid).map(|edited| edited.at);
        let is_outdated = last.is_some_and(|last| last.at >= wish.at) || undone_at.is_some_and(|at| at > wish.at);
        if wish.source == Source::Site && is_outdated {
            return Step::Outdated;
        }
        if wish.action == DecisionAction::Reopen && self.status == Status::Held && !is_newer {
            return Step::Already;
        }
        let unaware = request.if_match.is_none() && wish.source != Source::Site;
        let otherwise = |last: &Decision| {
            last.action != DecisionAction::Reopen && (last.action, last.reason) != (wish.action, wish.reason)
        };
        if unaware && wish.action != DecisionAction::Reopen && standing.is_some_and(otherwise) {
            return Step::Refused(Refusal::DecidedOtherwise);
        }
        Step::Change(Box::new(self.decided(request)))
    }

    fn decided(&self, request: &DecisionRequest) -> Change {
        let decision = request.decision.clone();
        let event = EventChange::Decided {
            decision: decision.action,
            reason: decision.reason,
            source: decision.source,
            actor: decision.actor.to_string(),
        };
        let mut comment = self.clone();
        let deltas = comment.teach(Lesson::of(decision.action, decision.reason));
        comment.status = match decision.action {
            DecisionAction::Approve => Status::Approved,
            DecisionAction::Reject => Status::Rejected,
            DecisionAction::Reopen => Status::Held,
        };
        comment.review = match decision.action {
            DecisionAction::Reopen => Review::open(ReviewWhy::Held, request.now, &comment.verdict),
            DecisionAction::Approve | DecisionAction::Reject => Review::Done,
        };
        comment.edited = comment.edited.map(|edited| Edited { undid: false, ..edited });
        comment.keep(decision);
        comment.touch(request.now);
        Change { comment, deltas, event }
    }

    /// What comes of giving it the blog's id.
    pub fn link(&self, external_id: &ExternalId, now: Timestamp) -> Step {
        match &self.submission.external_id {
            Some(known) if known == external_id => Step::Already,
            Some(_) => Step::Refused(Refusal::HasExternalId),
            None => {
                let mut comment = self.clone();
                comment.submission.external_id = Some(external_id.clone());
                comment.linked_at = Some(now);
                comment.touch(now);
                Step::Change(Box::new(Change { comment, deltas: Vec::new(), event: EventChange::Linked }))
            }
        }
    }

    /// What comes of its being gone from the blog: out of the queue, and it teaches nothing.
    pub fn withdraw(&self, now: Timestamp) -> Step {
        if self.withdrawn_at.is_some() {
            return Step::Already;
        }
        let mut comment = self.clone();
        let deltas = comment.teach(Lesson::Nothing);
        comment.review = Review::Done;
        comment.withdrawn_at = Some(now);
        comment.touch(now);
        Step::Change(Box::new(Change { comment, deltas, event: EventChange::Withdrawn }))
    }

    /// Whether its last decision was to wait for another, and none came in time.
    fn expired_since_reopened(&self) -> bool {
        let reopened = |last: &Decision| last.action == DecisionAction::Reopen;
        self.status == Status::Rejected && self.decisions.last().is_some_and(reopened)
    }

    /// Makes its history entries say what this lesson teaches; the answer is what that changes.
    fn teach(&mut self, lesson: Lesson) -> Vec<Delta> {
        let mut deltas = Vec::new();
        for counted in &mut self.counted {
            let tally = lesson.tally(counted);
            let delta = Delta::between(counted, tally);
            counted.tally = tally;
            if !delta.is_none() {
                deltas.push(delta);
            }
        }
        deltas
    }

    /// Adds a decision, and lets the oldest go where there are too many: the feed has told of it.
    fn keep(&mut self, decision: Decision) {
        if self.decisions.len() == MAX_DECISIONS {
            self.decisions.remove(0);
            self.earlier_decisions += 1;
        }
        self.decisions.push(decision);
    }

    pub(super) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.changed_at = now;
    }
}

/// Whether a wish says what the same person has said last. A new note is news.
fn repeats(last: &Decision, wish: &Decision) -> bool {
    (last.action, last.reason, last.source, &last.actor) == (wish.action, wish.reason, wish.source, &wish.actor)
        && (wish.note.is_none() || last.note == wish.note)
}
