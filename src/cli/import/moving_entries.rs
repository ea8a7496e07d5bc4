//! Puts the entries of lists that were read into the site, as many at once as the store takes.

use super::moving::Mover;
use crate::cli::failure::Failure;
use crate::domain::{ListEntry, ListName};
use crate::service::{Error, MAX_PUT};

/// Entries of one list that wait to be put into it, and where the first of them stood.
#[derive(Default)]
pub(super) struct Entries {
    list: Option<ListName>,
    first: String,
    waiting: Vec<ListEntry>,
}

impl Mover<'_> {
    /// Takes one entry more.
    pub(super) async fn entry(&mut self, place: String, list: ListName, entry: ListEntry) -> Result<(), Failure> {
        if self.entries.list != Some(list) || self.entries.waiting.len() >= MAX_PUT {
            self.flush_entries().await?;
            self.entries = Entries { list: Some(list), first: place.clone(), waiting: Vec::new() };
        }
        // What is over may still stand there, for its moderators to see.
        let faults = self.service.faults_of(list, std::slice::from_ref(&entry));
        let mut faults = faults.into_iter().filter(|fault| fault.field != "expires_at").peekable();
        if faults.peek().is_none() {
            self.entries.waiting.push(entry);
        }
        for fault in faults {
            self.tell(&place, &format!("/entry/{} {}", fault.field, fault.fault))?;
        }
        Ok(())
    }

    /// Puts those that wait into their list.
    pub(super) async fn flush_entries(&mut self) -> Result<(), Failure> {
        let Entries { list, first, waiting } = std::mem::take(&mut self.entries);
        let Some(list) = list else { return Ok(()) };
        let count = waiting.len();
        match self.service.move_in_entries(self.site, list, waiting).await {
            Ok(moved) => {
                self.moved.entries += moved.new as u64;
                self.moved.already += moved.already as u64;
                for _ in 0..moved.other {
                    let why = format!(
                        "and after: an entry of {} stands here with another action, note or end, which stays",
                        list.as_str()
                    );
                    self.tell(&first, &why)?;
                }
            }
            Err(error @ Error::ListsFull { .. }) => {
                self.tell(&first, &format!("and after: {count} entries are left out: {error}"))?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
