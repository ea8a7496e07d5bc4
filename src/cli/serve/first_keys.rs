//! The keys of a first start that nobody watches: in a file for their owner's eyes.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::app;
use crate::config::Settings;
use crate::service::{Error, FIRST_SITE, FirstKeys};
use crate::store::{OpenError, ServeLock};

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

/// Keeps the keys in a file, unless somebody watches and is shown them.
pub(super) struct Keeper {
    data_dir: PathBuf,
    watched: bool,
    /// Whether other processes of this directory may begin the same store at the same moment.
    shared: bool,
    lock: Option<ServeLock>,
    /// Whether a file of this name was put aside.
    aside: bool,
    /// Why they could not be kept, as a line of its own.
    trouble: Rc<RefCell<Option<String>>>,
}

impl Keeper {
    pub(super) fn new(settings: &Settings, watched: bool, trouble: Rc<RefCell<Option<String>>>) -> Self {
        let (data_dir, shared) = (settings.data_dir.clone(), !settings.store.is_embedded());
        Self { data_dir, watched, shared, lock: None, aside: false, trouble }
    }

    fn failed(&self, reason: String) -> Error {
        self.trouble.replace(Some(reason.clone()));
        Error::Internal(reason)
    }

    /// Writes the keys to a new file that only its owner can read, and waits until the disk has it. A file that is there
    /// belongs to a first start that did not come to its end, or to data that is gone: it is put aside, never overwritten.
    fn write(&mut self, keys: &FirstKeys) -> io::Result<()> {
        let path = path(&self.data_dir);
        match write_new(&path, keys) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                std::fs::rename(&path, aside(&self.data_dir))?;
                self.aside = true;
                write_new(&path, keys)?;
            }
            written => written?,
        }
        File::open(&self.data_dir)?.sync_all()
    }
}

impl app::Keeper for Keeper {
    fn keep(&mut self, keys: &FirstKeys) -> Result<(), Error> {
        if self.watched {
            return Ok(());
        }
        // Whoever was faster must not lose the file with the keys that count.
        if self.shared && self.lock.is_none() {
            self.lock = match ServeLock::take(&self.data_dir) {
                Err(OpenError::InUse(_)) => return Err(Error::Unavailable("another process begins it".to_owned())),
                lock => Some(lock.map_err(|error| self.failed(error.to_string()))?),
            };
        }
        let written = self.write(keys);
        written.map_err(|error| self.failed(format!("{} cannot be written: {error}", path(&self.data_dir).display())))
    }

    fn discard(&mut self) {
        if self.watched {
            return;
        }
        let path = path(&self.data_dir);
        let removed = std::fs::remove_file(&path);
        let back = if self.aside { std::fs::rename(aside(&self.data_dir), &path) } else { Ok(()) };
        if let Err(error) = removed.and(back) {
            tracing::warn!("{} holds keys that open nothing: {error}", path.display());
        }
    }
}

/// Where a file is put that is in the way.
fn aside(data_dir: &Path) -> PathBuf {
    data_dir.join("first-keys.old.txt")
}

fn write_new(path: &Path, keys: &FirstKeys) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "# The keys of Moderato's first start. Keep them somewhere safe, then delete this file.")?;
    for (whose, key) in of(keys) {
        writeln!(file, "{whose}: {key}")?;
    }
    file.sync_all()
}
