//! Rate limits, from this process's memory alone: may this be, is it over a limit, how long to wait, and what to charge where
//! several processes count together.
//!
//! Caller limits (key, site, wrong keys, calls without a key) protect the service, commenter limits (address, network, author, post) protect
//! the readers of a site. Every limit is a GCRA: so many in so long a time, and a burst of so many after a pause. A
//! commenter's limit has two steps: what is over it is marked, what is over five times it is refused.

mod charged;
mod clock;
mod gate;
mod quotas;
mod settings;
mod table;

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::{
    AuthorId, Beyond, Charge, ChargeStep, CommenterLimits, Limit, OverLimit, OverLimitAction, PublicAddress, Refused,
    SiteId,
};
use charged::Charged;
use gate::Gate;
use quotas::longer;
use table::{SHARDS, Table};

pub use quotas::Quotas;
pub use settings::Settings;

/// How far above a commenter's limit comments are refused: at five times its rate and burst.
const CEILING: u32 = 5;

/// The limits of a process. Made anew from other settings, it still knows what was charged.
pub struct Limits {
    memory: Arc<Memory>,
    /// `None`: nothing is limited.
    gates: Option<Gates>,
}

/// Callers and strangers have tables of their own, so that no flood of comments takes their room.
struct Memory {
    commenters: Arc<Table>,
    callers: Arc<Table>,
    strangers: Arc<Table>,
    charged: Charged,
}

/// How many callers, and how many limits of addresses without a key, are counted at a time.
const TRACKED_CALLERS: usize = 100_000;

/// The callers' limits.
struct Gates {
    key: Gate,
    site: Gate,
    wrong_keys: Gate,
    public: Gate,
}

impl Gates {
    /// Charges a submission or check, or says why not, of several reasons the one that takes longest.
    fn charge(&self, site: &SiteId, commenter: Option<(Commenter<'_>, &Quotas)>) -> Result<Option<OverLimit>, Refused> {
        let by_commenter = commenter.and_then(|(commenter, quotas)| quotas.look(site, commenter));
        let by_site = self.site.look(site.as_str(), &()).err();
        if let Some(refused) = longer(by_commenter, by_site) {
            return Err(refused);
        }
        self.site.pass(site.as_str(), &())?;
        Ok(commenter.and_then(|(commenter, quotas)| quotas.charge(site, commenter)))
    }
}

/// Whose comment a submission is, as far as it is limited.
#[derive(Clone, Copy, Debug)]
pub struct Commenter<'a> {
    /// Where it comes from.
    pub address: Option<PublicAddress>,
    /// Who wrote it.
    pub author: Option<Author>,
    /// The blog's id of the post.
    pub post: &'a str,
}

/// Who wrote a comment, and how far that is known.
#[derive(Clone, Copy, Debug)]
pub enum Author {
    /// Somebody the blog knows by an account.
    Account(AuthorId),
    /// Whoever typed this e-mail address.
    Typed(AuthorId),
}

impl Author {
    fn id(self) -> AuthorId {
        match self {
            Author::Account(id) | Author::Typed(id) => id,
        }
    }
}

/// What tells a retry: what was charged once under one of these is not charged again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retry<'a> {
    /// The caller's idempotency key, hashed.
    pub idempotency: Option<[u8; 16]>,
    /// The blog's id of the comment.
    pub external_id: Option<&'a str>,
    /// Tells the same submission from another one under the same name, which is no retry.
    pub fingerprint: &'a str,
}

impl Limits {
    /// Limits that nothing was charged to.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let table = |most| Arc::new(Table::new(most, clock.clone()));
        let (commenters, callers) = (table(settings.tracked), table(TRACKED_CALLERS));
        // All strangers are at one place.
        let strangers = table(TRACKED_CALLERS * SHARDS);
        Self::over(Arc::new(Memory { commenters, callers, strangers, charged: Charged::default() }), settings)
    }

    /// The same with other settings; what was charged stays so.
    pub fn renewed(&self, settings: &Settings) -> Self {
        self.memory.commenters.set_most(settings.tracked);
        Self::over(self.memory.clone(), settings)
    }

    fn over(memory: Arc<Memory>, settings: &Settings) -> Self {
        let gates = settings.enabled.then(|| Gates {
            key: Gate::new(Limit::Key, settings.key, &memory.callers),
            site: Gate::new(Limit::Site, settings.site, &memory.callers),
            wrong_keys: Gate::new(Limit::WrongKeys, settings.wrong_keys, &memory.strangers),
            public: Gate::new(Limit::Public, settings.public, &memory.strangers),
        });
        Self { memory, gates }
    }

    /// The commenter limits of a site.
    pub fn quotas(&self, limits: &CommenterLimits, over_limit: OverLimitAction) -> Quotas {
        Quotas::new(limits, over_limit, &self.memory.commenters)
    }

    /// Charges a request, or a part of a batch, to the key it came with.
    pub fn request(&self, key: &str) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.key.pass(key, &()))
    }

    /// Charges a check to its site.
    pub fn check(&self, site: &SiteId) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.charge(site, None).map(drop))
    }

    /// Charges a submission to its commenter (if there is one to be limited) and to its site. `Ok` says which limit the
    /// comment is over, if it is over one; the first that is, in the order of [`Limit`]. What is refused is charged to
    /// nobody: so a flood of one commenter uses up nothing of the others', and after the wait there is room everywhere.
    pub fn submission(
        &self,
        site: &SiteId,
        commenter: Option<(Commenter<'_>, &Quotas)>,
        retry: Retry<'_>,
    ) -> Result<Option<OverLimit>, Refused> {
        let Some(gates) = &self.gates else { return Ok(None) };
        self.memory.charged.once(site, retry, || gates.charge(site, commenter))
    }

    /// What a submission that [`submission`](Limits::submission) lets through costs where several processes count together: at
    /// most one charge of each limit, in the order of [`Limit`]. `hash` makes keys of addresses and the like.
    pub fn charges(
        &self,
        site: &SiteId,
        commenter: Option<(Commenter<'_>, &Quotas)>,
        hash: impl Fn(Limit, &str) -> [u8; 16],
    ) -> Vec<Charge> {
        let Some(gates) = &self.gates else { return Vec::new() };
        let of_commenter = commenter.map(|(commenter, quotas)| quotas.charges(site, commenter, &hash));
        let mut charges = of_commenter.unwrap_or_default();
        let steps = vec![ChargeStep { quota: gates.site.quota(), beyond: Beyond::Refuse }];
        charges.push(Charge { limit: Limit::Site, key: hash(Limit::Site, site.as_str()), steps });
        charges
    }

    /// Charges a wrong key to the address it came from.
    pub fn wrong_key(&self, from: IpAddr) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.wrong_keys.pass(&gate::place(from), &()))
    }

    /// Charges a call that needs no key to the address it came from.
    pub fn public(&self, from: IpAddr) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.public.pass(&gate::place(from), &()))
    }
}

#[cfg(test)]
mod tests;
