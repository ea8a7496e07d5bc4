//! What a comment has in it of a site's own lists.

use std::cmp::Reverse;

use super::steps::Steps;
use super::{Entry, SiteLists};
use crate::domain::{EntryId, Evidence, Field, ListAction, ListName};
use crate::screening::facts::{Facts, mail_of};

/// An entry that was found.
pub struct Found<'l> {
    entry: &'l Entry,
    /// Where; an address is no field that evidence can point into.
    pub evidence: Option<Evidence>,
}

impl Found<'_> {
    /// The entry's id.
    pub fn id(&self) -> EntryId {
        EntryId::of_bytes(self.entry.id)
    }

    /// What becomes of the comment.
    pub fn action(&self) -> ListAction {
        self.entry.action
    }

    /// The moderators' note.
    pub fn note(&self) -> Option<&str> {
        self.entry.note.as_deref()
    }
}

impl SiteLists {
    /// The entries of a list that a comment has in it and whose time is not over, each once: first what rejects, then what holds,
    /// approves, and points.
    pub fn find(&self, list: ListName, facts: &Facts<'_>) -> Vec<Found<'_>> {
        let mut found = match list {
            ListName::Phrases => self.phrases_in(facts),
            ListName::Domains => self.domains_in(facts),
            ListName::Addresses => self.addresses_of(facts),
            ListName::Mails => self.mails_of(facts),
        };
        found.sort_by_key(|(number, _)| *number);
        found.dedup_by_key(|(number, _)| *number);
        let found = found.into_iter().map(|(number, evidence)| (&self.entries[number as usize], evidence));
        let in_force = found.filter(|(entry, _)| entry.expires_at.is_none_or(|end| facts.now() < end));
        let mut found: Vec<_> = in_force.map(|(entry, evidence)| Found { entry, evidence }).collect();
        found.sort_by_key(|found| match found.entry.action {
            ListAction::Reject => (0, Reverse(0)),
            ListAction::Hold => (1, Reverse(0)),
            ListAction::Approve => (2, Reverse(0)),
            ListAction::Points(points) => (3, Reverse(points.abs())),
        });
        found
    }

    fn phrases_in(&self, facts: &Facts<'_>) -> Vec<(u32, Option<Evidence>)> {
        if self.phrases.is_empty() {
            return Vec::new();
        }
        let steps = Steps::new();
        let in_content = self.phrases.find(&facts.folded().text, &steps);
        let in_name = self.phrases.find(&facts.name().text, &steps);
        if steps.are_used_up() {
            facts.exceed();
        }
        let in_content = in_content.into_iter().map(|(number, span)| (number, facts.folded_evidence(span)));
        let in_name = in_name.into_iter().map(|(number, span)| {
            let span = facts.name().origin(span);
            (number, facts.evidence(Field::AuthorName, span))
        });
        in_content.chain(in_name).map(|(number, evidence)| (number, Some(evidence))).collect()
    }

    fn domains_in(&self, facts: &Facts<'_>) -> Vec<(u32, Option<Evidence>)> {
        if self.domains.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (host, field, span) in facts.places_led_to() {
            let above = self.domains.above(host);
            found.extend(above.map(|number| (number, Some(facts.evidence(field, span)))));
        }
        found
    }

    fn addresses_of(&self, facts: &Facts<'_>) -> Vec<(u32, Option<Evidence>)> {
        let address = facts.submission().client.ip;
        let found = address.map(|address| self.addresses.of(address)).unwrap_or_default();
        found.into_iter().map(|number| (number, None)).collect()
    }

    fn mails_of(&self, facts: &Facts<'_>) -> Vec<(u32, Option<Evidence>)> {
        let typed = facts.submission().author.email.as_deref().filter(|_| !self.mails.is_empty());
        let Some(mail) = typed.and_then(mail_of) else { return Vec::new() };
        let Some((local, host)) = mail.rsplit_once('@') else { return Vec::new() };
        let host = url::Host::parse(host).map_or_else(|_| host.to_owned(), |host: url::Host| host.to_string());
        let host = host.trim_end_matches('.');
        let whole = format!("{local}@{host}");
        let found = self.mails.of(&whole).chain(self.mails.above(host));
        found.map(|number| (number, Some(facts.whole(Field::AuthorEmail)))).collect()
    }
}
