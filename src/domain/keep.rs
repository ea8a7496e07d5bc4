//! How long things are kept, and what becomes of a comment when its time is over.

use std::fmt;

use ipnet::IpNet;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use super::address::kept_network;
use super::{Change, Comment, EventChange, Invalid, Review, Status, Timestamp};

/// A day in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// How long a site keeps what, in days of 24 hours; 0 is for ever. Comments are as old as their last change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Held comments; then `held_expires` says what becomes of them.
    #[serde(deserialize_with = "days")]
    pub held: u32,
    /// What becomes of a comment that nobody has decided in time.
    pub held_expires: HeldExpires,
    /// Rejected comments.
    #[serde(deserialize_with = "days")]
    pub rejected: u32,
    /// Approved comments.
    #[serde(deserialize_with = "days")]
    pub approved: u32,
    /// Whole addresses of commenters, from when the comment came in; then their networks.
    #[serde(deserialize_with = "days")]
    pub addresses: u32,
    /// Tombstones, with what is remembered of their authors and texts.
    #[serde(deserialize_with = "days")]
    pub tombstones: u32,
}

/// What becomes of a comment that nobody has decided in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldExpires {
    /// It waits on.
    Keep,
    /// It is rejected, and teaches nothing.
    Reject,
}

/// What is due for a comment.
#[derive(Clone, Debug)]
pub enum Expiry {
    /// Nobody has decided it in time: it is rejected.
    Reject(Box<Change>),
    /// It is kept no longer: a tombstone takes its place.
    Purge,
}

impl Keep {
    /// The longest time that can be set, in days: a hundred years.
    const LONGEST: u32 = 36_500;

    /// How long the feed keeps an event, in days.
    const EVENTS: u32 = 30;

    /// How long lessons are kept that a snapshot has, in days.
    const LESSONS: u32 = 30;

    /// How long a tombstone is kept at least, in days.
    const SHORTEST_TOMBSTONES: u32 = 3;

    /// What is wrong with it, each with its key below `keep`.
    pub fn faults(&self) -> Vec<Invalid> {
        let Self { held, held_expires: _, rejected, approved, addresses, tombstones } = self;
        let days = [
            ("held", held),
            ("rejected", rejected),
            ("approved", approved),
            ("addresses", addresses),
            ("tombstones", tombstones),
        ];
        let too_long = days.into_iter().filter(|(_, days)| **days > Self::LONGEST);
        let fault = |(name, days): (&str, &u32)| {
            let detail =
                format!("must be a whole number of days from 0 to {} (0: for ever), not {days}", Self::LONGEST);
            Invalid::new(format!("keep.{name}"), detail)
        };
        let mut faults: Vec<Invalid> = too_long.map(fault).collect();
        if (1..Self::SHORTEST_TOMBSTONES).contains(tombstones) {
            let shortest = Self::SHORTEST_TOMBSTONES;
            let detail = format!(
                "must be 0 (for ever) or at least {shortest} days, as long as a retry is known, not {tombstones}"
            );
            faults.push(Invalid::new("keep.tombstones", detail));
        }
        faults
    }

    /// Comments of this status are kept no longer if they changed last before this moment; `None`: they are kept for ever.
    /// Held ones are then not purged but decided, unless they were withdrawn.
    pub fn last_changed_before(&self, status: Status, now: Timestamp) -> Option<Timestamp> {
        let days = match status {
            Status::Held => self.held,
            Status::Rejected => self.rejected,
            Status::Approved => self.approved,
        };
        before(days, now)
    }

    /// Comments that came in before this moment keep no whole address.
    pub fn addresses_before(&self, now: Timestamp) -> Option<Timestamp> {
        before(self.addresses, now)
    }

    /// Tombstones of comments that went before this moment go. They stay for three days at least, because an idempotency key
    /// names its comment that long.
    pub fn tombstones_before(&self, now: Timestamp) -> Option<Timestamp> {
        let days = if self.tombstones == 0 { 0 } else { self.tombstones.max(Self::SHORTEST_TOMBSTONES) };
        before(days, now)
    }

    /// Events go if the time in their ids is before this moment.
    pub fn events_before(now: Timestamp) -> Timestamp {
        now.plus_millis(-i64::from(Self::EVENTS) * DAY)
    }

    /// Lessons that were taught before this moment go once a snapshot has them.
    pub fn lessons_before(now: Timestamp) -> Timestamp {
        now.plus_millis(-i64::from(Self::LESSONS) * DAY)
    }
}

/// Reads a number of days; one that is too large is told with all others by [`Keep::faults`].
fn days<'de, D: Deserializer<'de>>(reader: D) -> Result<u32, D::Error> {
    struct Days;

    impl Visitor<'_> for Days {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number of days from 0 to {} (0: for ever)", Keep::LONGEST)
        }

        fn visit_u64<E: Error>(self, days: u64) -> Result<u32, E> {
            u32::try_from(days).map_err(|_| E::invalid_value(Unexpected::Unsigned(days), &self))
        }

        fn visit_i64<E: Error>(self, days: i64) -> Result<u32, E> {
            u32::try_from(days).map_err(|_| E::invalid_value(Unexpected::Signed(days), &self))
        }
    }

    reader.deserialize_any(Days)
}

fn before(days: u32, now: Timestamp) -> Option<Timestamp> {
    (days > 0).then(|| now.plus_millis(-i64::from(days) * DAY))
}

impl Comment {
    /// What is due for it, if anything is.
    pub fn expiry(&self, keep: &Keep, now: Timestamp) -> Option<Expiry> {
        let limit = keep.last_changed_before(self.status, now)?;
        if self.changed_at >= limit {
            return None;
        }
        match (self.review.is_open(), keep.held_expires) {
            (false, _) => Some(Expiry::Purge),
            (true, HeldExpires::Keep) => None,
            (true, HeldExpires::Reject) => Some(Expiry::Reject(Box::new(self.timed_out(now)))),
        }
    }

    /// Whether the whole address it came from is in the record.
    pub fn has_whole_address(&self) -> bool {
        self.submission.client.ip.is_some() && !self.address_is_cut
    }

    /// The network it came from, where no more is kept of its address.
    pub fn network(&self) -> Option<IpNet> {
        self.submission.client.ip.filter(|_| self.address_is_cut).map(kept_network)
    }

    /// Whether it is known to come from this network: if only a network is kept of its address, that is in it whole.
    pub fn is_from(&self, net: &IpNet) -> bool {
        match self.network() {
            Some(kept) => net.contains(&kept),
            None => self.submission.client.ip.is_some_and(|ip| net.contains(&ip)),
        }
    }

    /// The same with no more than the network it came from. That is no change that anybody is told of.
    pub fn with_cut_address(mut self) -> Self {
        self.submission.client.ip = self.submission.client.ip.map(|ip| kept_network(ip).addr());
        self.address_is_cut = self.submission.client.ip.is_some();
        self
    }

    fn timed_out(&self, now: Timestamp) -> Change {
        let mut comment = self.clone();
        comment.status = Status::Rejected;
        comment.review = Review::Done;
        comment.expired = Some(super::comment::Expired { times: 1 + self.times_expired(), at: now });
        comment.version += 1;
        comment.changed_at = now;
        Change { comment, deltas: Vec::new(), event: EventChange::Expired }
    }
}
