//! The names of things: sites, comments, authors, keys and events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Bounded, Fault, Timestamp};

/// A blog: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteId(String);

impl SiteId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=40).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::new("invalid_site", "must be 1 to 40 of the characters a-z, 0-9 and -"))
        }
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A comment's id: a UUID of version 7, so ids sort by the time of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommentId(Uuid);

impl CommentId {
    /// An id made at `now` from ten random bytes.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The sixteen bytes, in the order that sorts by time.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// When it was made, as far as it tells.
    pub fn made_at(&self) -> Timestamp {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.0.as_bytes()[..6]);
        Timestamp::from_millis(i64::from_be_bytes(millis))
    }

    /// The id of sixteen stored bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl FromStr for CommentId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(Self(id)),
            _ => Err(Fault::new("invalid_id", "is not a comment's id (a UUID) nor ext: and an external id")),
        }
    }
}

impl fmt::Display for CommentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The blog's own id of a comment: 1 to 255 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(Bounded<255>);

impl TryFrom<String> for ExternalId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("empty", "is empty; leave it out where the blog has no id yet"));
        }
        Bounded::try_from(text).map(Self)
    }
}

impl ExternalId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ExternalId {
    /// How a comment is named by it, beside those that are named by our ids: as [`CommentRef`] reads.
    pub fn as_name(&self) -> String {
        format!("ext:{self}")
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a caller names a comment: by our id, or by `ext:` and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentRef {
    /// Our id.
    Id(CommentId),
    /// The blog's own id.
    External(ExternalId),
}

impl FromStr for CommentRef {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text.strip_prefix("ext:") {
            Some(external) => ExternalId::try_from(external.to_owned()).map(Self::External),
            None => text.parse().map(Self::Id),
        }
    }
}

/// Who wrote a comment, as an opaque token: a keyed hash of account or e-mail, so that no e-mail stands in a path or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorId([u8; 16]);

impl AuthorId {
    /// The author whose identity hashes to these bytes.
    pub fn new(hash: [u8; 16]) -> Self {
        Self(hash)
    }

    /// The bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for AuthorId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::new("invalid_author", "is not an author's id (32 hexadecimal digits)");
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| fault())?;
        bytes.try_into().map(Self).map_err(|_| fault())
    }
}

impl TryFrom<String> for AuthorId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<AuthorId> for String {
    fn from(id: AuthorId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for AuthorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// An event's place in its site's feed, written `<milliseconds>-<number>`: later events are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// Milliseconds since the Unix epoch; never less than the event before it.
    pub millis: u64,
    /// Counts the events of one millisecond.
    pub number: u64,
}

impl EventId {
    /// The id of an event at `now` that follows `last`, also when the clock has gone back.
    pub fn following(last: EventId, now: Timestamp) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        if millis > last.millis {
            Self { millis, number: 0 }
        } else {
            Self { millis: last.millis, number: last.number + 1 }
        }
    }
}

impl FromStr for EventId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::new("invalid_event", "is not an event's id, such as 1795381105123-0");
        let (millis, number) = text.split_once('-').ok_or_else(fault)?;
        let number_of = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u64>().ok()).flatten().filter(|&n| i64::try_from(n).is_ok())
        };
        match (number_of(millis), number_of(number)) {
            (Some(millis), Some(number)) => Ok(Self { millis, number }),
            _ => Err(fault()),
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_grow_when_the_clock_goes_back() {
        let first = EventId::following(EventId::default(), Timestamp::from_millis(1_000));
        let second = EventId::following(first, Timestamp::from_millis(400));
        assert_eq!(second.to_string(), "1000-1");
        assert!(second > first);
        assert_eq!("1000-1".parse::<EventId>(), Ok(second));
        assert!("1000-+1".parse::<EventId>().is_err());
    }

    #[test]
    fn a_comment_is_named_by_our_id_or_by_the_blogs() {
        let id = CommentId::new(Timestamp::from_millis(1_795_381_105_123), [7; 10]);
        assert_eq!(id.to_string().parse::<CommentRef>(), Ok(CommentRef::Id(id)));
        assert!(matches!("ext:88123".parse(), Ok(CommentRef::External(_))));
        assert!("ext:".parse::<CommentRef>().is_err());
        assert!("88123".parse::<CommentRef>().is_err());
    }

    #[test]
    fn site_ids_are_slugs() {
        assert!("my-blog-2".parse::<SiteId>().is_ok());
        for wrong in ["", "My", "a b", "a{b}", "a_b", &"x".repeat(41)] {
            assert!(wrong.parse::<SiteId>().is_err(), "{wrong}");
        }
    }
}
