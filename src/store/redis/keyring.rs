//! The keys that open sites.

use super::base::Base;
use super::keys::{self, Index, Prefix};
use super::packed::{from_json, json};
use super::places::sort_key;
use super::plan::{Committed, Plan};
use crate::domain::{ApiKey, KeyId, SiteId, Timestamp};
use crate::store::Error;

impl Base {
    /// [`Store::create_key`](crate::store::Store::create_key). The same key again is no error: the first answer may have been
    /// lost.
    pub(super) async fn create_key(&self, key: &ApiKey) -> Result<(), Error> {
        let taken = || Error::Damaged(format!("there is another key {} already", key.id));
        let owner = key.site.as_ref().map_or("", SiteId::as_str);
        let prefix = self.names.owner(key.site.as_ref());
        if let Some(site) = &key.site {
            self.read_head(site).await?;
        }
        let mut list = redis::cmd("HSETNX");
        list.arg(self.names.keys()).arg(key.id.as_str()).arg(owner);
        if !self.write::<bool>(list).await? && self.owner_of(&key.id).await?.as_deref() != Some(owner) {
            return Err(taken());
        }
        let mut plan = plan_for(prefix.clone(), key.site.is_some());
        plan.expect_absent(keys::api_key(&key.id));
        plan.set(keys::api_key(&key.id), json(&ApiKey { last_used_at: None, ..key.clone() })?);
        plan.add(&Index::Keys, member(key));
        plan.raise_settings();
        match self.try_commit(key.site.as_ref(), &plan).await? {
            Committed::Unexpected(_, Some(value)) => {
                let known: ApiKey = from_json(&value)?;
                if known == (ApiKey { last_used_at: None, ..key.clone() }) { Ok(()) } else { Err(taken()) }
            }
            _ => Ok(()),
        }
    }

    /// Whose a key is.
    async fn owner_of(&self, id: &KeyId) -> Result<Option<String>, Error> {
        let mut question = redis::cmd("HGET");
        question.arg(self.names.keys()).arg(id.as_str());
        self.ask(question).await
    }

    /// [`Store::key`](crate::store::Store::key)
    pub(super) async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        let Some(owner) = self.owner_of(id).await? else { return Ok(None) };
        let owner: Option<SiteId> = if owner.is_empty() { None } else { owner.parse().ok() };
        Ok(self.keys_in(&self.names.owner(owner.as_ref()), std::slice::from_ref(id)).await?.pop())
    }

    /// [`Store::keys`](crate::store::Store::keys)
    pub(super) async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        if let Some(site) = site {
            self.read_head(site).await?;
        }
        let prefix = self.names.owner(site);
        let ids: Vec<KeyId> = self.places_of_keys(&prefix).await?.iter().filter_map(|place| id_at(place)).collect();
        self.keys_in(&prefix, &ids).await
    }

    /// Where an owner's keys stand.
    async fn places_of_keys(&self, prefix: &Prefix) -> Result<Vec<Vec<u8>>, Error> {
        let mut question = redis::cmd("ZRANGE");
        question.arg(prefix.key(&Index::Keys.name())).arg("-").arg("+").arg("BYLEX");
        self.ask(question).await
    }

    /// Those of these keys that are there and can be read.
    async fn keys_in(&self, prefix: &Prefix, ids: &[KeyId]) -> Result<Vec<ApiKey>, Error> {
        let names: Vec<String> = ids.iter().flat_map(|id| [keys::api_key(id), keys::last_use(id)]).collect();
        let values = self.values(prefix, &names).await?;
        let mut found = Vec::new();
        for pair in values.chunks_exact(2) {
            let Some(value) = &pair[0] else { continue };
            match from_json(value) {
                Ok(key) => found.push(ApiKey { last_used_at: pair[1].as_deref().and_then(time_in), ..key }),
                // It opens nothing, and must not hide the others.
                Err(why) => tracing::error!("left out: an API key of {}: {why}", prefix.as_str()),
            }
        }
        Ok(found)
    }

    /// [`Store::note_uses`](crate::store::Store::note_uses)
    pub(super) async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        for (id, at) in uses {
            let Some(key) = self.key(&id).await? else { continue };
            if key.last_used_at.is_some_and(|known| known >= at) {
                continue;
            }
            let mut plan = Plan::without_head(self.names.owner(key.site.as_ref()));
            plan.expect(keys::api_key(&id), b"{".to_vec());
            plan.set(keys::last_use(&id), at.millis().to_string().into_bytes());
            self.try_commit(None, &plan).await?;
        }
        Ok(())
    }

    /// [`Store::delete_key`](crate::store::Store::delete_key). What its owner has goes first: an entry of the list that leads
    /// nowhere opens nothing.
    pub(super) async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error> {
        if let Some(site) = site {
            self.read_head(site).await?;
        }
        let prefix = self.names.owner(site);
        let Some(value) = self.values(&prefix, &[keys::api_key(id)]).await?.pop().flatten() else { return Ok(false) };
        // A damaged one does not tell where it stands.
        let places = self.places_of_keys(&prefix).await?;
        let mut plan = plan_for(prefix, site.is_some());
        plan.expect(keys::api_key(id), value);
        plan.delete(keys::api_key(id));
        plan.delete(keys::last_use(id));
        let stands_for_it = |place: &&Vec<u8>| id_at(place).is_some_and(|at| at == *id);
        places.iter().filter(stands_for_it).for_each(|place| plan.remove(&Index::Keys, place.clone()));
        plan.raise_settings();
        // It was there a moment ago: if it is gone, that may be by this very plan, whose answer was lost.
        let deleted =
            matches!(self.try_commit(site, &plan).await?, Committed::Written { .. } | Committed::Unexpected(_, None));
        let mut unlist = redis::cmd("HDEL");
        unlist.arg(self.names.keys()).arg(id.as_str());
        self.write::<i64>(unlist).await?;
        Ok(deleted)
    }
}

fn plan_for(prefix: Prefix, of_site: bool) -> Plan {
    if of_site { Plan::new(prefix) } else { Plan::without_head(prefix) }
}

/// Where a key stands among its owner's.
pub(super) fn member(key: &ApiKey) -> Vec<u8> {
    [&sort_key(key.created_at.millis())[..], key.id.as_str().as_bytes()].concat()
}

fn id_at(place: &[u8]) -> Option<KeyId> {
    std::str::from_utf8(place.get(8..)?).ok()?.parse().ok()
}

fn time_in(value: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(value).ok()?.parse().ok().map(Timestamp::from_millis)
}
