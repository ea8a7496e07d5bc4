//! Records as they stand in Redis: a head of 28 characters, then JSON, most often compressed.
//!
//! The head is, in hexadecimal digits, the stamp of the plan that wrote the record last (16), the CRC-32 of what follows (8),
//! and which of the entries with members that it is counted in had no room for its member (4; the first is the lowest bit). What follows is JSON if it begins with `{`; else
//! a byte that names a dictionary (1), the length of the JSON (4 bytes, the least first) and an LZ4 block over that dictionary.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Comment, CommentId, Counted, Tombstone};
use crate::store::Error;

/// How long the head is.
pub(super) const HEAD: usize = 28;

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
    Ok(pack_bytes(stamp, &compress(json(record)?)))
}

/// Packs what is no JSON behind the same head, as it is.
pub(super) fn pack_bytes(stamp: Stamp, body: &[u8]) -> Vec<u8> {
    let mut packed = format!("{}{:08x}0000", stamp.text(), crc32fast::hash(body)).into_bytes();
    packed.extend(body);
    packed
}

/// What [`pack_bytes`] packed; `None` for anything else.
pub(super) fn unpack_bytes(record: &[u8]) -> Option<&[u8]> {
    let (head, body) = record.split_at_checked(HEAD)?;
    let crc = u32::from_str_radix(std::str::from_utf8(head.get(16..24)?).ok()?, 16).ok()?;
    (crc == crc32fast::hash(body)).then_some(body)
}

/// What most records have in common, the most common last. Records are read by it for ever: another one gets another number.
const DICTIONARY_1: &[u8] = include_bytes!("dictionary_1.txt");

/// The longest JSON that is believed of a record. (A comment is at most some 600 KiB.)
const LONGEST: usize = 16 << 20;

fn compress(json: Vec<u8>) -> Vec<u8> {
    #[cfg(test)]
    if super::next::is_written() {
        return json;
    }
    let mut packed = vec![1];
    packed.extend(lz4_flex::block::compress_prepend_size_with_dict(&json, DICTIONARY_1));
    if packed.len() < json.len() { packed } else { json }
}

fn decompress(body: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let unknown = || "its record is packed in no way that is known".to_owned();
    match body {
        [b'{', ..] => Ok(Cow::Borrowed(body)),
        [1, packed @ ..] => {
            let length = packed.first_chunk().map(|length| u32::from_le_bytes(*length)).ok_or_else(unknown)?;
            let fits = usize::try_from(length).is_ok_and(|length| length <= LONGEST);
            let json = fits.then(|| lz4_flex::block::decompress_size_prepended_with_dict(packed, DICTIONARY_1).ok());
            json.flatten().map(Cow::Owned).ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}

/// Whether a value is a record.
pub(super) fn is_record(value: &[u8]) -> bool {
    value.get(..HEAD).is_some_and(|head| head.iter().all(u8::is_ascii_hexdigit))
}

/// What a plan expects of a record that it was made from: that nobody wrote it since.
pub(super) fn unchanged(record: &[u8]) -> Vec<u8> {
    record.get(..HEAD).unwrap_or(record).to_vec()
}

/// The comment in a record. One that is damaged is named in the error, so that somebody can erase it.
pub(super) fn comment(id: CommentId, record: &[u8]) -> Result<Comment, Error> {
    let (mut comment, full): (Comment, u16) = unpack(record).map_err(|why| damaged("comment", id, &why))?;
    without_members(&mut comment.counted, full);
    Ok(comment)
}

/// The tombstone in a record.
pub(super) fn tombstone(id: CommentId, record: &[u8]) -> Result<Tombstone, Error> {
    let (mut tombstone, full): (Tombstone, u16) = unpack(record).map_err(|why| damaged("tombstone", id, &why))?;
    without_members(&mut tombstone.counted, full);
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

/// Takes the members away that their entries had no room for.
fn without_members(counted: &mut [Counted], full: u16) {
    let with_members = counted.iter_mut().filter(|counted| counted.member.is_some());
    let had_no_room =
        |place: usize| u32::try_from(place).ok().and_then(|place| full.checked_shr(place)).unwrap_or(0) & 1 == 1;
    with_members.enumerate().filter(|(place, _)| had_no_room(*place)).for_each(|(_, counted)| counted.member = None);
}

fn unpack<T: DeserializeOwned>(record: &[u8]) -> Result<(T, u16), String> {
    let (head, body) = record.split_at_checked(HEAD).ok_or("it is too short")?;
    let digits = |range| std::str::from_utf8(head.get(range)?).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let (crc, full) = (digits(16..24), digits(24..HEAD));
    if crc != Some(crc32fast::hash(body)) {
        return Err("its record does not agree with its checksum".to_owned());
    }
    let value = serde_json::from_slice(&decompress(body)?).map_err(|why| unreadable(&why))?;
    Ok((value, full.and_then(|full| u16::try_from(full).ok()).unwrap_or(0)))
}

fn damaged(kind: &str, id: CommentId, why: &str) -> Error {
    Error::Damaged(format!("{kind} {id}: {why}"))
}

/// Where a record stops making sense. The parser's own words may quote what stands there, which is nobody's business in a
/// log.
fn unreadable(why: &serde_json::Error) -> String {
    format!("its record cannot be read: a fault of {:?} at column {}", why.classify(), why.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_damage_is_found() {
        let long = serde_json::json!({"version": 1, "status": "held", "content": "word ".repeat(200)});
        for value in [serde_json::json!({}), long] {
            let packed = pack(Stamp::new(), &value).unwrap();
            assert_eq!(unpack::<serde_json::Value>(&packed), Ok((value.clone(), 0)));
            for place in 16..packed.len() - 1 {
                let mut damaged = packed.clone();
                damaged[place] ^= 0x10;
                let found = unpack::<serde_json::Value>(&damaged);
                assert!((24..HEAD).contains(&place) || found.is_err(), "{place}: {found:?}");
            }
        }
        let packed = pack(Stamp::new(), &serde_json::json!({"content": "a"})).unwrap();
        assert!(packed.ends_with(br#"{"content":"a"}"#), "what does not shrink stays readable");
    }

    #[test]
    fn a_record_that_claims_to_be_huge_is_refused() {
        let mut body = vec![1];
        body.extend(u32::MAX.to_le_bytes());
        assert!(decompress(&body).is_err());
        assert!(decompress(b"").is_err() && decompress(&[7, 1]).is_err());
    }
}
