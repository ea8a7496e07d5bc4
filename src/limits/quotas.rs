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

    /// Charges a comment to the ceilings, and refuses it if it is over one.
    pub(super) fn refuse(&self, site: &SiteId, commenter: Commenter<'_>) -> Result<(), Refused> {
        let keys = Keys::of(site, commenter);
        let step = match self.over_limit {
            OverLimitAction::Hold => |steps: &Steps, key: u64| steps.ceiling.pass(&key),
            OverLimitAction::Refuse => |steps: &Steps, key: u64| steps.limit.pass(&key),
        };
        self.each(&keys, step)
    }

    /// Charges a comment to the limits, and says which it is over.
    pub(super) fn charge(&self, site: &SiteId, commenter: Commenter<'_>) -> Result<Option<OverLimit>, Refused> {
        if self.over_limit == OverLimitAction::Refuse {
            return Ok(None);
        }
        let keys = Keys::of(site, commenter);
        let mut over = None;
        self.each(&keys, |steps, key| {
            if let Err(refused) = steps.limit.pass(&key) {
                let quota = steps.limit.quota();
                over = over.or(Some(OverLimit { limit: refused.limit, quota }));
            }
            Ok(())
        })?;
        Ok(over)
    }

    /// Goes through the limits that apply, in the order of [`Limit`].
    fn each(&self, keys: &Keys<'_>, mut step: impl FnMut(&Steps, u64) -> Result<(), Refused>) -> Result<(), Refused> {
        let mut all = |limits: &[Steps], key: Option<u64>| match key {
            Some(key) => limits.iter().try_for_each(|steps| step(steps, key)),
            None => Ok(()),
        };
        all(&self.address, keys.address.map(|net| keys.hash(&net)))?;
        all(&self.network, keys.network.map(|net| keys.hash(&net)))?;
        all(&self.author, keys.author.map(|author| keys.hash(&author)))?;
        all(&self.post, Some(keys.hash(&keys.post)))
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
