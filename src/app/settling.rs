//! Finding out who the store is, at the start and, while it is away, until it is there.

use std::time::Duration;

use crate::service::{Error, FirstKeys, FirstStart, Service, Settled};
use crate::store;

/// How often a store that is away is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(150);

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
    /// It is away, for this reason.
    Away(String, Settling),
}

/// Looks for the store, and begins an empty one.
pub struct Settling {
    keeper: Box<dyn Keeper>,
    first: FirstStart,
}

impl Settling {
    /// Nothing is looked for yet.
    pub(super) fn new(keeper: Box<dyn Keeper>) -> Self {
        Self { keeper, first: FirstStart::default() }
    }

    /// Looks once. A store in the data directory that cannot be used is an error; one that is elsewhere may come back.
    pub(super) async fn begin(mut self, service: &Service, settings: &store::Settings) -> Result<Store, Error> {
        match self.look(service).await {
            Ok(settled) => Ok(Store::Seen(settled)),
            Err(error @ (Error::Unavailable(_) | Error::NotReady { .. })) if !settings.is_embedded() => {
                tracing::warn!("listening without the store, which is looked for all the time: {error}");
                Ok(Store::Away(error.to_string(), self))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks until it is there.
    pub(super) async fn end(mut self, service: &Service) -> Settled {
        let mut told = String::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look(service).await {
                Ok(settled) => {
                    tracing::info!("the store is there");
                    return settled;
                }
                // Said once, not at every look.
                Err(error) if error.to_string() != told => {
                    told = error.to_string();
                    tracing::warn!("the store is still looked for: {error}");
                }
                Err(_) => {}
            }
        }
    }

    async fn look(&mut self, service: &Service) -> Result<Settled, Error> {
        let settled = service.settle(&mut self.first, |keys| self.keeper.keep(keys)).await?;
        if matches!(settled, Settled::Overtaken) {
            self.keeper.discard();
        }
        Ok(settled)
    }
}
