//! A stored comment.

use serde::{Deserialize, Serialize};

use super::submission::Submission;
use super::{
    AuthorId, Campaign, CommentId, Counted, Decision, Edited, ExternalId, Features, History, HistoryKind, Timestamp,
    Verdict,
};

/// A stored submission and all that became of it.
///
/// `version` is 1 plus the number of changes the record shows: decisions (those no longer kept included), edits, the linking
/// and the withdrawal, and the times it was rejected because nobody had decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Our id.
    pub id: CommentId,
    /// Grows by one with every change.
    pub version: u64,
    /// What readers see.
    pub status: Status,
    /// Whether a person should look.
    pub review: Review,
    /// As it came in, or was edited since; `external_id` may have been added.
    pub submission: Submission,
    /// Hash of the parsed submission as it came in, without `external_id` and `client.ip`: tells a retry from another comment.
    pub fingerprint: Fingerprint,
    /// The author's token, if they gave an account or an e-mail address.
    pub author_id: Option<AuthorId>,
    /// The token of the e-mail address, where `author_id` is an account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_id: Option<AuthorId>,
    /// Whether the address it came from was cut to its network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub address_is_cut: bool,
    /// The hosts it links to, author's website included, in ASCII, sorted.
    pub hosts: Vec<String>,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it was written, as far as that can be: `created_at`, but never after `received_at`. Lists go by it.
    pub written_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// What the screening said when it came in, or was edited last.
    pub verdict: Verdict,
    /// What was remembered then.
    pub history: History,
    /// What people decided, oldest first; the last fifty.
    pub decisions: Vec<Decision>,
    /// How many decisions came before those.
    #[serde(default)]
    pub earlier_decisions: u64,
    /// When `external_id` was added, if later.
    pub linked_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Its edits, if there were any. What it said before is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    /// When nobody had decided it in time, if that has happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<Expired>,
    /// What it looks like to a learner; none of what the blog's own people write.
    #[serde(rename = "f", default, skip_serializing_if = "Features::is_empty")]
    pub features: Features,
    /// Every history entry it is counted in.
    #[serde(rename = "k")]
    pub counted: Vec<Counted>,
}

impl Comment {
    /// What the version must be, by what the record shows.
    pub fn changes(&self) -> u64 {
        let decisions = self.earlier_decisions + self.decisions.len() as u64;
        let (linked, withdrawn) = (self.linked_at.is_some(), self.withdrawn_at.is_some());
        let times = u64::from(self.times_expired()) + u64::from(self.times_edited());
        1 + decisions + u64::from(linked) + u64::from(withdrawn) + times
    }

    /// How often it was rejected because nobody had decided it in time.
    pub fn times_expired(&self) -> u32 {
        self.expired.map_or(0, |expired| expired.times)
    }

    /// How often it was edited.
    pub fn times_edited(&self) -> u32 {
        self.edited.map_or(0, |edited| edited.times)
    }

    /// The tokens of its author, never the same twice: `author_id`, and the e-mail address's where that is another. Records
    /// from before `mail_id` tell it by the entry that the address is counted in, which stands under the same hash.
    pub fn authors(&self) -> [Option<AuthorId>; 2] {
        let of_mail = |counted: &Counted| counted.key.kind == HistoryKind::Mail;
        let counted = || self.counted.iter().find(|counted| of_mail(counted)).map(|mail| AuthorId::new(mail.key.hash));
        let mail = self.author_id.and_then(|author| self.mail_id.or_else(counted).filter(|mail| *mail != author));
        [self.author_id, mail]
    }

    /// The name of the comment that this one quotes, if it does: our id, or [`ExternalId::as_name`].
    pub fn quoted(&self) -> Option<String> {
        let parent = self.submission.parent.as_ref()?;
        let quotes = parent.author_name.is_some() || parent.content.is_some();
        let by_external_id = || parent.external_id.as_ref().map(ExternalId::as_name);
        parent.id.map(|id| id.to_string()).or_else(by_external_id).filter(|_| quotes)
    }

    /// The campaigns it would belong to, each once: what others may share with it. Of whatever it is counted in.
    pub fn campaigns(&self) -> Vec<Campaign> {
        let mut campaigns: Vec<_> = self.counted.iter().filter_map(|counted| Campaign::of(&counted.key)).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        campaigns
    }

    /// Whether this is a token of its author.
    pub fn is_by(&self, author: AuthorId) -> bool {
        self.authors().contains(&Some(author))
    }
}

/// A comment that was rejected because nobody had decided it in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// How often.
    pub times: u32,
    /// When last.
    pub at: Timestamp,
}

/// What readers see of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is shown.
    Approved,
    /// It waits.
    Held,
    /// It is not shown.
    Rejected,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 3] = [Status::Approved, Status::Held, Status::Rejected];

    /// The value's word in JSON, logs and store keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Approved => "approved",
            Status::Held => "held",
            Status::Rejected => "rejected",
        }
    }
}

/// Whether a person should look. The queue is the comments whose review is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Review {
    /// Somebody should.
    Open {
        /// Why.
        why: ReviewWhy,
        /// Since when.
        since: Timestamp,
        /// Its place in the queue, smallest first; fixed here, so that the order never changes with time.
        priority: i64,
    },
    /// Nobody needs to.
    Done,
}

/// Why a person should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewWhy {
    /// It is held.
    Held,
}

impl Review {
    /// Opens the review of a held comment.
    ///
    /// The queue goes by age, and what is likely honest gets a head start, because a reader is waiting for it: ten
    /// minutes a point below `reject_at`, at most a day. Both terms are fixed when the review opens.
    pub fn open(why: ReviewWhy, since: Timestamp, verdict: &Verdict) -> Self {
        const MILLIS_A_POINT: i64 = 10 * 60 * 1000;
        const MOST: i64 = 24 * 60 * 60 * 1000;
        let below = i64::from(verdict.thresholds.reject_at) - i64::from(verdict.score);
        let head_start = below.saturating_mul(MILLIS_A_POINT).clamp(0, MOST);
        Review::Open { why, since, priority: since.millis() - head_start }
    }

    /// Whether somebody should look.
    pub fn is_open(&self) -> bool {
        matches!(self, Review::Open { .. })
    }
}

/// A SHA-256 hash, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of these 32 bytes.
    pub fn new(hash: [u8; 32]) -> Self {
        Self(data_encoding::HEXLOWER.encode(&hash))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Fingerprint {
    fn from(text: String) -> Self {
        Self(text)
    }
}
