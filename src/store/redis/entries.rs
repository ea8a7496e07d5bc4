//! The entries of a site's own lists.
//!
//! An entry is the member of a sorted set that begins with its id, so that no index can disagree with it. Changes expect the
//! stamp of the last one: two processes never leave two entries under one id.

use std::collections::BTreeMap;

use super::base::{Base, Bytes, until_settled};
use super::keys;
use super::packed;
use super::plan::Plan;
use crate::domain::{EntryId, ListEntry, ListName, MAX_ENTRIES, SiteId};
use crate::store::{Error, Listed};

/// Finds the members of the sorted set KEYS[1] that begin with the ids ARGV. Returns those there are.
const FIND: &str = "#!lua flags=no-writes
    local found = {}
    for _, id in ipairs(ARGV) do
        local members = redis.call('ZRANGE', KEYS[1], '[' .. id, '(' .. id .. '~', 'BYLEX')
        for _, member in ipairs(members) do found[#found + 1] = member end
    end
    return found";

/// How many ids are looked for at once.
const STEP: usize = 1_000;

impl Base {
    /// [`Store::entries`](crate::store::Store::entries)
    pub(super) async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        self.read_head(site).await?;
        let key = self.names.site(site).key(&keys::list(list));
        // Behind an id stands a brace, before `~`.
        let mut from = after.map_or_else(|| b"-".to_vec(), |id| format!("({id}~").into_bytes());
        let mut found = Vec::new();
        while found.len() < limit {
            let wanted = limit - found.len();
            let mut question = redis::cmd("ZRANGE");
            question.arg(&key).arg(&from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(wanted);
            let members: Vec<Vec<u8>> = self.ask(question).await?;
            found.extend(members.iter().filter_map(|member| legible(list, member)));
            match members.last() {
                Some(last) if members.len() == wanted => from = [b"(".as_slice(), last].concat(),
                _ => break,
            }
        }
        Ok(found)
    }

    /// [`Store::put_entries`](crate::store::Store::put_entries)
    pub(super) async fn put_entries(
        &self,
        site: &SiteId,
        list: ListName,
        entries: &[ListEntry],
    ) -> Result<Listed, Error> {
        let by_id: BTreeMap<EntryId, &ListEntry> =
            entries.iter().map(|entry| (EntryId::of(list, entry), entry)).collect();
        until_settled!(self.try_to_put(site, list, &by_id))
    }

    async fn try_to_put(
        &self,
        site: &SiteId,
        list: ListName,
        entries: &BTreeMap<EntryId, &ListEntry>,
    ) -> Result<Option<Listed>, Error> {
        let mut plan = self.plan_of_lists(site).await?;
        let (name, ids) = (keys::list(list), entries.keys().collect::<Vec<_>>());
        let mut standing: BTreeMap<EntryId, Vec<Vec<u8>>> = BTreeMap::new();
        for member in self.members_of(site, list, &ids).await? {
            if let Some(id) = id_of(&member) {
                standing.entry(id).or_default().push(member);
            }
        }
        let (mut new, mut changed) = (0, 0);
        for (id, entry) in entries {
            let members = standing.remove(id).unwrap_or_default();
            let mut written = Some((*entry).clone());
            if let Some((_, known)) = members.first().and_then(|member| legible(list, member)) {
                written = (*entry).clone().in_place_of(&known);
            }
            let Some(written) = written else { continue };
            new += usize::from(members.is_empty());
            changed += usize::from(!members.is_empty());
            members.into_iter().for_each(|member| plan.remove_named(&name, member));
            plan.add_named(&name, [id.as_str().as_bytes(), &packed::json(&written)?].concat());
        }
        if new + changed == 0 {
            self.vouch(site).await?;
            return Ok(Some(Listed::In { new, changed }));
        }
        let there = if new == 0 { 0 } else { self.count_entries(site).await? };
        if new > 0 && there + new > MAX_ENTRIES {
            return Ok(Some(Listed::Full { there }));
        }
        Ok(self.commit(site, &plan).await?.map(|_| Listed::In { new, changed }))
    }

    /// [`Store::delete_entry`](crate::store::Store::delete_entry)
    pub(super) async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<bool, Error> {
        until_settled!(self.try_to_delete_entry(site, list, id))
    }

    async fn try_to_delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<Option<bool>, Error> {
        let mut plan = self.plan_of_lists(site).await?;
        let members = self.members_of(site, list, &[id]).await?;
        if members.is_empty() {
            self.vouch(site).await?;
            return Ok(Some(false));
        }
        members.into_iter().for_each(|member| plan.remove_named(&keys::list(list), member));
        Ok(self.commit(site, &plan).await?.map(|_| true))
    }

    /// A plan that changes the site's lists as they are now: what is read after this call is what it expects.
    async fn plan_of_lists(&self, site: &SiteId) -> Result<Plan, Error> {
        let prefix = self.names.site(site);
        let names = [keys::HEAD, keys::LISTS].map(str::to_owned);
        let mut values = self.values(&prefix, &names).await?.into_iter();
        self.head(site, values.next().flatten()).await?;
        let last: Bytes = values.next().flatten();
        let mut plan = Plan::new(prefix);
        match last {
            Some(last) => plan.expect(keys::LISTS.to_owned(), last),
            None => plan.expect_absent(keys::LISTS.to_owned()),
        }
        plan.set(keys::LISTS.to_owned(), packed::pack(plan.stamp, &serde_json::json!({}))?);
        plan.raise_settings();
        Ok(plan)
    }

    /// The members under these ids.
    async fn members_of(&self, site: &SiteId, list: ListName, ids: &[&EntryId]) -> Result<Vec<Vec<u8>>, Error> {
        let (key, mut found) = (self.names.site(site).key(&keys::list(list)), Vec::new());
        for ids in ids.chunks(STEP) {
            let mut question = redis::cmd("EVAL");
            question.arg(FIND).arg(1).arg(&key);
            ids.iter().for_each(|id| {
                question.arg(id.as_str());
            });
            found.extend(self.ask::<Vec<Vec<u8>>>(question).await?);
        }
        Ok(found)
    }

    /// How many entries all lists of a site have.
    async fn count_entries(&self, site: &SiteId) -> Result<usize, Error> {
        let (prefix, mut there) = (self.names.site(site), 0);
        for list in ListName::ALL {
            let mut question = redis::cmd("ZCARD");
            question.arg(prefix.key(&keys::list(list)));
            there += self.ask::<usize>(question).await?;
        }
        Ok(there)
    }
}

fn id_of(member: &[u8]) -> Option<EntryId> {
    std::str::from_utf8(member.get(..EntryId::LENGTH)?).ok()?.parse().ok()
}

/// The entry in a member; what cannot be read is told and left out, so that it hides no other.
fn legible(list: ListName, member: &[u8]) -> Option<(EntryId, ListEntry)> {
    let id = id_of(member);
    let entry = packed::from_json::<ListEntry>(member.get(EntryId::LENGTH..).unwrap_or_default());
    // Its value says its id once more: a flipped bit must not block others than somebody meant.
    let read = id.zip(entry.ok()).filter(|(id, entry)| EntryId::of(list, entry) == *id);
    if read.is_none() {
        let id = String::from_utf8_lossy(member.get(..EntryId::LENGTH).unwrap_or_default()).into_owned();
        tracing::error!("left out: entry {id} of the list {} is damaged; delete it or put it anew", list.as_str());
    }
    read
}
