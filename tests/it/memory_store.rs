//! A store in memory, for these tests only: the contract without history, durability or speed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use moderato::domain::{
    ApiKey, Comment, CommentId, CommentRef, Counts, DecisionRequest, Event, EventChange, EventId, ExternalId,
    Fingerprint, History, KeyId, ListQuery, Page, Position, Site, SiteId, SiteName, Sort, Status, Step, Timestamp,
};
use moderato::store::{
    Error, Existing, Idempotency, IdempotencyKey, Identity, Outcome, Recall, Recalled, Record, Recorded, Seed, Store,
};
use tokio::sync::watch;

/// Everything in one lock.
pub struct MemoryStore {
    state: Mutex<State>,
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    identity: Option<Identity>,
    sites: BTreeMap<SiteId, OneSite>,
    keys: Vec<ApiKey>,
}

struct OneSite {
    site: Site,
    comments: HashMap<CommentId, Comment>,
    /// Erased ones stay.
    external: HashMap<ExternalId, CommentId>,
    idempotency: HashMap<IdempotencyKey, (CommentId, Fingerprint, Timestamp)>,
    events: Vec<Event>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self { state: Mutex::default(), news: watch::channel(0).0 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn change(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        now: Timestamp,
        step: impl FnOnce(&Comment) -> Step,
    ) -> Result<Outcome, Error> {
        let mut state = self.lock();
        let one = state.sites.get_mut(site).ok_or(Error::UnknownSite)?;
        let Some(comment) = one.find(comment) else { return Ok(Outcome::NotFound) };
        match step(&comment) {
            Step::Change(change) => {
                let change = *change;
                one.comments.insert(change.comment.id, change.comment.clone());
                one.announce(&change.comment, change.event, now);
                self.news.send_modify(|news| *news += 1);
                Ok(Outcome::Changed(Box::new(change.comment)))
            }
            Step::Already => Ok(Outcome::Already(Box::new(comment))),
            Step::Outdated => Ok(Outcome::Outdated(Box::new(comment))),
            Step::Refused(refusal) => Ok(Outcome::Refused(refusal, Box::new(comment))),
        }
    }
}

impl OneSite {
    fn find(&self, comment: &CommentRef) -> Option<Comment> {
        let id = match comment {
            CommentRef::Id(id) => *id,
            CommentRef::External(external) => *self.external.get(external)?,
        };
        self.comments.get(&id).cloned()
    }

    fn announce(&mut self, comment: &Comment, change: EventChange, now: Timestamp) {
        let last = self.events.last().map(|event| event.id).unwrap_or_default();
        self.events.push(Event {
            id: EventId::following(last, now),
            at: now,
            change,
            comment: comment.id,
            external_id: comment.submission.external_id.clone(),
            version: comment.version,
            status: comment.status,
        });
    }

    fn existing(
        &self,
        key: Option<IdempotencyKey>,
        external_id: Option<&ExternalId>,
        now: Timestamp,
    ) -> Option<Existing> {
        let by_key = key.and_then(|key| self.idempotency.get(&key)).filter(|(_, _, expires_at)| *expires_at > now);
        if let Some((id, fingerprint, _)) = by_key {
            return Some(self.comments.get(id).map_or(Existing::Erased(*id), |comment| Existing::ByKey {
                comment: Box::new(comment.clone()),
                fingerprint: fingerprint.clone(),
            }));
        }
        let id = self.external.get(external_id?)?;
        let found = self.comments.get(id).cloned();
        Some(found.map_or(Existing::Erased(*id), |comment| Existing::ByExternalId { comment: Box::new(comment) }))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        Ok(self.lock().identity.clone())
    }

    async fn settle(&self, seed: Seed) -> Result<Identity, Error> {
        self.create_site(seed.site).await?;
        let mut state = self.lock();
        state.keys.extend(seed.keys);
        Ok(state.identity.insert(seed.identity).clone())
    }

