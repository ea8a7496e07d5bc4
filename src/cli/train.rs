//! `train`: makes a base model of labelled comments.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::failure::Failure;
use super::labelled::{Rows, find};
use super::progress::Progress;
use super::{ConfigArgs, Context};
use crate::config::Loaded;
use crate::service::train::Training;

/// Makes a base model of labelled comments: the same bytes for the same comments in the same order.
#[derive(clap::Args)]
pub(super) struct Train {
    /// Labelled comments, as `eval` reads them
    #[arg(required = true, value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
    /// Where to write the model
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Source whose comments are left out; may be given again
    #[arg(long, value_name = "SOURCE")]
    leave_out: Vec<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Train {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let loaded = Loaded::for_eval(&self.config.sources(context), None)?;
        let mut training = Training::new(loaded.configuration().policy.policy().clone());
        let mut left_out = BTreeSet::new();
        let mut progress = Progress::new(context);
        for (number, file) in self.files.iter().map(|file| find(file, context)).enumerate() {
            for row in Rows::open(number, &file)? {
                let (sample, _) = row?;
                match self.leave_out.contains(&sample.source) {
                    true => drop(left_out.insert(sample.source)),
                    false => training.take(&sample),
                }
                progress.step();
            }
        }
        progress.end();
        if let Some(unknown) = self.leave_out.iter().find(|source| !left_out.contains(*source)) {
            return Err(Failure::new(format!("no comment is of the source {unknown}")));
        }
        let model = training.finish();
        fs::write(&self.out, model.to_bytes())
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", self.out.display())))?;
        writeln!(io::stdout(), "{}: model {}. {}", self.out.display(), model.version(), model.made())?;
        Ok(ExitCode::SUCCESS)
    }
}
