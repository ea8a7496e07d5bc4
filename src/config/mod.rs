//! The configuration: where each value comes from, and what is wrong with one.

mod difference;
mod effective;
mod environment;
mod fault;
mod file;
mod layers;
mod reading;
mod secret;
mod secret_files;
mod watch;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::Invalid;
use crate::http;
use crate::limits;
use crate::screening;
use crate::service::{Configuration, PolicyDefaults};
use crate::store;
use crate::telemetry;

pub use difference::is_reloadable;
pub use effective::{Effective, Shown, Source};
pub use environment::Environment;
pub use fault::Fault;
use fault::Origin;
use layers::{DATA_DIR, Layers};
pub use watch::Watch;

/// Every setting, one field per owner.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the embedded store and the first keys are kept.
    pub data_dir: PathBuf,
    /// Of the HTTP edge.
    pub http: http::Settings,
    /// Of the demo page.
    pub demo: http::DemoSettings,
    /// Of the store.
    pub store: store::Settings,
    /// Who may do everything.
    pub auth: Auth,
    /// How much a caller may ask for.
    pub limits: limits::Settings,
    /// What comments are judged by.
    pub policy: screening::Settings,
    /// Who may read what is counted.
    pub metrics: http::MetricsSettings,
    /// Of the log.
    pub log: telemetry::Settings,
}

/// Where settings come from, besides the defaults in the program. Later fields win.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// `--config FILE`
    pub file: Option<&'a Path>,
    /// `MODERATO__…`
    pub environment: &'a Environment,
    /// `--data DIR`
    pub data_dir: Option<&'a Path>,
}

/// Settings that were found valid, with the policy they make.
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What `settings.policy` compiles to.
    pub policy: PolicyDefaults,
    /// What they were read from.
    layers: Layers,
}

impl Loaded {
    /// The most faults that are looked for.
    pub const MOST_FAULTS: usize = 50;

    /// The settings of a process. The first fault ends it.
    pub fn from(sources: &Sources<'_>) -> Result<Self, Fault> {
        Self::first_fault(Layers::of(sources), sources)
    }

    /// The settings of a process, or every fault that can be found: a value at fault is put back to its default, and the
    /// reading goes on. At most [`MOST_FAULTS`](Self::MOST_FAULTS).
    pub fn check(sources: &Sources<'_>) -> Result<Self, Vec<Fault>> {
        let mut layers = Layers::of(sources);
        let mut faults = std::mem::take(&mut layers.faults);
        let (settings, policy) = loop {
            let fault = match read(&layers, sources) {
                Ok(read) => break read,
                Err(fault) => fault,
            };
            if faults.contains(&fault) || faults.len() >= Self::MOST_FAULTS {
                return Err(faults);
            }
            let key = fault.key().map(str::to_owned);
            faults.push(fault);
            match key {
                Some(key) => layers.reset(&key),
                None => return Err(faults),
            }
        };
        if faults.is_empty() { Ok(Self { settings, policy, layers }) } else { Err(faults) }
    }

    /// The settings of a measurement: first comments are judged by their score, unless `policy` says otherwise; it
    /// holds the keys of `[policy]` at its top level, as many as differ.
    pub fn for_eval(sources: &Sources<'_>, policy: Option<&Path>) -> Result<Self, Fault> {
        let mut layers = Layers::of(sources);
        layers.set_for_eval("first_comment", "screen");
        if let Some(path) = policy {
            layers.add_policy_file(path);
        }
        let mut loaded = Self::first_fault(layers, sources)?;
        // The measurement is one of the screening: nothing is limited, unless its policy sets limits.
        loaded.settings.limits.enabled &= loaded.layers.policy_file_sets("limits");
        Ok(loaded)
    }

    /// What the service can be given anew while it runs.
    pub fn configuration(&self) -> Configuration {
        Configuration {
            policy: self.policy.clone(),
            limits: self.settings.limits.clone(),
            operator_key: self.settings.auth.operator_key.given().map(str::to_owned),
        }
    }

    fn first_fault(mut layers: Layers, sources: &Sources<'_>) -> Result<Self, Fault> {
        if !layers.faults.is_empty() {
            return Err(layers.faults.remove(0));
        }
        let (settings, policy) = read(&layers, sources)?;
        Ok(Self { settings, policy, layers })
    }
}

