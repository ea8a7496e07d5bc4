//! The first start: an empty store becomes one with an identity, the demo site and its keys.

use super::{Chance, Error, NewKey, SecretKey};
use crate::domain::{Bounded, Scope, Site, SiteName, Timestamp};
use crate::store::{Identity, Seed, Store};

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

/// Finds the store's identity, and makes one if it is empty. Before anything is written, `keep` is given the new keys: if
/// it cannot keep them, the store stays empty, and the next start tries again.
pub async fn settle(
    store: &dyn Store,
    operator_given: bool,
    now: Timestamp,
    keep: impl FnOnce(&FirstKeys) -> Result<(), Error>,
) -> Result<Identity, Error> {
    if let Some(identity) = store.identity().await? {
        return Ok(identity);
    }
    let chance = Chance::System;
    let site = SecretKey::new(chance)?;
    let operator = if operator_given { None } else { Some(SecretKey::new(chance)?) };
    let first = FirstKeys { operator, site };
    keep(&first)?;
    let seed = seed(&first, now)?;
    Ok(store.settle(seed).await?)
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
