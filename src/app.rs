//! The composition root: puts the parts together, serves, and takes them apart in order.

mod open_files;
mod reload;
mod settling;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use open_files::{Room, room_for};
pub use reload::Configured;
use reload::Triggers;
use settling::Settling;
pub use settling::{Keeper, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::clock::Clock;
use crate::config::{Loaded, Settings};
use crate::http;
use crate::service::{self, Chance, Configuration, Parts, Service, Settled, settle};
use crate::store::{self, ServeLock};
use crate::telemetry;

/// A service that listens. Dropped parts go in the order of the fields: server, service and store, lock.
pub struct App {
    server: actix_web::dev::Server,
    service: Arc<Service>,
    configured: Configured,
    triggers: Triggers,
    signals: Signals,
    address: SocketAddr,
    store: Store,
    /// `None` for a store that any number of processes serve.
    lock: Option<ServeLock>,
}

impl App {
    /// Opens everything that can refuse before the store is written to, so that a failed start leaves no keys behind;
    /// `keeper` is given the keys of a first start. A store that is elsewhere may be away: then it listens all the same, says that
    /// it is not ready, and goes on looking while it runs.
    pub async fn start(configured: Configured, keeper: Box<dyn Keeper>) -> Result<Self, Error> {
        let loaded = configured.loaded();
        let settings = &loaded.settings;
        let signals = Signals::listen().map_err(Error::Signals)?;
        let triggers = Triggers::listen().map_err(Error::Signals)?;
        // Listening comes first, because taking the lock makes the directory. If the address is taken, that is often by
        // the service of this very directory: then that is what there is to say.
        let listener = bind(&settings.http).or_else(|refused| {
            if settings.store.is_embedded() && has_lock(&settings.data_dir) {
                take_lock(&settings.data_dir)?;
            }
            Err(refused)
        })?;
        let lock = settings.store.is_embedded().then(|| take_lock(&settings.data_dir)).transpose()?;
        let address = listener.local_addr().map_err(|error| Error::Listen(listen_address(&settings.http), error))?;
        let service = Arc::new(service(loaded)?);
        let store = Settling::new(keeper).begin(&service, &settings.store).await?;
        if matches!(store, Store::Seen(_)) {
            service.tell_contradictions().await;
        }
        let metrics = http::Metrics::default();
        let registry = Arc::new(telemetry::registry(&service, &metrics));
        let monitoring = http::Monitoring { registry, metrics, settings: settings.metrics.clone() };
        let max_connections = open_files::make_room_for(settings.http.max_connections);
        let edge = http::Settings { max_connections, ..settings.http.clone() };
        let pages = http::Pages { monitoring, demo: settings.demo.clone() };
        let server = http::server(listener, Arc::clone(&service), pages, &edge)
            .map_err(|error| Error::Listen(address.to_string(), error))?;
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
        Ok(Self { server, service, configured, triggers, signals, address, store, lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Whether the store was seen by now.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Serves until SIGTERM or SIGINT, then lets the requests in flight finish; a second signal ends it at once. `tell` is
    /// told of a store that was away at the start, once it is there.
    pub async fn run(self, tell: impl AsyncFnOnce(&Service, Settled)) -> Result<(), Error> {
        let Self { mut server, service, mut configured, mut triggers, mut signals, address: _, store, lock } = self;
        let handle = server.handle();
        let keep_house = async {
            if let Store::Away(settling) = store {
                let settled = settling.end(&service).await;
                tell(&service, settled).await;
                service.tell_contradictions().await;
            }
            service.keep_house().await;
        };
        tokio::select! {
            ended = &mut server => {
                ended.map_err(Error::Server)?;
                return Err(Error::Server(io::Error::other("it ended by itself")));
            }
            name = signals.next() => tracing::info!(signal = name, "stopping: finishing the requests in flight"),
            () = configured.keep(&service, &mut triggers) => {}
            // A step that was handed to the store is finished before the store closes.
            () = keep_house => {}
            () = service.learn_on() => {}
        }
        let drained = async { tokio::join!(handle.stop(true), server).1 };
        tokio::select! {
            ended = drained => {
                ended.map_err(Error::Server)?;
                close(service).await;
            }
            name = signals.next() => tracing::warn!(signal = name, "stopping at once"),
        }
        drop(lock);
        tracing::info!("stopped");
        Ok(())
    }
}

/// Drops the service as its last owner, so that the store's log is in the database when the process ends. The server's threads
/// let go of it only after the server has ended: a moment later, and in no order.
async fn close(mut service: Arc<Service>) {
    const LOOK_EVERY: Duration = Duration::from_millis(5);
    const MOST_LOOKS: usize = 400;
    for _ in 0..MOST_LOOKS {
        match Arc::try_unwrap(service) {
            Ok(last) => return drop(last),
            Err(shared) => service = shared,
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tracing::warn!("ending while the store is still in use; its log is read at the next start");
}

/// The service over the store of these settings without an edge, also beside a process that serves it.
pub async fn beside(loaded: Loaded) -> Result<Service, Error> {
    let settings = &loaded.settings;
    // Opening a store makes one where there is none, but whoever asks for a list wants to find data, not to make some.
    if settings.store.is_embedded() && !is_filled(&settings.data_dir) {
        return Err(Error::empty(settings));
    }
    let service = service(&loaded)?;
    if service.look_for_store().await? { Ok(service) } else { Err(Error::empty(settings)) }
}

/// Whether there is anything in a directory.
pub fn is_filled(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

/// A service whose memory ends with the process, at a time set by hand.
pub async fn in_memory(configuration: Configuration, clock: Clock) -> Result<Service, Error> {
    let store = store::in_memory().map_err(|error| Error::Store(error.to_string()))?;
    let identity = settle(store.as_ref(), true, clock.now(), |_| Ok(())).await?;
    Ok(Service::new(Parts { store, identity, clock, chance: Chance::System, configuration }))
}

/// Where these settings listen, as `address:port`.
pub fn listen_address(settings: &http::Settings) -> String {
    settings.listen.clone()
}

fn bind(settings: &http::Settings) -> Result<TcpListener, Error> {
    /// How many connections may wait until one is taken up; the system may allow fewer (`net.core.somaxconn`).
    const WAITING: i32 = 2048;
    let address = listen_address(settings);
    // The standard library has room for 128, and callers beyond that lose a second before they try again. Listening once
    // more changes that number and nothing else.
    let listening = TcpListener::bind(&address).and_then(|listener| {
        rustix::net::listen(&listener, WAITING)?;
        Ok(listener)
    });
    listening.map_err(|error| Error::Listen(address, error))
}

fn take_lock(data_dir: &Path) -> Result<ServeLock, Error> {
    ServeLock::take(data_dir).map_err(|error| Error::Store(error.to_string()))
}

/// Whether a data directory was served before.
fn has_lock(data_dir: &Path) -> bool {
    data_dir.join("serve.lock").is_file()
}

/// The service over the store of these settings, which is asked for nothing yet.
fn service(loaded: &Loaded) -> Result<Service, Error> {
    let settings = &loaded.settings;
    let store = store::open(&settings.store, &settings.data_dir, &Clock::System);
    let store = store.map_err(|error| Error::Store(error.to_string()))?;
    Ok(Service::before_store(store, Clock::System, Chance::System, loaded.configuration()))
}

/// The signals that ask a process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Why the parts could not be put together, or stopped working.
#[derive(Debug)]
pub enum Error {
    /// There is no data in this place; the second text says how to name another.
    Empty(String, &'static str),
    /// The store cannot be opened, or somebody serves it already.
    Store(String),
    /// The address cannot be listened on.
    Listen(String, io::Error),
    /// Signals cannot be received.
    Signals(io::Error),
    /// The server failed.
    Server(io::Error),
    /// A verb failed.
    Service(service::Error),
}

impl Error {
    /// There is no data where these settings say.
    pub fn empty(settings: &Settings) -> Self {
        match settings.store.is_embedded() {
            true => Error::Empty(settings.data_dir.display().to_string(), "--data DIR"),
            false => Error::Empty(settings.store.shown(), "store.url"),
        }
    }
}

impl From<service::Error> for Error {
    fn from(error: service::Error) -> Self {
        Error::Service(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty(place, other) => {
                write!(f, "there is no data in {place}; `moderato serve` makes it, {other} names another place")
            }
            Error::Store(error) => f.write_str(error),
            Error::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{address} is taken by another program; MODERATO__HTTP__LISTEN=127.0.0.1:9000 sets another")
            }
            Error::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Error::Signals(error) => write!(f, "cannot receive signals: {error}"),
            Error::Server(error) => write!(f, "the server failed: {error}"),
            Error::Service(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
