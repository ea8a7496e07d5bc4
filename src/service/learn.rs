//! Learn: what people decide finds its way into every verdict that follows, on every process alike.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Error, Service};
use crate::domain::{SiteId, Taught};
use crate::screening::{BaseModel, Learnt, SiteLearner};
use crate::store::Recall;

/// How many lessons are read at once.
const PAGE: usize = 200;
/// After how many lessons a snapshot is written.
const SNAPSHOT_EVERY: u64 = 500;
/// How many sites' learners are kept in memory, 256 KiB each: those used last.
const MOST: usize = 800;
/// How long a store that is away is left in peace.
const PAUSE: Duration = Duration::from_secs(1);

/// What was learnt, of every site that this process judges for.
pub(super) struct Learners {
    base: BaseModel,
    known: Mutex<Known>,
    wake: Notify,
}

/// The sites' learners.
#[derive(Default)]
struct Known {
    sites: HashMap<SiteId, Entry>,
    /// Sites of which there is more to learn.
    behind: HashSet<SiteId>,
    /// Counts uses.
    clock: u64,
}

struct Entry {
    learner: Arc<SiteLearner>,
    /// What the last snapshot that is known of goes up to.
    snapshot: Option<u64>,
    used: u64,
}

impl Default for Learners {
    fn default() -> Self {
        Self::new(BaseModel::shipped())
    }
}

impl Learners {
    pub fn new(base: BaseModel) -> Self {
        Self { base, known: Mutex::default(), wake: Notify::new() }
    }

    /// What a site has taught so far as this process knows. If the store has more (`taught` is the number of its newest lesson),
    /// that is learnt now, for the next comment.
    pub fn at(&self, site: &SiteId, taught: u64) -> Option<Arc<SiteLearner>> {
        let mut known = self.known();
        known.clock += 1;
        let used = known.clock;
        let learner = known.sites.get_mut(site).map(|entry| {
            entry.used = used;
            Arc::clone(&entry.learner)
        });
        let knows = learner.as_deref().map_or(0, SiteLearner::taught);
        // Fewer than are known: this process was faster, or the site was made anew under its name.
        if knows != taught && known.behind.insert(site.clone()) {
            self.wake.notify_one();
        }
        learner
    }

    /// The same with the base model.
    pub fn with<'a>(&'a self, site: Option<&'a SiteLearner>) -> Learnt<'a> {
        Learnt { base: &self.base, site }
    }

    /// Notes that there may be more to learn of a site.
    pub fn notice(&self, site: &SiteId) {
        if self.known().behind.insert(site.clone()) {
            self.wake.notify_one();
        }
    }

    /// Forgets a site.
    pub fn forget(&self, site: &SiteId) {
        self.known().sites.remove(site);
    }

    /// What a site has taught so far.
    fn of(&self, site: &SiteId) -> (Option<Arc<SiteLearner>>, Option<u64>) {
        let known = self.known();
        let entry = known.sites.get(site);
        (entry.map(|entry| Arc::clone(&entry.learner)), entry.and_then(|entry| entry.snapshot))
    }

    fn put(&self, site: &SiteId, learner: Arc<SiteLearner>, snapshot: Option<u64>) {
        let mut known = self.known();
        known.clock += 1;
        let used = known.clock;
        if known.sites.len() >= MOST && !known.sites.contains_key(site) {
            let oldest = known.sites.iter().min_by_key(|(_, entry)| entry.used).map(|(site, _)| site.clone());
            oldest.map(|oldest| known.sites.remove(&oldest));
        }
        known.sites.insert(site.clone(), Entry { learner, snapshot, used });
    }

