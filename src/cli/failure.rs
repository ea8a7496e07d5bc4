//! How a command ends that did not do what it was asked for.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use super::terminal::safe;
use crate::app;
use crate::config;
use crate::service;
use crate::store;

/// Why a command failed, in one line.
#[derive(Debug)]
pub(super) enum Failure {
    /// It did not work.
    Failed(String),
    /// It was asked for in a way that makes no sense.
    Usage(String),
    /// Nobody reads the output any more: no failure, only the end.
    NobodyReads,
}

impl Failure {
    /// It did not work, for this reason.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Failure::Failed(reason.into())
    }

    /// Tells on standard error, and says with which code the program ends.
    pub(super) fn report(self) -> ExitCode {
        let (reason, code) = match self {
            Failure::Failed(reason) => (reason, 1),
            Failure::Usage(reason) => (reason, 2),
            Failure::NobodyReads => return ExitCode::SUCCESS,
        };
        // Without standard error there is nobody to tell.
        let _ = writeln!(io::stderr(), "moderato: {}", safe(&reason));
        ExitCode::from(code)
    }
}

/// A failure to print.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::NobodyReads,
            _ => Failure::new(format!("cannot write: {error}")),
        }
    }
}

impl From<config::Fault> for Failure {
    fn from(fault: config::Fault) -> Self {
        Failure::new(fault.to_string())
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        Failure::new(error.to_string())
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        Failure::new(error.to_string())
    }
}

impl From<store::OpenError> for Failure {
    fn from(error: store::OpenError) -> Self {
        Failure::new(error.to_string())
    }
}

impl From<store::CopyError> for Failure {
    fn from(error: store::CopyError) -> Self {
        Failure::new(error.to_string())
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Failure::new(error.to_string())
    }
}

/// A failure to write JSON: the values are the program's own, so only the writing itself can fail.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::from(io::Error::from(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Failed(reason) | Failure::Usage(reason) => f.write_str(reason),
            Failure::NobodyReads => f.write_str("nobody reads the output"),
        }
    }
}
