//! Keys: how they are made, written, recognised and believed.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Chance, Error, Service};
use crate::clock::Stopwatch;
use crate::domain::{ApiKey, Bounded, KeyId, Scope, SiteId};

/// How long a key is believed without asking the store again.
const BELIEVED: Duration = Duration::from_secs(5);

/// How many keys are remembered between questions to the store; past that, all are forgotten at once.
const REMEMBERED: usize = 10_000;

/// Who is calling, as the key shows.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key; `None` for the deployment's own operator key.
    pub key: Option<KeyId>,
    /// The site it opens; `None`: every site.
    pub site: Option<SiteId>,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Whether this caller stands above sites.
    pub fn is_operator(&self) -> bool {
        self.site.is_none()
    }

    /// Whether the key opens this site.
    pub fn opens(&self, site: &SiteId) -> bool {
        self.site.as_ref().is_none_or(|own| own == site)
    }

    /// Whether the key may do this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// What decisions are signed with when the caller names nobody.
    pub fn actor(&self) -> String {
        self.key.as_ref().map_or_else(|| "operator".to_owned(), |key| format!("key:{key}"))
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The site it opens; `None`: every site (the operator's).
    pub site: Option<SiteId>,
    /// What people call it.
    pub name: Bounded<100>,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// A key as its holder sends it: `mod_<id>_<secret>_<checksum>`. Shown once; it does not print itself by accident.
#[derive(Clone)]
pub struct SecretKey {
    /// The public part.
    pub id: KeyId,
    secret: [u8; 32],
}

impl SecretKey {
    /// A new key.
    pub fn new(chance: Chance) -> Result<Self, Error> {
        let id = BASE32_NOPAD.encode(&chance.bytes::<8>()?).to_lowercase();
        let id = id[..12].parse().map_err(|_| Error::Internal("a key id that is none".to_owned()))?;
        Ok(Self { id, secret: chance.bytes()? })
    }

    /// What the holder sends.
    pub fn reveal(&self) -> String {
        let secret = BASE32_NOPAD.encode(&self.secret).to_lowercase();
        let body = format!("mod_{}_{secret}", self.id);
        let checksum = crc32fast::hash(body.as_bytes());
        format!("{body}_{checksum:08x}")
    }

    /// Reads what somebody sent; `None` if it is no key of this form.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, checksum) = text.rsplit_once('_')?;
        if checksum.len() != 8 || format!("{:08x}", crc32fast::hash(body.as_bytes())) != checksum {
            return None;
        }
        let (id, secret) = body.strip_prefix("mod_")?.split_once('_')?;
        let secret = BASE32_NOPAD.decode(secret.to_uppercase().as_bytes()).ok()?;
        Some(Self { id: id.parse().ok()?, secret: secret.try_into().ok()? })
    }

    /// The record that is kept of it.
    pub fn record(&self, new: NewKey, created_at: crate::domain::Timestamp) -> ApiKey {
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        ApiKey { id: self.id.clone(), site: new.site, name: new.name, scopes, hash: sha256(&self.secret), created_at }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mod_{}_…", self.id)
    }
}

impl Service {
    /// Says who sent this key, or [`Error::WrongKey`]. A key that was removed is refused within five seconds everywhere.
    pub async fn authenticate(&self, presented: &str) -> Result<Caller, Error> {
        if let Some(operator) = &self.operator_key
            && bool::from(sha256(presented.as_bytes()).ct_eq(operator))
        {
            return Ok(Caller { key: None, site: None, scopes: Scope::ALL.to_vec() });
        }
        let presented = SecretKey::parse(presented).ok_or_else(|| self.metrics.wrong_key())?;
        let known = self.known_key(&presented.id).await?;
        // A key that does not exist costs the same comparison as one that does.
        let expected = known.as_ref().map_or([0; 32], |key| key.hash);
        let fits = bool::from(sha256(&presented.secret).ct_eq(&expected));
        match known {
            Some(key) if fits => Ok(Caller { key: Some(key.id), site: key.site, scopes: key.scopes }),
            _ => Err(self.metrics.wrong_key()),
        }
    }

    async fn known_key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        if let Some((key, asked)) = self.known_keys().get(id)
            && asked.elapsed() < BELIEVED
        {
            return Ok(key.clone());
        }
        let asked = Stopwatch::start();
        let key = self.store.key(id).await?;
        let mut known = self.known_keys();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id.clone(), (key.clone(), asked));
        Ok(key)
    }

    fn known_keys(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<KeyId, (Option<ApiKey>, Stopwatch)>> {
        self.known_keys.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Makes a key for a site, or (without one) for the operator. This is the only time it is seen.
    pub async fn create_key(&self, new: NewKey) -> Result<(SecretKey, ApiKey), Error> {
        let secret = SecretKey::new(self.chance)?;
        let record = secret.record(new, self.clock.now());
        self.store.create_key(record.clone()).await?;
        Ok((secret, record))
    }

    /// The keys of a site, or (without one) of the operator.
    pub async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        Ok(self.store.keys(site).await?)
    }

    /// Removes a key of a site (`None`: of the operator). A caller cannot remove the key it calls with.
    pub async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId, caller: Option<&Caller>) -> Result<(), Error> {
        if caller.is_some_and(|caller| caller.key.as_ref() == Some(id)) {
            return Err(Error::KeyInUse);
        }
        let was_there = self.store.delete_key(site, id).await?;
        self.known_keys().remove(id);
        if was_there { Ok(()) } else { Err(Error::UnknownKey) }
    }
}

/// SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let key = SecretKey::new(Chance::System).unwrap();
        let text = key.reveal();
        assert_eq!(SecretKey::parse(&text).unwrap().reveal(), text);
        assert_eq!(text.len(), 4 + 12 + 1 + 52 + 1 + 8);
        let wrong = text.replace(&text[20..21], if &text[20..21] == "a" { "b" } else { "a" });
        assert!(SecretKey::parse(&wrong).is_none());
    }
}
