//! Copies of databases: made of one moment, looked at before they are used, and safe on disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

use super::repair;
use super::schema;
use crate::store::{Copied, CopyError, OpenError};

/// How often the progress of a copy is told.
const TOLD: Duration = Duration::from_millis(250);

/// A file that is removed again, with what SQLite puts beside it, unless it was kept.
pub(super) struct Unfinished {
    path: PathBuf,
    kept: bool,
}

impl Unfinished {
    /// Makes an empty file that only its owner can read.
    pub(super) fn make(path: PathBuf) -> Result<Self, CopyError> {
        let unfinished = Self { path, kept: false };
        unfinished.remove();
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished.path);
        made.map_err(|why| CopyError::failed(&unfinished.path, &why))?;
        Ok(unfinished)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it, safe on disk, in its place, whatever was there.
    pub(super) fn keep(mut self, place: &Path) -> Result<(), CopyError> {
        sync(&self.path)?;
        fs::rename(&self.path, place).map_err(|why| CopyError::failed(place, &why))?;
        self.kept = true;
        sync(directory_of(place))
    }

    fn remove(&self) {
        for side in ["", "-journal", "-wal", "-shm"] {
            // What is not there need not be removed, and what cannot be is in nobody's way.
            let _ = fs::remove_file(beside(&self.path, side));
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            self.remove();
        }
    }
}

/// Writes all that a connection sees at this moment into an empty file. `VACUUM INTO` reads one snapshot, which no writer has
/// to wait for, and copies what is there without the free pages. (SQLite's backup functions would begin again whenever another
/// process writes, and copy free pages too.)
pub(super) fn copy(from: &Connection, to: &Unfinished, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<(), CopyError> {
    let failed = |why: &dyn std::fmt::Display| CopyError::failed(to.path(), why);
    let name = to.path().to_str().ok_or_else(|| failed(&"its name must be UTF-8"))?;
    let expected = size(from).map_err(|why| failed(&why))?;
    let (done, waiting) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let watch = std::thread::Builder::new().name("copy-progress".to_owned()).spawn_scoped(scope, move || {
            while waiting.recv_timeout(TOLD) == Err(RecvTimeoutError::Timeout) {
                progress(fs::metadata(to.path()).map_or(0, |data| data.len()), expected);
            }
        });
        let copied = from.execute("VACUUM INTO ?1", [name]).map_err(|why| failed(&why));
        drop(done);
        watch.map_err(|why| failed(&why))?;
        copied.map(|_| ())
    })
}

/// Looks whether a file that nobody writes is a sound database of ours with a store in it.
pub(super) fn check(path: &Path) -> Result<(Connection, Copied), CopyError> {
    let connection = read_only(path)?;
    schema::inspect(&connection, path)?;
    if let Some(why) = repair::faults(&connection).into_iter().next() {
        return Err(CopyError::Damaged { path: path.to_owned(), why });
    }
    let failed = |why: rusqlite::Error| CopyError::failed(path, &why);
    let tables: bool = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", [], |row| row.get(0))
        .map_err(failed)?;
    let count =
        |table: &str| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u64>(0));
    if !tables || count("meta").map_err(failed)? == 0 {
        return Err(CopyError::Nothing(path.to_owned()));
    }
    let bytes = fs::metadata(path).map_err(|why| CopyError::failed(path, &why))?.len();
    let (sites, comments) = (count("sites").map_err(failed)?, count("comments").map_err(failed)?);
    Ok((connection, Copied { bytes, sites, comments, aside: None }))
}

/// A connection that leaves nothing beside the file. One with a log is read together with that.
fn read_only(path: &Path) -> Result<Connection, CopyError> {
    if !path.is_file() {
        return Err(CopyError::Failed { path: path.to_owned(), why: "there is no such file".to_owned() });
    }
    let path = std::path::absolute(path).map_err(|why| CopyError::failed(path, &why))?;
    let name = percent_encode(path.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    let alone = if beside(&path, "-wal").exists() { "" } else { "?immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{name}{alone}"), flags);
    let ready = connection.and_then(|connection| {
        connection
            .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")?;
        Ok(connection)
    });
    Ok(ready.map_err(|why| OpenError::of_sqlite(&path, &why))?)
}

/// The bytes in use.
fn size(connection: &Connection) -> Result<u64, rusqlite::Error> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok((number("page_count")? - number("freelist_count")?) * number("page_size")?)
}

/// Lets what was written to a file, or to a directory's list of names, reach the disk.
pub(super) fn sync(path: &Path) -> Result<(), CopyError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|why| CopyError::failed(path, &why))
}

/// The directory that a file is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of a file with something after it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether two names lead to one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| -> io::Result<(u64, u64)> {
        let data = fs::metadata(path)?;
        Ok((data.dev(), data.ino()))
    };
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}
