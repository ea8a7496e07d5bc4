//! `healthcheck`: whether a running service would take a submission.

use std::process::ExitCode;

use super::ask::{Target, in_words};
use super::failure::Failure;
use super::{ConfigArgs, Context};
use crate::app;

/// Exits with 0 if the service is ready, else with 1.
#[derive(clap::Args)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where it runs, if not where the configuration says: http://HOST:PORT
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Healthcheck {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let target = match &self.url {
            Some(url) => Target::of_url(url, "/readyz")?,
            None => Target::of_listen(&app::listen_address(&self.config.load(context)?.settings.http), "/readyz"),
        };
        let place = &target.authority;
        let answer = target.ask(None);
        let answer = answer.map_err(|error| Failure::new(format!("{place} is not ready: {}", in_words(&error))))?;
        match answer.status {
            Some(200) => Ok(ExitCode::SUCCESS),
            Some(status) => Err(Failure::new(format!("{place} is not ready: {status} {}", answer.body.trim()))),
            None => Err(Failure::new(format!("{place} does not answer in HTTP"))),
        }
    }
}
