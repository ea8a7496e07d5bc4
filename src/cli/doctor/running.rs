//! What a service that runs says of itself.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::app;
use crate::cli::ask::{Answer, Target, in_words};
use crate::config::Settings;

/// Whether a service runs where the configuration says, and what it counted.
pub(super) struct Running {
    place: String,
    found: Found,
}

enum Found {
    /// It says what it counted, by name and labels.
    Tells { samples: BTreeMap<String, f64>, date: Option<String> },
    /// It answers, but not that.
    Refuses(u16),
    /// Somebody else answers.
    Other,
    /// Nobody answers, for this reason.
    Nobody(String),
}

impl Running {
    /// Asks it for `/metrics`, with the deployment's key if there is one.
    pub(super) fn ask(settings: &Settings) -> Self {
        let target = Target::of_listen(&app::listen_address(&settings.http), "/metrics");
        let found = match target.ask(settings.auth.operator_key.given()) {
            Err(error) => Found::Nobody(in_words(&error)),
            Ok(answer) => Found::of(&answer),
        };
        Self { place: target.authority, found }
    }

    /// Whether it runs.
    pub(super) fn finding(&self) -> Finding {
        let place = &self.place;
        match &self.found {
            Found::Tells { samples, .. } => {
                let build = samples.keys().find_map(|name| name.strip_prefix("moderato_build_info{version=\""));
                let version = build.and_then(|rest| rest.split('"').next()).unwrap_or("?");
                let finding = Finding::ok("service.runs", format!("version {version} answers at {place}"));
                match version == env!("CARGO_PKG_VERSION") {
                    true => finding,
                    false => Finding::note("service.version", format!("version {version} answers at {place}; this is {}", env!("CARGO_PKG_VERSION")))
                        .change("restart the service, so that it runs what is installed"),
                }
            }
            Found::Refuses(status) => Finding::note(
                "service.metrics",
                format!("a service answers at {place}, but does not show its metrics ({status}), so what it counted is left out"),
            )
            .change("in [metrics]: open_to = [\"127.0.0.0/8\", \"::1/128\"]"),
            Found::Other => Finding::warning("service.other", format!("what answers at {place} is not Moderato"))
                .change("in [http]: listen = \"127.0.0.1:9000\", or any other free port"),
            Found::Nobody(why) => {
                Finding::note("service.runs", format!("no service answers at {place} ({why}), so what it counted is left out"))
                    .change("moderato serve")
            }
        }
    }

    /// The samples of a metric whose labels are all among these, with their labels and value.
    pub(super) fn samples(&self, name: &str) -> Vec<(&str, f64)> {
        let Found::Tells { samples, .. } = &self.found else { return Vec::new() };
        let labels = |key: &'_ str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
        samples.iter().filter(|(key, _)| labels(key)).map(|(key, value)| (&key[name.len()..], *value)).collect()
    }

    /// The moment it has, as its answer says.
    pub(super) fn date(&self) -> Option<&str> {
        match &self.found {
            Found::Tells { date, .. } => date.as_deref(),
            _ => None,
        }
    }
}

impl Found {
    fn of(answer: &Answer) -> Self {
        match answer.status {
            Some(200) if answer.body.contains("moderato_build_info") => {
                let lines = answer.body.lines().filter(|line| !line.starts_with('#'));
                let samples = lines.filter_map(|line| line.rsplit_once(' '));
                let samples = samples.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
                Found::Tells { samples: samples.collect(), date: answer.header("date").map(str::to_owned) }
            }
            Some(status @ (401 | 403 | 429)) => Found::Refuses(status),
            _ => Found::Other,
        }
    }
}
