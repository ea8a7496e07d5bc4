//! The way to the servers.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, RedisError, Script, Value};

use super::plan::{Committed, Plan};
use crate::store::{Error, OpenError};

/// The script, for new comments and for everything else: `allow-oom` lets a script begin while the memory is full.
const COMMIT: &str = concat!("#!lua\n", include_str!("commit.lua"));
const COMMIT_WITHOUT_ROOM: &str = concat!("#!lua flags=allow-oom\n", include_str!("commit.lua"));

/// The way to the servers.
pub(super) struct Link {
    connection: ConnectionManager,
    commit: Script,
    commit_without_room: Script,
}

impl Link {
    /// Opens nothing yet.
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let failed = |_| OpenError::unknown_url(url);
        let client = redis::Client::open(url).map_err(failed)?;
        let connection =
            ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new()).map_err(failed)?;
        Ok(Self { connection, commit: Script::new(COMMIT), commit_without_room: Script::new(COMMIT_WITHOUT_ROOM) })
    }

    /// Asks one question.
    pub(super) async fn read(&self, question: Cmd) -> Result<Value, Error> {
        question.query_async(&mut self.connection.clone()).await.map_err(|why| error_of(&why))
    }

    /// Runs one command that writes, at the configured durability.
    pub(super) async fn write(&self, command: Cmd) -> Result<Value, Error> {
        self.read(command).await
    }

    /// Runs a plan, at the configured durability.
    pub(super) async fn commit(&self, plan: &Plan, tag: &str) -> Result<Committed, Error> {
        let script = if plan.needs_room { &self.commit } else { &self.commit_without_room };
        let mut invocation = script.key(plan.prefix.as_str());
        for argument in plan.arguments(tag) {
            invocation.arg(argument);
        }
        let answer = invocation.invoke_async(&mut self.connection.clone()).await.map_err(|why| error_of(&why))?;
        Committed::of(answer)
    }
}

fn error_of(why: &RedisError) -> Error {
    match why.code() {
        Some("OOM") => Error::Full("Redis has no memory left (maxmemory)".to_owned()),
        _ => Error::Unavailable(why.to_string()),
    }
}
