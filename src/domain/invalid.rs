//! A setting that cannot be used.

use std::fmt;

use super::plain_words;

/// How the fault of a key that does not exist begins.
pub(super) const NOT_KNOWN: &str = "is not known";

/// A value of the settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The key, dotted, seen from its owner's table: `rules.link_count.points` in `[policy]`.
    pub key: String,
    /// Completes "the key …".
    pub detail: String,
}

impl Invalid {
    /// What is wrong with a key.
    pub fn new(key: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { key: key.into(), detail: detail.into() }
    }

    /// What a deserializer says of the value at a dotted path.
    pub fn of_serde(path: &str, message: &str) -> Self {
        Self::new(path, plain_words(message))
    }

    /// Whether there is no such key.
    pub fn is_unknown(&self) -> bool {
        self.detail.starts_with(NOT_KNOWN)
    }

    /// Several in one line.
    pub fn list(faults: &[Invalid]) -> String {
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.detail)
    }
}
