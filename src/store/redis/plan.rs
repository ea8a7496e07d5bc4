//! A plan: what one run of `commit.lua` expects, and what it writes if all of that is so.

use redis::Value;

use super::keys::{Index, Prefix};
use super::packed::Stamp;
use super::places::Place;
use crate::domain::{Beyond, Charge, Comment, Delta, EventId, MemberChange, Quota, Status};
use crate::store::{self, Error};

/// What is written to one site, all of it or nothing.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) prefix: Prefix,
    /// Begins every record that the plan writes.
    pub(super) stamp: Stamp,
    /// Whether there must be a site.
    pub(super) has_head: bool,
    /// Whether it is refused when Redis has no memory left, as new comments and snapshots are.
    pub(super) needs_room: bool,
    expectations: Vec<(String, Vec<u8>)>,
    pub(super) charges: Charges,
    deltas: Vec<(String, Delta, bool)>,
    counts: [i64; 4],
    raises_settings: bool,
    events: Vec<(i64, Vec<u8>)>,
    lessons: Vec<(i64, Vec<u8>)>,
    removals: Vec<(String, Vec<u8>)>,
    additions: Vec<(String, Vec<u8>)>,
    deletions: Vec<String>,
    values: Vec<(String, Vec<u8>)>,
    passing: Vec<(String, Vec<u8>, i64)>,
    trim: Option<EventId>,
    forget: Option<u64>,
}

/// What is paid to limits before anything is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Charges {
    /// The time in microseconds where it is not the server's.
    pub(super) micros: Option<i64>,
    /// Whether somebody over a mark is told so, and nothing is written.
    pub(super) stops_at_marks: bool,
    /// Each with its key's name.
    pub(super) charges: Vec<(String, Vec<Paid>)>,
}

/// One quota of a charge, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid {
    /// Between two.
    pub(super) each: u64,
    /// How far ahead of the time its use may lie.
    pub(super) ahead: u64,
    /// Whether it refuses or only marks.
    pub(super) refuses: bool,
}

impl Charges {
    /// What is paid for a comment. `micros` is the time where it is not the server's.
    pub(super) fn of(charges: &store::Charges, micros: Option<i64>) -> Self {
        let paid = |charge: &Charge| {
            let quotas = charge.steps.iter().map(|step| Paid::of(step.quota, step.beyond)).collect();
            (super::keys::limit(charge.limit, &charge.key), quotas)
        };
        Self { micros, stops_at_marks: charges.stop_at_marks, charges: charges.due.iter().map(paid).collect() }
    }
}

impl Paid {
    /// The quota in whole microseconds, rounded so that it never allows more.
    fn of(quota: Quota, beyond: Beyond) -> Self {
        let each = (u64::from(quota.seconds) * 1_000_000).div_ceil(u64::from(quota.count.max(1))).max(1);
        let ahead = each.saturating_mul(u64::from(quota.burst.saturating_sub(1)));
        Self { each, ahead, refuses: beyond == Beyond::Refuse }
    }
}

/// What came of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Committed {
    /// It is written.
    Written {
        /// The last event of the site.
        last_event: EventId,
    },
    /// This expectation (in the order in which they were given, from 0) failed; the value that is there.
    Unexpected(usize, Option<Vec<u8>>),
    /// There is no such site.
    NoSite,
    /// The site belongs to another store.
    Lost,
    /// A charge is refused by one of its quotas.
    Refused(Wait),
    /// A charge is over the mark of one of its quotas.
    Over(Wait),
}

/// Which charge was not paid, by which of its quotas (both from 0), and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) charge: usize,
    pub(super) quota: usize,
    pub(super) micros: u64,
}

impl Plan {
    /// A plan that writes nothing yet, for a site that must be there.
    pub(super) fn new(prefix: Prefix) -> Self {
        Self {
            prefix,
            stamp: Stamp::new(),
            has_head: true,
            needs_room: false,
            expectations: Vec::new(),
            charges: Charges::default(),
            deltas: Vec::new(),
            counts: [0; 4],
            raises_settings: false,
            events: Vec::new(),
            lessons: Vec::new(),
            removals: Vec::new(),
            additions: Vec::new(),
            deletions: Vec::new(),
            values: Vec::new(),
            passing: Vec::new(),
            trim: None,
            forget: None,
        }
    }

    /// A plan for a comment that comes in, which needs memory that may be wanting.
    pub(super) fn of_new_comment(prefix: Prefix) -> Self {
        Self { needs_room: true, ..Self::new(prefix) }
    }