    async fn health(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        let state = self.lock();
        let one = state.sites.get(site).ok_or(Error::UnknownSite)?;
        let existing = one.existing(ask.idempotency, ask.external_id.as_ref(), ask.now);
        Ok(Recalled { existing, history: History::default() })
    }

    async fn record(&self, site: &SiteId, entry: Record) -> Result<Recorded, Error> {
        let mut state = self.lock();
        let one = state.sites.get_mut(site).ok_or(Error::UnknownSite)?;
        let comment = entry.comment;
        let key = entry.idempotency.as_ref().map(|idempotency| idempotency.key);
        if let Some(existing) = one.existing(key, comment.submission.external_id.as_ref(), comment.received_at) {
            return Ok(Recorded::Existing(existing));
        }
        if let Some(external_id) = &comment.submission.external_id {
            one.external.insert(external_id.clone(), comment.id);
        }
        if let Some(idempotency) = entry.idempotency {
            let kept = (comment.id, idempotency.fingerprint, idempotency.expires_at);
            one.idempotency.insert(idempotency.key, kept);
        }
        if entry.announced {
            let change = EventChange::Submitted { action: comment.verdict.action, score: comment.verdict.score };
            one.announce(&comment, change, comment.received_at);
            self.news.send_modify(|news| *news += 1);
        }
        one.comments.insert(comment.id, comment);
        Ok(Recorded::New)
    }

    async fn decide(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        request: DecisionRequest,
        idempotency: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        if let Some(idempotency) = &idempotency {
            let state = self.lock();
            let one = state.sites.get(site).ok_or(Error::UnknownSite)?;
            match one.existing(Some(idempotency.key), None, request.now) {
                Some(Existing::ByKey { comment, fingerprint }) => return Ok(Outcome::Replayed(comment, fingerprint)),
                Some(Existing::Erased(id)) => return Ok(Outcome::ReplayedErased(id)),
                _ => {}
            }
        }
        let outcome = self.change(site, comment, request.now, |comment| comment.decide(&request))?;
        if let (Outcome::Changed(comment), Some(idempotency)) = (&outcome, idempotency) {
            let kept = (comment.id, idempotency.fingerprint, idempotency.expires_at);
            self.lock().sites.get_mut(site).unwrap().idempotency.insert(idempotency.key, kept);
        }
        Ok(outcome)
    }

    async fn link(
        &self,
        site: &SiteId,
        comment: &CommentRef,
        external_id: ExternalId,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let taken = self.lock().sites.get(site).ok_or(Error::UnknownSite)?.external.get(&external_id).copied();
        let outcome = self.change(site, comment, now, |comment| match taken {
            Some(id) if id != comment.id => Step::Already,
            _ => comment.link(&external_id, now),
        })?;
        match (outcome, taken) {
            (Outcome::Already(comment), Some(id)) if id != comment.id => Ok(Outcome::ExternalIdTaken(id)),
            (Outcome::Changed(comment), _) => {
                self.lock().sites.get_mut(site).unwrap().external.insert(external_id, comment.id);
                Ok(Outcome::Changed(comment))
            }
            (other, _) => Ok(other),
        }
    }

