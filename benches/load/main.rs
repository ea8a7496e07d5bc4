//! The load runs: the built program, 32 connections, in interleaved rounds.
//!
//! - `cargo bench --bench load`: over a fresh embedded store, submit beside check.
//! - `cargo bench --bench load -- redis`: over Redis, beside an actix-web server that only calls the same two verbs of the
//!   store, and beside one that makes one bare script call.
//! - `cargo bench --bench load -- growth`: the queue's page and a submission over 1,000 to 1,000,000 held comments in Redis,
//!   and what a comment takes there.
//!
//! They print one row a round and the medians. `ROUNDS` (5) and `SECONDS` (5) set their length. The client runs on the same
//! machine and takes its share of it, so compare rows of one run, not runs.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, missing_docs, reason = "a bench reads clocks")]

use std::time::Duration;

mod canned;
mod embedded;
mod growth;
mod processes;
mod redis;
mod round;
#[path = "../../tests/support/redis.rs"]
mod servers;
mod statistics;
#[path = "../../tests/support/mod.rs"]
mod support;

/// Where comments are posted.
const SUBMIT: &str = "/v1/sites/demo/comments";

/// How long a run is.
#[derive(Clone, Copy)]
struct Length {
    rounds: u64,
    round: Duration,
}

fn main() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let length = Length { rounds: number("ROUNDS", 5), round: Duration::from_secs(number("SECONDS", 5)) };
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => embedded::run(length),
        ["redis"] => redis::run(length),
        ["growth"] => growth::run(),
        ["canned", what, url, address] => canned::serve(what, url, address),
        _ => panic!("what to run: nothing, `redis` or `growth`"),
    }
}
