//! How an ordinary caller fares: one on a kept connection, one who connects anew each time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::process::Process;
use super::support::client::Client;
use super::support::texts;

/// Between two requests, so that the callers are not themselves the load.
const PAUSE: Duration = Duration::from_millis(5);

/// How long requests took, in order.
#[derive(Default)]
pub struct Health {
    pub kept: Vec<Duration>,
    pub anew: Vec<Duration>,
}

impl Health {
    /// Three seconds of it.
    pub fn watch_briefly(process: &Process) -> Self {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| Self::watch(process, &stop));
            std::thread::sleep(Duration::from_secs(3));
            stop.store(true, Ordering::Relaxed);
            watch.join().unwrap()
        })
    }

    /// Checks comments, on both connections in turn, until `stop` says so. A request that fails is a fault.
    pub fn watch(process: &Process, stop: &AtomicBool) -> Self {
        let mut kept = Client::new(process.address(), &process.key);
        let mut health = Self::default();
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let body = texts::submission("health", number).to_string();
            let ask = |client: &mut Client| {
                let begun = Instant::now();
                let answer = client.post("/v1/sites/demo/comments/check", body.as_bytes()).unwrap();
                assert_eq!(answer.status, 200, "{}", answer.json());
                begun.elapsed()
            };
            health.kept.push(ask(&mut kept));
            health.anew.push(ask(&mut Client::new(process.address(), &process.key)));
            std::thread::sleep(PAUSE);
        }
        health.kept.sort_unstable();
        health.anew.sort_unstable();
        health
    }
}

/// The time within which 99 of 100 were done.
pub fn p99(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() * 99 / 100]
}
