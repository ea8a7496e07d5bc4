//! Whether the disk has room for more comments.

use std::path::{Path, PathBuf};

use crate::store::Error;

/// What is left for decisions, erasures and SQLite's own files when submissions are already refused: 64 MiB.
const RESERVE: u64 = 64 * 1024 * 1024;

/// Watches the free space of a directory's file system.
#[derive(Debug)]
pub(super) struct Space {
    directory: PathBuf,
    reserve: u64,
}

impl Space {
    /// Watches this directory.
    pub(super) fn of(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), reserve: RESERVE }
    }

    /// [`Error::Full`] if less than the reserve is free. One system call, about a microsecond.
    pub(super) fn check(&self) -> Result<(), Error> {
        let state = rustix::fs::statvfs(&self.directory)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_than_the_reserve_is_full() {
        let directory = std::env::temp_dir();
        let of_reserve = |reserve| Space { directory: directory.clone(), reserve }.check();
        assert_eq!(of_reserve(0), Ok(()));
        assert!(matches!(of_reserve(u64::MAX), Err(Error::Full(why)) if why.contains("MiB free")));
    }
}
