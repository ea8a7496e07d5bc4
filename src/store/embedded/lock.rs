//! Keeps a second service, `restore` or `repair` away from a data directory that is being served.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::open::prepare_directory;
use crate::store::OpenError;

/// The advisory lock on `<data_dir>/serve.lock`, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl ServeLock {
    /// Takes the lock; [`OpenError::InUse`] if another process (or another value in this one) has it.
    pub fn take(data_dir: &Path) -> Result<Self, OpenError> {
        prepare_directory(data_dir)?;
        let unusable = |why: std::io::Error| OpenError::directory(data_dir, &why);
        // The file stays when the lock goes: removing it would let two processes lock two different files.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(data_dir.join("serve.lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(why)) => Err(unusable(why)),
        }
    }
}
