//! SQLite's log: how it is copied into the database, and emptied.

use std::time::Duration;

use rusqlite::Connection;

use super::open::PATIENCE;

/// The log's length, in pages of 4 KiB, at which it is copied into the database: 32 MiB. Longer logs save writes and make the next start slower.
const LONG_LOG: i64 = 8_192;

/// What a checkpoint came to.
pub(super) struct Checkpoint {
    /// Whether somebody still needed the log.
    pub(super) busy: bool,
    pages: i64,
}

/// Copies the log into the database if it is long; waits for nobody.
pub(super) fn shorten(connection: &Connection) -> Result<(), rusqlite::Error> {
    let log = checkpoint(connection, "NOOP")?;
    if log.pages < LONG_LOG { Ok(()) } else { checkpoint(connection, "PASSIVE").map(|_| ()) }
}

/// Empties the log, unless a reader needs it for longer than this: writers wait behind it.
pub(super) fn empty(connection: &Connection, patience: Duration) -> Result<Checkpoint, rusqlite::Error> {
    connection.busy_timeout(patience)?;
    let ended = checkpoint(connection, "TRUNCATE");
    connection.busy_timeout(PATIENCE)?;
    ended
}

fn checkpoint(connection: &Connection, mode: &str) -> Result<Checkpoint, rusqlite::Error> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Checkpoint { busy: row.get(0)?, pages: row.get(1)? })
    })
}
