//! Simulate: what another policy would have made of the comments that people have decided, measured against what they decided.

mod report;
mod tally;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::policy::lay_over;
use super::{Error, Service};
use crate::clock::Stopwatch;
use crate::domain::{Comment, DecisionAction, ListQuery, SiteId, SiteOverrides};
use crate::screening::{Policy, Replay};

pub use report::{Actions, Because, ByChange, ByDecision, Confusion, Example, Judged, Said, Simulated, Skipped};
use tally::Tally;

/// How many decided comments a simulation takes where nothing else is asked for, and at most.
pub const LAST: usize = 1_000;
/// The most.
pub const MOST_LAST: usize = 20_000;
/// How many examples it gives where nothing else is asked for.
pub const EXAMPLES: usize = 20;
/// The most.
pub const MOST_EXAMPLES: usize = 100;

/// How many records are read at once.
const PAGE: usize = 250;

/// The most records that are read in all, those that nobody has decided included.
const MOST_READ: usize = 100_000;

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The policy.
    pub draft: Draft,
    /// Over so many decided comments, the newest.
    pub last: usize,
    /// How many of those that would be treated otherwise are named.
    pub examples: usize,
}

/// A policy that is not in force.
#[derive(Clone, Debug)]
pub enum Draft {
    /// What the site would override, all of it.
    Overrides(SiteOverrides),
    /// What it would override beside what it overrides already.
    Changes(SiteOverrides),
}

/// The simulations that are running in this process: one of a site, and one at a time in all, so that they take no more than one
/// processor from the submissions.
pub(super) struct Simulations {
    sites: Mutex<HashSet<SiteId>>,
    turn: Semaphore,
}

/// A site's simulation; when it is dropped, another one may begin.
struct Running<'s> {
    simulations: &'s Simulations,
    site: &'s SiteId,
}

impl Default for Simulations {
    fn default() -> Self {
        Self { sites: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Simulations {
    /// Begins one; `None`: one is running.
    fn begin<'s>(&'s self, site: &'s SiteId) -> Option<Running<'s>> {
        let is_first = self.sites.lock().unwrap_or_else(PoisonError::into_inner).insert(site.clone());
        is_first.then_some(Running { simulations: self, site })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.simulations.sites.lock().unwrap_or_else(PoisonError::into_inner).remove(self.site);
    }
}

impl Service {
    /// Judges the last decided comments by the policy in force and by a draft, and compares the two. Nothing is changed. Comments are
    /// read page by page, the newest first, and judged away from the threads that answer requests.
    pub async fn simulate(&self, site: &SiteId, simulation: &Simulation) -> Result<Simulated, Error> {
        let watch = Stopwatch::start();
        let _running = self.simulations.begin(site).ok_or(Error::Simulating)?;
        let (now, draft) = self.policies(site, &simulation.draft).await?;
        let _turn = self.simulations.turn.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let judges = [&*now, &*draft];
        let replays = (Replay::new(now.clone(), &judges), Replay::new(draft.clone(), &judges));
        let mut tally = Tally::new(replays, simulation.examples);
        let mut query = ListQuery { limit: PAGE, ..ListQuery::default() };
        let (mut left, mut read) = (simulation.last, 0);
        while left > 0 && read < MOST_READ {
            let page = self.store.list(site, &query).await?;
            read += page.items.len() + page.damaged.len();
            tally.skipped.damaged += page.damaged.len() as u64;
            let mut decided: Vec<Comment> = page.items;
            decided.retain(is_decided);
            decided.truncate(left);
            left -= decided.len();
            let counting = tokio::task::spawn_blocking(move || {
                decided.iter().for_each(|comment| tally.take(comment));
                tally
            });
            tally = counting.await.map_err(|error| Error::Internal(format!("a simulation ended: {error}")))?;
            query.after = page.next;
            if page.next.is_none() {
                break;
            }
        }
        let simulated = tally.report((&now, &draft), watch.elapsed());
        self.metrics.simulated(&simulated);
        let Simulated { comments, replayed, screened_again, took_ms, .. } = simulated;
        let flips: u64 = simulated.flips.values().map(|by| by.all()).sum();
        tracing::info!(%site, comments, replayed, screened_again, flips, took_ms, "a policy was simulated");
        Ok(simulated)
    }

    /// The policy in force, and a draft of another one; both with the site's lists.
    async fn policies(&self, site: &SiteId, draft: &Draft) -> Result<(Arc<Policy>, Arc<Policy>), Error> {
        let active = self.activate(site).await?;
        let overrides = match draft {
            Draft::Overrides(overrides) => overrides.clone(),
            Draft::Changes(changes) => {
                let SiteOverrides(mut overrides) = self.store.settings(site).await?.overrides;
                lay_over(&mut overrides, &changes.0);
                SiteOverrides(overrides)
            }
        };
        let draft = self.running().policy.with(&overrides).map_err(Error::InvalidPolicy)?;
        let now = active.policy.clone();
        let draft = draft.with_lists(now.lists().clone());
        Ok((now, Arc::new(draft)))
    }
}

/// Whether what a person decided of a comment stands.
fn is_decided(comment: &Comment) -> bool {
    comment.standing_decision().is_some_and(|decision| decision.action != DecisionAction::Reopen)
}
