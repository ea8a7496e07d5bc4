//! Records as they stand in the database: JSON, with a CRC-32 where a flipped bit would otherwise go unnoticed.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use crate::domain::{Comment, CommentId};

/// A comment, packed.
#[derive(Clone, Debug)]
pub(super) struct PackedComment {
    pub(super) json: String,
    pub(super) crc: u32,
}

impl PackedComment {
    /// Packs a comment.
    pub(super) fn of(comment: &Comment) -> Result<Self, Fault> {
        let json = pack(comment)?;
        let crc = crc32fast::hash(json.as_bytes());
        Ok(Self { json, crc })
    }
}

/// The comment in a row that has `id`, `crc` and `packed` from this column on. One that is damaged is named in the error,
/// so that somebody can erase it.
pub(super) fn comment_at(row: &Row<'_>, first: usize) -> Result<Comment, Fault> {
    let id = CommentId::from_bytes(row.get(first)?);
    let damaged = |why: String| Fault::damaged(format!("comment {id}: {why}"));
    let expected: u32 = row.get(first + 1).map_err(|why| damaged(why.to_string()))?;
    let json = row.get_ref(first + 2)?.as_bytes().map_err(|why| damaged(why.to_string()))?;
    if crc32fast::hash(json) != expected {
        return Err(damaged("its record does not agree with its checksum".to_owned()));
    }
    serde_json::from_slice(json).map_err(|why| damaged(unreadable(&why)))
}

/// Any value as JSON.
pub(super) fn pack<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(Fault::damaged)
}

/// Any value from a JSON column.
pub(super) fn unpack_at<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Fault> {
    unpack(bytes(row.get_ref(column)?)?)
}

fn unpack<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|why| Fault::damaged(unreadable(&why)))
}

/// Where a record stops making sense. The parser's own words may quote what stands there, which is nobody's business in a
/// log.
fn unreadable(why: &serde_json::Error) -> String {
    format!("its record cannot be read: a fault of {:?} at column {}", why.classify(), why.column())
}

fn bytes(value: ValueRef<'_>) -> Result<&[u8], Fault> {
    value.as_bytes().map_err(Fault::damaged)
}
