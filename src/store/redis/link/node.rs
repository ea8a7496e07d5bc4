//! One server: its connections, whether it answers, and whether it is as the settings demand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, Value};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::address::Server;
use super::demands::{ASKED, Demands, Found, Words};
use super::dial::{Connection, Dial, Wire};
use super::fault::Fault;
use super::lanes::{self, Lane};
use super::presence::{Presence, Turn};
use super::request::{Request, Whole};
use crate::clock::Stopwatch;
use crate::store::{Durability, Error};

/// How many connections reads share: a page of long comments delays but a part of the others.
const READS: usize = 2;
/// How many lanes there are to a primary.
const LANES: usize = 4;
/// How long a server may take to say how it is set up.
const WORDS: Duration = Duration::from_millis(500);

/// A server.
pub(super) struct Node {
    pub(super) server: Server,
    pub(super) demands: Demands,
    /// What all keys begin with.
    pub(super) names: String,
    pub(super) presence: Presence,
    reads: [Wire; READS],
    next_read: AtomicUsize,
    writes: Wire,
    /// For looking at the server itself.
    watch: Wire,
    lanes: Vec<(Wire, Lane)>,
    fitness: Mutex<Fitness>,
}

/// What is known of whether a server is as demanded.
#[derive(Default)]
struct Fitness {
    known: Option<(Found, Stopwatch)>,
    /// What the log was told last.
    told: Option<Found>,
}

/// Which way a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It changes nothing.
    Read,
    /// It changes something, at the demanded durability.
    Write,
}

impl Node {
    /// A server to which nothing is open yet.
    pub(super) fn new(
        server: Server,
        dial: &Arc<Dial>,
        (demands, names): (Demands, &str),
        engine: &Handle,
    ) -> Arc<Self> {
        let wire = || Wire::new(Arc::clone(dial), server.clone());
        Arc::new_cyclic(|node| {
            let count = if demands.durability == Durability::Replicated { LANES } else { 0 };
            let lanes = (0..count).map(|number| {
                let (lane, jobs) = Lane::new();
                engine.spawn(lanes::work(node.clone(), number, jobs));
                (wire(), lane)
            });
            Self {
                demands,
                names: names.to_owned(),
                presence: Presence::default(),
                reads: [wire(), wire()],
                next_read: AtomicUsize::new(0),
                writes: wire(),
                watch: wire(),
                lanes: lanes.collect(),
                fitness: Mutex::default(),
                server: server.clone(),
            }
        })
    }

    /// Sends a command and waits for its answer, but not longer than so.
    pub(super) async fn send(
        &self,
        way: Way,
        request: &Arc<Request>,
        (whole, asking): (Whole, bool),
        limit: Duration,
    ) -> Result<Value, Fault> {
        let began = Stopwatch::start();
        let sent = match (way, self.lanes.get(usize::from(request.slot) % LANES)) {
            (Way::Write, Some((_, lane))) => {
                let sent = timeout(limit, lane.send(Arc::clone(request), asking)).await;
                sent.unwrap_or_else(|_| Err(self.silent(limit)))
            }
            (Way::Write, None) => self.send_on(&self.writes, way, request.command(whole), (asking, limit)).await,
            (Way::Read, _) => {
                let wire = &self.reads[self.next_read.fetch_add(1, Ordering::Relaxed) % READS];
                self.send_on(wire, way, request.command(whole), (asking, limit)).await
            }
        };
        self.note(began, &sent);
        sent
    }

    async fn send_on(
        &self,
        wire: &Wire,
        way: Way,
        command: &Cmd,
        (asking, limit): (bool, Duration),
    ) -> Result<Value, Fault> {
        let began = Stopwatch::start();
        let ready = async {
            let connection = self.connection(wire).await?;
            if way == Way::Write {
                self.fit().await?;
            }
            Ok(connection)
        };
        let late = |_| Fault::NotDone(format!("{}: no connection within {limit:?}", self.server));
        let mut connection = timeout(limit, ready).await.map_err(late)??;
        let answer = async {
            if asking {
                let mut pipe = redis::pipe();
                pipe.cmd("ASKING").ignore().add_command(command.clone());
                pipe.query_async::<Vec<Value>>(&mut connection.through).await?.pop().ok_or_else(no_answer)
            } else {
                connection.through.send_packed_command(command).await?.extract_error()
            }
        };
        let answer = timeout(limit.saturating_sub(began.elapsed()), answer).await;
        let answer = answer.map(|answer| answer.map_err(|why| Fault::of(&why, &self.server)));
        let answer = answer.unwrap_or_else(|_| Err(self.silent(limit)));
        if matches!(answer, Err(Fault::Doubtful(_))) {
            wire.lost(&connection).await;
        }
        answer
    }

    fn silent(&self, limit: Duration) -> Fault {
        Fault::Doubtful(format!("{} does not answer within {limit:?}", self.server))
    }

