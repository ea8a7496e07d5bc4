//! Whether the files are still where they were opened, and whether the disk has room for more comments.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::Error;

/// What is left for decisions, erasures and SQLite's own files when submissions are already refused: 64 MiB.
const RESERVE: u64 = 64 * 1024 * 1024;

/// Watches the database's file and the free space around it.
#[derive(Debug)]
pub(super) struct Space {
    file: PathBuf,
    opened: Option<Identity>,
    reserve: u64,
}

/// Device and inode: what stays the same while a file is renamed or written, and no two files share.
type Identity = (u64, u64);

impl Space {
    /// Watches this file, which is open.
    pub(super) fn of(file: &Path) -> Self {
        Self { file: file.to_owned(), opened: identity(file), reserve: RESERVE }
    }

    /// An error if the path no longer leads to the file that was opened: what is written to a removed file is lost when
    /// the process ends. The file is only asked for, never opened: closing it again would give up SQLite's locks on it.
    pub(super) fn check_file(&self) -> Result<(), Error> {
        if identity(&self.file) == self.opened {
            return Ok(());
        }
        let file = self.file.display();
        Err(Error::Unavailable(format!(
            "{file} was removed or replaced; put it back, or stop and start with what is there"
        )))
    }

    /// [`Error::Full`] if less than the reserve is free. One system call, about a microsecond.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.check_file()?;
        let directory = self.file.parent().unwrap_or(&self.file);
        let state = rustix::fs::statvfs(directory)
            .map_err(|why| Error::Unavailable(format!("cannot ask for the free space of the data directory: {why}")))?;
        let free = state.f_bavail.saturating_mul(state.f_frsize);
        if free >= self.reserve {
            return Ok(());
        }
        let mib = |bytes: u64| bytes / (1024 * 1024);
        Err(Error::Full(format!(
            "the data directory's file system has {} MiB free; submissions need {} MiB",
            mib(free),
            mib(self.reserve)
        )))
    }
}

fn identity(file: &Path) -> Option<Identity> {
    fs::metadata(file).ok().map(|data| (data.dev(), data.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_reserve_is_full() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("database");
        fs::write(&file, "").unwrap();
        let of_reserve = |reserve| Space { reserve, ..Space::of(&file) }.check();
        assert_eq!(of_reserve(0), Ok(()));
        assert!(matches!(of_reserve(u64::MAX), Err(Error::Full(why)) if why.contains("MiB free")));
    }
}
