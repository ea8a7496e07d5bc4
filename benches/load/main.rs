//! The load run: the built program over a fresh store, 32 connections, submit beside check, in interleaved rounds.
//!
//! `cargo bench --bench load` prints one row a round and the medians. `ROUNDS` (5) and `SECONDS` (5) set its length. The
//! client runs on the same machine and takes its share of it, so compare rows of one run, not runs.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, missing_docs, reason = "a bench reads clocks")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../tests/support/mod.rs"]
mod support;

use support::client::Client;
use support::server::{Launch, Server, first_key};
use support::texts;

const CONNECTIONS: u64 = 32;

/// What one round showed.
struct Round {
    per_second: f64,
    cpu_micros: f64,
    p50_micros: u64,
    p99_micros: u64,
    failed: u64,
}

fn main() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let (rounds, seconds) = (number("ROUNDS", 5), number("SECONDS", 5));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &Launch::default()).unwrap();
    let key = first_key(&data, "site demo");
    let load = Load { server: &server, key: &key, next: AtomicU64::new(0), length: Duration::from_secs(seconds) };
    load.round("/v1/sites/demo/comments");
    println!("{CONNECTIONS} connections, {rounds} rounds of {seconds} s each, in turn");
    println!(
        "{:<8}{:>12}{:>18}{:>12}{:>12}{:>8}",
        "what", "a second", "CPU µs a request", "p50 µs", "p99 µs", "failed"
    );
    let (mut submits, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        submits.push(load.round("/v1/sites/demo/comments").print("submit"));
        checks.push(load.round("/v1/sites/demo/comments/check").print("check"));
    }
    println!("medians:");
    let median = |rounds: &[Round], of: fn(&Round) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for (name, rounds) in [("submit", &submits), ("check", &checks)] {
        let of_rounds = Round {
            per_second: median(rounds, |round| round.per_second),
            cpu_micros: median(rounds, |round| round.cpu_micros),
            p50_micros: median(rounds, |round| round.p50_micros as f64) as u64,
            p99_micros: median(rounds, |round| round.p99_micros as f64) as u64,
            failed: rounds.iter().map(|round| round.failed).sum(),
        };
        of_rounds.print(name);
    }
    println!("resident memory of the server: {} MiB", resident_kib(server.child.id()) / 1024);
}

struct Load<'a> {
    server: &'a Server,
    key: &'a str,
    next: AtomicU64,
    length: Duration,
}

impl Load<'_> {
    fn round(&self, path: &str) -> Round {
        let stop = AtomicBool::new(false);
        let failed = AtomicU64::new(0);
        let pid = self.server.child.id();
        let (cpu_before, begun) = (cpu_micros(pid), Instant::now());
        let mut took: Vec<u64> = thread::scope(|scope| {
            let connection = || {
                let mut client = Client::new(self.server.address, self.key);
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let body = texts::submission("load", self.next.fetch_add(1, Ordering::Relaxed)).to_string();
                    let sent = Instant::now();
                    let fine = client.post(path, body.as_bytes()).is_ok_and(|answer| answer.status < 300);
                    took.push(sent.elapsed().as_micros() as u64);
                    failed.fetch_add(u64::from(!fine), Ordering::Relaxed);
                }
                took
            };
            let connections: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(connection)).collect();
            thread::sleep(self.length);
            stop.store(true, Ordering::Relaxed);
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect()
        });
        let (elapsed, cpu) = (begun.elapsed(), cpu_micros(pid) - cpu_before);
        took.sort_unstable();
        Round {
            per_second: took.len() as f64 / elapsed.as_secs_f64(),
            cpu_micros: cpu as f64 / took.len() as f64,
            p50_micros: took[took.len() / 2],
            p99_micros: took[took.len() * 99 / 100],
            failed: failed.into_inner(),
        }
    }
}

impl Round {
    fn print(self, name: &str) -> Self {
        let Round { per_second, cpu_micros, p50_micros, p99_micros, failed } = &self;
        println!("{name:<8}{per_second:>12.0}{cpu_micros:>18.1}{p50_micros:>12}{p99_micros:>12}{failed:>8}");
        self
    }
}

/// The processor time of a process, user and system, in microseconds (`/proc/<pid>/stat` counts in ticks of 10 ms).
fn cpu_micros(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks * 10_000
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
