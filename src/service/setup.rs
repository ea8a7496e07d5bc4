//! The first start: an empty store becomes one with an identity, the demo site and its keys.

use super::{Chance, Error, NewKey, SecretKey};
use crate::domain::{Bounded, Scope, Site, SiteName, Timestamp};
use crate::store::{self, Identity, Seed, Store};

/// The site that a first start makes.
pub const FIRST_SITE: &str = "demo";

/// The keys that a first start makes; shown once.
#[derive(Clone, Debug)]
pub struct FirstKeys {
    /// For everything; `None` if the deployment gave its own.
    pub operator: Option<SecretKey>,
    /// For the demo site, with every scope.
    pub site: SecretKey,
}

/// What came of looking who the store is.
#[derive(Clone, Debug)]
pub enum Settled {
    /// It was there before.
    Found,
    /// It was empty, and has begun with these keys.
    Begun(FirstKeys),
    /// Another process began it at the same moment, with keys of its own: those that were kept here open nothing.
    Overtaken,
}

/// A first start, which may take several tries while the store comes and goes: its keys are made, and kept, once.
#[derive(Default)]
pub struct FirstStart {
    made: Option<(FirstKeys, Seed)>,
}

impl FirstStart {
    /// Finds the store's identity, and makes one if it is empty. Before anything is written, `keep` is given the new keys: if
    /// it cannot keep them, the store stays empty, and the next try makes others. Nothing begins in a store that is not as the
    /// settings demand.
    pub async fn settle(
        &mut self,
        store: &dyn Store,
        operator_given: bool,
        now: Timestamp,
        mut keep: impl FnMut(&FirstKeys) -> Result<(), Error>,
    ) -> Result<(Identity, Settled), Error> {
        if let Some(identity) = store.identity().await? {
            return Ok(self.ended(identity));
        }
        if let Err(error @ (store::Error::Unavailable(_) | store::Error::NotReady { .. })) = store.health().await {
            return Err(error.into());
        }
        let seed = match &self.made {
            Some((_, seed)) => seed.clone(),
            None => {
                let site = SecretKey::new(Chance::System)?;
                let operator = if operator_given { None } else { Some(SecretKey::new(Chance::System)?) };
                let keys = FirstKeys { operator, site };
                let seed = seed(&keys, now)?;
                keep(&keys)?;
                self.made.insert((keys, seed)).1.clone()
            }
        };
        let identity = store.settle(seed).await?;
        Ok(self.ended(identity))
    }

    /// Whose keys are in the store. A try whose answer was lost may have been the one that made it.
    fn ended(&mut self, identity: Identity) -> (Identity, Settled) {
        let settled = match self.made.take() {
            None => Settled::Found,
            Some((keys, seed)) if seed.identity.store_id == identity.store_id => Settled::Begun(keys),
            Some(_) => Settled::Overtaken,
        };
        (identity, settled)
    }
}

/// Finds the store's identity, and makes one if it is empty, in one try.
pub async fn settle(
    store: &dyn Store,
    operator_given: bool,
    now: Timestamp,
    keep: impl FnMut(&FirstKeys) -> Result<(), Error>,
) -> Result<Identity, Error> {
    FirstStart::default().settle(store, operator_given, now, keep).await.map(|(identity, _)| identity)
}

fn seed(first: &FirstKeys, now: Timestamp) -> Result<Seed, Error> {
    let chance = Chance::System;
    let internal = |fault: crate::domain::Fault| Error::Internal(fault.to_string());
    let site_id: crate::domain::SiteId = FIRST_SITE.parse().map_err(internal)?;
    let name = |text: &str| Bounded::<100>::try_from(text.to_owned()).map_err(internal);
    let all = Scope::ALL.to_vec();
    let of_site = NewKey {
        site: Some(site_id.clone()),
        name: name("first key of the demo site")?,
        scopes: all.clone(),
        expires_at: None,
    };
    let mut keys = vec![first.site.record(of_site, now)];
    if let Some(operator) = &first.operator {
        let of_operator = NewKey { site: None, name: name("first operator key")?, scopes: all, expires_at: None };
        keys.push(operator.record(of_operator, now));
    }
    let identity =
        Identity { store_id: data_encoding::HEXLOWER.encode(&chance.bytes::<16>()?), secret: chance.bytes()? };
    let name = SiteName::try_from("Demo".to_owned()).map_err(internal)?;
    Ok(Seed { identity, site: Site { id: site_id, name, created_at: now }, keys })
}
