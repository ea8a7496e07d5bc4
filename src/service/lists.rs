//! A site's own lists: shown, filled, emptied.

use std::collections::HashMap;

use super::{Error, Service};
use crate::domain::{EntryId, Fault, ListEntry, ListName, MAX_ENTRIES, Match, SiteId};
use crate::screening::{BadEntry, SiteLists, entry_faults};
use crate::store::Listed;

/// The most entries that are put into a list at once.
pub const MAX_PUT: usize = 1_000;

/// What became of entries that were put into a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Their ids, in the order in which they came.
    pub ids: Vec<EntryId>,
    /// How many were not there before.
    pub new: usize,
    /// How many say something else than those in whose place they are.
    pub changed: usize,
}

/// What is wrong with one of several entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryFault {
    /// Which, from 0.
    pub place: usize,
    /// Which of its fields.
    pub field: &'static str,
    /// What.
    pub fault: Fault,
}

/// What became of entries that come from another store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovedEntries {
    /// How many are in.
    pub new: usize,
    /// How many were there already.
    pub already: usize,
    /// How many stand here with other words, which stay.
    pub other: usize,
}

impl Service {
    /// The entries of a site's list after this id, in the order of their ids, at most `limit`.
    pub async fn entries(
        &self,
        site: &SiteId,
        list: ListName,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<(EntryId, ListEntry)>, Error> {
        Ok(self.store.entries(site, list, after, limit).await?)
    }

    /// Puts at most [`MAX_PUT`] entries into a site's list, all of them or none.
    pub async fn put_entries(&self, site: &SiteId, list: ListName, entries: Vec<ListEntry>) -> Result<Put, Error> {
        let faults = self.faults_of(list, &entries);
        if !faults.is_empty() {
            return Err(Error::InvalidEntries(faults));
        }
        let ids: Vec<EntryId> = entries.iter().map(|entry| EntryId::of(list, entry)).collect();
        if entries.iter().any(|entry| entry.kind == Match::Regex) {
            let faults = self.regexes_too_many(site, &ids, &entries).await?;
            if !faults.is_empty() {
                return Err(Error::InvalidEntries(faults));
            }
        }
        let (new, changed) = self.write_entries(site, list, entries).await?;
        Ok(Put { ids, new, changed })
    }

    /// Which of these phrases are regular expressions that would not be in force beside those that a site has already.
    async fn regexes_too_many(
        &self,
        site: &SiteId,
        ids: &[EntryId],
        entries: &[ListEntry],
    ) -> Result<Vec<EntryFault>, Error> {
        let list = ListName::Phrases;
        let standing = self.all_entries(site, list).await?.into_iter();
        let standing = standing.filter(|entry| entry.kind == Match::Regex);
        let others = standing.filter(|entry| !ids.contains(&EntryId::of(list, entry)));
        let new = entries.iter().filter(|entry| entry.kind == Match::Regex).cloned();
        let together: Vec<_> = others.chain(new).map(|entry| (list, entry)).collect();
        let compiled = tokio::task::spawn_blocking(move || SiteLists::compile(together).1).await;
        let bad = compiled.map_err(|error| Error::Internal(format!("phrases were not compiled: {error}")))?;
        let place = |bad: BadEntry| Some((ids.iter().position(|id| *id == bad.id)?, bad.fault));
        let faults = bad.into_iter().filter_map(place);
        Ok(faults.map(|(place, fault)| EntryFault { place, field: "value", fault }).collect())
    }

    /// All entries of a site's list.
    pub(super) async fn all_entries(&self, site: &SiteId, list: ListName) -> Result<Vec<ListEntry>, Error> {
        let (mut entries, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.entries(site, list, after, MAX_PUT).await?;
            let is_last = page.len() < MAX_PUT;
            after = page.last().map(|(id, _)| id.clone());
            entries.extend(page.into_iter().map(|(_, entry)| entry));
            if is_last {
                return Ok(entries);
            }
        }
    }

    /// What is wrong with entries that are to be put into a list.
    pub fn faults_of(&self, list: ListName, entries: &[ListEntry]) -> Vec<EntryFault> {
        let (now, mut faults) = (self.clock.now(), Vec::new());
        for (place, entry) in entries.iter().enumerate() {
            let found = entry_faults(list, entry);
            faults.extend(found.into_iter().map(|(field, fault)| EntryFault { place, field, fault }));
            if entry.is_over(now) {
                let fault = Fault::new("in_the_past", format!("is over already; it must be later than {now}"));
                faults.push(EntryFault { place, field: "expires_at", fault });
            }
        }
        faults
    }

    /// Takes an entry out of a site's list.
    pub async fn delete_entry(&self, site: &SiteId, list: ListName, id: &EntryId) -> Result<(), Error> {
        let deleted = self.store.delete_entry(site, list, id).await;
        self.deactivate(site);
        if !deleted? {
            return Err(Error::UnknownEntry);
        }
        tracing::info!(%site, list = list.as_str(), entry = id.as_str(), "an entry was taken out of a list");
        Ok(())
    }

    /// Puts entries of another store into a site's list where none of their ids is; at most [`MAX_PUT`].
    pub async fn move_in_entries(
        &self,
        site: &SiteId,
        list: ListName,
        entries: Vec<ListEntry>,
    ) -> Result<MovedEntries, Error> {
        let ids: Vec<EntryId> = entries.iter().map(|entry| EntryId::of(list, entry)).collect();
        let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
            return Ok(MovedEntries::default());
        };
        let (mut standing, mut after) = (HashMap::new(), first.before());
        loop {
            let page = self.store.entries(site, list, after, MAX_PUT).await?;
            let ends = page.len() < MAX_PUT || page.last().is_some_and(|(id, _)| id >= last);
            after = page.last().map(|(id, _)| id.clone());
            standing.extend(page);
            if ends {
                break;
            }
        }
        let (mut moved, mut new) = (MovedEntries::default(), Vec::new());
        for (id, entry) in ids.iter().zip(entries) {
            match standing.get(id) {
                None => new.push(entry),
                Some(standing) if entry.clone().in_place_of(standing).is_none() => moved.already += 1,
                Some(_) => moved.other += 1,
            }
        }
        if !new.is_empty() {
            moved.new = self.write_entries(site, list, new).await?.0;
        }
        Ok(moved)
    }

    async fn write_entries(
        &self,
        site: &SiteId,
        list: ListName,
        entries: Vec<ListEntry>,
    ) -> Result<(usize, usize), Error> {
        if entries.len() > MAX_PUT {
            return Err(Error::Internal(format!("{} entries were put into a list at once", entries.len())));
        }
        let written = self.store.put_entries(site, list, entries).await;
        self.deactivate(site);
        match written? {
            Listed::In { new, changed } => {
                if new + changed > 0 {
                    tracing::info!(%site, list = list.as_str(), new, changed, "entries were put into a list");
                }
                Ok((new, changed))
            }
            Listed::Full { there } => Err(Error::ListsFull { there }),
        }
    }
}

/// Why there is no room for more entries.
pub(super) fn full(there: usize) -> String {
    format!("all lists of the site have {there} entries; together they may have {MAX_ENTRIES}")
}
