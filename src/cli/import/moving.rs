//! Puts what was read into the site, many at once, and keeps count.

use std::collections::HashSet;
use std::io::{self, Write};

use futures_util::future::join_all;

use super::moving_entries::Entries;
use super::{Found, Item};
use crate::cli::Context;
use crate::cli::failure::Failure;
use crate::cli::leaving::counted;
use crate::cli::progress::Progress;
use crate::cli::terminal::safe;
use crate::domain::{SiteId, SiteOverrides};
use crate::service::{Error, Moved, Overridden, Service};

/// How many are on their way at once, so that the store writes them in groups, and how many bytes they may have.
const GROUP: usize = 512;
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// How many faults are told one by one.
const TOLD: u64 = 100;

/// Puts items into a site.
pub(super) struct Mover<'a> {
    pub(super) service: &'a Service,
    pub(super) site: &'a SiteId,
    /// What the input is called.
    name: &'a str,
    progress: Progress,
    group: Vec<(String, Item)>,
    weight: usize,
    /// The ids in the group: of two comments with one id, the second meets the first in the store.
    ids: HashSet<String>,
    pub(super) moved: Totals,
    pub(super) entries: Entries,
}

/// What came of an import.
#[derive(Debug, Default)]
pub(super) struct Totals {
    comments: u64,
    tombstones: u64,
    pub(super) entries: u64,
    pub(super) already: u64,
    gone: u64,
    faults: u64,
    policy: bool,
}

impl<'a> Mover<'a> {
    pub(super) fn new((service, site): (&'a Service, &'a SiteId), name: &'a str, context: &Context<'_>) -> Self {
        let (group, ids) = (Vec::with_capacity(GROUP), HashSet::new());
        let (progress, moved) = (Progress::new(context), Totals::default());
        Self { service, site, name, progress, group, weight: 0, ids, moved, entries: Entries::default() }
    }

    /// Takes one thing more.
    pub(super) async fn take(&mut self, found: Found) -> Result<(), Failure> {
        let Found { place, weight, item } = found;
        let item = match item {
            Err(faults) => {
                for fault in faults {
                    self.tell(&place, &fault)?;
                }
                return Ok(());
            }
            Ok(Item::Policy(overrides)) => return self.policy(overrides).await,
            Ok(Item::Entry(list, entry)) => return self.entry(place, list, *entry).await,
            Ok(item) => item,
        };
        let ids = item.ids();
        if self.group.len() >= GROUP || self.weight + weight > GROUP_BYTES || ids.iter().any(|id| self.ids.contains(id))
        {
            self.flush().await?;
        }
        self.ids.extend(ids);
        self.weight += weight;
        self.group.push((place, item));
        Ok(())
    }

    /// What it came to, once everything is in.
    pub(super) async fn end(mut self) -> Result<Totals, Failure> {
        let flushed = match self.flush().await {
            Ok(()) => self.flush_entries().await,
            failed => failed,
        };
        self.progress.end();
        flushed?;
        if self.moved.faults > TOLD {
            writeln!(
                io::stderr(),
                "moderato: {}: faults that are not told one by one: {}",
                self.name,
                self.moved.faults - TOLD
            )?;
        }
        Ok(self.moved)
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let (service, site) = (self.service, self.site);
        let moves = self.group.drain(..).map(|(place, item)| async move {
            let is_comment = !matches!(item, Item::Tombstone(_));
            (place, is_comment, item.move_in(service, site).await)
        });
        let ended = join_all(moves).await;
        self.ids.clear();
        self.weight = 0;
        for (place, is_comment, moved) in ended {
            self.progress.step();
            match moved? {
                Moved::In if is_comment => self.moved.comments += 1,
                Moved::In => self.moved.tombstones += 1,
                Moved::Already => self.moved.already += 1,
                Moved::Gone(_) => self.moved.gone += 1,
                Moved::IdTaken => self.tell(&place, "is left out: its id is another comment's here")?,
                Moved::ExternalIdTaken(external_id, id) => {
                    let why = format!("is left out: comment {id} here has its external id {external_id}");
                    self.tell(&place, &why)?;
                }
            }
        }
        Ok(())
    }

    async fn policy(&mut self, overrides: SiteOverrides) -> Result<(), Failure> {
        match self.service.move_in_policy(self.site, overrides).await {
            Ok(Overridden::InForce) => self.moved.policy = true,
            Ok(Overridden::Already) => {}
            Ok(Overridden::LeftAsItIs) => {
                self.tell("line 1", "policy is left out: the site here overrides other values, which stay")?;
            }
            Err(error @ (Error::InvalidPolicy(_) | Error::PolicyChanged(_))) => {
                self.tell("line 1", &format!("policy is left out: {error}"))?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, place: &str, fault: &str) -> Result<(), Failure> {
        self.moved.faults += 1;
        if self.moved.faults <= TOLD {
            self.progress.end();
            writeln!(io::stderr(), "moderato: {}: {place} {}", safe(self.name), safe(fault))?;
        }
        Ok(())
    }
}

impl Item {
    /// What no two in a group may share.
    fn ids(&self) -> Vec<String> {
        let external = |id: &crate::domain::ExternalId| format!("ext:{id}");
        match self {
            Item::Policy(_) | Item::Entry(..) => Vec::new(),
            Item::Comment(comment) => {
                let external_id = comment.submission.external_id.as_ref().map(external);
                [comment.id.to_string()].into_iter().chain(external_id).collect()
            }
            Item::Tombstone(tombstone) => {
                let external_id = tombstone.external_id.as_ref().map(external);
                [tombstone.id.to_string()].into_iter().chain(external_id).collect()
            }
            Item::Old(submission, _) => submission.external_id.as_ref().map(external).into_iter().collect(),
        }
    }

    async fn move_in(self, service: &Service, site: &SiteId) -> Result<Moved, Error> {
        match self {
            Item::Entry(list, entry) => service.move_in_entries(site, list, vec![*entry]).await.map(|_| Moved::In),
            Item::Policy(overrides) => service.move_in_policy(site, overrides).await.map(|_| Moved::In),
            Item::Comment(comment) => service.move_in(site, *comment).await,
            Item::Tombstone(tombstone) => service.move_in_tombstone(site, *tombstone).await,
            Item::Old(submission, standing) => service.move_in_old(site, *submission, standing).await,
        }
    }
}

impl Totals {
    /// Whether nothing was left out.
    pub(super) fn is_whole(&self) -> bool {
        self.faults == 0
    }

    /// Whether nothing is here that was not here before.
    pub(super) fn is_nothing(&self) -> bool {
        self.comments == 0 && self.tombstones == 0 && self.entries == 0 && !self.policy
    }

    /// What came of it, for people.
    pub(super) fn summary(&self, site: &SiteId) -> String {
        let Self { comments, tombstones, entries, already, gone, faults, policy } = self;
        let mut lines = vec![format!("imported into {site}: {}", counted(*comments, *tombstones, *entries))];
        let mut say = |holds: bool, line: String| lines.extend(holds.then_some(line));
        say(*policy, "put the policy of the export in force".to_owned());
        say(*already > 0, format!("there already: {already}"));
        say(*gone > 0, format!("erased here or kept no longer, and left so: {gone}"));
        say(*faults > 0, format!("told and left out: {faults}"));
        lines.join("\n")
    }
}
