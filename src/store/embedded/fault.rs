//! What fails inside the embedded store, and what the caller is told of it.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::{Error, OpenError};

/// Why a verb's body did not come to its end.
#[derive(Debug)]
pub(super) enum Fault {
    /// The caller's answer is this error. Nothing was written before it was found, so the transaction can go on.
    Answer(Error),
    /// SQLite failed, at whatever point: the transaction must be rolled back.
    Sql(rusqlite::Error),
}

impl Fault {
    /// A stored record that cannot be understood.
    pub(super) fn damaged(why: impl std::fmt::Display) -> Self {
        Fault::Answer(Error::Damaged(why.to_string()))
    }

    /// What the caller is told.
    pub(super) fn into_error(self) -> Error {
        match self {
            Fault::Answer(error) => error,
            Fault::Sql(error) => error_of(&error),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Answer(error)
    }
}

/// What a failure of SQLite means to the caller.
pub(super) fn error_of(error: &rusqlite::Error) -> Error {
    use rusqlite::Error as Sql;
    match (error.sqlite_error_code(), error) {
        (Some(ErrorCode::DiskFull), _) => Error::Full("the disk is full".to_owned()),
        (Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase), _)
        | (None, Sql::FromSqlConversionFailure(..) | Sql::IntegralValueOutOfRange(..) | Sql::InvalidColumnType(..)) => {
            Error::Damaged(error.to_string())
        }
        _ => Error::Unavailable(error.to_string()),
    }
}

/// Whether the operating system failed to read, write or sync the files. What it has kept is then unknown, and asking
/// it to sync again may be answered with a false yes.
pub(super) fn is_io(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

impl OpenError {
    /// What a failure of SQLite while it opens a file means to the person who starts the program.
    pub(super) fn of_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::NotADatabase(path),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                OpenError::Directory { path: path.parent().map(Path::to_owned).unwrap_or(path), why: error.to_string() }
            }
            _ => OpenError::Failed { path, why: error.to_string() },
        }
    }
}
