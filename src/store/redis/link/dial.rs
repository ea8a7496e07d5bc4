//! Connections: how one is made, and one that many callers share and that is made anew when it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    TlsCertificates,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::address::{Address, Server};
use super::fault::Fault;
use crate::clock::Stopwatch;

/// How long making a connection may take, with TLS and password.
const CONNECT: Duration = Duration::from_millis(500);
/// How long redis-rs waits for an answer: longer than any caller, each of whom has a limit of its own.
const ANSWER: Duration = Duration::from_secs(3);
/// How many commands may wait to be written to a connection, and how many for an answer.
const WAITING: usize = 1024;
const IN_FLIGHT: usize = 4096;
/// For how long a connection that failed is not tried again by somebody else.
const AGAIN: Duration = Duration::from_millis(25);

/// How connections are made.
#[derive(Clone)]
pub(super) struct Dial {
    who: RedisConnectionInfo,
    tls: bool,
    /// PEM; `None`: the system's roots.
    ca: Option<Vec<u8>>,
    engine: Handle,
}

impl Dial {
    pub(super) fn new(address: &Address, ca: Option<Vec<u8>>, engine: Handle) -> Self {
        let mut who = RedisConnectionInfo::default().set_db(address.db);
        if let Some(user) = &address.user {
            who = who.set_username(user);
        }
        if let Some(password) = &address.password {
            who = who.set_password(password);
        }
        Self { who, tls: address.tls, ca, engine }
    }

    /// The same without user, password and database.
    pub(super) fn as_nobody(&self) -> Self {
        Self { who: RedisConnectionInfo::default(), ..self.clone() }
    }

    /// Makes a connection, which lives on the engine's thread.
    pub(super) async fn connect(&self, server: &Server) -> Result<MultiplexedConnection, Fault> {
        let of = |why: &redis::RedisError| Fault::of_connecting(why, server);
        let client = self.client(server).map_err(|why| of(&why))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_pipeline_buffer_size(WAITING)
            .set_concurrency_limit(IN_FLIGHT);
        let made = self.engine.spawn(async move {
            tokio::time::timeout(CONNECT, client.get_multiplexed_async_connection_with_config(&config)).await
        });
        match made.await {
            Ok(Ok(made)) => made.map_err(|why| of(&why)),
            Ok(Err(_)) => Err(Fault::NotDone(format!("{server}: no connection within {CONNECT:?}"))),
            Err(_) => Err(Fault::NotDone("the store is closed".to_owned())),
        }
    }

    fn client(&self, server: &Server) -> redis::RedisResult<Client> {
        let (host, port) = (server.host.clone(), server.port);
        let addr = match self.tls {
            true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            false => ConnectionAddr::Tcp(host, port),
        };
        let info: ConnectionInfo = addr.into_connection_info()?.set_redis_settings(self.who.clone());
        match &self.ca {
            Some(ca) if self.tls => {
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(ca.clone()) })
            }
            _ => Client::open(info),
        }
    }
}

/// A connection to one server that callers share.
pub(super) struct Wire {
    dial: Arc<Dial>,
    server: Server,
    place: Mutex<Place>,
    /// How many connections were made.
    made: AtomicU64,
}

#[derive(Default)]
struct Place {
    open: Option<(u64, MultiplexedConnection)>,
    failed: Option<(Stopwatch, Fault)>,
}

/// A connection, and which of those that its wire has made it is.
pub(super) struct Connection {
    pub(super) through: MultiplexedConnection,
    number: u64,
    /// Whether it was made just now.
    pub(super) is_new: bool,
}

impl Wire {
    pub(super) fn new(dial: Arc<Dial>, server: Server) -> Self {
        Self { dial, server, place: Mutex::default(), made: AtomicU64::new(0) }
    }

    /// The connection; it is made if there is none.
    pub(super) async fn connection(&self) -> Result<Connection, Fault> {
        let mut place = self.place.lock().await;
        if let Some((number, open)) = &place.open {
            return Ok(Connection { through: open.clone(), number: *number, is_new: false });
        }
        // Whoever waited while another's attempt failed does not try all the same again.
        if let Some((since, fault)) = &place.failed
            && since.elapsed() < AGAIN
        {
            return Err(fault.clone());
        }
        match self.dial.connect(&self.server).await {
            Ok(through) => {
                let number = self.made.fetch_add(1, Ordering::Relaxed);
                *place = Place { open: Some((number, through.clone())), failed: None };
                Ok(Connection { through, number, is_new: true })
            }
            Err(fault) => {
                place.failed = Some((Stopwatch::start(), fault.clone()));
                Err(fault)
            }
        }
    }

    /// Lets nobody use what is open, whatever it is.
    pub(super) async fn close(&self) {
        self.place.lock().await.open = None;
    }

    /// Lets nobody else use a connection on which something went wrong; who waits on it already goes on waiting.
    pub(super) async fn lost(&self, connection: &Connection) {
        let mut place = self.place.lock().await;
        if place.open.as_ref().is_some_and(|(number, _)| *number == connection.number) {
            place.open = None;
        }
    }
}
