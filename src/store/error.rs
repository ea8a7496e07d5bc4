//! What can go wrong with a store.

use std::path::{Path, PathBuf};

/// Why a store cannot be opened, in one line for the person who starts the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// `store.url` names no kind of store that there is. Holds the part before the first `:`, as the rest may be secret.
    UnknownUrl(String),
    /// The servers cannot be reached as the settings say it: which key, and what is wrong. Shows no password.
    Address(String),
    /// The data directory cannot be made, entered or written.
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// The file is no SQLite database, or a damaged one.
    NotADatabase(PathBuf),
    /// The file is another program's database.
    Foreign(PathBuf),
    /// The database was written by a newer version of this program.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: usize,
        /// The newest schema this program knows.
        known: usize,
    },
    /// Another process serves this data directory.
    InUse(PathBuf),
    /// What was asked for is done with files, and this store's are kept by Redis.
    NoFiles,
    /// SQLite cannot open the file for another reason.
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
}

impl OpenError {
    pub(super) fn unknown_url(url: &str) -> Self {
        OpenError::UnknownUrl(url.split(':').next().unwrap_or_default().to_owned())
    }

    pub(super) fn directory(path: &Path, why: &std::io::Error) -> Self {
        OpenError::Directory { path: path.to_owned(), why: why.to_string() }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::UnknownUrl(scheme) => {
                write!(f, "store.url: there is no store `{scheme}:`; it must be `sqlite:` or an address of Redis")
            }
            OpenError::Address(why) => f.write_str(why),
            OpenError::Directory { path, why } => {
                write!(f, "the data directory {} cannot be used: {why}", path.display())
            }
            OpenError::NotADatabase(path) => {
                write!(f, "{} is not a database, or it is damaged; restore a backup or move it away", path.display())
            }
            OpenError::Foreign(path) => write!(f, "{} is a database of another program", path.display()),
            OpenError::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer version of Moderato (schema {found}; this version knows {known}): upgrade it",
                path.display()
            ),
            OpenError::InUse(path) => {
                write!(f, "another process serves the data directory {}: stop it first", path.display())
            }
            OpenError::NoFiles => f.write_str(
                "the store is in Redis, which keeps its own files: copy those (its append-only file, or what BGSAVE writes), \
                 or write each site with `moderato export`",
            ),
            OpenError::Failed { path, why } => write!(f, "{} cannot be opened: {why}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a database was not copied, or put into its place, in one line for the person who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// A database cannot be opened.
    Open(OpenError),
    /// There is nothing to copy in this file or directory.
    Nothing(PathBuf),
    /// This file is there already.
    Exists(PathBuf),
    /// This file belongs to the store itself.
    Own(PathBuf),
    /// Another program has this database open.
    Busy(PathBuf),
    /// The copy, or what was to be copied, is damaged: what SQLite finds first.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first fault.
        why: String,
    },
    /// It failed at this file.
    Failed {
        /// The file.
        path: PathBuf,
        /// What the operating system or SQLite says.
        why: String,
    },
}

impl CopyError {
    pub(super) fn failed(path: &Path, why: &dyn std::fmt::Display) -> Self {
        CopyError::Failed { path: path.to_owned(), why: why.to_string() }
    }
}

impl From<OpenError> for CopyError {
    fn from(error: OpenError) -> Self {
        CopyError::Open(error)
    }
}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CopyError::Open(error) => error.fmt(f),
            CopyError::Nothing(path) => write!(f, "there is no data in {}", path.display()),
            CopyError::Exists(path) => write!(f, "{} is there already", path.display()),
            CopyError::Own(path) => write!(f, "{} belongs to the store itself; name another file", path.display()),
            CopyError::Busy(path) => write!(f, "another program has {} open; end it first", path.display()),
            CopyError::Damaged { path, why } => write!(f, "{} is damaged: {why}", path.display()),
            CopyError::Failed { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for CopyError {}

/// What went wrong in a store. Absence is no error: it is an `Option` or a `bool`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The store cannot be reached or cannot write. The outcome of a write is unknown; the same call later resolves it.
    Unavailable(String),
    /// The store is there, but not as the settings demand: nothing is written until somebody mends that.
    NotReady {
        /// Which demand, as one word for monitors.
        reason: &'static str,
        /// What is wrong and what to do, for the operator.
        detail: String,
    },
    /// There is no room for more comments; everything else still works.
    Full(String),
    /// There is no such site.
    UnknownSite,
    /// A record cannot be read, or the store is none of ours.
    Damaged(String),
}

impl Error {
    /// Whether the same call may succeed later without anybody's doing.
    pub fn transient(&self) -> bool {
        matches!(self, Error::Unavailable(_) | Error::NotReady { .. } | Error::Full(_))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Unavailable(why) => write!(f, "the store is unavailable: {why}"),
            Error::NotReady { reason, detail } => write!(f, "the store is not ready ({reason}): {detail}"),
            Error::Full(why) => write!(f, "the store is full: {why}"),
            Error::UnknownSite => f.write_str("there is no such site"),
            Error::Damaged(why) => write!(f, "the store is damaged: {why}"),
        }
    }
}

impl std::error::Error for Error {}
