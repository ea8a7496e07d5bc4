//! Entries of a site's own lists as JSON.

use serde::{Deserialize, Serialize};

use super::fault::{Faults, FieldFault};
use super::json::word;
use super::text::from_text;
use crate::domain::{EntryId, Fault, ListAction, ListEntry, Match, Timestamp};
use crate::service::{EntryFault, MAX_PUT, Put};

/// Entries that are to be put into a list: `entries`, or the fields of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct EntriesBody {
    entries: Option<Vec<EntryBody>>,
    value: Option<String>,
    r#match: Option<String>,
    action: Option<ListAction>,
    note: Option<String>,
    expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct EntryBody {
    value: Option<String>,
    r#match: Option<String>,
    action: Option<ListAction>,
    note: Option<String>,
    expires_at: Option<String>,
}

/// The entries of a body.
pub(in crate::http) struct Sent {
    pub entries: Vec<ListEntry>,
    /// Whether it is one whose fields are those of the body.
    is_one: bool,
}

impl EntriesBody {
    /// The entries, as they come at this moment, or faults.
    pub fn check(self, now: Timestamp) -> Result<Sent, Vec<FieldFault>> {
        let Self { entries, value, r#match, action, note, expires_at } = self;
        let mut faults = Faults::default();
        let Some(entries) = entries else {
            let entry = EntryBody { value, r#match, action, note, expires_at }.check("", now, &mut faults);
            return faults.finish(entry.map(|entry| Sent { entries: vec![entry], is_one: true }));
        };
        for (field, is_there) in [
            ("/value", value.is_some()),
            ("/match", r#match.is_some()),
            ("/action", action.is_some()),
            ("/note", note.is_some()),
            ("/expires_at", expires_at.is_some()),
        ] {
            if is_there {
                faults.add(field, Fault::new("not_allowed", "is not for a body with `entries`; each has its own"));
            }
        }
        if !(1..=MAX_PUT).contains(&entries.len()) {
            faults.add("/entries", Fault::new("out_of_range", format!("must have 1 to {MAX_PUT} items")));
            return faults.finish(None);
        }
        let checked: Vec<ListEntry> = entries
            .into_iter()
            .enumerate()
            .filter_map(|(place, entry)| entry.check(&format!("/entries/{place}"), now, &mut faults))
            .collect();
        faults.finish(Some(Sent { entries: checked, is_one: false }))
    }
}

impl EntryBody {
    fn check(self, at: &str, now: Timestamp, faults: &mut Faults) -> Option<ListEntry> {
        let value = faults.required(format!("{at}/value"), self.value);
        let value = faults.read(format!("{at}/value"), value, |text| from_text(text.into()));
        let kind = faults.read(format!("{at}/match"), self.r#match, word::<Match>);
        let action = faults.required(format!("{at}/action"), self.action);
        let note = faults.read(format!("{at}/note"), self.note, |text| from_text(text.into()));
        let expires_at = faults.read(format!("{at}/expires_at"), self.expires_at, |text| text.parse());
        let (kind, created_at) = (kind.unwrap_or_default(), now);
        Some(ListEntry { value: value?, kind, action: action?, note, expires_at, created_at })
    }
}

impl Sent {
    /// The place of an entry's fault in the body.
    pub fn fault(&self, fault: EntryFault) -> FieldFault {
        match self.is_one {
            true => FieldFault::new(format!("/{}", fault.field), fault.fault),
            false => entry_fault(fault),
        }
    }
}

/// A fault of one of `entries`.
pub(in crate::http) fn entry_fault(fault: EntryFault) -> FieldFault {
    FieldFault::new(format!("/entries/{}/{}", fault.place, fault.field), fault.fault)
}

/// An entry as it is shown.
#[derive(Debug, Serialize)]
pub(in crate::http) struct EntryView<'a> {
    id: &'a str,
    value: &'a str,
    r#match: Match,
    action: ListAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    created_at: String,
}

impl<'a> From<&'a (EntryId, ListEntry)> for EntryView<'a> {
    fn from((id, entry): &'a (EntryId, ListEntry)) -> Self {
        Self {
            id: id.as_str(),
            value: &entry.value,
            r#match: entry.kind,
            action: entry.action,
            note: entry.note.as_deref(),
            expires_at: entry.expires_at.map(|at| at.to_string()),
            created_at: entry.created_at.to_string(),
        }
    }
}

/// What became of entries.
#[derive(Debug, Serialize)]
pub(in crate::http) struct PutView<'a> {
    new: usize,
    changed: usize,
    ids: Vec<&'a str>,
}

impl<'a> From<&'a Put> for PutView<'a> {
    fn from(put: &'a Put) -> Self {
        Self { new: put.new, changed: put.changed, ids: put.ids.iter().map(EntryId::as_str).collect() }
    }
}
