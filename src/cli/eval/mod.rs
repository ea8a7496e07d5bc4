//! `eval`: reads labelled comments, has them measured, and prints what came of it.

mod rows;
mod tables;

use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use futures_util::FutureExt;

use super::failure::Failure;
use super::progress::Progress;
use super::terminal::safe_json_pretty;
use super::{ConfigArgs, Context, Format, block_on};
use crate::app;
use crate::clock::Clock;
use crate::config::Loaded;
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
            let service = app::in_memory(loaded.configuration(), clock.clone()).await?;
            let mut measuring = eval::Eval::new(service, clock, self.after);
            let mut progress = Progress::new(context);
            for (number, file) in found.iter().enumerate() {
                for row in rows::Rows::open(number, file)? {
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

/// Where a file is: here, or (a bare name that is not here) in the folder of labelled data.
fn find(file: &Path, context: &Context<'_>) -> PathBuf {
    let bare = file.file_name() == Some(file.as_os_str());
    match context.environment.labelled_data() {
        Some(folder) if bare && !file.exists() => folder.join(file),
        _ => file.to_owned(),
    }
}
