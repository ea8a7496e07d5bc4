//! The entries of a site's own lists.

use std::collections::BTreeSet;

use moderato::domain::{EntryId, ListEntry, MAX_ENTRIES};

use super::{Audit, Keys};

impl Audit {
    /// Every entry of a list can be read, behind the id that it says itself; no id comes twice, and there are no more than there may
    /// be.
    pub(super) fn entries(&mut self, keys: &Keys) {
        let mut ids = BTreeSet::new();
        for (index, members) in keys.indexes.iter().filter(|(index, _)| index.starts_with("b:")) {
            for member in members {
                let (id, json) = member.split_at_checked(24).unwrap_or_default();
                let read = serde_json::from_slice::<ListEntry>(json).ok().zip(index[2..].parse().ok());
                let is_it = read.is_some_and(|(entry, list)| EntryId::of(list, &entry).as_str().as_bytes() == id);
                self.demand(is_it, || format!("{index}: entry {} is damaged", String::from_utf8_lossy(id)));
                self.demand(ids.insert((index, id)), || {
                    format!("{index}: {} is there twice", String::from_utf8_lossy(id))
                });
            }
        }
        self.demand(ids.len() <= MAX_ENTRIES, || format!("its lists have {} entries", ids.len()));
    }
}
