//! Finding out who the store is, at the start and, while it is away, until it is there.

use std::time::Duration;

use crate::service::{Error, FirstKeys, FirstStart, Service, Settled};
use crate::store;

/// How often a store that is away is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// How long one look may take: what was cut short is found out by the next.
const LONGEST: Duration = Duration::from_secs(3);

/// Where the keys of a first start go.
pub trait Keeper {
    /// Keeps them, before anything is written to the store; if it cannot, the store does not begin with them.
    fn keep(&mut self, keys: &FirstKeys) -> Result<(), Error>;

    /// Throws them away again: another process was faster, and they open nothing.
    fn discard(&mut self);
}

/// How a start found its store.
pub enum Store {
    /// It is there.
    Seen(Settled),
    /// It is away.
    Away(Settling),
}

/// Looks for the store, and begins an empty one.
pub struct Settling {
    keeper: Box<dyn Keeper>,
    first: FirstStart,
    /// Why the store was away when somebody was told last.
    told: String,
}

impl Settling {
    /// Nothing is looked for yet.
    pub(super) fn new(keeper: Box<dyn Keeper>) -> Self {
        Self { keeper, first: FirstStart::default(), told: String::new() }
    }

    /// Looks once. A store in the data directory that cannot be used is an error; one that is elsewhere may come back.
    pub(super) async fn begin(mut self, service: &Service, settings: &store::Settings) -> Result<Store, Error> {
        match self.look(service).await {
            Ok(settled) => Ok(Store::Seen(settled)),
            Err(error @ (Error::Unavailable(_) | Error::NotReady { .. })) if !settings.is_embedded() => {
                tracing::warn!("listening without the store, which is looked for all the time: {error}");
                self.told = error.to_string();
                Ok(Store::Away(self))
            }
            Err(error) => Err(error),
        }
    }

    /// Why the store is away.
    pub fn why(&self) -> &str {
        &self.told
    }

    /// Looks until it is there.
    pub(super) async fn end(mut self, service: &Service) -> Settled {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look(service).await {
                Ok(settled) => {
                    tracing::info!("the store is there");
                    return settled;
                }
                // Said once, not at every look.
                Err(error) if error.to_string() != self.told => {
                    self.told = error.to_string();
                    tracing::warn!("the store is still looked for: {error}");
                }
                Err(_) => {}
            }
        }
    }

    async fn look(&mut self, service: &Service) -> Result<Settled, Error> {
        let looking = service.settle(&mut self.first, |keys| self.keeper.keep(keys));
        let late = || Error::Unavailable(format!("no answer within {} s", LONGEST.as_secs()));
        let settled = tokio::time::timeout(LONGEST, looking).await.map_err(|_| late())??;
        if matches!(settled, Settled::Overtaken) {
            self.keeper.discard();
        }
        Ok(settled)
    }
}
