//! A site's own lists, compiled once and then only looked into.

mod names;
mod networks;
mod patterns;
mod phrases;
mod search;
mod steps;
mod strings;
mod value;
mod wildcard;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

pub use search::Found;
pub use value::entry_faults;

use crate::domain::{EntryId, Fault, ListAction, ListEntry, ListName, Timestamp};
use names::Names;
use networks::Networks;
use phrases::Phrases;
use value::Value;

/// A site's own lists, compiled. What 65,000 entries cost is measured by `benches/lists.rs`.
#[derive(Default)]
pub struct SiteLists {
    entries: Vec<Entry>,
    phrases: Phrases,
    domains: Names,
    addresses: Networks,
    mails: Names,
    bytes: usize,
}

/// What is to be known of an entry once it is found.
struct Entry {
    /// As bytes, in half the space.
    id: [u8; EntryId::LENGTH / 2],
    action: ListAction,
    note: Option<Arc<str>>,
    expires_at: Option<Timestamp>,
}

/// An entry that is not in force, because it cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEntry {
    /// Of which list.
    pub list: ListName,
    /// Which.
    pub id: EntryId,
    /// Why.
    pub fault: Fault,
}

impl SiteLists {
    /// Compiles a site's entries, and names those that are not in force.
    pub fn compile(entries: impl IntoIterator<Item = (ListName, ListEntry)>) -> (Self, Vec<BadEntry>) {
        let (mut lists, mut bad) = (Self::default(), Vec::new());
        let (mut phrases, mut notes) = (Vec::new(), HashSet::<Arc<str>>::new());
        let (mut of_list, mut noted) = (Vec::new(), 0);
        for (list, entry) in entries {
            let id = EntryId::of(list, &entry);
            // There are 65,000 at most.
            let number = lists.entries.len() as u32;
            match Value::read(list, &entry) {
                Ok(Value::Phrase(phrase)) => phrases.push((number, phrase)),
                Ok(Value::Domain(domain)) => lists.domains.put(domain, number),
                Ok(Value::Network(network)) => lists.addresses.put(network, number),
                Ok(Value::Mail(mail)) => lists.mails.put(mail, number),
                Err(fault) => {
                    bad.push(BadEntry { list, id, fault });
                    continue;
                }
            }
            let note = entry.note.map(|note| match notes.get(&*note) {
                Some(known) => known.clone(),
                None => {
                    let note: Arc<str> = Arc::from(&*note);
                    noted += note.len() + 32;
                    notes.insert(note.clone());
                    note
                }
            });
            let (action, expires_at) = (entry.action, entry.expires_at);
            lists.entries.push(Entry { id: id.bytes(), action, note, expires_at });
            of_list.push(list);
        }
        let (phrases, faults) = Phrases::compile(phrases);
        bad.extend(faults.into_iter().map(|(number, fault)| {
            let id = EntryId::of_bytes(lists.entries[number as usize].id);
            BadEntry { list: of_list[number as usize], id, fault }
        }));
        lists.phrases = phrases;
        lists.entries.shrink_to_fit();
        let lookups = lists.phrases.bytes() + lists.domains.bytes() + lists.addresses.bytes() + lists.mails.bytes();
        lists.bytes = lists.entries.len() * size_of::<Entry>() + noted + lookups;
        (lists, bad)
    }

    /// How many bytes they take, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is in them.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
