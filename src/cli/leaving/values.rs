//! The small values of an export, each of which says what it must be.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{CommentId, Timestamp};

/// A value that is written and read as a text.
pub(super) trait Told: Sized {
    /// Completes "must be …".
    const WHAT: &'static str;

    fn read(text: &str) -> Option<Self>;

    fn write(&self) -> String;
}

/// A value in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct As<T>(pub T);

impl<T: Told> Serialize for As<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.write())
    }
}

impl<'de, T: Told> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts<T>(std::marker::PhantomData<T>);

        impl<T: Told> Visitor<'_> for Texts<T> {
            type Value = As<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::WHAT)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<As<T>, E> {
                T::read(text).map(As).ok_or_else(|| E::invalid_value(Unexpected::Other("this"), &self))
            }
        }

        deserializer.deserialize_str(Texts(std::marker::PhantomData))
    }
}

impl Told for Timestamp {
    const WHAT: &'static str = "a time in RFC 3339, such as 2026-11-22T20:58:25.000Z";

    fn read(text: &str) -> Option<Self> {
        Self::from_str(text).ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Told for CommentId {
    const WHAT: &'static str = "a comment's id (a UUID)";

    fn read(text: &str) -> Option<Self> {
        Self::from_str(text).ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// A text of at most so many characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Short<const MAX: usize>(pub String);

impl<const MAX: usize> Serialize for Short<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Short<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX && text.chars().count() > MAX {
            let wanted = format!("a text of at most {MAX} characters");
            return Err(D::Error::invalid_length(text.chars().count(), &wanted.as_str()));
        }
        Ok(Self(text))
    }
}

/// 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest(pub String);

impl Told for Digest {
    const WHAT: &'static str = "64 hexadecimal digits in lower case";

    fn read(text: &str) -> Option<Self> {
        let fits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// The id of a rule: 1 to 64 of `a-z`, `0-9` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule(pub String);

impl Told for Rule {
    const WHAT: &'static str = "the id of a rule (1 to 64 of a-z, 0-9 and _)";

    fn read(text: &str) -> Option<Self> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        ((1..=64).contains(&text.len()) && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// For fields that are left out while they are so.
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// For fields that are left out while they are so.
pub(super) fn is_zero(value: &u64) -> bool {
    *value == 0
}