    /// A plan for what is of no site, or for a site that is made.
    pub(super) fn without_head(prefix: Prefix) -> Self {
        Self { has_head: false, ..Self::new(prefix) }
    }

    /// Expects that nothing is there under this name.
    pub(super) fn expect_absent(&mut self, name: String) {
        self.expectations.push((name, Vec::new()));
    }

    /// Expects a value that begins so. It must not be empty.
    pub(super) fn expect(&mut self, name: String, start: Vec<u8>) {
        self.expectations.push((name, start));
    }

    /// Changes an entry of the history. `fits`: a member is added only if there is room for it, or else the first value's
    /// stamp tells that there was none.
    pub(super) fn count(&mut self, delta: Delta, fits: bool) {
        self.deltas.push((super::keys::history(&delta.key), delta, fits));
    }

    /// Changes all entries that a list tells of.
    pub(super) fn count_all(&mut self, deltas: Vec<Delta>) {
        deltas.into_iter().for_each(|delta| self.count(delta, false));
    }

    /// Counts a comment that stood so no longer, or not yet.
    pub(super) fn recount(&mut self, was: Option<&Comment>, is: Option<&Comment>) {
        let standing = |comment: &Comment| (comment.status, comment.review.is_open());
        self.restand(was.map(standing), is.map(standing));
    }

    /// The same, of a comment of which no more is known than status and whether its review is open.
    pub(super) fn restand(&mut self, was: Option<(Status, bool)>, is: Option<(Status, bool)>) {
        for (standing, sign) in [(was, -1), (is, 1)] {
            let Some((status, open)) = standing else { continue };
            let place = match status {
                Status::Approved => 0,
                Status::Held => 1,
                Status::Rejected => 2,
            };
            self.counts[place] += sign;
            self.counts[3] += if open { sign } else { 0 };
        }
    }

    /// Raises the version of the site's settings.
    pub(super) fn raise_settings(&mut self) {
        self.raises_settings = true;
    }

    /// Appends an event, packed without its id.
    pub(super) fn tell(&mut self, at: i64, event: Vec<u8>) {
        self.events.push((at, event));
    }

    /// Appends a lesson, packed without its number.
    pub(super) fn teach(&mut self, at: i64, lesson: Vec<u8>) {
        self.lessons.push((at, lesson));
    }

    /// Moves a record in the indexes.
    pub(super) fn replace(&mut self, was: &[Place], is: &[Place]) {
        let (removals, additions) = super::places::difference(was, is);
        removals.into_iter().for_each(|place| self.remove(&place.index, place.member));
        additions.into_iter().for_each(|place| self.add(&place.index, place.member));
    }

    /// Takes a member out of an index.
    pub(super) fn remove(&mut self, index: &Index, member: Vec<u8>) {
        self.removals.push((index.name(), member));
    }

    /// Takes a member out of the index of this name.
    pub(super) fn remove_named(&mut self, name: &str, member: Vec<u8>) {
        self.removals.push((name.to_owned(), member));
    }

    /// Puts a member into an index.
    pub(super) fn add(&mut self, index: &Index, member: Vec<u8>) {
        self.additions.push((index.name(), member));
    }

    /// Puts a member into the index of this name.
    pub(super) fn add_named(&mut self, name: &str, member: Vec<u8>) {
        self.additions.push((name.to_owned(), member));
    }

    /// Removes a key.
    pub(super) fn delete(&mut self, name: String) {
        self.deletions.push(name);
    }

    /// Writes a value.
    pub(super) fn set(&mut self, name: String, value: Vec<u8>) {
        self.values.push((name, value));
    }

    /// Writes a value that says itself how long it holds, so many milliseconds from now. Redis may throw it away a day after
    /// that: the clock may go back.
    pub(super) fn set_passing(&mut self, name: String, value: Vec<u8>, millis: i64) {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        self.passing.push((name, value, millis.max(0).saturating_add(DAY)));
    }

    /// Lets the events before this one go.
    pub(super) fn trim(&mut self, oldest_kept: EventId) {
        self.trim = Some(oldest_kept);
    }

    /// Lets the lessons before the one of this number go.
    pub(super) fn forget(&mut self, oldest_kept: u64) {
        self.forget = Some(oldest_kept);
    }

