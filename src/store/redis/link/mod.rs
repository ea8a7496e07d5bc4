//! The way to the servers: one, behind Sentinels, or a cluster. It finds who has a key, repeats what may be repeated while there
//! is time, and lets nothing be written to servers that are not as the settings demand.

mod address;
mod demands;
mod dial;
mod engine;
mod fault;
mod lanes;
mod node;
mod presence;
mod request;
mod servers;
mod watch;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redis::{Cmd, Value};

pub(in crate::store) use self::address::Address;
use self::address::{Kind, Server};
use self::demands::{Demands, Found};
use self::dial::Dial;
use self::engine::Engine;
use self::fault::Fault;
use self::node::{Node, Way};
use self::request::{Request, Scripts, Whole};
use self::servers::Servers;
use self::watch::Bell;
use super::plan::{Committed, Plan};
use crate::clock::Stopwatch;
use crate::store::{Durability, Error, OpenError, Settings, Status};

/// How long a call may take, and one that waits for replicas.
const LIMIT: Duration = Duration::from_millis(1000);
const LIMIT_OF_REPLICATED: Duration = Duration::from_millis(1500);
/// Between two attempts: the first pause, and the longest.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// For how long a primary may be without replicas before callers are told instead of waiting: a failover takes a moment.
const GRACE: Duration = Duration::from_millis(1500);

/// The way to the servers.
pub(super) struct Link {
    inner: Arc<Inner>,
    scripts: Scripts,
    bell: Arc<Bell>,
    engine: Engine,
}

/// What tasks share with the link.
struct Inner {
    servers: Servers,
    demands: Demands,
}

/// What came of a request.
struct Reply {
    value: Value,
    /// Whether an attempt before may have been carried out.
    after_doubt: bool,
}

impl Link {
    /// Opens nothing yet.
    pub(super) fn new(settings: &Settings) -> Result<Self, OpenError> {
        let address = Address::parse(&settings.url).map_err(|why| OpenError::Address(format!("store.url {why}")))?;
        if address.tls {
            // Whoever was first in this process did the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let ca = address.tls.then(|| certificates(&settings.tls_ca)).transpose()?.flatten();
        let durability = match settings.durability {
            Durability::Usual => address.kind.usual_durability(),
            chosen => chosen,
        };
        let demands = Demands { durability, replicas: settings.replicas };
        let engine = Engine::start().map_err(|why| OpenError::Address(format!("no thread for the store: {why}")))?;
        let dial = Dial::new(&address, ca, engine.handle().clone());
        let servers = Servers::new(address, dial, (demands, &settings.prefix), engine.handle().clone());
        let (inner, bell) = (Arc::new(Inner { servers, demands }), Arc::new(Bell::default()));
        engine.run(watch::watch(Arc::downgrade(&inner), Arc::clone(&bell)));
        Ok(Self { inner, scripts: Scripts::new(), bell, engine })
    }

    /// Asks one question.
    pub(super) async fn read(&self, question: Cmd) -> Result<Value, Error> {
        let request = Arc::new(Request::of(question, true));
        Ok(self.carry(Way::Read, request).await?.value)
    }

    /// Runs one command that writes, at the configured durability.
    pub(super) async fn write(&self, command: Cmd) -> Result<Value, Error> {
        let request = Arc::new(Request::of(command, false));
        Ok(self.carry(Way::Write, request).await?.value)
    }

    /// Runs a plan, at the configured durability: also an answer that it found something there already is given only once
    /// that is as durable. Whether an attempt before this answer may have been carried out comes with it.
    pub(super) async fn commit(&self, plan: &Plan, tag: &str) -> Result<(Committed, bool), Error> {
        let request = Arc::new(Request::commit(&self.scripts, plan, tag));
        let reply = self.carry(Way::Write, request).await?;
        Ok((Committed::of(reply.value)?, reply.after_doubt))
    }

    /// Waits until what was read of a place is at the configured durability: an answer that was found instead of written may
    /// be one that its writer was never told of, because replicas did not have it. It costs nothing at other levels than
    /// `replicated`.
    pub(super) async fn vouch(&self, key: &str) -> Result<(), Error> {
        if self.inner.demands.durability != Durability::Replicated {
            return Ok(());
        }
        let mut command = redis::cmd("EXISTS");
        command.arg(key);
        // The lane writes its marker behind whatever goes over it.
        self.carry(Way::Write, Arc::new(Request::of(command, true))).await.map(drop)
    }

    /// Whether all servers are there and as demanded; the first fault that there is.
    pub(super) async fn health(&self) -> Result<(), Error> {
        self.bell.ring();
        if self.inner.servers.known().is_empty() {
            self.inner.servers.here()?;
            let asked = tokio::time::timeout(LIMIT, self.inner.servers.ask()).await;
            asked
                .unwrap_or_else(|_| Err(Fault::NotDone("the servers do not answer".to_owned())))
                .map_err(Fault::into_error)?;
        }
        let nodes = self.inner.servers.known();
        let looks = nodes.iter().map(async |node| {
            node.presence.here()?;
            node.fit().await.map_err(Fault::into_error)
        });
        join_all(looks).await.into_iter().collect()
    }

    /// What is known of the servers, without asking them.
    pub(super) fn status(&self) -> Status {
        let nodes = self.inner.servers.known();
        let verified = !nodes.is_empty() && nodes.iter().all(|node| matches!(node.fitness(), Some((Found::Fit, _))));
        let (kind, durability) = (self.inner.servers.kind().as_str(), self.inner.demands.durability);
        Status { kind, durability, verified }
    }

    /// Runs something on the link's thread, until it is done or the link is gone.
    pub(super) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.run(task);
    }

