//! The nouns: every type that two parts exchange. No input or output, no tasks, no clock.

mod address;
mod campaign;
mod comment;
mod decision;
mod edit;
mod event;
mod fault;
mod history;
mod id;
mod invalid;
mod keep;
mod learning;
mod limit;
mod list;
mod overrides;
mod plain;
mod query;
mod rule_doc;
mod site;
mod submission;
mod text;
mod time;
mod tombstone;
mod transition;
mod verdict;

pub use address::PublicAddress;
pub use campaign::Campaign;
pub use comment::{Comment, Expired, Fingerprint, Review, ReviewWhy, Status};
pub use decision::{Dated, Decision, DecisionAction, DecisionRequest, Lesson, Reason, Source};
pub use edit::{Edit, EditRequest, Edited, EditedBy, Rejudged};
pub use event::{Event, EventChange};
pub use fault::Fault;
pub use history::{
    Bucket, Counted, Delta, History, HistoryKey, HistoryKind, KEPT_PERIODS, MAX_MEMBERS, MemberChange, MemberKind,
    Members, Past, Period, Tally,
};
pub use id::{AuthorId, CommentId, CommentRef, EventId, ExternalId, SiteId};
pub use invalid::Invalid;
pub use keep::{Expiry, HeldExpires, Keep};
pub use learning::{Covered, Features, MAX_FEATURES, MAX_LESSONS, MAX_MODEL, ModelSnapshot, Taught, Teaching};
pub use limit::{Beyond, Charge, ChargeStep, CommenterLimits, Limit, OverLimit, OverLimitAction, Quota, Refused};
pub use list::{EntryId, ListAction, ListEntry, ListName, ListNote, ListValue, MAX_ENTRIES, Match};
pub use overrides::{SiteOverrides, SiteSettings};
pub use plain::plain_words;
pub use query::{Cursor, Filter, Index, ListQuery, MAX_READ, MAX_READ_BYTES, Needle, Page, Position, Sort};
pub use rule_doc::RuleDoc;
pub use site::{ApiKey, AuthorStanding, Counts, KeyId, Scope, Site, SiteName, Totals};
pub use submission::{
    Account, Author, AuthorRecord, Client, Commenting, CommentingMode, Decided, DecidedKind, Email, Form, Format, Line,
    Mention, Name, Outcome, Parent, Post, Role, Submission, Url,
};
pub use text::{Bounded, Content, Slug};
pub use time::Timestamp;
pub use tombstone::Tombstone;
pub use transition::{Change, Refusal, Step};
pub use verdict::{
    Action, DecidedBy, Evidence, Field, Group, GroupSum, Hit, HitMode, RuleId, Thresholds, Verdict, Worth,
};
