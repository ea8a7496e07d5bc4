//! Strings that are known to be within their limits.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::Fault;

/// A string of at most `MAX` Unicode characters; anything else about it is the sender's affair.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bounded<const MAX: usize>(String);

impl<const MAX: usize> TryFrom<String> for Bounded<MAX> {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        let length = if text.len() <= MAX { 0 } else { text.chars().count() };
        if length > MAX {
            return Err(Fault::new("too_long", format!("has {length} characters; the limit is {MAX}")));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> Bounded<MAX> {
    /// The first `MAX` characters of a text of which the rest tells nothing: what a browser or a bot says of itself.
    pub fn cut(mut text: String) -> Self {
        if let Some((end, _)) = text.char_indices().nth(MAX) {
            text.truncate(end);
        }
        Self(text)
    }
}

impl<const MAX: usize> Deref for Bounded<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Bounded<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A comment's text: at most 64 KiB of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Content(String);

impl Content {
    /// The most bytes a comment's text may have: 64 KiB, WordPress's own limit (a MySQL `TEXT` column).
    pub const MAX_BYTES: usize = 64 * 1024;
}

impl TryFrom<String> for Content {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        if text.len() > Self::MAX_BYTES {
            let detail = format!("has {} bytes; the limit is {} (64 KiB)", text.len(), Self::MAX_BYTES);
            return Err(Fault::new("too_long", detail));
        }
        Ok(Self(text))
    }
}

impl Deref for Content {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A short machine-readable name: 1 to 40 of `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if (1..=40).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text))
        } else {
            Err(Fault::new("invalid_slug", "must be 1 to 40 of the characters a-z, 0-9, - and _"))
        }
    }
}

impl Deref for Slug {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
