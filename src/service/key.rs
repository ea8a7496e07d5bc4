//! Keys: how they are made, written, recognised and believed.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Chance, Error, Service};
use crate::clock::Stopwatch;
use crate::domain::{ApiKey, Bounded, KeyId, Scope, SiteId, Timestamp};

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
    /// The holder of the deployment's own key.
    pub fn operator() -> Self {
        Self { key: None, site: None, scopes: Scope::ALL.to_vec() }
    }

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

    /// Names the key, for the limits.
    pub fn key_name(&self) -> &str {
        self.key.as_ref().map_or("operator", KeyId::as_str)
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
    /// From when on it opens nothing; `None`: never.
    pub expires_at: Option<Timestamp>,
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
    pub fn record(&self, new: NewKey, created_at: Timestamp) -> ApiKey {
        let NewKey { site, name, mut scopes, expires_at } = new;
        scopes.sort_unstable();
        scopes.dedup();
        let (id, hash) = (self.id.clone(), sha256(&self.secret));
        ApiKey { id, site, name, scopes, hash, created_at, expires_at, last_used_at: None }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mod_{}_…", self.id)
    }
}

impl Service {
    /// Says who sent this key, or [`Error::WrongKey`]. A key that was removed is refused within five seconds everywhere.
    /// Whoever sends wrong keys from one address too often is told to wait instead.
    pub async fn authenticate(&self, presented: &str, from: Option<IpAddr>) -> Result<Caller, Error> {
        let running = self.running();
        if let Some(operator) = &running.operator_key
            && bool::from(sha256(presented.as_bytes()).ct_eq(operator))
        {
            return Ok(Caller::operator());
        }
        let found = match SecretKey::parse(presented) {
            Some(key) => self.holder(&key).await,
            None => Err(Error::WrongKey),
        };
        self.metrics.identified(&found);
        // A good key is good wherever it comes from: what guesses cost others at that address is nothing.
        if let (Err(Error::WrongKey), Some(from)) = (&found, from) {
            running.limits.wrong_key(from).inspect_err(|refused| self.metrics.refused(&Error::Limited(*refused)))?;
        }
        found
    }

    /// Charges a request, or a part of a batch, to the key it came with.
    pub fn charge_request(&self, caller: &Caller) -> Result<(), Error> {
        let charged = self.running().limits.request(caller.key_name());
        charged.map_err(Error::from).inspect_err(|error| self.metrics.refused(error))
    }

    async fn holder(&self, presented: &SecretKey) -> Result<Caller, Error> {
        let known = self.known_key(&presented.id).await?;
        // A key that does not exist costs the same comparison as one that does.
        let expected = known.as_ref().map_or([0; 32], |key| key.hash);
        let fits = bool::from(sha256(&presented.secret).ct_eq(&expected));
        let Some(key) = known.filter(|_| fits) else { return Err(Error::WrongKey) };
        let now = self.clock.now();
        if let Some(expired) = key.expires_at.filter(|at| *at <= now) {
            return Err(Error::ExpiredKey(expired));
        }
        self.note_use(&key, now).await;
        Ok(Caller { key: Some(key.id), site: key.site, scopes: key.scopes })
    }

    /// Writes down that a key was used, at most once a minute and process. That is no reason to refuse its holder: what
    /// cannot be written is left out.
    async fn note_use(&self, key: &ApiKey, now: Timestamp) {
        const MINUTE: i64 = 60 * 1000;
        if key.last_used_at.is_some_and(|last| now.millis() - last.millis() < MINUTE) {
            return;
        }
        if let Some((Some(known), _)) = self.known_keys().get_mut(&key.id) {
            known.last_used_at = Some(now);
        }
        let noted = self.store.note_uses(vec![(key.id.clone(), now)]).await;
        if let Err(error) = noted {
            tracing::debug!(key = %key.id, "the use of a key was not noted: {error}");
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
            // Keys that do not exist go first: whoever sends many of them must not make us forget the good ones.
            known.retain(|_, (key, _)| key.is_some());
        }
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
