//! How an edit changes a comment: what stands of a person's decision, and what is judged anew.

use serde::{Deserialize, Serialize};

use super::decision::{Decision, DecisionAction, Lesson};
use super::event::EventChange;
use super::submission::{Author, Name, Url};
use super::transition::{Change, Refusal, Step};
use super::{
    Action, Comment, Content, Counted, Features, Format, History, HistoryKey, HistoryKind, Past, Review, ReviewWhy,
    Status, Submission, Tally, Timestamp, Verdict,
};

/// What of a comment is written anew; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The text.
    pub content: Option<Content>,
    /// How a reader's page reads it.
    pub format: Option<Format>,
    /// The author's name.
    pub name: Option<Name>,
    /// The author's website; empty: none.
    pub url: Option<Url>,
}

impl Edit {
    /// The submission as it is after the edit.
    pub fn applied_to(&self, before: &Submission) -> Submission {
        let author = Author {
            name: self.name.clone().or_else(|| before.author.name.clone()),
            url: self.url.clone().or_else(|| before.author.url.clone()),
            ..before.author.clone()
        };
        Submission {
            author,
            content: self.content.clone().unwrap_or_else(|| before.content.clone()),
            format: self.format.unwrap_or(before.format),
            ..before.clone()
        }
    }
}

/// Who edited a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditedBy {
    /// Whoever wrote it.
    Author,
    /// Somebody who runs the blog.
    Staff,
}

impl EditedBy {
    /// The value's word in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            EditedBy::Author => "author",
            EditedBy::Staff => "staff",
        }
    }
}

/// The edits of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// How many.
    pub times: u32,
    /// When last.
    pub at: Timestamp,
    /// By whom last.
    pub by: EditedBy,
    /// Whether an edit undid what a person had decided of an earlier text, and nobody has decided since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undid: bool,
}

/// An edit that somebody asks for, with what the screening says of the text as it will be.
#[derive(Clone, Debug)]
pub struct EditRequest {
    /// What is written anew.
    pub edit: Edit,
    /// Who edits.
    pub by: EditedBy,
    /// The new text, judged.
    pub judged: Rejudged,
    /// The version that was judged; another one is refused.
    pub version: u64,
    /// Only if the comment has this version.
    pub if_match: Option<u64>,
    /// The moment of the request.
    pub now: Timestamp,
}

/// What the screening says of an edited comment.
#[derive(Clone, Debug)]
pub struct Rejudged {
    /// The verdict, as of a new comment.
    pub verdict: Verdict,
    /// What it looks like to a learner.
    pub features: Features,
    /// What was remembered, without the comment itself.
    pub history: History,
    /// The hosts it links to.
    pub hosts: Vec<String>,
    /// What it is counted in, before anybody decides of it.
    pub counted: Vec<Counted>,
    /// Whether it brings a link owner or a way to reach somebody that it did not bring before.
    pub brings_more: bool,
}

impl Comment {
    /// What comes of an edit.
    ///
    /// The staff's changes the text and nothing else. The author's is judged like a new comment, but an approved one that
    /// brings no more than before and is judged no worse stays approved, one that a person approved is at most held for
    /// its words, and what waits by a person's wish waits on. What a person rejected is not the author's to change: what it
    /// taught would go with the text that taught it.
    pub fn edit(&self, request: &EditRequest) -> Step {
        let EditRequest { edit, by, judged, version, if_match, now } = request;
        if self.withdrawn_at.is_some() {
            return Step::Refused(Refusal::Withdrawn);
        }
        let submission = edit.applied_to(&self.submission);
        if submission == self.submission {
            return Step::Already;
        }
        if *version != self.version || if_match.is_some_and(|version| version != self.version) {
            return Step::Refused(Refusal::VersionMismatch);
        }
        let said = self.standing_decision().map(|decision| decision.action);
        if *by == EditedBy::Author && said == Some(DecisionAction::Reject) {
            return Step::Refused(Refusal::Rejected);
        }
        let status = match by {
            EditedBy::Author => self.status_after(judged),
            EditedBy::Staff => self.status,
        };
        let undoes = said == Some(DecisionAction::Approve) && status != self.status;
        let undid = undoes || self.edited.is_some_and(|edited| edited.undid);
        let counted = self.counted_after(&judged.counted, undid);
        let mut deltas = Counted::taking_back(&self.counted);
        deltas.extend(Counted::adding(&counted));
        let review = match status {
            Status::Held if self.review.is_open() => self.review,
            Status::Held => Review::open(ReviewWhy::Held, *now, &judged.verdict),
            Status::Approved | Status::Rejected => Review::Done,
        };
        let mut comment = Comment {
            status,
            review,
            submission,
            hosts: judged.hosts.clone(),
            verdict: judged.verdict.clone(),
            features: judged.features.clone(),
            history: judged.history.clone(),
            edited: Some(Edited { times: 1 + self.times_edited(), at: *now, by: *by, undid }),
            counted,
            ..self.clone()
        };
        comment.touch(*now);
        Step::Change(Box::new(Change { comment, deltas, event: EventChange::Edited { edited_by: *by } }))
    }

