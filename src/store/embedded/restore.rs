//! Puts a backup in the place of a store: either the old one is there or the new one, whenever it is ended.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::copies::{self, Unfinished, beside};
use super::lock::ServeLock;
use super::log;
use super::open::{self, PATIENCE};
use super::schema;
use crate::store::{Copied, CopyError, Copying, OpenError, Standing};

/// [`store::restore`](crate::store::restore)
pub(in crate::store) fn restore(data_dir: &Path, copying: Copying<'_>) -> Result<Copied, CopyError> {
    let Copying { file, existing, progress } = copying;
    let place = data_dir.join(open::FILE);
    if copies::is_same(file, &place) {
        return Err(CopyError::Own(file.to_owned()));
    }
    let (backup, mut copied) = copies::check(file)?;
    let _lock = ServeLock::take(data_dir)?;
    let _turn = open::wait_for_turn(data_dir).map_err(|why| OpenError::directory(data_dir, &why))?;
    let stands = place.exists() || beside(&place, "-wal").exists();
    if stands && existing == Standing::Stays {
        return Err(CopyError::Exists(place));
    }
    let unfinished = Unfinished::make(beside(&place, ".restoring"))?;
    copies::copy(&backup, &unfinished, progress)?;
    if let Some(why) = migrate(unfinished.path())?.into_iter().next() {
        return Err(CopyError::Damaged { path: file.to_owned(), why });
    }
    if stands {
        copied.aside = Some(move_aside(&place)?);
    }
    unfinished.keep(&place)?;
    Ok(copied)
}

/// Brings the copy up to date before it takes its place. The answer is what no store of ours has or lacks: a trigger in it would
/// change comments by itself.
fn migrate(copy: &Path) -> Result<Vec<String>, CopyError> {
    let failed = |why: rusqlite::Error| CopyError::failed(copy, &why);
    let mut connection = open::connect(copy).map_err(failed)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY").map_err(failed)?;
    schema::migrate(&mut connection, copy)?;
    schema::strays(&connection).map_err(failed)
}

/// Gives the store that stands here a second name, under which it stays; the answer is that name. Its log is copied into it
/// first, as one that stayed behind would be taken for the new store's.
fn move_aside(place: &Path) -> Result<PathBuf, CopyError> {
    let is_readable = place.exists() && empty_log(place)?;
    let aside = (1..).map(|number| beside(place, &format!(".before-restore-{number}")));
    let free = |aside: &PathBuf| !aside.exists() && !beside(aside, "-wal").exists();
    let aside = aside.into_iter().find(free).unwrap_or_else(|| beside(place, ".before-restore"));
    for side in ["-wal", "-shm"] {
        let log = beside(place, side);
        if is_readable && log.exists() {
            return Err(CopyError::Busy(place.to_owned()));
        }
        if log.exists() {
            fs::rename(&log, beside(&aside, side)).map_err(|why| CopyError::failed(&log, &why))?;
        }
    }
    if place.exists() {
        // Some file systems have no second names.
        let second = fs::hard_link(place, &aside).or_else(|_| fs::copy(place, &aside).map(|_| ()));
        second.map_err(|why| CopyError::failed(&aside, &why))?;
        copies::sync(&aside)?;
    }
    copies::sync(copies::directory_of(place))?;
    Ok(aside)
}

/// Copies a database's log into it and removes the log; `false` if it is too damaged for that.
fn empty_log(place: &Path) -> Result<bool, CopyError> {
    // SQLite removes a log that it finds beside what is no database with a log.
    let mut header = [0; 20];
    let read = fs::File::open(place).and_then(|mut file| file.read_exact(&mut header));
    let is_ours = read.is_ok() && header.starts_with(b"SQLite format 3\0") && header[18] == 2;
    if !is_ours && beside(place, "-wal").exists() {
        return Ok(false);
    }
    let emptied = open::connect(place).and_then(|connection| log::empty(&connection, PATIENCE));
    match emptied {
        Ok(log) if log.busy => Err(CopyError::Busy(place.to_owned())),
        Ok(_) => Ok(true),
        Err(why) => {
            tracing::warn!(error = %why, "the old database cannot be read, and is moved aside with its log as it is");
            Ok(false)
        }
    }
}
