//! What the service runs by: its configuration, swapped whole, and the policies of the sites that are active.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::policy::PolicyDefaults;
use super::{Error, Service, key};
use crate::clock::Stopwatch;
use crate::domain::{Invalid, ListName, SiteId, SiteSettings};
use crate::limits::{self, Limits, Quotas};
use crate::screening::{BadEntry, Policy, SiteLists};

/// How many sites' policies and lists are kept compiled, and how many bytes they may take in all. Past that, all are forgotten at
/// once, and read again when they are needed.
const ACTIVE: usize = 1_000;
const ACTIVE_BYTES: usize = 96 * 1024 * 1024;
/// How much more what a site overrides takes once it is compiled (1.25 MB measured for the largest policy a site can have).
const COMPILED: usize = 20;

/// What an operator decides, and may decide anew while the service runs.
#[derive(Clone)]
pub struct Configuration {
    /// What comments are judged by, where a site does not override it.
    pub policy: PolicyDefaults,
    /// How much a caller may ask for.
    pub limits: limits::Settings,
    /// The deployment's own key for everything, if it gave one.
    pub operator_key: Option<String>,
}

/// A configuration in force.
pub(super) struct Running {
    pub policy: PolicyDefaults,
    pub limits: Limits,
    pub operator_key: Option<[u8; 32]>,
}

/// A site that somebody writes to: everything its comments are judged by.
pub(super) struct ActiveSite {
    /// Of its settings.
    pub version: u64,
    pub policy: Arc<Policy>,
    pub quotas: Quotas,
    /// What it was made from.
    running: Arc<Running>,
    /// When its settings were read.
    read: Stopwatch,
    /// How many bytes it takes, about.
    weight: usize,
}

/// The turns in which sites with lists are made ready.
#[derive(Default)]
struct Turns([tokio::sync::Mutex<()>; 16]);

/// The configuration in force and the active sites.
pub(super) struct State {
    running: RwLock<Arc<Running>>,
    sites: Mutex<HashMap<SiteId, Arc<ActiveSite>>>,
    turns: Turns,
}

impl State {
    pub fn new(running: Running) -> Self {
        Self { running: RwLock::new(Arc::new(running)), sites: Mutex::default(), turns: Turns::default() }
    }
}

impl Running {
    pub fn new(configuration: Configuration, limits: Limits) -> Self {
        let operator_key = configuration.operator_key.map(|key| key::sha256(key.as_bytes()));
        Self { policy: configuration.policy, limits, operator_key }
    }
}

