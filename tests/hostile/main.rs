//! Sends hostile text to the built program over HTTP: in every field that takes text, and through the field's own operation.
//!
//! A case is a line of `cases/*.jsonl`; the systematic ones are made by `fold.rs`, and the Big List of Naughty Strings is sent
//! as it is. `cargo test --test hostile -- --nocapture` prints how many there were, and the slowest.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "a test reads clocks and may panic")]

mod case;
mod field;
mod fold;
mod host;
mod request;
mod sender;
#[path = "../support/mod.rs"]
mod support;
mod value;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use case::Case;
use host::Host;
use sender::{Seen, Sender};

/// How many connections send at once.
const SENDERS: usize = 4;

/// How many ordinary comments come before the first hostile one.
const WARM_UP: usize = 100;

/// How much more memory may be resident after all cases than after the warm-up, in bytes: what the store's page caches may
/// hold (32 MiB of the writer, 8 MiB of each of six readers), which a hundred comments do not fill, and 32 MiB more.
const GROWTH: u64 = (32 + 6 * 8 + 32) << 20;

#[test]
fn no_text_makes_the_service_stumble() {
    let cases = case::all();
    let host = Host::start();
    let before = host.requests_counted();
    let mut first = host.sender(0);
    for number in 0..WARM_UP {
        first.ordinary(number).unwrap();
    }
    let resident = host.resident();
    let mut all = run(&host, &cases);
    let mut last = host.sender(SENDERS + 1);
    let healthy = last.ordinary(WARM_UP + cases.len());
    last.seen.faults.extend(healthy.err());
    all.extend([first.seen, last.seen]);
    let grown = host.resident().saturating_sub(resident);
    let sent: u64 = all.iter().map(|seen| seen.requests).sum();
    // The first reading of the counter is a request too.
    let counted = host.requests_counted() - before - 1;
    let mut faults: Vec<String> = all.iter().flat_map(|seen| seen.faults.clone()).collect();
    faults.extend(host.log_faults());
    report(&cases, &all, grown);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(counted, sent, "requests counted and sent");
    assert!(grown <= GROWTH, "{grown} bytes more are resident than after the warm-up");
}

/// Sends all cases, several at once.
fn run(host: &Host, cases: &[Case]) -> Vec<Seen> {
    let next = AtomicUsize::new(0);
    let work = |mut sender: Sender| {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(place) else { return sender.seen };
            sender.run(WARM_UP + place, case);
        }
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (1..=SENDERS).map(|number| scope.spawn(move || work(host.sender(number)))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    })
}

fn report(cases: &[Case], all: &[Seen], grown: u64) {
    let mut statuses = BTreeMap::<u16, usize>::new();
    for (status, count) in all.iter().flat_map(|seen| &seen.statuses) {
        *statuses.entry(*status).or_default() += count;
    }
    let slowest = all.iter().map(|seen| &seen.slowest).max().cloned().unwrap_or((Duration::ZERO, String::new()));
    println!("{} cases, {statuses:?}, slowest {:?} ({}), {} KiB grown", cases.len(), slowest.0, slowest.1, grown >> 10);
}
