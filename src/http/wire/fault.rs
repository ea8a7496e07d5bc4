//! What is wrong with a request, field by field.

use std::fmt;

use serde::Serialize;

use crate::domain::Fault;

/// A fault and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// A JSON Pointer into the body, `query:` and a parameter, or `header:` and a header.
    pub field: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// Completes "the field …".
    pub detail: String,
}

impl FieldFault {
    /// A fault of this field. A name that is longer than any of ours is shortened.
    pub fn new(field: impl Into<String>, fault: Fault) -> Self {
        const LONGEST: usize = 64;
        let mut field = field.into();
        if let Some((end, _)) = field.char_indices().nth(LONGEST) {
            field.truncate(end);
        }
        Self { field, code: fault.code, detail: fault.detail }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "The body {}.", self.detail),
            field => write!(f, "{field} {}.", self.detail),
        }
    }
}

/// Collects faults, so that a caller learns of all of them at once.
#[derive(Debug, Default)]
pub(in crate::http) struct Faults(Vec<FieldFault>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, field: impl Into<String>, fault: Fault) {
        self.0.push(FieldFault::new(field, fault));
    }

    /// The value, or its fault noted.
    pub fn check<T>(&mut self, field: impl Into<String>, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.add(field, fault)).ok()
    }

    /// The value read by `read` if there is one, or its fault noted.
    pub fn read<V, T>(
        &mut self,
        field: impl Into<String>,
        value: Option<V>,
        read: impl FnOnce(V) -> Result<T, Fault>,
    ) -> Option<T> {
        value.and_then(|value| self.check(field, read(value)))
    }

    /// The value, or its absence noted.
    pub fn required<T>(&mut self, field: impl Into<String>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, Fault::new("missing", "is missing"));
        }
        value
    }

    /// What was built, if nothing was wrong.
    pub fn finish<T>(self, built: Option<T>) -> Result<T, Vec<FieldFault>> {
        match built {
            Some(built) if self.0.is_empty() => Ok(built),
            _ => Err(self.0),
        }
    }
}
