//! Rate limits, from this process's memory alone: may this be, is it over a limit, and how long to wait.
//!
//! Caller limits (key, site, wrong keys) protect the service, commenter limits (address, network, author, post) protect
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
use crate::domain::{AuthorId, CommenterLimits, Limit, OverLimit, OverLimitAction, PublicAddress, Refused, SiteId};
use charged::{Charged, Once};
use gate::Gate;
use quotas::longer;
use table::Table;

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

struct Memory {
    table: Arc<Table>,
    charged: Charged,
}

/// The callers' limits.
struct Gates {
    key: Gate,
    site: Gate,
    retries: Gate,
    wrong_keys: Gate,
}

impl Gates {
    /// Charges a submission or check, or says why not, of several reasons the one that takes longest.
    fn charge(
        &self,
        caller: Caller<'_>,
        commenter: Option<(Commenter<'_>, &Quotas)>,
    ) -> Result<Option<OverLimit>, Refused> {
        let Caller { key, site } = caller;
        let by_commenter = commenter.and_then(|(commenter, quotas)| quotas.look(site, commenter));
        let by_site = self.site.look(&site.as_str()).err();
        let by_key = self.key.look(&key).err();
        if let Some(refused) = longer(longer(by_commenter, by_site), by_key) {
            return Err(refused);
        }
        self.site.pass(&site.as_str())?;
        self.key.pass(&key)?;
        Ok(commenter.and_then(|(commenter, quotas)| quotas.charge(site, commenter)))
    }
}

/// The caller of a submission or check.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Names the key.
    pub key: &'a str,
    /// The site it calls for.
    pub site: &'a SiteId,
}

/// Whose comment a submission is, as far as it is limited.
#[derive(Clone, Copy, Debug)]
pub struct Commenter<'a> {
    /// Where it comes from.
    pub address: Option<PublicAddress>,
    /// Who wrote it.
    pub author: Option<AuthorId>,
    /// The blog's id of the post.
    pub post: &'a str,
}

/// What tells a retry: what was charged once under one of these is not charged again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retry<'a> {
    /// The caller's idempotency key, hashed.
    pub idempotency: Option<[u8; 16]>,
    /// The blog's id of the comment.
    pub external_id: Option<&'a str>,
}

impl Limits {
    /// Limits that nothing was charged to.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let table = Arc::new(Table::new(settings.tracked, clock));
        Self::over(Arc::new(Memory { table, charged: Charged::default() }), settings)
    }

    /// The same with other settings; what was charged stays so.
    pub fn renewed(&self, settings: &Settings) -> Self {
        self.memory.table.set_most(settings.tracked);
        Self::over(self.memory.clone(), settings)
    }

    fn over(memory: Arc<Memory>, settings: &Settings) -> Self {
        let gate = |limit, quota| Gate::new(limit, quota, &memory.table);
        let gates = settings.enabled.then(|| Gates {
            key: gate(Limit::Key, settings.key),
            site: gate(Limit::Site, settings.site),
            retries: Gate::nth(Limit::Key, (1, "retries"), settings.key, &memory.table),
            wrong_keys: gate(Limit::WrongKeys, settings.wrong_keys),
        });
        Self { memory, gates }
    }

    /// The commenter limits of a site.
    pub fn quotas(&self, limits: &CommenterLimits, over_limit: OverLimitAction) -> Quotas {
        Quotas::new(limits, over_limit, &self.memory.table)
    }

    /// Charges a request that is neither a submission nor a check to its key.
    pub fn request(&self, key: &str) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.key.pass(&key))
    }

    /// Charges a check to its caller.
    pub fn check(&self, caller: Caller<'_>) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.charge(caller, None).map(drop))
    }

    /// Charges a submission to its commenter (if there is one to be limited) and to its caller. `Ok` says which limit the
    /// comment is over, if it is over one; the first that is, in the order of [`Limit`]. What is refused is charged to
    /// nobody: so a flood of one commenter uses up nothing of the others', and after the wait there is room everywhere.
    pub fn submission(
        &self,
        caller: Caller<'_>,
        commenter: Option<(Commenter<'_>, &Quotas)>,
        retry: Retry<'_>,
    ) -> Result<Option<OverLimit>, Refused> {
        let Some(gates) = &self.gates else { return Ok(None) };
        match self.memory.charged.once(caller.site, retry, || gates.charge(caller, commenter))? {
            Once::Charged(over) => Ok(over),
            // Retries are free, but not without end.
            Once::Before(over) => gates.retries.pass(&caller.key).map(|()| over),
        }
    }

    /// Whether somebody at this address may try a key that is not known to be good.
    pub fn may_try_key(&self, from: IpAddr) -> Result<(), Refused> {
        self.gates.as_ref().map_or(Ok(()), |gates| gates.wrong_keys.look(&gate::place(from)))
    }

    /// Charges a wrong key to the address it came from.
    pub fn charge_wrong_key(&self, from: IpAddr) {
        if let Some(gates) = &self.gates {
            // Whoever may try was asked before; that this one is refused by now changes nothing.
            let _ = gates.wrong_keys.pass(&gate::place(from));
        }
    }
}

#[cfg(test)]
mod tests;
