//! A clock that has leapt ahead: by it everything would be kept no longer, and nothing that has gone comes back.

use std::time::Duration;

use crate::clock::Stopwatch;
use crate::domain::Timestamp;

/// How far a clock may be past what is known, in milliseconds: a week, in which a quiet blog has something new, and a machine
/// that was switched off is back.
const FAR: i64 = 7 * 24 * 60 * 60 * 1000;

/// How long housekeeping then waits for somebody to look.
pub(super) const WAIT: Duration = Duration::from_secs(60 * 60);

/// Watches a clock from one round of housekeeping to the next.
pub(super) struct Leap {
    /// A time that has certainly been, and what has passed since by another measure.
    known: (Timestamp, Stopwatch),
    waiting: Option<Stopwatch>,
}

impl Leap {
    /// Begins with the newest time that is known otherwise.
    pub fn watch(newest: Timestamp) -> Self {
        Self { known: (newest, Stopwatch::start()), waiting: None }
    }

    /// Whether the clock may be gone by. One that is far past what is known may be gone by after [`WAIT`]: if it was
    /// wrong, somebody has had the time to stop it.
    pub fn lets(&mut self, now: Timestamp) -> bool {
        let (known, since) = self.known;
        let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.known = (now, Stopwatch::start());
        let ahead = now.millis() - known.plus_millis(passed).millis();
        if ahead > FAR {
            let days = ahead / (24 * 60 * 60 * 1000);
            tracing::error!(
                days,
                "the clock is {days} days past the newest that is known, so nothing expires for an hour: if it runs ahead, \
                 stop the service and set it right, or what is kept will be lost"
            );
            self.waiting = Some(Stopwatch::start());
        }
        self.waiting.is_none_or(|waiting| waiting.elapsed() >= WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_far_past_what_is_known_is_not_gone_by_for_an_hour() {
        let start = Timestamp::from_millis(1_795_000_000_000);
        let mut leap = Leap::watch(start);
        assert!(leap.lets(start.plus_millis(FAR)), "a week is nothing");
        assert!(leap.lets(start.plus_millis(FAR + 60_000)));
        assert!(leap.lets(start), "back is no leap");
        assert!(!leap.lets(start.plus_millis(FAR + 60_000)), "a week within no time is");
        assert!(!leap.lets(start.plus_millis(FAR + 120_000)), "and it is not forgotten at the next round");
        assert!(!Leap::watch(start).lets(start.plus_millis(2 * FAR)), "nor at a start");
    }
}
