//! Records as they stand in the database: JSON, with a CRC-32 where a flipped bit would otherwise go unnoticed.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use crate::domain::Comment;

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

/// The comment in a row that has `crc` and `packed` at these two places.
pub(super) fn comment_at(row: &Row<'_>, crc: usize, packed: usize) -> Result<Comment, Fault> {
    let expected: u32 = row.get(crc)?;
    let json = bytes(row.get_ref(packed)?)?;
    if crc32fast::hash(json) != expected {
        return Err(Fault::damaged("a comment's record does not agree with its checksum"));
    }
    unpack(json)
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
    serde_json::from_slice(json).map_err(|why| Fault::damaged(format!("a record cannot be read: {why}")))
}

fn bytes(value: ValueRef<'_>) -> Result<&[u8], Fault> {
    value.as_bytes().map_err(Fault::damaged)
}
