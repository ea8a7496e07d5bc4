//! What an attempt failed with, sorted by what may be done about it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::address::Server;
use crate::store::Error;

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nobody was there to carry it out; in a moment, or elsewhere, somebody may be.
    NotDone(String),
    /// The server will not carry it out now; in a moment, or elsewhere, somebody will.
    Later(String),
    /// It may have been carried out or not: there was no answer.
    Doubtful(String),
    /// It is carried out, or was before, but too few replicas have it yet.
    Short(String),
    /// The slot is another server's.
    Moved(Server),
    /// The slot is on its way to another server, and what was asked for may be there already.
    Ask(Server),
    /// The server does not know the script.
    NoScript,
    /// The server has no memory left.
    NoMemory,
    /// To repeat it helps nobody.
    Final(Error),
}

impl Fault {
    /// Of a command that was sent to this server.
    pub(super) fn of(why: &RedisError, server: &Server) -> Self {
        let text = || format!("{server}: {why}");
        let elsewhere = || why.redirect_node().and_then(|(there, _)| Server::told(there, &server.host));
        match (why.kind(), why.code()) {
            (ErrorKind::Server(ServerErrorKind::Moved), _) => {
                elsewhere().map_or_else(|| Fault::NotDone(text()), Fault::Moved)
            }
            (ErrorKind::Server(ServerErrorKind::Ask), _) => {
                elsewhere().map_or_else(|| Fault::NotDone(text()), Fault::Ask)
            }
            (ErrorKind::Server(ServerErrorKind::NoScript), _) => Fault::NoScript,
            (_, Some("CLUSTERDOWN" | "LOADING" | "MASTERDOWN")) => Fault::NotDone(text()),
            (_, Some("TRYAGAIN" | "READONLY" | "NOREPLICAS" | "BUSY")) => Fault::Later(text()),
            // Blocked while the server became a replica: what came before it may be done.
            (_, Some("UNBLOCKED")) => Fault::Short(text()),
            (_, Some("OOM")) => Fault::NoMemory,
            _ if why.detail().is_some_and(|detail| detail.contains("user executing the script can't")) => {
                refused(server, why)
            }
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => refused(server, why),
            (ErrorKind::Server(_) | ErrorKind::Extension, _) => Fault::Final(Error::Unavailable(text())),
            _ if why.is_connection_refusal() => Fault::NotDone(text()),
            _ => Fault::Doubtful(text()),
        }
    }

    /// Of a connection that did not come about: nothing was sent.
    pub(super) fn of_connecting(why: &RedisError, server: &Server) -> Self {
        match Fault::of(why, server) {
            found @ Fault::Final(Error::NotReady { .. }) => found,
            _ => Fault::NotDone(format!("{server}: {why}")),
        }
    }

    /// What to tell a caller for whom there is no time left.
    pub(super) fn into_error(self) -> Error {
        match self {
            Fault::NotDone(why) | Fault::Later(why) | Fault::Doubtful(why) | Fault::Short(why) => {
                Error::Unavailable(why)
            }
            Fault::Moved(server) | Fault::Ask(server) => {
                Error::Unavailable(format!("the keys move to {server}, and cannot be reached meanwhile"))
            }
            Fault::NoScript => Error::Unavailable("the server forgets its scripts at once".to_owned()),
            Fault::NoMemory => Error::Unavailable("Redis has no memory left (maxmemory)".to_owned()),
            Fault::Final(error) => error,
        }
    }
}

/// The server does not let us in, or not do what we must.
fn refused(server: &Server, why: &RedisError) -> Fault {
    let detail = format!("{server} refuses the user or the password of store.url, or what that user may do: {why}");
    Fault::Final(Error::NotReady { reason: "access", detail })
}
