//! `eval`: reads labelled comments, has them measured, and prints what came of it.

mod tables;

use std::fs;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use futures_util::FutureExt;

use super::failure::Failure;
use super::labelled::{Rows, find};
use super::progress::Progress;
use super::terminal::safe_json_pretty;
use super::{ConfigArgs, Context, Format, block_on};
use crate::app;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::screening::BaseModel;
use crate::service::eval;

/// Puts labelled comments through the service, in memory, and compares its verdicts with the labels.
#[derive(clap::Args)]
pub(super) struct Eval {
    /// One object a line: `source`, `label` (spam, ham or toxic), `content`, and what is known beside. A name without a
    /// folder that is not here is looked up in the folder MODERATO_DATA
    #[arg(required = true, value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
    /// Figures only from what follows the first N comments of each source
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// Give each comment's label as a decision, once it was judged: what comes later profits from it
    #[arg(long)]
    learn: bool,
    /// Base model to measure, as `train` writes it; default: the one that is built in
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Policy to measure: the keys of [policy] that differ, at the file's top level
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Eval {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let loaded = Loaded::for_eval(&self.config.sources(context), self.policy.as_deref())?;
        let found: Vec<PathBuf> = self.files.iter().map(|file| find(file, context)).collect();
        let report = block_on(async {
            let clock = Clock::manual(eval::Eval::start());
            let mut service = app::in_memory(loaded.configuration(), clock.clone()).await?;
            if let Some(file) = &self.model {
                service = service.with_base_model(model(file)?);
            }
            let teaching = if self.learn { eval::Teaching::Labels } else { eval::Teaching::Nothing };
            let mut measuring = eval::Eval::new(service, clock, (self.after, teaching));
            let mut progress = Progress::new(context);
            for (number, file) in found.iter().enumerate() {
                for row in Rows::open(number, file)? {
                    let (sample, place) = row?;
                    let taken = AssertUnwindSafe(measuring.take(sample)).catch_unwind().await;
                    let taken = taken.map_err(|_| Failure::new(format!("{place}: the screening failed here")))?;
                    taken.map_err(|error| Failure::new(format!("{place}: {error}")))?;
                    progress.step();
                }
            }
            progress.end();
            Ok(measuring.report())
        })?;
        let text = match self.format {
            Format::Json => format!("{}\n", safe_json_pretty(&report)?),
            Format::Text => tables::text(&report, &context.terminal),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A base model in a file.
fn model(file: &Path) -> Result<BaseModel, Failure> {
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", file.display()));
    let bytes = fs::read(file).map_err(unreadable)?;
    BaseModel::read(&bytes).ok_or_else(|| Failure::new(format!("{} is no base model of this version", file.display())))
}
