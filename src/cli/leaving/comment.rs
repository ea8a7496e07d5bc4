//! A comment as it leaves: everything its record holds but what hangs on the store's secret.

use serde::{Deserialize, Serialize};

use super::history::HistoryRecord;
use super::values::{As, Digest, Short, is_false, is_zero};
use super::verdict::{VerdictRecord, astray};
use crate::domain::{
    Comment, CommentId, Decision, DecisionAction, Edited, EditedBy, Expired, Fault, Features, Fingerprint, Line, Name,
    Reason, Review, ReviewWhy, Source, Status, Timestamp,
};
use crate::http::wire::{FieldFault, SubmissionBody};

/// The most decisions that a comment keeps.
const MAX_DECISIONS: usize = 50;

/// How far in the future a comment may have come in, for clocks that differ: a day, in milliseconds.
const CLOCKS: i64 = 24 * 60 * 60 * 1000;

/// `comment`
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::cli) struct CommentRecord<'a> {
    id: As<CommentId>,
    version: u64,
    status: Status,
    /// Left out where nobody needs to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review: Option<ReviewRecord>,
    received_at: As<Timestamp>,
    written_at: As<Timestamp>,
    changed_at: As<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linked_at: Option<As<Timestamp>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<As<Timestamp>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited: Option<EditedRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expired: Option<ExpiredRecord>,
    #[serde(default, skip_serializing_if = "is_false")]
    address_is_cut: bool,
    fingerprint: As<Digest>,
    /// As the interface takes it.
    submission: SubmissionBody<'a>,
    hosts: Vec<Short<2_048>>,
    verdict: VerdictRecord,
    history: HistoryRecord,
    decisions: Vec<DecisionRecord>,
    #[serde(default, skip_serializing_if = "is_zero")]
    earlier_decisions: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ReviewRecord {
    why: ReviewWhy,
    since: As<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct EditedRecord {
    times: u32,
    at: As<Timestamp>,
    by: EditedBy,
    #[serde(default, skip_serializing_if = "is_false")]
    undid: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ExpiredRecord {
    times: u32,
    at: As<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct DecisionRecord {
    action: DecisionAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Short<1_024>>,
    source: Source,
    actor: Short<245>,
    at: As<Timestamp>,
}

impl<'a> From<&'a Comment> for CommentRecord<'a> {
    fn from(comment: &'a Comment) -> Self {
        let review = match comment.review {
            Review::Open { why, since, priority: _ } => Some(ReviewRecord { why, since: As(since) }),
            Review::Done => None,
        };
        Self {
            id: As(comment.id),
            version: comment.version,
            status: comment.status,
            review,
            received_at: As(comment.received_at),
            written_at: As(comment.written_at),
            changed_at: As(comment.changed_at),
            linked_at: comment.linked_at.map(As),
            withdrawn_at: comment.withdrawn_at.map(As),
            edited: comment.edited.map(EditedRecord::from),
            expired: comment.expired.map(|Expired { times, at }| ExpiredRecord { times, at: As(at) }),
            address_is_cut: comment.address_is_cut,
            fingerprint: As(Digest(comment.fingerprint.as_str().to_owned())),
            submission: SubmissionBody::from(&comment.submission),
            hosts: comment.hosts.iter().cloned().map(Short).collect(),
            verdict: VerdictRecord::from(&comment.verdict),
            history: HistoryRecord::from(&comment.history),
            decisions: comment.decisions.iter().map(DecisionRecord::from).collect(),
            earlier_decisions: comment.earlier_decisions,
        }
    }
}

impl From<Edited> for EditedRecord {
    fn from(Edited { times, at, by, undid }: Edited) -> Self {
        Self { times, at: As(at), by, undid }
    }
}

impl EditedRecord {
    fn into_edited(self) -> Edited {
        Edited { times: self.times, at: self.at.0, by: self.by, undid: self.undid }
    }
}

impl From<&Decision> for DecisionRecord {
    fn from(decision: &Decision) -> Self {
        Self {
            action: decision.action,
            reason: decision.reason,
            note: decision.note.as_ref().map(|note| Short(note.to_string())),
            source: decision.source,
            actor: Short(decision.actor.to_string()),
            at: As(decision.at),
        }
    }
}

impl DecisionRecord {
    fn into_decision(self) -> Decision {
        Decision {
            action: self.action,
            reason: self.reason,
            // Read within these lengths.
            note: self.note.map(|note| Line::cut(note.0)),
            source: self.source,
            actor: Name::cut(self.actor.0),
            at: self.at.0,
        }
    }
}

impl CommentRecord<'_> {
    /// The comment, without what a store derives by its secret; or everything that is wrong with it.
    pub(in crate::cli) fn check(self, now: Timestamp) -> Result<Comment, Vec<FieldFault>> {
        let below = |fault: FieldFault| FieldFault { field: format!("/comment/submission{}", fault.field), ..fault };
        let submission = self.submission.check().map_err(|faults| faults.into_iter().map(below).collect::<Vec<_>>())?;
        let verdict = self.verdict.into_verdict();
        let review = match self.review {
            Some(ReviewRecord { why: ReviewWhy::Held, since }) => Review::open(ReviewWhy::Held, since.0, &verdict),
            None => Review::Done,
        };
        let comment = Comment {
            id: self.id.0,
            version: self.version,
            status: self.status,
            review,
            submission,
            fingerprint: Fingerprint::from(self.fingerprint.0.0),
            author_id: None,
            mail_id: None,
            address_is_cut: self.address_is_cut,
            hosts: self.hosts.into_iter().map(|host| host.0).collect(),
            received_at: self.received_at.0,
            written_at: self.written_at.0,
            changed_at: self.changed_at.0,
            verdict,
            history: self.history.into_history(),
            decisions: self.decisions.into_iter().map(DecisionRecord::into_decision).collect(),
            earlier_decisions: self.earlier_decisions,
            linked_at: self.linked_at.map(|at| at.0),
            withdrawn_at: self.withdrawn_at.map(|at| at.0),
            edited: self.edited.map(EditedRecord::into_edited),
            expired: self.expired.map(|expired| Expired { times: expired.times, at: expired.at.0 }),
            features: Features::default(),
            counted: Vec::new(),
        };
        let faults = contradictions(&comment, now);
        if faults.is_empty() { Ok(comment) } else { Err(faults) }
    }
}

/// Where a record says what no comment's life can have come to.
fn contradictions(comment: &Comment, now: Timestamp) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let mut demand = |holds: bool, field: &str, detail: String| {
        if !holds {
            faults.push(FieldFault::new(format!("/comment/{field}"), Fault::new("contradiction", detail)));
        }
    };
    let count = comment.decisions.len();
    demand(count <= MAX_DECISIONS, "decisions", format!("has {count} items; the limit is {MAX_DECISIONS}"));
    // Numbers that no sum of changes can reach are told here, and never added up.
    let is_countable = comment.earlier_decisions <= u64::from(u32::MAX);
    demand(is_countable, "earlier_decisions", format!("must be at most {}", u32::MAX));
    if is_countable {
        let changes = comment.changes();
        demand(comment.version == changes, "version", format!("must be {changes}, by the changes the record shows"));
    }
    let waits = comment.status == Status::Held && comment.withdrawn_at.is_none();
    let detail =
        if waits { "is missing, though the comment is held" } else { "must be left out: nobody needs to look" };
    demand(comment.review.is_open() == waits, "review", detail.to_owned());
    let said = comment.standing_decision().map(|decision| match decision.action {
        DecisionAction::Approve => Status::Approved,
        DecisionAction::Reject => Status::Rejected,
        DecisionAction::Reopen => Status::Held,
    });
    let fits = said.is_none_or(|said| said == comment.status)
        || (comment.expired.is_some() && comment.status == Status::Rejected);
    demand(fits, "status", "is not what the last decision says".to_owned());
    demand(comment.written_at <= comment.received_at, "written_at", "is after received_at".to_owned());
    demand(comment.received_at <= comment.changed_at, "changed_at", "is before received_at".to_owned());
    demand(comment.changed_at <= now.plus_millis(CLOCKS), "changed_at", "is in the future".to_owned());
    let has_address = comment.submission.client.ip.is_some();
    demand(has_address || !comment.address_is_cut, "address_is_cut", "is told of no address".to_owned());
    if let Some(place) = astray(&comment.verdict, &comment.submission) {
        demand(false, &format!("verdict/{place}"), "is not within the field's text".to_owned());
    }
    faults
}
