//! One limit: lets through what its quota allows.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{Quota as Rate, RateLimiter};

use super::clock::LimitClock;
use super::table::{Access, Cell, Table, View};
use crate::domain::{Limit, PublicAddress, Quota, Refused};

/// Hashes the keys of the table: with chance from the process's start, so that nobody can choose two that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

type Limiter = RateLimiter<Cell, View, LimitClock>;

/// One limit.
pub(super) struct Gate {
    limit: Limit,
    quota: Quota,
    /// Tells this limit's entries in the table from those of others; the same for the same limit under other settings.
    salt: u64,
    charging: Limiter,
    looking: Limiter,
}

impl Gate {
    /// A limit that is the only one of its kind.
    pub fn new(limit: Limit, quota: Quota, table: &Arc<Table>) -> Self {
        Self::nth(limit, (0, ""), quota, table)
    }

    /// One of several limits of a kind: `nth` is its place and its step.
    pub fn nth(limit: Limit, nth: (usize, &'static str), quota: Quota, table: &Arc<Table>) -> Self {
        let salt = HASHER.hash_one((limit, nth));
        let furthest = quota.seconds_for_burst().saturating_mul(1_000_000_000);
        let limiter = |access| {
            let view = View::new(table, furthest, access);
            RateLimiter::new(rate(quota), view, table.clock().clone())
        };
        Self { limit, quota, salt, charging: limiter(Access::Charge), looking: limiter(Access::Look) }
    }

    /// Which limit it is.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// What it allows.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Lets something of this key through and charges it, or says how long to wait. What is counted at one place, a site, has
    /// its room there.
    pub fn pass(&self, place: &str, key: &impl Hash) -> Result<(), Refused> {
        self.ask(&self.charging, self.cell(place, key))
    }

    /// Says whether something of this key would be let through.
    pub fn look(&self, place: &str, key: &impl Hash) -> Result<(), Refused> {
        self.ask(&self.looking, self.cell(place, key))
    }

    fn cell(&self, place: &str, key: &impl Hash) -> Cell {
        Cell {
            place: HASHER.hash_one(place),
            key: HASHER.hash_one((self.salt, place, key)),
            overflow: HASHER.hash_one((self.salt, place)),
        }
    }

    fn ask(&self, limiter: &Limiter, cell: Cell) -> Result<(), Refused> {
        limiter.check_key(&cell).map_err(|until| {
            let wait = until.wait_time_from(limiter.clock().now());
            Refused { limit: self.limit, quota: self.quota, wait: wait.max(Duration::from_millis(1)) }
        })
    }
}

/// Where a caller is, as wrong keys and calls without one are counted: an IPv4 address, a /64 of IPv6. Unlike commenters, callers without a
/// public address are counted too.
pub(super) fn place(from: IpAddr) -> String {
    let from = from.to_canonical();
    PublicAddress::of(from).map_or_else(|| from.to_string(), |address| address.subscriber().to_string())
}

fn rate(quota: Quota) -> Rate {
    let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let each = Duration::from_secs(quota.seconds.into()) / at_least_one(quota.count).get();
    let each = each.max(Duration::from_nanos(1));
    // A period of at least a nanosecond always makes a rate.
    let rate = Rate::with_period(each).unwrap_or_else(|| Rate::per_second(NonZeroU32::MIN));
    rate.allow_burst(at_least_one(quota.burst))
}
