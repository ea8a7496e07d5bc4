//! One round of load: 32 connections that send as fast as they are answered, or at a steady rate.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::processes;
use crate::support::client::Client;
use crate::support::texts;

/// How many connections a round has.
pub const CONNECTIONS: u64 = 32;

/// What one round showed.
#[derive(Clone, Debug)]
pub struct Round {
    pub per_second: f64,
    /// Of all watched processes, a request.
    pub cpu_micros: f64,
    pub p50_micros: u64,
    pub p99_micros: u64,
    pub failed: u64,
}

/// Who is asked, and who is watched meanwhile.
pub struct Load<'a> {
    pub address: std::net::SocketAddr,
    pub key: &'a str,
    /// The processes whose time is counted.
    pub watched: Vec<u32>,
    /// Numbers the comments, so that no two are the same.
    pub next: &'a AtomicU64,
    pub length: Duration,
}

impl Load<'_> {
    /// As fast as the answers come.
    pub fn full(&self, path: &str) -> Round {
        self.round(path, None)
    }

    /// So many a second in all. A request that is sent late has waited: its time counts from when it was due.
    pub fn steady(&self, path: &str, per_second: u64) -> Round {
        self.round(path, Some(Duration::from_secs_f64(CONNECTIONS as f64 / per_second as f64)))
    }

    fn round(&self, path: &str, each: Option<Duration>) -> Round {
        let (stop, failed) = (AtomicBool::new(false), AtomicU64::new(0));
        let (cpu_before, begun) = (processes::cpu_micros(&self.watched), Instant::now());
        let (stop, failed) = (&stop, &failed);
        let mut took: Vec<u64> = thread::scope(|scope| {
            let connection = |place: u64| {
                let mut client = Client::new(self.address, self.key);
                let mut took = Vec::new();
                let mut due = begun + each.unwrap_or_default().mul_f64(place as f64 / CONNECTIONS as f64);
                while !stop.load(Ordering::Relaxed) {
                    let body = texts::submission("load", self.next.fetch_add(1, Ordering::Relaxed)).to_string();
                    let sent = match each {
                        Some(each) => {
                            thread::sleep(due.saturating_duration_since(Instant::now()));
                            let at = due;
                            due += each;
                            at
                        }
                        None => Instant::now(),
                    };
                    let fine = client.post(path, body.as_bytes()).is_ok_and(|answer| answer.status < 300);
                    took.push(sent.elapsed().as_micros() as u64);
                    failed.fetch_add(u64::from(!fine), Ordering::Relaxed);
                }
                took
            };
            let connections: Vec<_> = (0..CONNECTIONS).map(|place| scope.spawn(move || connection(place))).collect();
            thread::sleep(self.length);
            stop.store(true, Ordering::Relaxed);
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect()
        });
        let (elapsed, cpu) = (begun.elapsed(), processes::cpu_micros(&self.watched) - cpu_before);
        took.sort_unstable();
        Round {
            per_second: took.len() as f64 / elapsed.as_secs_f64(),
            cpu_micros: cpu as f64 / took.len() as f64,
            p50_micros: took[took.len() / 2],
            p99_micros: took[took.len() * 99 / 100],
            failed: failed.load(Ordering::Relaxed),
        }
    }
}

impl Round {
    /// Names the columns of [`Round::print`].
    pub fn heading() {
        println!(
            "{:<24}{:>12}{:>18}{:>12}{:>12}{:>8}",
            "what", "a second", "CPU µs a request", "p50 µs", "p99 µs", "failed"
        );
    }

    pub fn print(self, name: &str) -> Self {
        let Round { per_second, cpu_micros, p50_micros, p99_micros, failed } = &self;
        println!("{name:<24}{per_second:>12.0}{cpu_micros:>18.1}{p50_micros:>12}{p99_micros:>12}{failed:>8}");
        self
    }

    /// The median of each column; failures add up.
    pub fn median(rounds: &[Round]) -> Round {
        let of = |value: fn(&Round) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Round {
            per_second: of(|round| round.per_second),
            cpu_micros: of(|round| round.cpu_micros),
            p50_micros: of(|round| round.p50_micros as f64) as u64,
            p99_micros: of(|round| round.p99_micros as f64) as u64,
            failed: rounds.iter().map(|round| round.failed).sum(),
        }
    }
}
