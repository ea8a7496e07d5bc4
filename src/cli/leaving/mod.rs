//! The format in which a site leaves and comes back: lines of JSON, documented in docs/leaving.md.
//!
//! A header, the comments in the order they were written, the tombstones in the order of their ids, the
//! entries of the site's lists in the order of theirs, and a last line by which a copy that was cut off or altered is told. Nothing in it hangs on a store's secret.

mod comment;
mod entry;
mod history;
mod tombstone;
mod values;
mod verdict;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::plural;
pub(super) use comment::CommentRecord;
pub(super) use entry::EntryRecord;
pub(super) use tombstone::TombstoneRecord;

/// What this program writes, and the greatest that it reads.
pub(super) const FORMAT: u64 = 1;

/// The most bytes of a line. The greatest comment with the greatest parent, every character of both escaped, fifty
/// decisions with notes and a verdict stays below it.
pub(super) const MAX_LINE: usize = 4 * 1024 * 1024;

/// A line, as it is written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    /// The first.
    Header { export: &'static str, format: u64, policy: &'a Map<String, Value> },
    /// A comment.
    Comment { comment: Box<CommentRecord<'a>> },
    /// What is left of one.
    Tombstone { tombstone: TombstoneRecord },
    /// An entry of one of the site's lists.
    Entry { entry: EntryRecord<'a> },
    /// The last.
    End { end: End },
}

/// What the last line says of those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct End {
    /// How many comments there are.
    pub comments: u64,
    /// How many tombstones there are.
    pub tombstones: u64,
    /// How many entries of lists there are.
    #[serde(default, skip_serializing_if = "values::is_zero")]
    pub entries: u64,
    /// SHA-256 of every byte before the last line, in hexadecimal.
    pub sha256: String,
}

/// A line after the first, as it is read: one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct AnyLine {
    pub comment: Option<Box<CommentRecord<'static>>>,
    pub tombstone: Option<TombstoneRecord>,
    pub entry: Option<EntryRecord<'static>>,
    pub end: Option<End>,
}

/// How many there are, in words: `1 comment and 2 tombstones`, and of entries of lists if there are any.
pub(super) fn counted(comments: u64, tombstones: u64, entries: u64) -> String {
    let (comments, tombstones) = (plural(comments, "comment"), plural(tombstones, "tombstone"));
    match entries {
        0 => format!("{comments} and {tombstones}"),
        1 => format!("{comments}, {tombstones} and 1 entry of lists"),
        many => format!("{comments}, {tombstones} and {many} entries of lists"),
    }
}