    async fn withdraw(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<Outcome, Error> {
        self.change(site, comment, now, |comment| comment.withdraw(now))
    }

    async fn erase(&self, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Error> {
        let mut state = self.lock();
        let one = state.sites.get_mut(site).ok_or(Error::UnknownSite)?;
        let Some(comment) = one.find(comment) else { return Ok(false) };
        one.comments.remove(&comment.id);
        one.announce(&comment, EventChange::Erased, now);
        self.news.send_modify(|news| *news += 1);
        Ok(true)
    }

    async fn get(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Comment>, Error> {
        Ok(self.lock().sites.get(site).ok_or(Error::UnknownSite)?.find(comment))
    }

    async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        let state = self.lock();
        let one = state.sites.get(site).ok_or(Error::UnknownSite)?;
        let place = |comment: &Comment| query.position(comment);
        let mut all: Vec<_> = one.comments.values().filter_map(|comment| Some((place(comment)?, comment))).collect();
        all.sort_by_key(|(position, _)| *position);
        if query.sort == Sort::Newest {
            all.reverse();
        }
        let is_after = |position: &Position| match (query.after, query.sort) {
            (None, _) => true,
            (Some(after), Sort::Newest) => *position < after,
            (Some(after), _) => *position > after,
        };
        let mut page = Page { items: Vec::new(), next: None };
        for (_, comment) in all.into_iter().filter(|(position, _)| is_after(position)) {
            if page.items.len() == query.limit {
                page.next = page.items.last().and_then(place);
                break;
            }
            if query.filter.accepts(comment) {
                page.items.push(comment.clone());
            }
        }
        Ok(page)
    }

    async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error> {
        let state = self.lock();
        let events = &state.sites.get(site).ok_or(Error::UnknownSite)?.events;
        Ok(events.iter().filter(|event| event.id > after).take(limit).cloned().collect())
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    async fn create_site(&self, site: Site) -> Result<bool, Error> {
        let mut state = self.lock();
        if state.sites.contains_key(&site.id) {
            return Ok(false);
        }
        let one = OneSite {
            site: site.clone(),
            comments: HashMap::new(),
            external: HashMap::new(),
            idempotency: HashMap::new(),
            events: Vec::new(),
        };
        state.sites.insert(site.id, one);
        Ok(true)
    }

    async fn site(&self, site: &SiteId) -> Result<Option<Site>, Error> {
        Ok(self.lock().sites.get(site).map(|one| one.site.clone()))
    }

    async fn counts(&self, site: &SiteId) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        for comment in self.lock().sites.get(site).ok_or(Error::UnknownSite)?.comments.values() {
            match comment.status {
                Status::Approved => counts.approved += 1,
                Status::Held => counts.held += 1,
                Status::Rejected => counts.rejected += 1,
            }
            counts.open += u64::from(comment.review.is_open());
        }
        Ok(counts)
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        Ok(self.lock().sites.values().map(|one| one.site.clone()).collect())
    }

    async fn rename_site(&self, site: &SiteId, name: SiteName) -> Result<Site, Error> {
        let mut state = self.lock();
        let one = state.sites.get_mut(site).ok_or(Error::UnknownSite)?;
        one.site.name = name;
        Ok(one.site.clone())
    }

    async fn delete_site(&self, site: &SiteId) -> Result<bool, Error> {
        let mut state = self.lock();
        if !state.sites.contains_key(site) {
            return Err(Error::UnknownSite);
        }
        let is_last = state.sites.len() == 1;
        if !is_last {
            state.sites.remove(site);
            state.keys.retain(|key| key.site.as_ref() != Some(site));
        }
        Ok(!is_last)
    }

    async fn create_key(&self, key: ApiKey) -> Result<(), Error> {
        let mut state = self.lock();
        if key.site.as_ref().is_some_and(|site| !state.sites.contains_key(site)) {
            return Err(Error::UnknownSite);
        }
        state.keys.push(key);
        Ok(())
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>, Error> {
        Ok(self.lock().keys.iter().find(|key| key.id == *id).cloned())
    }

    async fn keys(&self, site: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        let state = self.lock();
        if site.is_some_and(|site| !state.sites.contains_key(site)) {
            return Err(Error::UnknownSite);
        }
        Ok(state.keys.iter().filter(|key| key.site.as_ref() == site).cloned().collect())
    }

    async fn delete_key(&self, site: Option<&SiteId>, id: &KeyId) -> Result<bool, Error> {
        let mut state = self.lock();
        if site.is_some_and(|site| !state.sites.contains_key(site)) {
            return Err(Error::UnknownSite);
        }
        let before = state.keys.len();
        state.keys.retain(|key| key.id != *id || key.site.as_ref() != site);
        Ok(state.keys.len() < before)
    }
}
