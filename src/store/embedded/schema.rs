//! Brings a database to the schema this program knows, one migration a transaction.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::OpenError;

/// "Mdrt": SQLite's `application_id`, by which a database is known to be ours.
const APPLICATION: i32 = 0x4d64_7274;

/// The migrations in order; the number of those done stands in the database as `user_version`. One that was released
/// never changes again: a change is a new one at the end.
const MIGRATIONS: [&str; 6] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// Refuses a file that is no database, another program's, or a newer Moderato's. Writes nothing.
pub(super) fn inspect(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(path, &why);
    let found = version(connection).map_err(failed)?;
    let application: i32 = pragma(connection, "application_id").map_err(failed)?;
    let tables = "SELECT count(*) FROM sqlite_schema";
    let filled = connection.query_row(tables, [], |row| row.get::<_, i64>(0)).map_err(failed)? > 0;
    if application != APPLICATION && (filled || application != 0 || found != 0) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: MIGRATIONS.len() });
    }
    Ok(())
}

/// What a database of this program's schema has too much or too little: tables, indexes, triggers, views by their names.
pub(super) fn strays(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let model = Connection::open_in_memory()?;
    MIGRATIONS.iter().try_for_each(|migration| model.execute_batch(migration))?;
    let (ours, found) = (names(&model)?, names(connection)?);
    let missing = ours.difference(&found).map(|name| format!("the {name} is missing"));
    let foreign = found.difference(&ours).map(|name| format!("the {name} is none of ours"));
    Ok(missing.chain(foreign).collect())
}

fn names(connection: &Connection) -> Result<BTreeSet<String>, rusqlite::Error> {
    // What SQLite makes for itself, such as statistics, has names that nobody else can give.
    let names = "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'";
    connection.prepare(names)?.query_map([], |row| row.get(0))?.collect()
}

/// How many migrations are still to be done; the same refusals as [`inspect`].
pub(super) fn to_do(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    inspect(connection, path)?;
    let done = version(connection).map_err(|why| OpenError::of_sqlite(path, &why))?;
    Ok(MIGRATIONS.len().saturating_sub(done))
}

/// Does the migrations that are still to be done. Two processes may do this at the same time.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(path, &why);
    while version(connection).map_err(failed)? < MIGRATIONS.len() {
        step(connection).map_err(failed)?;
    }
    inspect(connection, path)
}

fn step(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again, now that nobody else can write: another process may have been faster.
    let done = version(&transaction)?;
    if let Some(migration) = MIGRATIONS.get(done) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", done + 1)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> Result<usize, rusqlite::Error> {
    let version: i32 = pragma(connection, "user_version")?;
    // A negative number is nobody's; as a very great one it is refused as newer.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn pragma(connection: &Connection, name: &str) -> Result<i32, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// How SQLite would run a statement on an empty database, step by step.
#[cfg(test)]
pub(super) fn plan(sql: &str) -> Vec<String> {
    let connections = super::open::in_memory().unwrap();
    let connection = connections.writer.lock().unwrap();
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec![rusqlite::types::Null; explain.parameter_count()];
    let steps = explain.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}
