//! The connections that read: each read is one transaction, so that it sees one moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

use super::fault::Fault;
use super::open::Shared;
use crate::store::Error;

/// A few connections that take turns.
pub(super) struct Readers {
    connections: Vec<Shared>,
    turn: AtomicUsize,
}

impl Readers {
    /// Takes turns with these; there is at least one.
    pub(super) fn new(connections: Vec<Shared>) -> Self {
        Self { connections, turn: AtomicUsize::new(0) }
    }

    /// Runs a body in a transaction that sees everything committed before it began, and nothing later.
    pub(super) fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Error> {
        let connection = self.free();
        let seen = Snapshot::of(&connection).map_err(Fault::from).and_then(|snapshot| body(snapshot.0));
        seen.map_err(Fault::into_error)
    }

    /// A connection that nobody uses; if all are used, the one whose turn it is.
    fn free(&self) -> MutexGuard<'_, Connection> {
        let count = self.connections.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for offset in 0..count {
            match self.connections[(turn + offset) % count].try_lock() {
                Ok(connection) => return connection,
                // A panic in a body ends its transaction; the connection is as good as before.
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.connections[turn % count].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction that only reads; dropping it gives the snapshot back. Its two statements are prepared once; rusqlite's own
/// transaction would parse them for each read.
struct Snapshot<'c>(&'c Connection);

impl<'c> Snapshot<'c> {
    fn of(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([]));
        if let Err(why) = ended {
            tracing::warn!(error = %why, "a read could not give its snapshot back");
        }
    }
}