    fn next_behind(&self) -> Option<SiteId> {
        let mut known = self.known();
        let site = known.behind.iter().next().cloned()?;
        known.behind.take(&site)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Learns what decisions teach, for as long as it is polled: whenever a submission or a decision shows that there is more.
    pub async fn learn_on(&self) {
        loop {
            self.learners.wake.notified().await;
            while let Some(site) = self.learners.next_behind() {
                match self.catch_up(&site).await {
                    Ok(_) => {}
                    Err(Error::UnknownSite) => self.learners.forget(&site),
                    Err(error) => {
                        tracing::warn!(%site, "what was decided is not learnt yet: {error}");
                        tokio::time::sleep(PAUSE).await;
                        self.learners.notice(&site);
                    }
                }
            }
        }
    }

    /// Learns everything that the site's decisions teach by now; the answer is how many lessons that were.
    pub async fn catch_up(&self, site: &SiteId) -> Result<u64, Error> {
        let newest = self.newest_lesson(site).await?;
        let (known, mut snapshot) = self.learners.of(site);
        let known = known.filter(|learner| learner.taught() <= newest);
        let mut learner = match known {
            Some(learner) => learner,
            None if newest == 0 => {
                self.learners.forget(site);
                return Ok(0);
            }
            None => {
                let kept = self.kept_learner(site).await?;
                snapshot = kept.as_ref().map(SiteLearner::taught);
                Arc::new(kept.unwrap_or_default())
            }
        };
        let mut learnt = 0;
        loop {
            let page = self.store.lessons(site, learner.taught(), PAGE).await?;
            let Some(first) = page.first() else { break };
            // Lessons that are kept no longer are in a snapshot, unless there were too many, or one is damaged.
            if first.number > learner.taught() + 1
                && let Some(kept) = self.kept_learner(site).await?
                && kept.taught() > learner.taught()
            {
                snapshot = Some(kept.taught());
                learner = Arc::new(kept);
                continue;
            }
            let before = learner.taught();
            learn(Arc::make_mut(&mut learner), &page);
            learnt += page.len() as u64;
            self.metrics.learnt(&page);
            self.learners.put(site, Arc::clone(&learner), snapshot);
            if learner.taught() / SNAPSHOT_EVERY > before / SNAPSHOT_EVERY {
                snapshot = self.keep_learner(site, &learner, snapshot).await?;
            }
            tokio::task::yield_now().await;
        }
        self.learners.put(site, learner, snapshot);
        Ok(learnt)
    }

    /// What a site has taught so far, as far as this process knows.
    pub fn learner(&self, site: &SiteId) -> Option<Arc<SiteLearner>> {
        self.learners.of(site).0
    }

    /// The number of the site's newest lesson.
    async fn newest_lesson(&self, site: &SiteId) -> Result<u64, Error> {
        let ask = Recall { idempotency: None, external_id: None, history: Vec::new(), now: self.clock.now() };
        Ok(self.store.recall(site, &ask).await?.taught)
    }

    /// What the snapshot in the store knows; none if there is none, or one of another version's.
    async fn kept_learner(&self, site: &SiteId) -> Result<Option<SiteLearner>, Error> {
        Ok(self.store.model(site).await?.as_ref().and_then(SiteLearner::read))
    }

    /// Writes a snapshot, unless another process has; the answer is what the one in the store goes up to.
    async fn keep_learner(
        &self,
        site: &SiteId,
        learner: &SiteLearner,
        known: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        if self.store.put_model(site, learner.snapshot(), known).await? {
            tracing::info!(%site, taught = learner.taught(), "wrote what was learnt to the store");
            return Ok(Some(learner.taught()));
        }
        let there = self.store.model(site).await?;
        let is_unreadable = there.as_ref().is_some_and(|there| SiteLearner::read(there).is_none());
        let there = there.map(|there| there.taught);
        // One that another version wrote is written over; a newer one of another process stays.
        if is_unreadable || there < Some(learner.taught()) {
            self.store.put_model(site, learner.snapshot(), there).await?;
        }
        Ok(there.max(Some(learner.taught())))
    }
}

fn learn(learner: &mut SiteLearner, lessons: &[Taught]) {
    lessons.iter().for_each(|taught| learner.learn(taught));
}
