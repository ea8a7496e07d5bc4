//! The budget of a reading: how much of a comment is looked at.

/// How much of the budget is left. Counted in pieces of work, never in time, so that it is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// So many candidates for links may still be read.
    Left(usize),
    /// There was more than may be read.
    Exceeded,
    /// A part of the reading panicked: what is known is not the whole.
    Failed,
}

impl Default for Work {
    fn default() -> Self {
        Work::Left(1000)
    }
}

impl Work {
    /// Takes one link from the budget; `false` if there is none left.
    pub fn spend_link(&mut self) -> bool {
        *self = match *self {
            Work::Left(left @ 1..) => Work::Left(left - 1),
            Work::Left(0) | Work::Exceeded | Work::Failed => Work::Exceeded,
        };
        *self != Work::Exceeded
    }

    /// Marks that there was more than may be read.
    pub fn exceed(&mut self) {
        *self = Work::Exceeded;
    }
}
