//! What stands in the keys of a Redis store, as the audit reads it.

use ::redis::{Connection, FromRedisValue};
use moderato::domain::{Counted, EventId, HistoryKind};

use super::Keys;

/// The values of a site whose names begin so.
pub fn starting<'a>(keys: &'a Keys, start: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let texts = keys.texts.iter().filter(move |(name, _)| name.starts_with(start));
    texts.map(|(name, value)| (name.as_str(), value.as_slice()))
}

pub fn stream(connection: &mut Connection, key: &[u8]) -> ::redis::RedisResult<Vec<(EventId, Vec<u8>)>> {
    let entries: Vec<(String, Vec<Vec<u8>>)> =
        Vec::from_redis_value(::redis::cmd("XRANGE").arg(key).arg("-").arg("+").query::<::redis::Value>(connection)?)?;
    let event = |(id, fields): (String, Vec<Vec<u8>>)| (id.parse().unwrap(), fields[1].clone());
    Ok(entries.into_iter().map(event).collect())
}

/// The members that stand among an entry's: the last four digits of a record's head name, bit by bit, those that do not.
pub fn without_those_that_found_no_room(counted: &mut [Counted], record: &[u8]) {
    let full = record.get(24..28).and_then(|hex| u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
    let members = counted.iter_mut().filter(|counted| counted.member.is_some());
    for (place, counted) in members.enumerate() {
        if full.unwrap_or(0) >> place & 1 == 1 {
            counted.member = None;
        }
    }
}

pub fn entry_of(counted: &Counted) -> String {
    let kind = match counted.key.kind {
        HistoryKind::Mail => 'm',
        HistoryKind::Account => 'a',
        HistoryKind::MailNet => 'n',
        HistoryKind::MailOwner => 'o',
        HistoryKind::Text => 't',
        HistoryKind::Owner => 'w',
        HistoryKind::Handle => 'c',
        HistoryKind::Net => 'i',
    };
    format!("h:{kind}:{}", data_encoding::HEXLOWER.encode(&counted.key.hash))
}

/// Smaller numbers come first, negative ones too.
pub fn sort_key(key: i64) -> [u8; 8] {
    (key.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub fn shown(member: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(member)
}

/// The JSON of a record's body: as it stands, or behind a byte that names the dictionary over which it is compressed.
pub fn unpacked(body: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const DICTIONARY: &[u8] = include_bytes!("../../../src/store/redis/dictionary_1.txt");
    match body {
        [1, packed @ ..] => {
            lz4_flex::block::decompress_size_prepended_with_dict(packed, DICTIONARY).unwrap_or_default().into()
        }
        plain => plain.into(),
    }
}
