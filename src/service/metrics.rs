//! What the service counts for monitors. No label tells of a site, of a person, or of anything that a caller chooses.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::simulate::Simulated;
use super::{Caller, Error, Judged, Submitted};
use crate::domain::{DecidedBy, Lesson, Status, Taught, Timestamp, Totals};
use crate::store::{self, Expired, Outcome};

/// Labels that are words of this program.
type Words<const N: usize> = [(&'static str, &'static str); N];

/// The service's counters. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    submissions: Family<Words<2>, Counter>,
    replays: Counter,
    without_address: Counter,
    checks: Family<Words<1>, Counter>,
    rule_decisions: Family<[(&'static str, Cow<'static, str>); 2], Counter>,
    rule_hits: Family<[(&'static str, Cow<'static, str>); 2], Counter>,
    screening: Histogram,
    decisions: Family<Words<3>, Counter>,
    edits: Family<Words<2>, Counter>,
    wrong_keys: Counter,
    limited: Family<Words<2>, Counter>,
    config_reloads: Family<Words<1>, Counter>,
    simulations: Counter,
    simulated: Family<Words<1>, Counter>,
    expired: Family<Words<1>, Counter>,
    lessons: Counter,
    housekeeping_failures: Counter,
    housekeeping_last: Gauge<f64, AtomicU64>,
    store_seconds: Family<Words<1>, Histogram, fn() -> Histogram>,
    store_errors: Family<Words<1>, Counter>,
}

/// What a limit did with what exceeded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// The comment was kept for a person.
    Held,
    /// The call was refused.
    Refused,
}

/// What came of reading the configuration again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The new one is in force.
    Applied,
    /// The old one stays, because the new one is not valid.
    Refused,
}

/// From a tenth of what a submission takes to what nobody waits for.
const STORE_BUCKETS: [f64; 13] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// From an ordinary comment to several times the budget of work.
const SCREENING_BUCKETS: [f64; 10] = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1];

impl Default for Metrics {
    fn default() -> Self {
        Self {
            submissions: Family::default(),
            replays: Counter::default(),
            without_address: Counter::default(),
            checks: Family::default(),
            rule_decisions: Family::default(),
            rule_hits: Family::default(),
            screening: Histogram::new(SCREENING_BUCKETS),
            decisions: Family::default(),
            edits: Family::default(),
            wrong_keys: Counter::default(),
            limited: Family::default(),
            config_reloads: Family::default(),
            simulations: Counter::default(),
            simulated: Family::default(),
            expired: Family::default(),
            lessons: Counter::default(),
            housekeeping_failures: Counter::default(),
            housekeeping_last: Gauge::default(),
            store_seconds: Family::new_with_constructor(|| Histogram::new(STORE_BUCKETS)),
            store_errors: Family::default(),
        }
    }
}

