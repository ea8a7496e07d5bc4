//! The keys of a first start that nobody watches: in a file for their owner's eyes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::service::{FIRST_SITE, FirstKeys};

/// Where the keys are kept.
pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("first-keys.txt")
}

/// Each key, after whose it is.
pub(super) fn of(keys: &FirstKeys) -> Vec<(String, String)> {
    let site = (format!("site {FIRST_SITE}"), keys.site.reveal());
    let operator = keys.operator.as_ref().map(|key| ("operator".to_owned(), key.reveal()));
    operator.into_iter().chain([site]).collect()
}

/// Writes the keys to a new file that only its owner can read, and waits until the disk has it. A file that is there
/// belongs to a first start that did not come to its end, or to data that is gone: it is put aside, never overwritten.
pub(super) fn write(data_dir: &Path, keys: &FirstKeys) -> Result<(), Failure> {
    let path = path(data_dir);
    let written = match write_new(&path, keys) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::rename(&path, data_dir.join("first-keys.old.txt")).and_then(|()| write_new(&path, keys))
        }
        written => written,
    };
    written
        .and_then(|()| File::open(data_dir)?.sync_all())
        .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
}

fn write_new(path: &Path, keys: &FirstKeys) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "# The keys of Moderato's first start. Keep them somewhere safe, then delete this file.")?;
    for (whose, key) in of(keys) {
        writeln!(file, "{whose}: {key}")?;
    }
    file.sync_all()
}
