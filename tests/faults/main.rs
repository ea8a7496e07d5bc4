//! Kills the service with `kill -9` in the middle of a run, retries with the same keys, and audits the file that is left.
//!
//! `MODERATO_KILLS` sets how often (8 by default, 20 for the published figure); every fourth kill comes from `strace` at a
//! write to the write-ahead log, so inside a commit. The run's rows are the labelled ones of `MODERATO_DATA`, or made-up ones.
//! `cargo test --test faults -- --nocapture` prints the table.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "a test reads clocks and may panic")]

mod kill;
#[path = "../support/mod.rs"]
mod support;
