//! `simulate`: what a draft of a policy would have made of a site's decided comments, also beside a running service.

mod tables;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::failure::Failure;
use super::terminal::safe_json_pretty;
use super::{Context, DataArgs, Format, block_on, known_site};
use crate::domain::{SiteId, SiteOverrides};
use crate::service::Error;
use crate::service::simulate::{Draft, EXAMPLES, LAST, MOST_EXAMPLES, MOST_LAST, Simulation};

/// Judges the comments that people have decided by the policy in force and by a draft, and compares the two with the decisions.
/// Nothing is changed.
#[derive(clap::Args)]
pub(super) struct Simulate {
    /// Of which site
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// Draft: the keys of [policy] that differ from what the site has now, at the file's top level
    #[arg(long, value_name = "DRAFT.toml")]
    policy: PathBuf,
    /// How many decided comments, the newest
    #[arg(long, value_name = "N", default_value_t = LAST, value_parser = within(1, MOST_LAST))]
    last: usize,
    /// How many of the comments that would be treated otherwise to name
    #[arg(long, value_name = "N", default_value_t = EXAMPLES, value_parser = within(0, MOST_EXAMPLES))]
    examples: usize,
    #[command(flatten)]
    data: DataArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Simulate {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let draft = Draft::Changes(read(&self.policy)?);
        let simulation = Simulation { draft, last: self.last, examples: self.examples };
        let simulated = block_on(async {
            let service = self.data.open(context).await?;
            known_site(&service, &self.site).await?;
            service.simulate(&self.site, &simulation).await.map_err(|error| match error {
                fault @ Error::InvalidPolicy(_) => Failure::new(format!("{}: {fault}", self.policy.display())),
                error => error.into(),
            })
        })?;
        let text = match self.format {
            Format::Json => format!("{}\n", safe_json_pretty(&simulated)?),
            Format::Text => tables::text(&self.site, &simulated, &context.terminal),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A draft in a file.
fn read(path: &Path) -> Result<SiteOverrides, Failure> {
    let failed = |why: String| Failure::new(format!("{} {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        failed(format!("is not TOML: line {}: {}", before.split('\n').count(), error.message()))
    })?;
    match serde_json::to_value(table)? {
        Value::Object(values) => Ok(SiteOverrides(values)),
        _ => Err(failed("holds no table".to_owned())),
    }
}

/// Reads a number within these bounds.
fn within(least: usize, most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}