impl Service {
    /// The configuration in force.
    pub(super) fn running(&self) -> Arc<Running> {
        self.state.running.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another configuration in force, for every request from now on.
    pub async fn reconfigure(&self, configuration: Configuration) {
        let limits = self.running().limits.renewed(&configuration.limits);
        let running = Arc::new(Running::new(configuration, limits));
        *self.state.running.write().unwrap_or_else(PoisonError::into_inner) = running;
        self.active_sites().clear();
        self.tell_contradictions().await;
    }

    /// Says in the log which sites override values that do not go together with the configuration. Their comments are held
    /// until somebody mends them; no site stands in the way of the others.
    pub async fn tell_contradictions(&self) {
        let sites = self.store.sites().await.unwrap_or_default();
        for site in sites {
            // A store that is away says so by itself, and each site again when it is active.
            if let Ok(settings) = self.store.settings(&site.id).await
                && let Err(faults) = self.running().policy.with(&settings.overrides)
            {
                contradicted(&site.id, &faults);
            }
        }
    }

    /// What a site's comments are judged by, as far as this process knows.
    pub(super) async fn active(&self, site: &SiteId) -> Result<Arc<ActiveSite>, Error> {
        let running = self.running();
        let known = self.active_sites().get(site).cloned();
        match known.filter(|active| Arc::ptr_eq(&active.running, &running)) {
            Some(active) => Ok(active),
            None => self.activate(site).await,
        }
    }

    /// What a site's comments are judged by, read anew.
    pub(super) async fn activate(&self, site: &SiteId) -> Result<Arc<ActiveSite>, Error> {
        let running = self.running();
        let settings = self.store.settings(site).await?;
        // Requests that come together compile a site's lists once.
        let _turn = self.state.turns.of(site).lock().await;
        let known = self.active_sites().get(site).filter(|known| known.version == settings.version).cloned();
        let lists = match known {
            Some(known) => known.policy.lists().clone(),
            // Read after the settings, so that they are never older than the version they are kept under.
            None => self.lists(site).await?,
        };
        let active = Arc::new(ActiveSite::new(site, &settings, (running, lists)));
        let mut sites = self.active_sites();
        let bytes: usize = sites.values().map(|site| site.weight).sum();
        if sites.len() >= ACTIVE || bytes + active.weight > ACTIVE_BYTES {
            sites.clear();
        }
        sites.insert(site.clone(), active.clone());
        Ok(active)
    }

    /// A site's policy by what the store has at this moment, for what cannot be taken back.
    pub(super) async fn policy_now(&self, site: &SiteId) -> Result<Arc<Policy>, Error> {
        let settings = self.store.settings(site).await?;
        let running = self.running();
        if settings.overrides.0.is_empty() {
            return Ok(running.policy.policy().clone());
        }
        let known = self.active_sites().get(site).cloned();
        let known = known.filter(|known| known.version == settings.version && Arc::ptr_eq(&known.running, &running));
        match known {
            Some(known) => Ok(known.policy.clone()),
            None => Ok(self.activate(site).await?.policy.clone()),
        }
    }

    /// A site's own lists, compiled.
    async fn lists(&self, site: &SiteId) -> Result<Arc<SiteLists>, Error> {
        /// So many are compiled where other requests would wait no longer for it than for a handful of comments.
        const FEW: usize = 500;
        let mut entries = Vec::new();
        for list in ListName::ALL {
            entries.extend(self.all_entries(site, list).await?.into_iter().map(|entry| (list, entry)));
        }
        let (lists, bad) = match entries.len() {
            0..=FEW => SiteLists::compile(entries),
            _ => {
                let compiled = tokio::task::spawn_blocking(move || SiteLists::compile(entries)).await;
                compiled.map_err(|error| Error::Internal(format!("the lists were not compiled: {error}")))?
            }
        };
        for BadEntry { list, id, fault } in bad {
            let (list, entry) = (list.as_str(), id.as_str());
            tracing::error!(%site, list, entry, "an entry of a list is not in force: {}", fault.detail);
        }
        Ok(Arc::new(lists))
    }

    /// Forgets what is known of a site, because it has changed.
    pub(super) fn deactivate(&self, site: &SiteId) {
        self.active_sites().remove(site);
    }

    fn active_sites(&self) -> std::sync::MutexGuard<'_, HashMap<SiteId, Arc<ActiveSite>>> {
        self.state.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ActiveSite {
    /// Whether its settings were read lately enough to refuse somebody by them. What is refused is not looked up in the
    /// store, which would tell that they have changed.
    pub fn is_fresh(&self) -> bool {
        const FRESH: Duration = Duration::from_secs(5);
        self.read.elapsed() < FRESH
    }

    /// The limits of the configuration that the site was made ready under.
    pub fn limits(&self) -> &Limits {
        &self.running.limits
    }

    /// Overrides that contradict the configuration are not in force, and nothing is approved until somebody mends them.
    fn new(site: &SiteId, settings: &SiteSettings, (running, lists): (Arc<Running>, Arc<SiteLists>)) -> Self {
        let policy = running.policy.with(&settings.overrides).unwrap_or_else(|faults| {
            contradicted(site, &faults);
            Arc::new(running.policy.policy().unavailable())
        });
        let overridden = serde_json::to_vec(&settings.overrides).map_or(ACTIVE_BYTES, |bytes| bytes.len() * COMPILED);
        let weight = overridden.saturating_add(lists.bytes());
        let policy = if lists.is_empty() { policy } else { Arc::new(policy.with_lists(lists)) };
        let (limits, over_limit) = policy.limits();
        let quotas = running.limits.quotas(limits, over_limit);
        Self { version: settings.version, policy, quotas, running, read: Stopwatch::start(), weight }
    }
}

impl Turns {
    /// The turn of a site; some others may have to wait for the same.
    fn of(&self, site: &SiteId) -> &tokio::sync::Mutex<()> {
        let mut hasher = DefaultHasher::new();
        site.hash(&mut hasher);
        let Self(turns) = self;
        &turns[hasher.finish() as usize % turns.len()]
    }
}

fn contradicted(site: &SiteId, faults: &[Invalid]) {
    let faults = Invalid::list(faults);
    tracing::error!(%site, "what the site overrides contradicts the configuration, its comments are held: {faults}");
}
