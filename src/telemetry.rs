//! The log: to standard error, as text or as JSON; beside it, what is counted.

mod metrics;

use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use metrics::registry;

/// Of the log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How a line looks.
    pub format: Format,
    /// What is logged.
    pub level: Level,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

/// What is logged: a level, and levels by module.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Level(Targets);

impl TryFrom<String> for Level {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
        let known = |part: &str| LEVELS.contains(&part.rsplit('=').next().unwrap_or_default());
        match text.parse() {
            Ok(targets) if text.split(',').all(known) => Ok(Self(targets)),
            _ => Err(format!("must be error, warn, info, debug or trace, also by module, not \"{text}\"")),
        }
    }
}

/// Whether lines carry colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// For a terminal.
    Shown,
    /// For everything else.
    Left,
}

/// Starts the log of this process. A second call changes nothing.
pub fn start(settings: &Settings, colours: Colours) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours == Colours::Shown);
    let registry = tracing_subscriber::registry().with(settings.level.0.clone());
    let started = match settings.format {
        Format::Text => registry.with(lines).try_init(),
        Format::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    drop(started);
    install_panic_hook();
}

/// Tells the log where a panic happened, and nothing else: its message may quote what somebody wrote.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a part panicked");
    }));
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_its_text() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone()).with_ansi(false);
        let before = std::panic::take_hook();
        install_panic_hook();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let broken = std::panic::catch_unwind(|| panic!("what somebody wrote"));
            assert!(broken.is_err());
        });
        std::panic::set_hook(before);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("telemetry.rs:") && !text.contains("somebody"), "{text}");
    }
}
