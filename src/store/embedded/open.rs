//! Opens the files: directory, database, connections and their settings.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;
use crate::store::OpenError;

/// The database's file in the data directory.
pub(super) const FILE: &str = "moderato.db";

/// How long a connection waits for a lock that another process holds.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Connections for short reads; each serves one thread at a time.
const POINT_READERS: usize = 4;

/// Connections for reads of many records, apart from the others, so that no short read waits for a long one.
const SCAN_READERS: usize = 2;

/// A connection that several owners take turns with.
pub(super) type Shared = Arc<Mutex<Connection>>;

/// The connections of one store.
pub(super) struct Connections {
    pub(super) writer: Shared,
    pub(super) points: Vec<Shared>,
    pub(super) scans: Vec<Shared>,
}

/// Opens the database of a data directory, and makes both if they are missing.
pub(super) fn on_disk(data_dir: &Path) -> Result<Connections, OpenError> {
    prepare_directory(data_dir)?;
    // Making a database, switching it to a log and bringing it up to date are done by one process at a time.
    let _turn = wait_for_turn(data_dir).map_err(|why| OpenError::directory(data_dir, &why))?;
    let path = data_dir.join(FILE);
    make(&path).map_err(|why| OpenError::directory(data_dir, &why))?;
    let writer = writer_of(&path)?;
    let readers = |count: usize| (0..count).map(|_| reader_of(&path)).collect::<Result<Vec<_>, _>>();
    Ok(Connections { writer: shared(writer), points: readers(POINT_READERS)?, scans: readers(SCAN_READERS)? })
}

/// A database that lives as long as its one connection, which all take turns with.
pub(super) fn in_memory() -> Result<Connections, OpenError> {
    let path = PathBuf::from(":memory:");
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(&path, &why);
    let mut connection = Connection::open_in_memory().map_err(failed)?;
    set(&connection, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;").map_err(failed)?;
    schema::migrate(&mut connection, &path)?;
    let only = shared(connection);
    Ok(Connections { writer: only.clone(), points: vec![only.clone()], scans: vec![only] })
}

/// Makes a directory that only its owner can enter, if it is missing.
pub(super) fn prepare_directory(data_dir: &Path) -> Result<(), OpenError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.map_err(|why| OpenError::directory(data_dir, &why))
}

/// A lock that lasts until the file is dropped.
pub(super) fn wait_for_turn(data_dir: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(data_dir.join("open.lock"))?;
    file.lock()?;
    Ok(file)
}

/// Makes the database's file, if it is missing: here and not by SQLite, so that nobody else can read it whatever the
/// umask. (Its side files copy its mode.) One that exists is not even opened, as closing it again would silently give up
/// every lock that SQLite holds on it in this process.
fn make(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn writer_of(path: &Path) -> Result<Connection, OpenError> {
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(path, &why);
    let mut connection = connect(path).map_err(failed)?;
    schema::inspect(&connection, path)?;
    // FULL: a commit returns after the log is on disk. Checkpoints are made by the writer thread, which looks at their
    // errors; SQLite's automatic ones hide them. Sorting for a new index happens in memory: a file beside the data directory
    // may be where nothing can be written, or where others can read.
    set(
        &connection,
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -32768;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 0;",
    )
    .map_err(failed)?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

fn reader_of(path: &Path) -> Result<Shared, OpenError> {
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(path, &why);
    let connection = connect(path).map_err(failed)?;
    set(&connection, "PRAGMA query_only = ON; PRAGMA cache_size = -8192;").map_err(failed)?;
    // Whoever closes last would copy the log and sync, also after a sync has failed: that is for the writer to know.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    Ok(shared(connection))
}

/// A connection to a database that is there, for one thread at a time.
pub(super) fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    // Each connection is used by one thread at a time, so SQLite need not lock it once more.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // Plans do not depend on the values bound. Otherwise SQLite, whose build looks at them for its statistics and for partial
    // indexes, prepares many statements again at each use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set(&connection, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

fn set(connection: &Connection, pragmas: &str) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch(pragmas)
}

fn shared(connection: Connection) -> Shared {
    Arc::new(Mutex::new(connection))
}
