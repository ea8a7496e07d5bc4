//! What is wrong with a value, in words for the person who sent it.

use std::fmt;

/// A fault of one value: a stable code for programs and a sentence that follows the field's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// Completes "the field …", naming the value's fault and the limit.
    pub detail: String,
}

impl Fault {
    /// A fault with its code and its sentence.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}