    /// The last decision, if it was of the text as it is, as far as that was judged no worse since.
    pub fn standing_decision(&self) -> Option<&Decision> {
        self.decisions.last().filter(|_| !self.edited.is_some_and(|edited| edited.undid))
    }

    /// What the comment teaches as it stands.
    pub fn lesson(&self) -> Lesson {
        match self.standing_decision() {
            Some(decision) if self.withdrawn_at.is_none() => Lesson::of(decision.action, decision.reason),
            _ => Lesson::Nothing,
        }
    }

    fn status_after(&self, judged: &Rejudged) -> Status {
        use DecisionAction::{Approve, Reject, Reopen};
        let person = self.standing_decision().map(|decision| decision.action);
        let (said, before) = (status_of(judged.verdict.action), status_of(self.verdict.action));
        let is_worse = severity(&judged.verdict) > severity(&self.verdict);
        match (self.status, person) {
            (Status::Approved, _) if !judged.brings_more && !is_worse => Status::Approved,
            (Status::Approved, Some(Approve)) if !judged.brings_more => Status::Held,
            (Status::Approved, _) => said,
            (Status::Held | Status::Rejected, Some(Reopen)) => Status::Held,
            (status, Some(Reject)) => status,
            (status, Some(Approve) | None) if status == before => said,
            // Something else than the screening had it wait or rejected it: a person says when that is over.
            (Status::Held | Status::Rejected, _) if said == Status::Rejected => said,
            (Status::Held | Status::Rejected, _) => Status::Held,
        }
    }

    /// What it is counted in after an edit: what was decided of its author and of what is still in it stays, unless the
    /// edit undid that; nobody has decided of what is new.
    fn counted_after(&self, fresh: &[Counted], undid: bool) -> Vec<Counted> {
        let known = |new: &Counted| self.counted.iter().find(|old| old.key == new.key);
        let kept = |new: &Counted| match known(new) {
            Some(old) => {
                let tally = if undid { Lesson::Nothing.tally(old) } else { old.tally };
                Counted { period: old.period, tally, ..new.clone() }
            }
            None => new.clone(),
        };
        fresh.iter().map(kept).collect()
    }
}

impl History {
    /// The same without what one comment has added. `keys` are those it was recalled by.
    pub fn without(mut self, keys: &[HistoryKey], counted: &[Counted]) -> Self {
        let (mut owners, mut handles) = (self.owners.iter_mut(), self.handles.iter_mut());
        let (mut linked, mut near) = (self.linked.iter_mut(), self.near.iter_mut());
        for key in keys {
            let past = match key.kind {
                HistoryKind::Mail => Some(&mut self.mail),
                HistoryKind::Account => Some(&mut self.account),
                HistoryKind::MailNet => Some(&mut self.mail_net),
                HistoryKind::MailOwner => Some(&mut self.mail_owner),
                HistoryKind::Text => Some(&mut self.text),
                HistoryKind::Owner => owners.next(),
                HistoryKind::Handle => handles.next(),
                HistoryKind::Net => Some(&mut self.net),
                HistoryKind::Linked => linked.next(),
                HistoryKind::Near => near.next(),
            };
            if let Some((past, own)) = past.zip(counted.iter().find(|counted| counted.key == *key)) {
                past.take_back(own);
            }
        }
        self
    }
}

impl Past {
    /// Leaves out what one comment has added; its member too, which no rule counts against its own author.
    fn take_back(&mut self, own: &Counted) {
        for bucket in self.buckets.iter_mut().filter(|bucket| bucket.period == own.period) {
            let (tally, took) = (&mut bucket.tally, own.tally);
            tally.seen = tally.seen.saturating_sub(took.seen);
            tally.approved = tally.approved.saturating_sub(took.approved);
            tally.spam = tally.spam.saturating_sub(took.spam);
            tally.abuse = tally.abuse.saturating_sub(took.abuse);
        }
        self.buckets.retain(|bucket| bucket.tally != Tally::default());
        self.members.retain(|member| Some(*member) != own.member);
    }
}

fn status_of(action: Action) -> Status {
    match action {
        Action::Approve => Status::Approved,
        Action::Hold => Status::Held,
        Action::Reject => Status::Rejected,
    }
}

/// How bad a verdict is: by its action, and of those that do not approve, by the score.
fn severity(verdict: &Verdict) -> (u8, i32) {
    match verdict.action {
        Action::Approve => (0, 0),
        Action::Hold => (1, verdict.score),
        Action::Reject => (2, verdict.score),
    }
}
