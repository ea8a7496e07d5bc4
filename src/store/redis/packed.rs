//! Records as they stand in Redis: a head of 25 characters, then JSON.
//!
//! The head is the stamp of the plan that wrote the record last (16 hexadecimal digits), the CRC-32 of the JSON (8), and `+`,
//! or `-` where the entry of the record's text had no room for its member.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Comment, CommentId, Counted, Tombstone};
use crate::store::Error;

/// How long the head is.
pub(super) const HEAD: usize = 25;

/// Tells what one plan wrote from what any other wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// One that no other plan has, in whatever process.
    pub(super) fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        use std::sync::LazyLock;
        use std::sync::atomic::{AtomicU64, Ordering};
        static CHANCE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static PLANS: AtomicU64 = AtomicU64::new(0);
        Self(CHANCE.hash_one(PLANS.fetch_add(1, Ordering::Relaxed)))
    }

    /// Whether a record was written last by its plan.
    pub(super) fn wrote(self, record: &[u8]) -> bool {
        record.starts_with(self.text().as_bytes())
    }

    fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Packs a record that the plan of this stamp writes.
pub(super) fn pack<T: Serialize>(stamp: Stamp, record: &T) -> Result<Vec<u8>, Error> {
    let json = json(record)?;
    let mut packed = format!("{}{:08x}+", stamp.text(), crc32fast::hash(&json)).into_bytes();
    packed.extend(json);
    Ok(packed)
}

/// Whether a value is a record.
pub(super) fn is_record(value: &[u8]) -> bool {
    value
        .get(..HEAD)
        .is_some_and(|head| head[..HEAD - 1].iter().all(u8::is_ascii_hexdigit) && b"+-".contains(&head[HEAD - 1]))
}

/// What a plan expects of a record that it was made from: that nobody wrote it since.
pub(super) fn unchanged(record: &[u8]) -> Vec<u8> {
    record.get(..HEAD).unwrap_or(record).to_vec()
}

/// The comment in a record. One that is damaged is named in the error, so that somebody can erase it.
pub(super) fn comment(id: CommentId, record: &[u8]) -> Result<Comment, Error> {
    let (mut comment, has_members): (Comment, bool) = unpack(record).map_err(|why| damaged("comment", id, &why))?;
    without_members(&mut comment.counted, has_members);
    Ok(comment)
}

/// The tombstone in a record.
pub(super) fn tombstone(id: CommentId, record: &[u8]) -> Result<Tombstone, Error> {
    let (mut tombstone, has_members): (Tombstone, bool) =
        unpack(record).map_err(|why| damaged("tombstone", id, &why))?;
    without_members(&mut tombstone.counted, has_members);
    Ok(tombstone)
}

/// Any value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|why| Error::Damaged(why.to_string()))
}

/// Any value from JSON.
pub(super) fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|why| Error::Damaged(unreadable(&why)))
}

fn without_members(counted: &mut [Counted], has_members: bool) {
    if !has_members {
        counted.iter_mut().for_each(|counted| counted.member = None);
    }
}

fn unpack<T: DeserializeOwned>(record: &[u8]) -> Result<(T, bool), String> {
    let (head, json) = record.split_at_checked(HEAD).ok_or("it is too short")?;
    let crc = std::str::from_utf8(&head[16..24]).ok().and_then(|crc| u32::from_str_radix(crc, 16).ok());
    if crc != Some(crc32fast::hash(json)) {
        return Err("its record does not agree with its checksum".to_owned());
    }
    let value = serde_json::from_slice(json).map_err(|why| unreadable(&why))?;
    Ok((value, head[24] != b'-'))
}

fn damaged(kind: &str, id: CommentId, why: &str) -> Error {
    Error::Damaged(format!("{kind} {id}: {why}"))
}

/// Where a record stops making sense. The parser's own words may quote what stands there, which is nobody's business in a
/// log.
fn unreadable(why: &serde_json::Error) -> String {
    format!("its record cannot be read: a fault of {:?} at column {}", why.classify(), why.column())
}
