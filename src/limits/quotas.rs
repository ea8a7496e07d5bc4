//! The commenter limits of a site.

use std::hash::Hash;
use std::sync::Arc;

use ipnet::IpNet;

use super::gate::Gate;
use super::table::Table;
use super::{CEILING, Commenter};
use crate::domain::{AuthorId, CommenterLimits, Limit, OverLimit, OverLimitAction, Quota, Refused, SiteId};

/// The commenter limits of a site.
pub struct Quotas {
    over_limit: OverLimitAction,
    address: Vec<Steps>,
    network: Vec<Steps>,
    author: Vec<Steps>,
    post: Vec<Steps>,
}

/// A limit's two steps.
struct Steps {
    /// Over this, a comment is marked.
    limit: Gate,
    /// Over this, it is refused.
    ceiling: Gate,
}

/// What a commenter is counted under, by limit.
struct Keys<'a> {
    site: &'a SiteId,
    address: Option<IpNet>,
    network: Option<IpNet>,
    author: Option<AuthorId>,
    post: &'a str,
}

impl Quotas {
    pub(super) fn new(limits: &CommenterLimits, over_limit: OverLimitAction, table: &Arc<Table>) -> Self {
        let steps = |limit: Limit, quotas: &[Quota]| {
            let each = quotas.iter().enumerate();
            each.map(|(place, quota)| Steps {
                limit: Gate::nth(limit, (place, "limit"), *quota, table),
                ceiling: Gate::nth(limit, (place, "ceiling"), ceiling(*quota), table),
            })
            .collect()
        };
        Self {
            over_limit,
            address: steps(Limit::Address, &limits.address),
            network: steps(Limit::Network, &limits.network),
            author: steps(Limit::Author, &limits.author),
            post: steps(Limit::Post, &limits.post),
        }
    }

    /// Why a comment would be refused, of several reasons the one that takes longest. Nothing is charged.
    pub(super) fn look(&self, site: &SiteId, commenter: Commenter<'_>) -> Option<Refused> {
        let mut longest = None;
        self.each(&Keys::of(site, commenter), |steps, key| {
            longest = longer(longest, self.last_step(steps).look(&key).err());
        });
        longest
    }

    /// Charges a comment that is not refused, and says which limit it is over.
    pub(super) fn charge(&self, site: &SiteId, commenter: Commenter<'_>) -> Option<OverLimit> {
        let mut over = None;
        self.each(&Keys::of(site, commenter), |steps, key| {
            // It was looked at before: if somebody else was faster by now, this one is over by one.
            let _ = self.last_step(steps).pass(&key);
            if self.over_limit == OverLimitAction::Hold
                && let Err(refused) = steps.limit.pass(&key)
            {
                over = over.or(Some(OverLimit { limit: refused.limit, quota: steps.limit.quota() }));
            }
        });
        over
    }

    /// The step over which a comment is refused.
    fn last_step<'a>(&self, steps: &'a Steps) -> &'a Gate {
        match self.over_limit {
            OverLimitAction::Hold => &steps.ceiling,
            OverLimitAction::Refuse => &steps.limit,
        }
    }

    /// Goes through the limits that apply, in the order of [`Limit`].
    fn each(&self, keys: &Keys<'_>, mut step: impl FnMut(&Steps, u64)) {
        let mut all = |limits: &[Steps], key: Option<u64>| {
            if let Some(key) = key {
                limits.iter().for_each(|steps| step(steps, key));
            }
        };
        all(&self.address, keys.address.map(|net| keys.hash(&net)));
        all(&self.network, keys.network.map(|net| keys.hash(&net)));
        all(&self.author, keys.author.map(|author| keys.hash(&author)));
        all(&self.post, Some(keys.hash(&keys.post)));
    }
}

/// Of two refusals the one that takes longer; of equals the first.
pub(super) fn longer(one: Option<Refused>, other: Option<Refused>) -> Option<Refused> {
    match (one, other) {
        (Some(one), Some(other)) if other.wait > one.wait => Some(other),
        (one, other) => one.or(other),
    }
}

impl<'a> Keys<'a> {
    fn of(site: &'a SiteId, commenter: Commenter<'a>) -> Self {
        let Commenter { address, author, post } = commenter;
        let network = address.and_then(|address| address.customer());
        Self { site, address: address.map(|address| address.subscriber()), network, author, post }
    }

    fn hash(&self, value: &impl Hash) -> u64 {
        super::gate::hash(&(self.site.as_str(), value))
    }
}

fn ceiling(quota: Quota) -> Quota {
    Quota { count: quota.count.saturating_mul(CEILING), burst: quota.burst.saturating_mul(CEILING), ..quota }
}
