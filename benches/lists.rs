//! What a site's own lists cost: memory and compiling of 65,000 entries, and what they add to the time of a comment.
//!
//! `cargo bench --bench lists`. The comments are those of the corpus, or of `MODERATO_DATA` (a folder of labelled files, one JSON object a
//! line).

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;
use std::sync::Arc;

use moderato::clock::Stopwatch;
use moderato::domain::{History, ListEntry, ListName, Submission, Timestamp};
use moderato::screening::{Facts, Policy, Settings, SiteLists, screen};
use serde_json::json;

/// The most entries of a site.
const ENTRIES: usize = 65_000;

/// How often all comments are judged; the fastest run counts, so that it is the work that is measured.
const RUNS: usize = 9;

fn main() {
    let comments = comments::all();
    let policy = policy();
    // The first round makes what is made once in a process.
    micros(&comments, &policy);
    println!("{} comments, {:.2} µs each without lists", comments.len(), micros(&comments, &policy));
    println!(
        "{:<36}{:>9}{:>12}{:>14}{:>16}{:>12}",
        "lists", "entries", "MB", "resident MB", "compiled in ms", "µs more"
    );
    let cases = [
        ("phrases of two words", phrases(ENTRIES, "word")),
        ("phrases within words", phrases(ENTRIES, "substring")),
        ("phrases with wildcards within", phrases(ENTRIES, "wildcard")),
        ("domains", domains(ENTRIES)),
        ("addresses and networks", networks(ENTRIES)),
        ("mails", mails(ENTRIES)),
        ("half phrases, half the rest", mixed()),
        ("500 regular expressions", patterns()),
    ];
    for (name, entries) in cases {
        let count = entries.len();
        let before = resident_kib();
        let watch = Stopwatch::start();
        let (lists, bad) = SiteLists::compile(entries);
        let compiled = watch.elapsed();
        let resident = resident_kib().saturating_sub(before) as f64 * 1024.0 / 1e6;
        let megabytes = lists.bytes() as f64 / 1e6;
        let bare = micros(&comments, &policy);
        let more = micros(&comments, &policy.with_lists(Arc::new(lists))) - bare;
        let millis = compiled.as_secs_f64() * 1e3;
        println!("{name:<36}{count:>9}{megabytes:>12.1}{resident:>14.1}{millis:>16.0}{more:>12.2}");
        if let Some(first) = bad.first() {
            println!("  not in force: {}, the first of them: {}", bad.len(), first.fault.detail);
        }
    }
}

/// Microseconds a comment.
fn micros(comments: &[Submission], policy: &Policy) -> f64 {
    let run = |_| {
        let watch = Stopwatch::start();
        for comment in comments {
            let facts = Facts::new(comment, policy, Timestamp::from_millis(1_767_225_600_000));
            black_box(screen(&facts, &History::default(), policy));
        }
        watch.elapsed().as_secs_f64() * 1e6 / comments.len() as f64
    };
    (0..RUNS).map(run).fold(f64::INFINITY, f64::min)
}

fn entry(list: ListName, value: &str, kind: &str) -> (ListName, ListEntry) {
    let entry =
        json!({"value": value, "match": kind, "action": "hold", "note": "From a public list.", "created_at": 0});
    (list, serde_json::from_value(entry).unwrap())
}

/// A word that is made of a number, as words are made of syllables.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ca", "si", "no", "pil", "lo", "der", "shop", "ing", "re", "tra", "me", "bu", "von", "ta", "chi", "lu"];
    // A multiplication that scatters neighbours.
    let mut rest = number.wrapping_mul(2_654_435_761) >> 4;
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
    }
    word
}

fn phrases(count: usize, kind: &str) -> Vec<(ListName, ListEntry)> {
    let between = if kind == "wildcard" { "*" } else { " " };
    let phrase = |n: usize| format!("{}{between}{}{n}", word(n), word(n + 7));
    (0..count).map(|n| entry(ListName::Phrases, &phrase(n), kind)).collect()
}

fn domains(count: usize) -> Vec<(ListName, ListEntry)> {
    (0..count).map(|n| entry(ListName::Domains, &format!("{}-{}{n}.example", word(n), word(n + 3)), "word")).collect()
}

fn networks(count: usize) -> Vec<(ListName, ListEntry)> {
    let network = |n: usize| match n % 4 {
        0 => format!("2001:db8:{:x}:{:x}::/64", n >> 8, n & 0xff),
        1 => format!("100.{}.{}.0/24", n >> 8, n & 0xff),
        _ => format!("203.{}.{}.7", n >> 8, n & 0xff),
    };
    (0..count).map(|n| entry(ListName::Addresses, &network(n), "word")).collect()
}

fn mails(count: usize) -> Vec<(ListName, ListEntry)> {
    (0..count).map(|n| entry(ListName::Mails, &format!("{}{n}@{}.example", word(n), word(n + 5)), "word")).collect()
}

fn mixed() -> Vec<(ListName, ListEntry)> {
    let rest = [domains(ENTRIES / 4), networks(ENTRIES / 8), mails(ENTRIES / 8)].into_iter().flatten();
    phrases(ENTRIES / 2, "word").into_iter().chain(rest).collect()
}

fn patterns() -> Vec<(ListName, ListEntry)> {
    let pattern = |n: usize| format!(r"\b{}\s+(?:{}|{})\b", word(n), word(n + 1), word(n + 2));
    (0..500).map(|n| entry(ListName::Phrases, &pattern(n), "regex")).collect()
}

fn policy() -> Policy {
    let file: toml::Table = include_str!("../config/moderato.toml").parse().unwrap();
    let settings: Settings = file["policy"].clone().try_into().unwrap();
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// This process's resident memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[allow(dead_code, reason = "the other benches need more of it")]
#[path = "support/comments.rs"]
mod comments;
