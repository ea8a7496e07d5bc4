//! What an export keeps of the entries of a site's own lists.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::values::{As, Short};
use crate::domain::{Bounded, Fault, ListAction, ListEntry, ListName, Match, Timestamp};
use crate::http::wire::FieldFault;

/// `entry`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::cli) struct EntryRecord<'a> {
    list: ListName,
    value: Cow<'a, str>,
    r#match: Match,
    action: ListAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Short<500>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<As<Timestamp>>,
    created_at: As<Timestamp>,
}

impl<'a> EntryRecord<'a> {
    /// An entry of this list.
    pub(in crate::cli) fn of(list: ListName, entry: &'a ListEntry) -> Self {
        Self {
            list,
            value: Cow::from(&*entry.value),
            r#match: entry.kind,
            action: entry.action,
            note: entry.note.as_deref().map(|note| Short(note.to_owned())),
            expires_at: entry.expires_at.map(As),
            created_at: As(entry.created_at),
        }
    }
}

impl EntryRecord<'_> {
    /// The entry with its list, or faults.
    pub(in crate::cli) fn check(self) -> Result<(ListName, ListEntry), Vec<FieldFault>> {
        let bounded = |name: &str, text: String| {
            Bounded::<500>::try_from(text)
                .map_err(|fault: Fault| vec![FieldFault::new(format!("/entry/{name}"), fault)])
        };
        let entry = ListEntry {
            value: bounded("value", self.value.into_owned())?,
            kind: self.r#match,
            action: self.action,
            note: self.note.map(|note| bounded("note", note.0)).transpose()?,
            expires_at: self.expires_at.map(|at| at.0),
            created_at: self.created_at.0,
        };
        Ok((self.list, entry))
    }
}
