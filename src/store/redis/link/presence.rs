//! Whether a server answers. Of one that is known not to, callers are told at once instead of waiting for their time to end.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::store::Error;

/// For how long nothing but failures make a server one that is away: what is shorter, callers ride out.
const PATIENCE: Duration = Duration::from_millis(900);

/// What is known of a server's presence.
#[derive(Debug, Default)]
pub(super) struct Presence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Since its last answer.
    answered: Option<Stopwatch>,
    /// Since when it fails, if it does.
    failing: Option<Stopwatch>,
    /// Why it counts as away, if it does.
    away: Option<String>,
}

/// What became of it by one more answer or failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing new.
    None,
    /// It is away from now on.
    Gone,
    /// It is back.
    Back,
}

impl Presence {
    /// It answered.
    pub(super) fn answered(&self) -> Turn {
        let mut state = self.state();
        state.failing = None;
        state.answered = Some(Stopwatch::start());
        if state.away.take().is_some() { Turn::Back } else { Turn::None }
    }

    /// It did not answer an attempt that began then.
    pub(super) fn failed(&self, began: Stopwatch, why: &dyn fmt::Display) -> Turn {
        let mut state = self.state();
        if state.answered.is_some_and(|answered| answered.elapsed() < began.elapsed()) {
            return Turn::None;
        }
        let failing = match state.failing {
            Some(failing) if failing.elapsed() >= began.elapsed() => failing,
            _ => *state.failing.insert(began),
        };
        if failing.elapsed() < PATIENCE {
            return Turn::None;
        }
        let turn = if state.away.is_some() { Turn::None } else { Turn::Gone };
        state.away = Some(why.to_string());
        turn
    }

    /// An error while it is away.
    pub(super) fn here(&self) -> Result<(), Error> {
        match &self.state().away {
            Some(why) => Err(Error::Unavailable(why.clone())),
            None => Ok(()),
        }
    }

    /// Whether something failed since the last answer.
    pub(super) fn in_doubt(&self) -> bool {
        self.state().failing.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(time: Duration) {
        std::thread::sleep(time);
    }

    #[test]
    fn a_server_is_away_once_nothing_was_answered_for_a_while_and_back_with_its_first_answer() {
        let presence = Presence::default();
        assert_eq!(presence.failed(Stopwatch::start(), &"refused"), Turn::None);
        assert!(presence.here().is_ok() && presence.in_doubt());
        wait(PATIENCE);
        assert_eq!(presence.failed(Stopwatch::start(), &"refused"), Turn::Gone);
        assert_eq!(presence.failed(Stopwatch::start(), &"refused"), Turn::None);
        assert_eq!(presence.here(), Err(Error::Unavailable("refused".to_owned())));
        assert_eq!(presence.answered(), Turn::Back);
        assert!(presence.here().is_ok() && !presence.in_doubt());
    }

    #[test]
    fn who_waited_in_vain_while_others_were_answered_says_nothing_of_the_server() {
        let presence = Presence::default();
        let began = Stopwatch::start();
        wait(PATIENCE);
        presence.answered();
        assert_eq!(presence.failed(began, &"late"), Turn::None);
        assert!(!presence.in_doubt());
    }
}
