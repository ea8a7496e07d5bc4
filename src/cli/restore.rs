//! `restore`: a backup in the place of a store that nobody serves.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::backup::{contents, end_progress, tell_progress};
use super::failure::Failure;
use super::{Context, DataArgs};
use crate::store::{self, CopyError, Copying, Standing};

/// The backup is checked first, and brought up to date. Its keys are those that open the service afterwards.
#[derive(clap::Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// If there is a store, move it aside; it is never deleted
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataArgs,
}

impl Restore {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let settings = self.data.load(context)?.settings;
        let terminal = context.terminal;
        let progress = |done: u64, of: u64| tell_progress(terminal, done, of);
        let existing = if self.force { Standing::Gives } else { Standing::Stays };
        let copying = Copying { file: &self.file, existing, progress: &progress };
        let copied = store::restore(&settings.store, &settings.data_dir, copying).map_err(|error| match error {
            CopyError::Exists(path) => Failure::new(format!(
                "there is a store in {} already; --force moves it aside, or --data DIR names another place",
                path.parent().unwrap_or(&path).display()
            )),
            error => error.into(),
        })?;
        end_progress(terminal)?;
        let mut err = io::stderr();
        writeln!(err, "{} from {}: {}", settings.data_dir.display(), self.file.display(), contents(&copied))?;
        if let Some(aside) = &copied.aside {
            writeln!(err, "what was there before is {}", aside.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
