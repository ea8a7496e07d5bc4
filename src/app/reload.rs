//! A configuration that is read again while the service runs: on SIGHUP, and when its files change.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::{Fault, Loaded, Sources, Watch};
use crate::service::{Reload, Service};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A configuration in force, and where it came from.
pub struct Configured {
    loaded: Loaded,
    watch: Watch,
}

impl Configured {
    /// Reads a configuration that can be read again.
    pub fn read(sources: &Sources<'_>) -> Result<Self, Fault> {
        let watch = Watch::new(sources);
        Ok(Self { loaded: Loaded::from(sources)?, watch })
    }

    /// What is in force.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Keeps the service's configuration up to date; never ends.
    pub(super) async fn keep(&mut self, service: &Service, triggers: &mut Triggers) {
        loop {
            match triggers.next().await {
                Trigger::Hangup => self.reload(service, "SIGHUP").await,
                Trigger::Look if self.watch.changed() => self.reload(service, "its files changed").await,
                Trigger::Look => {}
            }
        }
    }

    /// Puts what the sources say now in force: all of it, or (said in the log) nothing.
    async fn reload(&mut self, service: &Service, why: &str) {
        match self.try_reload(service).await {
            Ok(()) => {
                service.metrics().reloaded(Reload::Applied);
                tracing::info!(why, "the configuration was read again and is in force");
            }
            Err(refusal) => {
                service.metrics().reloaded(Reload::Refused);
                tracing::error!(why, "the configuration was read again and refused, the old one stays: {refusal}");
            }
        }
    }

    async fn try_reload(&mut self, service: &Service) -> Result<(), String> {
        let new = Loaded::from(&self.watch.sources());
        let new = new.map_err(|fault| fault.to_string())?;
        if let Some(fixed) = self.loaded.fixed_differences(&new).first() {
            return Err(fixed.to_string());
        }
        let given = |loaded: &Loaded| loaded.settings.auth.operator_key.given().is_some();
        if given(&self.loaded) && !given(&new) {
            return Err("auth.operator_key is gone; a running service only exchanges it".to_owned());
        }
        service.reconfigure(new.configuration()).await;
        self.loaded = new;
        Ok(())
    }
}

/// What makes a configuration be read again, or looked at.
pub(super) struct Triggers {
    hangup: Signal,
    look: Interval,
}

enum Trigger {
    Hangup,
    Look,
}

impl Triggers {
    /// Signals that come from now on; before, SIGHUP would end the process.
    pub fn listen() -> std::io::Result<Self> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { hangup: signal(SignalKind::hangup())?, look })
    }

    async fn next(&mut self) -> Trigger {
        tokio::select! {
            _ = self.hangup.recv() => Trigger::Hangup,
            _ = self.look.tick() => Trigger::Look,
        }
    }
}
