//! Our clock as governor reads it.

use governor::clock::Clock as GovernorClock;
use governor::nanos::Nanos;

use crate::clock::{Clock, Stopwatch};

/// A clock that never goes back: the machine's is read as the time since the start, one set by hand as it stands.
#[derive(Clone, Debug)]
pub(super) struct LimitClock {
    clock: Clock,
    started: Stopwatch,
}

impl LimitClock {
    pub fn new(clock: Clock) -> Self {
        Self { clock, started: Stopwatch::start() }
    }
}

impl GovernorClock for LimitClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match &self.clock {
            Clock::System => self.started.elapsed().into(),
            Clock::Manual(_) => {
                let millis = u64::try_from(self.clock.now().millis()).unwrap_or(0);
                Nanos::from(millis.saturating_mul(1_000_000))
            }
        }
    }
}
