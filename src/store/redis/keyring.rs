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
        let prefix = self.names.owner(owner.as_ref());
        self.keys_in(&prefix, std::slice::from_ref(id)).await?.pop().map(|(_, key)| key).transpose()
    }

    /// [`Store::keys`](crate::store::Store::keys). A damaged one is left out, so that it hides no other.
    pub(super) async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        if let Some(site) = site {
            self.read_head(site).await?;
        }
        let prefix = self.names.owner(site);
        let members = self.key_members(&prefix).await?;
        let ids = members.iter().filter_map(|member| std::str::from_utf8(member.get(8..)?).ok()?.parse().ok());
        let mut found = Vec::new();
        for (id, key) in self.keys_in(&prefix, &ids.collect::<Vec<KeyId>>()).await? {
            match key {
                Ok(key) => found.push(key),
                Err(why) => tracing::error!(key = id.as_str(), "left out of the list of keys; delete it: {why}"),
            }
        }
        Ok(found)
    }

    /// Those of these keys that are there, or why one cannot be read.
    async fn keys_in(&self, prefix: &Prefix, ids: &[KeyId]) -> Result<Vec<(KeyId, Result<ApiKey, Error>)>, Error> {
        let names: Vec<String> = ids.iter().flat_map(|id| [keys::api_key(id), keys::last_use(id)]).collect();
        let values = self.values(prefix, &names).await?;
        let mut found = Vec::new();
        for (id, pair) in ids.iter().zip(values.chunks_exact(2)) {
            let Some(value) = &pair[0] else { continue };
            let last_used_at = pair[1].as_deref().and_then(time_in);
            let key = self.key_in(value, (id, prefix)).map(|key| ApiKey { last_used_at, ..key });
            found.push((id.clone(), key));
        }
        Ok(found)
    }

    /// The key in a record. One that says it is another's opens nothing: it may be damage that made it the operator's.
    fn key_in(&self, value: &[u8], (id, prefix): (&KeyId, &Prefix)) -> Result<ApiKey, Error> {
        let damaged = |why: &str| Error::Damaged(format!("API key {}: {why}", id.as_str()));
        match from_json::<ApiKey>(value) {
            Ok(key) if key.id == *id && self.names.owner(key.site.as_ref()) == *prefix => Ok(key),
            Ok(_) => Err(damaged("its record is of another key")),
            Err(Error::Damaged(why)) => Err(damaged(&why)),
            Err(error) => Err(error),
        }
    }

    /// Where the keys of an owner stand.
    async fn key_members(&self, prefix: &Prefix) -> Result<Vec<Vec<u8>>, Error> {
        let mut question = redis::cmd("ZRANGE");
        question.arg(prefix.key(&Index::Keys.name())).arg("-").arg("+").arg("BYLEX");
        self.ask(question).await
    }

    /// Where a key stands, whatever its record says.
    async fn members_of_key(&self, prefix: &Prefix, id: &KeyId) -> Result<Vec<Vec<u8>>, Error> {
        let mut members = self.key_members(prefix).await?;
        members.retain(|member| member.get(8..) == Some(id.as_str().as_bytes()));
        Ok(members)
    }

    /// [`Store::note_uses`](crate::store::Store::note_uses)
    pub(super) async fn note_uses(&self, uses: Vec<(KeyId, Timestamp)>) -> Result<(), Error> {
        for (id, at) in uses {
            let key = match self.key(&id).await {
                Ok(Some(key)) => key,
                Ok(None) => continue,
                // The other keys' uses are noted all the same.
                Err(Error::Damaged(why)) => {
                    tracing::error!(key = id.as_str(), "its use is not noted: {why}");
                    continue;
                }
                Err(error) => return Err(error),
            };
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
        let members: Vec<Vec<u8>> = match self.key_in(&value, (id, &prefix)) {
            Ok(key) => vec![member(&key)],
            // When it was made, only its place still tells.
            Err(_) => self.members_of_key(&prefix, id).await?,
        };
        let mut plan = plan_for(prefix, site.is_some());
        plan.expect(keys::api_key(id), value.get(..1).unwrap_or_default().to_vec());
        plan.delete(keys::api_key(id));
        plan.delete(keys::last_use(id));
        members.into_iter().for_each(|member| plan.remove(&Index::Keys, member));
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

fn time_in(value: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(value).ok()?.parse().ok().map(Timestamp::from_millis)
}
