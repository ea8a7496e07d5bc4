//! A setting that cannot be used.

use std::fmt;

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
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.detail)
    }
}
