//! What goes in and out of a store beside the nouns.

use std::path::{Path, PathBuf};

use crate::domain::{
    ApiKey, Charge, Comment, CommentId, ExternalId, Fingerprint, History, HistoryKey, OverLimit, Refusal, Refused,
    Site, Timestamp,
};

/// Who a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Tells this store from every other.
    pub store_id: String,
    /// The key of the hashes under which persons are remembered.
    pub secret: [u8; 32],
}

/// What an empty store begins with.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Who it will be.
    pub identity: Identity,
    /// Its first site.
    pub site: Site,
    /// Its first keys.
    pub keys: Vec<ApiKey>,
}

/// A question for everything that bears on one submission.
#[derive(Clone, Debug)]
pub struct Recall {
    /// The caller's idempotency key, if it gave one.
    pub idempotency: Option<IdempotencyKey>,
    /// The blog's id, if it has one.
    pub external_id: Option<ExternalId>,
    /// The history entries to look up.
    pub history: Vec<HistoryKey>,
    /// The moment of the request.
    pub now: Timestamp,
}

/// What the store remembers that bears on one submission.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// The comment that this submission already is, if it came before.
    pub existing: Option<Existing>,
    /// The history.
    pub history: History,
    /// At which version the site's settings are.
    pub settings_version: u64,
    /// The number of the newest lesson; 0 if there was none. Less than somebody has seen: it is another site of this name.
    pub taught: u64,
}

/// A hash of the caller's idempotency key (the key itself is not kept).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub [u8; 16]);

/// An idempotency key with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: IdempotencyKey,
    /// Tells the same request from another one under the same key.
    pub fingerprint: Fingerprint,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// What stands where a submission wanted to go.
#[derive(Clone, Debug, PartialEq)]
pub enum Existing {
    /// The idempotency key names this comment; the fingerprint is the first request's.
    ByKey {
        /// The comment as it is now.
        comment: Box<Comment>,
        /// Of the request that used the key first.
        fingerprint: Fingerprint,
    },
    /// The external id names this comment.
    ByExternalId {
        /// The comment as it is now.
        comment: Box<Comment>,
    },
    /// The idempotency key or the external id names a comment that was erased.
    Erased(CommentId),
}

/// A comment to keep.
#[derive(Clone, Debug)]
pub struct Record {
    /// At version [`Comment::changes`]: 1, or 2 for an old comment that brings a person's decision along. A `counted` entry's member is dropped by the store if its entry is full.
    pub comment: Comment,
    /// The caller's idempotency key, if it gave one.
    pub idempotency: Option<Idempotency>,
    /// Whether the feed tells of it (old comments come in silently).
    pub announced: bool,
    /// What is charged for it where several processes share the store.
    pub charges: Charges,
}

/// What a comment is charged to before it is kept: at most one charge of each limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// The charges; of several marks the first one's counts.
    pub due: Vec<Charge>,
    /// Whether a comment over a mark is given back ([`Recorded::Over`]) instead of kept.
    pub stop_at_marks: bool,
}

/// What came of keeping a comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is kept.
    New,
    /// Its key or external id was taken in the meantime; at most its key was written.
    Existing(Existing),
    /// A quota refuses it; of several the one that takes longest. Nothing was written or charged.
    Refused(Refused),
    /// It is over this mark, and marks stop. Nothing was written or charged.
    Over(OverLimit),
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is no such comment.
    NotFound,
    /// It was written; the comment as it now is.
    Changed(Box<Comment>),
    /// It was so already; nothing was written.
    Already(Box<Comment>),
    /// The blog told of something older than a person's last decision; nothing was written.
    Outdated(Box<Comment>),
    /// It may not be; the comment as it is.
    Refused(Refusal, Box<Comment>),
    /// The external id belongs to another comment, or to one that was erased.
    ExternalIdTaken(CommentId),
    /// The idempotency key was used before.
    Replayed {
        /// The comment it names, as it now is.
        comment: Box<Comment>,
        /// Of the request that used the key first.
        fingerprint: Fingerprint,
        /// Whether that request was applied: `false` if it was outdated.
        applied: bool,
    },
    /// The idempotency key names a comment that was erased.
    ReplayedErased(CommentId),
}

/// What came of a step of forgetting an author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Comments that were erased.
    pub comments: usize,
    /// Tombstones that name the author no longer.
    pub tombstones: usize,
    /// Whether there may be more to do.
    pub more: bool,
}

impl Forgotten {
    /// Whether content or personal data went.
    pub fn erased_something(&self) -> bool {
        self.comments + self.tombstones > 0
    }
}

/// What came of a step of retention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Held comments that were rejected.
    pub rejected: usize,
    /// Comments that became tombstones.
    pub purged: usize,
    /// Addresses that were cut to their networks.
    pub addresses: usize,
    /// Tombstones that went.
    pub tombstones: usize,
    /// Events that went.
    pub events: usize,
    /// Lessons that went.
    pub lessons: usize,
    /// Whether there may be more to do.
    pub more: bool,
}

impl Expired {
    /// Whether content or personal data went.
    pub fn erased_something(&self) -> bool {
        self.purged + self.addresses + self.tombstones + self.lessons > 0
    }
}

/// What came of making a site's derived data anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Comments that were read.
    pub comments: usize,
    /// Tombstones that were read.
    pub tombstones: usize,
    /// Comments whose place in lists or in the queue was corrected.
    pub rows: usize,
    /// 1 if the site's counts were corrected.
    pub counts: usize,
    /// History entries that were corrected.
    pub history: usize,
    /// Members of history entries that were corrected.
    pub members: usize,
    /// 1 if the place where the feed goes on was corrected.
    pub feed: usize,
    /// 1 if the number of the newest lesson was corrected.
    pub lessons: usize,
    /// Comments and tombstones that cannot be read, by id. They stay as they are.
    pub damaged: Vec<CommentId>,
}

impl Repaired {
    /// How much was wrong.
    pub fn corrected(&self) -> usize {
        self.rows + self.counts + self.history + self.members + self.feed + self.lessons
    }
}

/// What SQLite, or whatever keeps the files, found wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Whether indexes were built anew.
    pub rebuilt: bool,
    /// What is wrong still, a line each.
    pub faults: Vec<String>,
}

/// A copy to make: which file, and how.
#[derive(Clone, Copy)]
pub struct Copying<'a> {
    /// The file that is written by a backup, and read by a restoration.
    pub file: &'a Path,
    /// What becomes of what stands where the copy goes.
    pub existing: Standing,
    /// Told now and then how many bytes are written, of about how many.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// What becomes of a file or a store that stands where a copy goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It stays, and the copy is refused.
    Stays,
    /// A backup replaces it; a restoration moves it aside.
    Gives,
}

/// A copy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its length.
    pub bytes: u64,
    /// The sites in it.
    pub sites: u64,
    /// The comments in it.
    pub comments: u64,
    /// Where the store is that stood there before.
    pub aside: Option<PathBuf>,
}

/// What became of entries that were put into a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// They are there.
    In {
        /// How many were not there before.
        new: usize,
        /// How many say something else than those in whose place they are.
        changed: usize,
    },
    /// The site would have more than [`MAX_ENTRIES`](crate::domain::MAX_ENTRIES). Nothing was written.
    Full {
        /// How many it has.
        there: usize,
    },
}