    /// The script's arguments.
    pub(super) fn arguments(&self, tag: &str) -> Vec<Vec<u8>> {
        let mut list = Arguments(Vec::with_capacity(64));
        list.text(if self.has_head { tag } else { "" });
        list.optional(self.charges.micros);
        list.pairs(&self.expectations);
        list.number(u8::from(self.charges.stops_at_marks));
        list.number(self.charges.charges.len());
        for (name, quotas) in &self.charges.charges {
            list.text(name);
            list.number(quotas.len());
            for quota in quotas {
                list.number(quota.each);
                list.number(quota.ahead);
                list.text(if quota.refuses { "refuse" } else { "mark" });
            }
        }
        list.number(self.deltas.len());
        for (name, delta, fits) in &self.deltas {
            list.text(name);
            list.number(delta.period.0);
            list.text(&new_entry(delta));
            list.text(&change_of(delta, *fits));
        }
        self.counts.into_iter().for_each(|change| list.number(change));
        list.number(u8::from(self.raises_settings));
        for appended in [&self.events, &self.lessons] {
            list.number(appended.len());
            for (at, packed) in appended {
                list.number(at);
                list.bytes(packed);
            }
        }
        list.pairs(&self.removals);
        list.pairs(&self.additions);
        list.number(self.deletions.len());
        self.deletions.iter().for_each(|name| list.text(name));
        list.pairs(&self.values);
        list.number(self.passing.len());
        for (name, value, millis) in &self.passing {
            list.text(name);
            list.bytes(value);
            list.number(millis);
        }
        list.optional(self.trim);
        list.optional(self.forget);
        list.0
    }
}

/// How an entry that begins with this change is written; empty where there is nothing to begin one with.
fn new_entry(delta: &Delta) -> String {
    let Delta { period, seen, approved, spam, abuse, member, .. } = delta;
    let counts = [*seen, *approved, *spam, *abuse];
    let begins = counts.iter().all(|count| *count >= 0) && counts.iter().any(|count| *count > 0);
    let sums = || format!("{}:{seen},{approved},{spam},{abuse}|", period.0);
    match member {
        _ if !begins => String::new(),
        None => sums(),
        Some(MemberChange::Add(member)) => format!("{}{member}:1", sums()),
        Some(MemberChange::Remove(_)) => String::new(),
    }
}

/// What is added to an entry, and what becomes of its member.
fn change_of(delta: &Delta, fits: bool) -> String {
    let Delta { seen, approved, spam, abuse, member, .. } = delta;
    let member = match member {
        None => String::new(),
        Some(MemberChange::Add(member)) if fits => format!("?{member}"),
        Some(MemberChange::Add(member)) => format!("+{member}"),
        Some(MemberChange::Remove(member)) => format!("-{member}"),
    };
    format!("{seen},{approved},{spam},{abuse},{member}")
}

/// Collects arguments.
struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(bytes.to_vec());
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: impl ToString) {
        self.0.push(number.to_string().into_bytes());
    }

    fn optional(&mut self, value: Option<impl ToString>) {
        self.0.push(value.map_or_else(Vec::new, |value| value.to_string().into_bytes()));
    }

    fn pairs(&mut self, pairs: &[(String, Vec<u8>)]) {
        self.number(pairs.len());
        for (name, value) in pairs {
            self.text(name);
            self.bytes(value);
        }
    }
}

impl Committed {
    /// What the script returned.
    pub(super) fn of(answer: Value) -> Result<Self, Error> {
        let strange = || Error::Damaged("the store's script returned what it never returns".to_owned());
        let Value::Array(parts) = answer else { return Err(strange()) };
        let mut parts = parts.into_iter();
        let word = parts.next().and_then(text).ok_or_else(strange)?;
        let mut number = || parts.next().and_then(text).and_then(|text| text.parse::<u64>().ok());
        match word.as_str() {
            "ok" => Ok(Committed::Written {
                last_event: EventId { millis: number().unwrap_or(0), number: number().unwrap_or(0) },
            }),
            "none" => Ok(Committed::NoSite),
            "lost" => Ok(Committed::Lost),
            "expected" => {
                let place = number().and_then(|place| usize::try_from(place).ok()).ok_or_else(strange)?;
                let value = match parts.next() {
                    Some(Value::BulkString(value)) => Some(value),
                    _ => None,
                };
                Ok(Committed::Unexpected(place.saturating_sub(1), value))
            }
            "refused" | "over" => {
                let mut part = || number().ok_or_else(strange);
                let place = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
                let wait = Wait { charge: place(part()?), quota: place(part()?), micros: part()? };
                Ok(if word == "over" { Committed::Over(wait) } else { Committed::Refused(wait) })
            }
            _ => Err(strange()),
        }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
