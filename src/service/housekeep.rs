//! Housekeeping: what is kept no longer goes, site by site, in steps that leave submissions their turn.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::leap::Leap;
use super::{Error, Service};
use crate::clock::Stopwatch;
use crate::domain::{Keep, ListQuery, SiteId, Timestamp};
use crate::store::Expired;

/// How often all sites are gone through.
const EVERY: Duration = Duration::from_secs(60);

/// How long the store is left to others after a step, in times of what the step took: of its one writer, retention has a
/// tenth at most.
const REST: u32 = 9;

impl Service {
    /// Goes through all sites every minute, and never ends. Where it is dropped, a step that has begun is done whole or not
    /// at all, and the next time goes on from there. A clock that has leapt ahead is not gone by for an hour.
    pub async fn keep_house(&self) {
        let mut pace = interval(EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut leap: Option<Leap> = None;
        loop {
            pace.tick().await;
            if leap.is_none() {
                // While the store is away, nothing can expire either.
                leap = self.newest().await.map(Leap::watch).ok();
            }
            if leap.as_mut().is_some_and(|leap| leap.lets(self.clock.now())) {
                self.expire_all().await;
            }
        }
    }

    /// The newest time that the comments of all sites tell; without any, the clock's.
    async fn newest(&self) -> Result<Timestamp, Error> {
        let mut newest = None;
        for site in self.store.sites().await? {
            let page = self.store.list(&site.id, &ListQuery { limit: 1, ..ListQuery::default() }).await?;
            newest = newest.max(page.items.first().map(|comment| comment.received_at.max(comment.changed_at)));
        }
        Ok(newest.unwrap_or_else(|| self.clock.now()))
    }

    /// Does what is due in all sites. A site where that fails stands in no other's way.
    pub async fn expire_all(&self) {
        let sites = match self.store.sites().await {
            Ok(sites) => sites,
            Err(error) => {
                self.metrics.housekeeping_failed();
                tracing::error!("nothing expires, the sites cannot be listed: {error}");
                return;
            }
        };
        for site in sites {
            match self.expire_site(&site.id).await {
                // Deleted since.
                Ok(_) | Err(Error::UnknownSite) => {}
                Err(error) => {
                    self.metrics.housekeeping_failed();
                    tracing::error!(site = %site.id, "what is due in a site does not expire: {error}");
                }
            }
        }
        self.metrics.housekeeping_ended(self.clock.now());
    }

    /// How long a site keeps what.
    pub async fn keep(&self, site: &SiteId) -> Result<Keep, Error> {
        Ok(self.policy_now(site).await?.keep().clone())
    }

    /// Does everything that is due in a site by now, by the site's own `policy.keep`, and answers how much that was. Where
    /// what the site overrides contradicts the configuration, nobody knows how long it wants to keep what: nothing is due.
    pub async fn expire_site(&self, site: &SiteId) -> Result<Expired, Error> {
        let mut all = Expired::default();
        loop {
            // Read anew for each step: who finds out that a time is too short saves what is still there.
            let policy = self.policy_now(site).await?;
            if !policy.is_whole() {
                return Ok(all);
            }
            let working = Stopwatch::start();
            let step = self.store.expire(site, policy.keep(), self.clock.now()).await?;
            self.metrics.expired(&step);
            all = sum(&all, &step);
            if !step.more {
                return Ok(all);
            }
            tokio::time::sleep(working.elapsed() * REST).await;
        }
    }
}

fn sum(all: &Expired, step: &Expired) -> Expired {
    Expired {
        rejected: all.rejected + step.rejected,
        purged: all.purged + step.purged,
        addresses: all.addresses + step.addresses,
        tombstones: all.tombstones + step.tombstones,
        events: all.events + step.events,
        lessons: all.lessons + step.lessons,
        more: step.more,
    }
}