    /// Makes what came of an attempt known to those who come after it.
    fn note<T>(&self, began: Stopwatch, answer: &Result<T, Fault>) {
        match answer {
            Err(Fault::Doubtful(why) | Fault::NotDone(why)) => {
                if self.presence.failed(began, why) == Turn::Gone {
                    tracing::warn!("the store at {} is away: {why}", self.server);
                }
            }
            Ok(_) | Err(_) => {
                if self.presence.answered() == Turn::Back {
                    tracing::info!("the store at {} is back", self.server);
                }
            }
        }
        if matches!(answer, Err(Fault::Later(_))) {
            self.set_fitness(None);
        }
    }

    /// A connection. One that was made just now may lead to a server that was set up anew.
    async fn connection(&self, wire: &Wire) -> Result<Connection, Fault> {
        let connection = wire.connection().await?;
        if connection.is_new {
            self.set_fitness(None);
        }
        Ok(connection)
    }

    /// A lane's connection, to a server that is as demanded.
    pub(super) async fn lane_connection(&self, lane: usize) -> Result<Connection, Fault> {
        let connection = self.connection(&self.lanes[lane].0).await?;
        self.fit().await?;
        Ok(connection)
    }

    /// Lets a lane have another connection.
    pub(super) async fn lane_lost(&self, lane: usize, connection: &Connection) {
        self.lanes[lane].0.lost(connection).await;
    }

    /// What is known of its fitness, and for how long.
    pub(super) fn fitness(&self) -> Option<(Found, Duration)> {
        let fitness = self.fitness.lock().unwrap_or_else(PoisonError::into_inner);
        fitness.known.as_ref().map(|(found, since)| (found.clone(), since.elapsed()))
    }

    fn set_fitness(&self, found: Option<Found>) {
        let mut fitness = self.fitness.lock().unwrap_or_else(PoisonError::into_inner);
        if fitness.known.as_ref().map(|(known, _)| known) == found.as_ref() {
            return;
        }
        fitness.known = found.clone().map(|found| (found, Stopwatch::start()));
        if found.is_none() || found == fitness.told {
            return;
        }
        match &found {
            Some(Found::Unfit(why)) => tracing::warn!("nothing is written: {why}"),
            Some(Found::Unverified) => {
                tracing::warn!("the store at {} does not show its settings: they are believed", self.server);
            }
            Some(Found::Fit) if fitness.told.is_some() => {
                tracing::info!("the store at {} is as the settings demand", self.server);
            }
            Some(Found::Fit) | None => {}
        }
        fitness.told = found;
    }

    /// An error unless the server is as demanded; who does not know looks.
    pub(super) async fn fit(&self) -> Result<(), Fault> {
        let found = match self.fitness() {
            Some((found, _)) => found,
            None => self.look().await?,
        };
        match found {
            Found::Unfit(why) => Err(Fault::Final(why)),
            Found::Fit | Found::Unverified => Ok(()),
        }
    }

    /// Looks at the server itself.
    pub(super) async fn look(&self) -> Result<Found, Fault> {
        let began = Stopwatch::start();
        let words = match timeout(WORDS, self.words()).await {
            Ok(words) => words,
            Err(_) => {
                self.watch.close().await;
                Err(self.silent(WORDS))
            }
        };
        self.note(began, &words);
        let found = match words {
            Ok(words) => self.demands.judge(&self.server, &words),
            Err(Fault::Final(error @ Error::NotReady { .. })) => Found::Unfit(error),
            Err(fault) => return Err(fault),
        };
        self.set_fitness(Some(found.clone()));
        Ok(found)
    }

    async fn words(&self) -> Result<Words, Fault> {
        let mut connection = self.watch.connection().await?;
        let mut pipe = redis::pipe();
        pipe.ignore_errors().cmd("INFO").cmd("CONFIG").arg("GET").arg(&ASKED).cmd("CLUSTER").arg("INFO");
        let answer: Result<Vec<Result<Value, RedisError>>, RedisError> =
            pipe.query_async(&mut connection.through).await;
        let mut answers = match answer {
            Ok(answers) => answers.into_iter(),
            Err(why) => {
                self.watch.lost(&connection).await;
                return Err(Fault::of(&why, &self.server));
            }
        };
        let info = match answers.next() {
            Some(Err(why)) if why.code() == Some("NOAUTH") => return Err(Fault::of(&why, &self.server)),
            Some(Ok(info)) => pairs(info),
            _ => None,
        };
        if info.as_ref().and_then(|info| info.get("loading")).is_some_and(|loading| loading != "0") {
            return Err(Fault::NotDone(format!("{} is loading its data", self.server)));
        }
        let config = answers.next().and_then(Result::ok);
        let config = config.and_then(|config| redis::from_redis_value::<HashMap<String, String>>(config).ok());
        let cluster = answers.next().and_then(Result::ok).and_then(pairs);
        if cluster.as_ref().and_then(|cluster| cluster.get("cluster_state")).is_some_and(|state| state != "ok") {
            return Err(Fault::NotDone(format!("{}: the cluster is down", self.server)));
        }
        Ok(Words { info, config })
    }
}

/// The lines `key:value` of an answer.
fn pairs(answer: Value) -> Option<HashMap<String, String>> {
    let text = redis::from_redis_value::<String>(answer).ok()?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Some(pairs.map(|(key, value)| (key.to_owned(), value.trim_end().to_owned())).collect())
}

fn no_answer() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "a pipeline without an answer").into()
}
