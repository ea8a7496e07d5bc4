//! Texts of a body, read into types that know their limits.

use std::borrow::Cow;

use crate::domain::{Bounded, Fault};

/// A text within the limits of its type.
pub(super) fn from_text<T: TryFrom<String, Error = Fault>>(text: Cow<'_, str>) -> Result<T, Fault> {
    T::try_from(text.into_owned())
}

/// As much of a text as its type keeps: for what commenters can make as long as they like without the blog's noticing, so
/// that nobody's comment is refused, or slips past the blog, for the length of a header.
pub(super) fn cut<const MAX: usize>(text: Cow<'_, str>) -> Bounded<MAX> {
    Bounded::cut(text.into_owned())
}

/// A text within the limits of its type, and not empty.
pub(super) fn filled<T: TryFrom<String, Error = Fault>>(text: Cow<'_, str>) -> Result<T, Fault> {
    if text.is_empty() {
        return Err(Fault::new("empty", "is empty"));
    }
    from_text(text)
}