    /// Brings a request to the server that has its slot, again and again while that may help and there is time.
    async fn carry(&self, way: Way, request: Arc<Request>) -> Result<Reply, Error> {
        let limit = match (way, self.inner.demands.durability) {
            (Way::Write, Durability::Replicated) => LIMIT_OF_REPLICATED,
            _ => LIMIT,
        };
        let began = Stopwatch::start();
        let mut journey = Journey { whole: Whole::Named, sent_to: None, after_doubt: false, pause: PAUSE };
        loop {
            let left = limit.saturating_sub(began.elapsed());
            let attempt = self.attempt(way, &request, &mut journey, left).await;
            let fault = match attempt {
                Ok(value) => return Ok(Reply { value, after_doubt: journey.after_doubt }),
                Err(fault) => fault,
            };
            let again = self.after(&fault, &request, &mut journey, limit.saturating_sub(began.elapsed())).await;
            let pause = journey.pause;
            if !again || began.elapsed() + pause >= limit {
                self.bell.ring();
                return Err(match fault {
                    Fault::NoMemory if request.needs_room => {
                        Error::Full("Redis has no memory left (maxmemory)".to_owned())
                    }
                    fault => fault.into_error(),
                });
            }
            if !matches!(fault, Fault::NoScript | Fault::Moved(_) | Fault::Ask(_)) {
                tokio::time::sleep(pause).await;
                journey.pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn attempt(
        &self,
        way: Way,
        request: &Arc<Request>,
        journey: &mut Journey,
        left: Duration,
    ) -> Result<Value, Fault> {
        let began = Stopwatch::start();
        let (node, asking) = match journey.sent_to.take() {
            Some((server, asking)) => (self.inner.servers.node(&server), asking),
            None => match tokio::time::timeout(left, self.inner.servers.of(request.slot)).await {
                Ok(node) => (node?, false),
                Err(_) => return Err(Fault::NotDone("nobody tells where the store is".to_owned())),
            },
        };
        if node.fitness().is_none() {
            self.bell.ring();
        }
        node.presence.here().map_err(Fault::Final)?;
        let sent = node.send(way, request, (journey.whole, asking), left.saturating_sub(began.elapsed())).await;
        match sent {
            // Of a site whose keys are on their way a script would find some here and some there. It waits for the last.
            Err(Fault::Ask(server)) if request.is_script() => {
                Err(Fault::Later(format!("the site's keys are moving to {server}")))
            }
            Err(Fault::Final(why)) if self.is_passing(&node, &why) => Err(Fault::Later(why.to_string())),
            sent => sent,
        }
    }

    /// Whether a server that is not as demanded may be so in a moment, because a failover is under way.
    fn is_passing(&self, node: &Node, why: &Error) -> bool {
        let reason = match why {
            Error::NotReady { reason, .. } => *reason,
            _ => return false,
        };
        let is_one_of_several = *self.inner.servers.kind() != Kind::Single;
        let is_new = node.fitness().is_none_or(|(_, since)| since < GRACE);
        is_one_of_several && is_new && matches!(reason, "replica" | "no-replicas")
    }

    /// Does what helps after a fault; whether an attempt more makes sense.
    async fn after(&self, fault: &Fault, request: &Request, journey: &mut Journey, left: Duration) -> bool {
        match fault {
            Fault::Final(_) | Fault::NoMemory => return false,
            Fault::NoScript => {
                let is_first = journey.whole == Whole::Named;
                journey.whole = Whole::Sent;
                return is_first;
            }
            Fault::Moved(server) => {
                journey.sent_to = Some((server.clone(), false));
                self.bell.ring();
                return true;
            }
            Fault::Ask(server) => {
                journey.sent_to = Some((server.clone(), true));
                return true;
            }
            Fault::NotDone(_) | Fault::Later(_) => {}
            Fault::Doubtful(_) | Fault::Short(_) => {
                journey.after_doubt = true;
                if !request.repeatable {
                    self.bell.ring();
                    return false;
                }
            }
        }
        if *self.inner.servers.kind() != Kind::Single {
            // What came of it, the next attempt shows.
            let _ = tokio::time::timeout(left, self.inner.servers.ask()).await;
        }
        true
    }
}

/// What a request has met on its way so far.
struct Journey {
    whole: Whole,
    /// Where it was sent, and whether only to ask there.
    sent_to: Option<(Server, bool)>,
    after_doubt: bool,
    /// Before the next attempt.
    pause: Duration,
}

/// The certificates in the file of `store.tls_ca`; `None`: those of the system hold.
fn certificates(path: &str) -> Result<Option<Vec<u8>>, OpenError> {
    if path.is_empty() {
        return Ok(None);
    }
    let failed = |why: String| OpenError::Address(format!("store.tls_ca: {path} {why}"));
    let text = std::fs::read(path).map_err(|why| failed(format!("cannot be read: {why}")))?;
    match text.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") {
        true => Ok(Some(text)),
        false => Err(failed("holds no certificate (PEM)".to_owned())),
    }
}
