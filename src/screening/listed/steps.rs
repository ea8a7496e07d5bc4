//! How much is looked at in one comment: counted, never timed, so that it is the same everywhere.

use std::cell::Cell;

/// The steps of one comment, sixteen for each byte of the longest: no text that anybody writes comes near.
const MOST: usize = 1 << 20;

/// Steps that are left.
pub struct Steps {
    left: Cell<Option<usize>>,
}

impl Steps {
    /// All of them.
    pub fn new() -> Self {
        Self { left: Cell::new(Some(MOST)) }
    }

    /// Takes so many; `false` if there are not so many left, from then on always.
    pub fn take(&self, steps: usize) -> bool {
        let left = self.left.get().and_then(|left| left.checked_sub(steps));
        self.left.set(left);
        left.is_some()
    }

    /// Whether there was more to look at than may be.
    pub fn are_used_up(&self) -> bool {
        self.left.get().is_none()
    }
}
