//! Rate limits as other parts see them: which there are, and what it means to be over one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Comments from one address (of IPv6: from one /64).
    Address,
    /// Comments from one /48 of IPv6.
    Network,
    /// Comments by one author: an account, or an e-mail address.
    Author,
    /// Comments on one post.
    Post,
    /// Submissions and checks of one site.
    Site,
    /// Requests with one key.
    Key,
    /// Wrong keys from one address.
    WrongKeys,
    /// Calls that need no key, from one address.
    Public,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Limit; 8] = [
        Limit::Address,
        Limit::Network,
        Limit::Author,
        Limit::Post,
        Limit::Site,
        Limit::Key,
        Limit::WrongKeys,
        Limit::Public,
    ];

    /// The value's word in JSON, logs, metrics and headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Limit::Address => "address",
            Limit::Network => "network",
            Limit::Author => "author",
            Limit::Post => "post",
            Limit::Site => "site",
            Limit::Key => "key",
            Limit::WrongKeys => "wrong_keys",
            Limit::Public => "public",
        }
    }

    /// Whether it protects the readers of a site, and whoever is over it is the commenter and not the platform.
    pub fn is_commenters(self) -> bool {
        matches!(self, Limit::Address | Limit::Network | Limit::Author | Limit::Post)
    }
}

/// So many in so long a time, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many, at least 1.
    pub count: u32,
    /// In how many seconds, at least 1.
    pub seconds: u32,
    /// How many at once after a pause, at least 1.
    pub burst: u32,
}

impl Quota {
    /// The most a quota may count or let through at once.
    const MOST: u32 = 1_000_000;
    /// The longest time a quota may speak of, in seconds: a week.
    const LONGEST: u32 = 7 * 24 * 60 * 60;

    /// The longest time that a burst may take to come back, in seconds: a year.
    const LONGEST_BURST: u64 = 366 * 24 * 60 * 60;

    /// How long a burst that was used up takes to come back, in seconds, rounded up.
    pub fn seconds_for_burst(self) -> u64 {
        (u64::from(self.burst) * u64::from(self.seconds)).div_ceil(u64::from(self.count.max(1)))
    }

    /// What is wrong with the quota that stands at this key.
    pub fn faults(self, key: &str) -> Vec<Invalid> {
        let (most, longest) = (Self::MOST, Self::LONGEST);
        let numbers = [("count", self.count, most), ("seconds", self.seconds, longest), ("burst", self.burst, most)];
        let wrong = numbers.into_iter().filter(|(_, value, most)| !(1..=*most).contains(value));
        let mut faults: Vec<Invalid> = wrong
            .map(|(name, value, most)| {
                Invalid::new(format!("{key}.{name}"), format!("must be from 1 to {most}, not {value}"))
            })
            .collect();
        if faults.is_empty() && self.seconds_for_burst() > Self::LONGEST_BURST {
            let detail = "is so large that it would take more than a year to come back at count and seconds";
            faults.push(Invalid::new(format!("{key}.burst"), detail));
        }
        faults
    }
}

/// What becomes of a comment over a commenter's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimitAction {
    /// It is held, up to five times the limit.
    Hold,
    /// It is refused.
    Refuse,
}

/// How much a commenter may write. Each limit is a list of quotas, all of which apply; an empty one is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommenterLimits {
    /// From one address (of IPv6: one /64).
    pub address: Vec<Quota>,
    /// From one /48 of IPv6.
    pub network: Vec<Quota>,
    /// Of one author.
    pub author: Vec<Quota>,
    /// On one post.
    pub post: Vec<Quota>,
}

impl CommenterLimits {
    /// The most quotas of one kind.
    const MOST_QUOTAS: usize = 4;

    /// What is wrong with them, each with its key below `limits`.
    pub fn faults(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let Self { address, network, author, post } = self;
        for (name, quotas) in [("address", address), ("network", network), ("author", author), ("post", post)] {
            if quotas.len() > Self::MOST_QUOTAS {
                let detail = format!("must have at most {} quotas, not {}", Self::MOST_QUOTAS, quotas.len());
                faults.push(Invalid::new(format!("limits.{name}"), detail));
            }
            for (place, quota) in quotas.iter().enumerate() {
                faults.extend(quota.faults(&format!("limits.{name}[{place}]")));
            }
        }
        faults
    }
}

/// A comment that is over a limit, and not so far that it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverLimit {
    /// Which.
    pub limit: Limit,
    /// What the limit allows.
    pub quota: Quota,
}

/// What something costs under one limit, where several processes count together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which limit.
    pub limit: Limit,
    /// Whom it is counted for: a keyed hash.
    pub key: [u8; 16],
    /// What the limit allows; all of them apply.
    pub steps: Vec<ChargeStep>,
}

/// One quota of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeStep {
    /// What it allows.
    pub quota: Quota,
    /// What becomes of whatever is over it.
    pub beyond: Beyond,
}

/// What becomes of whatever is over a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It goes on, marked; nothing of this quota is used up.
    Mark,
    /// It is refused, and charged to nobody.
    Refuse,
}

/// What is over a limit for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which limit.
    pub limit: Limit,
    /// What it allows.
    pub quota: Quota,
    /// How long to wait until the same could be allowed.
    pub wait: Duration,
}
