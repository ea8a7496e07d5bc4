//! What can be told of a database from outside, without changing it: its schema, and how much of it is in use.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::open::{FILE, PATIENCE};
use super::schema;
use crate::store::OpenError;

/// How many of its migrations the database in this directory lacks. Opening it would make up for them; an older program that
/// serves it at this moment knows nothing of them.
pub fn migrations_to_do(data_dir: &Path) -> Result<usize, OpenError> {
    let path = data_dir.join(FILE);
    let connection = look(&path).map_err(|why| OpenError::of_sqlite(&path, &why))?;
    schema::to_do(&connection, &path)
}

/// The bytes that the database in this directory has in use, counting what still lies in its log and leaving out pages that are
/// free for new comments.
pub fn bytes_in_use(data_dir: &Path) -> Result<u64, OpenError> {
    let path = data_dir.join(FILE);
    pages(&path).map_err(|why| OpenError::of_sqlite(&path, &why))
}

fn pages(path: &Path) -> Result<u64, rusqlite::Error> {
    let connection = look(path)?;
    let ask = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok((ask("page_count")?.saturating_sub(ask("freelist_count")?)).saturating_mul(ask("page_size")?))
}

/// A connection that reads, also beside a process that serves the database.
fn look(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // As all readers: whoever closes last would copy the log and sync, and that is for the writer to do.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}
