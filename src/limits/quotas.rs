//! The commenter limits of a site.

use std::sync::Arc;

use super::gate::Gate;
use super::table::Table;
use super::{Author, CEILING, Commenter};
use crate::domain::{
    Beyond, Charge, ChargeStep, CommenterLimits, Limit, OverLimit, OverLimitAction, Quota, Refused, SiteId,
};

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

    /// Why a comment would be refused, of several reasons the one that takes longest. Nothing is charged. Nobody is refused
    /// for what others write under an e-mail address that anybody can type: that holds, at most.
    pub(super) fn look(&self, site: &SiteId, commenter: Commenter<'_>) -> Option<Refused> {
        let mut longest = None;
        self.each(site, commenter, |steps, place, key| {
            let gate = self.last_step(steps);
            if may_refuse(gate.limit(), commenter) {
                longest = longer(longest, gate.look(place, &key).err());
            }
        });
        longest
    }

    /// Charges a comment that is not refused, and says which limit it is over.
    pub(super) fn charge(&self, site: &SiteId, commenter: Commenter<'_>) -> Option<OverLimit> {
        let mut over = None;
        self.each(site, commenter, |steps, place, key| {
            if self.over_limit == OverLimitAction::Hold {
                // It was looked at before: if somebody else was faster by now, this one is over by one.
                let _ = steps.ceiling.pass(place, &key);
            }
            // Also where comments are refused: whoever is not (a typed address, one of two at once) is marked.
            if let Err(refused) = steps.limit.pass(place, &key) {
                over = over.or(Some(OverLimit { limit: refused.limit, quota: steps.limit.quota() }));
            }
        });
        over
    }

    /// What a comment costs under each limit. Of a limit that never refuses it, only the mark is counted.
    pub(super) fn charges(
        &self,
        site: &SiteId,
        commenter: Commenter<'_>,
        hash: &impl Fn(Limit, &str) -> [u8; 16],
    ) -> Vec<Charge> {
        let mut charges: Vec<Charge> = Vec::with_capacity(5);
        self.each(site, commenter, |steps, _, key| {
            let limit = steps.limit.limit();
            let mark = ChargeStep { quota: steps.limit.quota(), beyond: Beyond::Mark };
            let refuse = ChargeStep { quota: self.last_step(steps).quota(), beyond: Beyond::Refuse };
            let steps = match (may_refuse(limit, commenter), self.over_limit) {
                (false, _) => &[mark][..],
                (true, OverLimitAction::Hold) => &[mark, refuse],
                (true, OverLimitAction::Refuse) => &[refuse],
            };
            match charges.last_mut().filter(|last| last.limit == limit) {
                Some(last) => last.steps.extend(steps),
                None => charges.push(Charge { limit, key: hash(limit, &key), steps: steps.to_vec() }),
            }
        });
        charges
    }

    /// The step over which a comment is refused.
    fn last_step<'a>(&self, steps: &'a Steps) -> &'a Gate {
        match self.over_limit {
            OverLimitAction::Hold => &steps.ceiling,
            OverLimitAction::Refuse => &steps.limit,
        }
    }

    /// Goes through the limits that apply, in the order of [`Limit`], with where each is counted and under which key.
    fn each<'a>(&self, site: &'a SiteId, commenter: Commenter<'a>, mut step: impl FnMut(&Steps, &'a str, String)) {
        let Commenter { address, author, post } = commenter;
        let mut all = |limits: &[Steps], key: Option<String>| {
            if let Some(key) = key {
                limits.iter().for_each(|steps| step(steps, site.as_str(), key.clone()));
            }
        };
        all(&self.address, address.map(|address| address.subscriber().to_string()));
        all(&self.network, address.and_then(|address| address.customer()).map(|net| net.to_string()));
        all(&self.author, author.map(|author| author.id().to_string()));
        all(&self.post, Some(post.to_owned()));
    }
}

/// Whether a limit ever refuses a comment of somebody's, or only marks it.
fn may_refuse(limit: Limit, commenter: Commenter<'_>) -> bool {
    limit != Limit::Author || !matches!(commenter.author, Some(Author::Typed(_)))
}

/// Of two refusals the one that takes longer; of equals the first.
pub(super) fn longer(one: Option<Refused>, other: Option<Refused>) -> Option<Refused> {
    match (one, other) {
        (Some(one), Some(other)) if other.wait > one.wait => Some(other),
        (one, other) => one.or(other),
    }
}

fn ceiling(quota: Quota) -> Quota {
    Quota { count: quota.count.saturating_mul(CEILING), burst: quota.burst.saturating_mul(CEILING), ..quota }
}
