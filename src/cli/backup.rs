//! `backup`: one file with everything in the store, made while the service goes on.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::failure::Failure;
use super::terminal::Terminal;
use super::{Context, DataArgs};
use crate::store::{self, Copied, CopyError, Copying, Standing};

/// Everything in the store as it is at one moment, in one file: comments, decisions, settings, and the keys. Keep it as safe
/// as the data directory.
#[derive(clap::Args)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataArgs,
}

impl Backup {
    pub(super) fn run(self, context: &Context<'_>) -> Result<ExitCode, Failure> {
        let settings = self.data.load(context)?.settings;
        let terminal = context.terminal;
        let progress = |done: u64, of: u64| tell_progress(terminal, done, of);
        let existing = if self.force { Standing::Gives } else { Standing::Stays };
        let copying = Copying { file: &self.file, existing, progress: &progress };
        let copied = store::backup(&settings.store, &settings.data_dir, copying).map_err(|error| match error {
            CopyError::Exists(path) => {
                Failure::new(format!("{} is there already; --force replaces it", path.display()))
            }
            CopyError::Nothing(path) => {
                let path = path.display();
                Failure::new(format!("there is no data in {path}; --data DIR names another place"))
            }
            error => error.into(),
        })?;
        end_progress(terminal)?;
        writeln!(io::stderr(), "{}: {}", self.file.display(), contents(&copied))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is in a copy, for people.
pub(super) fn contents(copied: &Copied) -> String {
    let Copied { bytes, sites, comments, aside: _ } = copied;
    let some = |number: u64, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    format!("{}, {}, {}; checked", some(*sites, "site"), some(*comments, "comment"), size(*bytes))
}

/// Tells on a terminal how far a copy is.
pub(super) fn tell_progress(terminal: Terminal, done: u64, of: u64) {
    if terminal.talks {
        // Without standard error there is nobody to tell.
        let _ = write!(io::stderr(), "\r{} of about {} ", size(done), size(of));
    }
}

/// Clears what was told.
pub(super) fn end_progress(terminal: Terminal) -> io::Result<()> {
    if terminal.talks { write!(io::stderr(), "\r\x1b[K") } else { Ok(()) }
}

/// A length, for people.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match bytes {
        0..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}
