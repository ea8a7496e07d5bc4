//! How far a long command is, on a terminal's standard error.

use std::io::{self, Write};

use super::Context;
use crate::clock::Stopwatch;

/// Counts comments aloud, where somebody watches.
pub(super) struct Progress {
    shown: bool,
    rows: u64,
    since: Stopwatch,
}

impl Progress {
    pub(super) fn new(context: &Context<'_>) -> Self {
        Self { shown: context.terminal.talks, rows: 0, since: Stopwatch::start() }
    }

    /// One more is done.
    pub(super) fn step(&mut self) {
        self.rows += 1;
        if self.shown && self.since.elapsed().as_millis() >= 100 {
            self.since = Stopwatch::start();
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r{} comments", self.rows);
        }
    }

    /// Leaves the line empty, for whatever is told next.
    pub(super) fn end(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