/// The values of the layers as settings, or the first fault.
fn read(layers: &Layers, sources: &Sources<'_>) -> Result<(Settings, PolicyDefaults), Fault> {
    let mut settings: Settings = layers.read()?;
    if settings.data_dir.as_os_str().is_empty() {
        return Err(layers.fault_at(DATA_DIR, "must name a directory; it is empty"));
    }
    // A path need not be text, so that of the flag is taken as it is.
    if let (Some(data_dir), Origin::Flag(_)) = (sources.data_dir, layers.origin(DATA_DIR)) {
        data_dir.clone_into(&mut settings.data_dir);
    }
    for checked in [check(&settings.http), settings.store.fault().map_or(Ok(()), Err)] {
        checked.map_err(|(key, detail)| layers.fault_at(key, &detail))?;
    }
    for (lower, upper) in ASCENDING {
        layers.check_ascending(lower, upper)?;
    }
    if let Some(fault) = settings.limits.faults().into_iter().next() {
        return Err(layers.fault_at(&format!("limits.{}", fault.key), &fault.detail));
    }
    let policy = PolicyDefaults::new(&settings.policy, layers.policy_origins()).map_err(first_of);
    let policy = policy.map_err(|(key, detail)| layers.fault_at(&key, &detail))?;
    Ok((settings, policy))
}

/// Pairs of keys of which the second must not be below the first. The policy checks them too, but only the layers know
/// which of the two a person has set.
const ASCENDING: [(&str, &str); 2] =
    [("policy.hold_at", "policy.reject_at"), ("policy.reject_at", "policy.blatant_at")];

/// What the types of the HTTP edge's settings cannot say: the key and what is wrong.
fn check(settings: &http::Settings) -> Result<(), (&'static str, String)> {
    /// More threads than any machine has processors.
    const MOST_WORKERS: usize = 1024;
    /// A day: no request takes longer.
    const MOST_SECONDS: u64 = 24 * 60 * 60;
    /// More than one address can keep apart.
    const MOST_CONNECTIONS: usize = 1_000_000;
    let http::Settings { listen, workers, max_connections, shutdown_seconds, trusted_proxies, .. } = settings;
    let port = listen.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    if !matches!(port, Some(Ok(_))) {
        return Err(("http.listen", format!("must be an address and a port, not \"{listen}\"")));
    }
    if *workers > MOST_WORKERS {
        return Err(("http.workers", format!("must be at most {MOST_WORKERS}, not {workers}")));
    }
    if !(1..=MOST_CONNECTIONS).contains(max_connections) {
        let detail = format!("must be from 1 to {MOST_CONNECTIONS}, not {max_connections}");
        return Err(("http.max_connections", detail));
    }
    if *shutdown_seconds > MOST_SECONDS {
        return Err(("http.shutdown_seconds", format!("must be at most {MOST_SECONDS}, not {shutdown_seconds}")));
    }
    if trusted_proxies.hold_everybody() {
        const FAULT: &str = "must not hold 0.0.0.0/0 or ::/0: whoever is trusted may name any address as a caller's";
        return Err(("http.trusted_proxies", FAULT.to_owned()));
    }
    Ok(())
}

/// The first fault of a policy: its key and what is wrong.
fn first_of(faults: Vec<Invalid>) -> (String, String) {
    match faults.into_iter().next() {
        Some(fault) if fault.key.starts_with("policy.") => (with_places(&fault.key), fault.detail),
        Some(fault) => (with_places(&format!("policy.{}", fault.key)), fault.detail),
        None => ("policy".to_owned(), "is not valid".to_owned()),
    }
}

/// A dotted key with the places in lists as `[0]`, as every other fault writes them.
fn with_places(key: &str) -> String {
    let number = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    key.split('.').fold(String::new(), |key, name| match name {
        name if number(name) => format!("{key}[{name}]"),
        name if key.is_empty() => name.to_owned(),
        name => format!("{key}.{name}"),
    })
}

/// Who may do everything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// A key for everything, given by the deployment.
    pub operator_key: OperatorKey,
}

/// A key given by the deployment: none, or at least 32 characters. It does not print itself by accident.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct OperatorKey(Option<String>);

impl OperatorKey {
    /// The fewest characters: what 128 bits take in hexadecimal.
    const FEWEST: usize = 32;

    /// The key, if one is given.
    pub fn given(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl TryFrom<String> for OperatorKey {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        match key.chars().count() {
            0 => Ok(Self(None)),
            _ if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err("must consist of visible ASCII characters, because it is sent in a header".to_owned())
            }
            length if length < Self::FEWEST => {
                let fewest = Self::FEWEST;
                Err(format!("has {length} characters; it must be empty or have at least {fewest}"))
            }
            _ => Ok(Self(Some(key))),
        }
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "(given)" } else { "(none)" })
    }
}