impl Metrics {
    /// Shows them in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("submissions", "New comments, by what the screening said", self.submissions.clone());
        registry.register("replays", "Submissions that were here already", self.replays.clone());
        let help = "New comments without the commenter's address, to which rules and limits by address do not apply";
        registry.register("submissions_without_address", help, self.without_address.clone());
        registry.register("checks", "Comments that were judged and not kept", self.checks.clone());
        let help = "What people said of comments on which rules fired, as far as this process learnt it";
        registry.register("rule_decisions", help, self.rule_decisions.clone());
        registry.register("rule_hits", "Rules that fired on new comments, by the verdict", self.rule_hits.clone());
        let help = "What facts and rules took for one comment";
        registry.register_with_unit("screening", help, Unit::Seconds, self.screening.clone());
        registry.register("decisions", "Decisions that changed a comment", self.decisions.clone());
        let help = "Edits that changed a comment, by who made them and what readers see of it since";
        registry.register("edits", help, self.edits.clone());
        registry.register("wrong_keys", "Calls with a key that is none of ours", self.wrong_keys.clone());
        registry.register("limited", "What went over a limit", self.limited.clone());
        registry.register("config_reloads", "Readings of a changed configuration", self.config_reloads.clone());
        registry.register("simulations", "Policies that were tried on decided comments", self.simulations.clone());
        let help = "Decided comments that a policy was tried on, by how";
        registry.register("simulated_comments", help, self.simulated.clone());
        registry.register("expired", "What was kept no longer", self.expired.clone());
        let help = "What this process learnt of decisions, snapshots aside";
        registry.register("lessons", help, self.lessons.clone());
        let help = "Sites in which what is due could not expire, each time";
        registry.register("housekeeping_failures", help, self.housekeeping_failures.clone());
        let help = "When all sites were last gone through for what is due, since 1970; 0 if they were not yet";
        let last = self.housekeeping_last.clone();
        registry.register_with_unit("housekeeping_last_timestamp", help, Unit::Seconds, last);
        registry.register_with_unit(
            "store",
            "What a call of the store took",
            Unit::Seconds,
            self.store_seconds.clone(),
        );
        registry.register("store_errors", "Calls that the store failed", self.store_errors.clone());
    }

    /// Counts a refusal, if a limit is the reason.
    pub(super) fn refused(&self, error: &Error) {
        if let Error::Limited(refused) = error {
            self.limited(refused.limit.as_str(), Limited::Refused);
        }
    }

    /// Counts what went over a limit of this name.
    pub fn limited(&self, limit: &'static str, outcome: Limited) {
        let outcome = match outcome {
            Limited::Held => "held",
            Limited::Refused => "refused",
        };
        self.limited.get_or_create(&[("limit", limit), ("outcome", outcome)]).inc();
    }

    /// Counts a reading of the configuration.
    pub fn reloaded(&self, outcome: Reload) {
        let outcome = match outcome {
            Reload::Applied => "applied",
            Reload::Refused => "refused",
        };
        self.config_reloads.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Counts a simulation.
    pub(super) fn simulated(&self, simulated: &Simulated) {
        let Simulated { replayed, screened_again, skipped, .. } = simulated;
        self.simulations.inc();
        let all = [
            ("replayed", *replayed),
            ("screened_again", *screened_again),
            ("skipped", skipped.address_cut + skipped.damaged),
        ];
        for (how, number) in all {
            self.simulated.get_or_create(&[("how", how)]).inc_by(number);
        }
    }

    /// Counts what went in a step of retention.
    pub(super) fn expired(&self, step: &Expired) {
        let Expired { rejected, purged, addresses, tombstones, events, lessons, more: _ } = *step;
        let all = [
            ("rejected", rejected),
            ("purged", purged),
            ("addresses", addresses),
            ("tombstones", tombstones),
            ("events", events),
            ("lessons", lessons),
        ];
        for (what, number) in all {
            self.expired.get_or_create(&[("what", what)]).inc_by(number as u64);
        }
    }

    /// Counts what was learnt, and what people said of the rules' hits.
    pub(super) fn learnt(&self, lessons: &[Taught]) {
        self.lessons.inc_by(lessons.len() as u64);
        for teaching in lessons.iter().map(|taught| &taught.teaching) {
            let said = match teaching.now {
                Lesson::Spam => "spam",
                Lesson::Honest => "honest",
                Lesson::Abuse | Lesson::Nothing => continue,
            };
            for rule in &teaching.rules {
                let labels = [("rule", rule.clone().into()), ("said", Cow::Borrowed(said))];
                self.rule_decisions.get_or_create(&labels).inc();
            }
        }
    }

    /// Counts a site (or all of them) in which what is due could not expire.
    pub(super) fn housekeeping_failed(&self) {
        self.housekeeping_failures.inc();
    }

    /// Notes that all sites were gone through.
    pub(super) fn housekeeping_ended(&self, now: Timestamp) {
        self.housekeeping_last.set(now.millis() as f64 / 1e3);
    }

    /// Counts a submission.
    pub(super) fn submitted(&self, Submitted { comment, replayed, took }: &Submitted) {
        if *replayed {
            self.replays.inc();
            return;
        }
        let verdict = &comment.verdict;
        let action = verdict.action.as_str();
        let labels = [("action", action), ("decided_by", verdict.decided_by.as_str())];
        self.submissions.get_or_create(&labels).inc();
        if comment.submission.client.ip.is_none() {
            self.without_address.inc();
        }
        if let Some(over) = &comment.history.over_limit
            && verdict.decided_by == DecidedBy::Rate
        {
            self.limited(over.limit.as_str(), Limited::Held);
        }
        for hit in &verdict.hits {
            let labels = [("rule", hit.rule.clone().into()), ("action", Cow::Borrowed(action))];
            self.rule_hits.get_or_create(&labels).inc();
        }
        self.screening.observe(took.screening.as_secs_f64());
    }

    /// Counts a comment that was judged and not kept.
    pub(super) fn checked(&self, Judged { verdict, took }: &Judged) {
        self.checks.get_or_create(&[("action", verdict.action.as_str())]).inc();
        self.screening.observe(took.screening.as_secs_f64());
    }

    /// Counts a decision, if it changed something.
    pub(super) fn decided(&self, outcome: &Outcome) {
        let Outcome::Changed(comment) = outcome else { return };
        let Some(last) = comment.decisions.last() else { return };
        let reason = last.reason.map_or("none", |reason| reason.as_str());
        let labels = [("action", last.action.as_str()), ("reason", reason), ("source", last.source.as_str())];
        self.decisions.get_or_create(&labels).inc();
    }

    /// Counts an edit, if it changed something.
    pub(super) fn edited(&self, outcome: &Outcome) {
        let Outcome::Changed(comment) = outcome else { return };
        let Some(edited) = comment.edited else { return };
        let labels = [("edited_by", edited.by.as_str()), ("status", comment.status.as_str())];
        self.edits.get_or_create(&labels).inc();
    }

    /// Counts a key that is not valid.
    pub(super) fn identified(&self, found: &Result<Caller, Error>) {
        if let Err(Error::WrongKey | Error::ExpiredKey(_)) = found {
            self.wrong_keys.inc();
        }
    }

    /// Counts a call of the store.
    pub(super) fn asked(&self, verb: &'static str, took: Duration, error: Option<&store::Error>) {
        self.store_seconds.get_or_create(&[("verb", verb)]).observe(took.as_secs_f64());
        let kind = match error {
            Some(store::Error::Unavailable(_)) => "unavailable",
            Some(store::Error::NotReady { .. }) => "not_ready",
            Some(store::Error::Full(_)) => "full",
            Some(store::Error::Damaged(_)) => "damaged",
            // What is not there is the caller's fault.
            Some(store::Error::UnknownSite) | None => return,
        };
        self.store_errors.get_or_create(&[("kind", kind)]).inc();
    }
}

/// Puts into a registry how everything stands at this moment.
pub(super) fn register_totals(totals: &Totals, now: Timestamp, registry: &mut Registry) {
    let gauge = |number: u64| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
    let Totals { sites, counts, oldest_open } = totals;
    registry.register("sites", "Sites", gauge(*sites));
    let comments = Family::<Words<1>, prometheus_client::metrics::gauge::Gauge>::default();
    let by_status =
        [(Status::Approved, counts.approved), (Status::Held, counts.held), (Status::Rejected, counts.rejected)];
    for (status, number) in by_status {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        comments.get_or_create(&[("status", status.as_str())]).set(number);
    }
    registry.register("comments", "Comments that are kept, of all sites", comments);
    registry.register("queue_length", "Comments that wait for a moderator, of all sites", gauge(counts.open));
    let age = oldest_open.map_or(0, |since| now.millis().saturating_sub(since.millis()).max(0));
    let help = "How long the comment that waits longest has waited; 0 if none does";
    registry.register_with_unit("queue_oldest", help, Unit::Seconds, ConstGauge::new(age as f64 / 1e3));
}
