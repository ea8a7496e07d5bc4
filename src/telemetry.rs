//! The log: to standard error, as text or as JSON.

use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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
}
