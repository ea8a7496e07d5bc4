//! The figures of a measurement, and how each is computed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Label;
use crate::domain::{Action, DecidedBy, Verdict};

/// What became of a set of labelled comments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Of the spam.
    pub spam: Actions,
    /// Of the honest comments.
    pub ham: Actions,
    /// How likely a spam ranks above an honest comment, ties counting half: the area under the ROC curve.
    pub auc: Option<f64>,
    /// Share of the spam that ranks strictly above all but floor(1 %) of the honest comments.
    pub caught_at_1: Option<f64>,
    /// The same at 0.5 %.
    pub caught_at_0_5: Option<f64>,
    /// Time a comment took, without the store.
    pub us: Micros,
}

/// How many comments got which action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Actions {
    /// Published.
    pub approved: u64,
    /// Kept for a person.
    pub held: u64,
    /// Not published.
    pub rejected: u64,
}

impl Actions {
    /// How many there were.
    pub fn all(self) -> u64 {
        self.approved + self.held + self.rejected
    }

    fn add(&mut self, action: Action) {
        match action {
            Action::Approve => self.approved += 1,
            Action::Hold => self.held += 1,
            Action::Reject => self.rejected += 1,
        }
    }
}

/// Times in microseconds, by nearest rank; `None` without comments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Micros {
    /// Half of the comments took no longer.
    pub median: Option<f64>,
    /// 99 % took no longer.
    pub p99: Option<f64>,
    /// None took longer.
    pub max: Option<f64>,
}

/// How often a rule fired.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RuleFigures {
    /// On so many spams.
    pub spam: u64,
    /// On so many honest comments.
    pub ham: u64,
    /// Share of spam among the comments it fired on; `None` if it never fired.
    pub precision: Option<f64>,
    /// Spams that would be published without this rule alone.
    #[serde(rename = "stops")]
    pub only_it_stops: u64,
    /// Honest comments that would be published without this rule alone.
    #[serde(rename = "disturbs")]
    pub only_it_disturbs: u64,
    /// Where it fired: a rule that catches the spam of one source alone may know that source and not spam.
    pub by_source: BTreeMap<String, Fired>,
}

/// How often a rule fired on the comments of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// On so many spams.
    pub spam: u64,
    /// On so many honest comments.
    pub ham: u64,
}

impl RuleFigures {
    /// Counts a comment of a source that it fired on; `alone`: without it, the comment would be approved.
    pub(super) fn count(&mut self, label: Label, source: &str, alone: bool) {
        let there = self.by_source.entry(source.to_owned()).or_default();
        let (fired, there, decisive) = match label {
            Label::Spam => (&mut self.spam, &mut there.spam, &mut self.only_it_stops),
            Label::Ham => (&mut self.ham, &mut there.ham, &mut self.only_it_disturbs),
            Label::Toxic => return,
        };
        *fired += 1;
        *there += 1;
        *decisive += u64::from(alone);
    }

    /// In how many sources it fired on spam.
    pub fn sources_of_spam(&self) -> usize {
        self.by_source.values().filter(|fired| fired.spam > 0).count()
    }

    pub(super) fn with_precision(self) -> Self {
        let fired = self.spam + self.ham;
        Self { precision: (fired > 0).then(|| share(self.spam, fired)), ..self }
    }
}

/// How spam-like a verdict calls a comment; greater is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Approved whatever the score.
    Below,
    /// As the score says.
    Score(i32),
    /// Rejected whatever the score.
    Above,
}

impl Rank {
    /// The rank of what this verdict says.
    pub fn of(verdict: &Verdict) -> Self {
        match (verdict.decided_by, verdict.action) {
            (DecidedBy::Role | DecidedBy::List, Action::Approve) => Rank::Below,
            (DecidedBy::List | DecidedBy::Certain | DecidedBy::Kind, Action::Reject) => Rank::Above,
            _ => Rank::Score(verdict.score),
        }
    }
}

/// One comment as it was judged.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    label: Label,
    action: Action,
    rank: Rank,
    took: Duration,
}

impl Measured {
    /// A comment with this label that this verdict was given, in so much time.
    pub fn new(label: Label, verdict: &Verdict, took: Duration) -> Self {
        Self { label, action: verdict.action, rank: Rank::of(verdict), took }
    }
}

impl Figures {
    /// The figures of these comments.
    pub fn of(measured: &[Measured]) -> Self {
        let ranks = |label: Label| {
            let mut ranks: Vec<Rank> = measured.iter().filter(|one| one.label == label).map(|one| one.rank).collect();
            ranks.sort_unstable();
            ranks
        };
        let actions = |label: Label| {
            let mut actions = Actions::default();
            measured.iter().filter(|one| one.label == label).for_each(|one| actions.add(one.action));
            actions
        };
        let (spam, ham) = (ranks(Label::Spam), ranks(Label::Ham));
        Self {
            spam: actions(Label::Spam),
            ham: actions(Label::Ham),
            auc: auc(&spam, &ham),
            caught_at_1: caught(&spam, &ham, ham.len() / 100),
            caught_at_0_5: caught(&spam, &ham, ham.len() / 200),
            us: Micros::of(measured.iter().map(|one| one.took).collect()),
        }
    }
}

impl Micros {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let ranked = |per_cent: usize| {
            let place = (times.len() * per_cent).div_ceil(100).max(1) - 1;
            times.get(place).map(|time| time.as_nanos() as f64 / 1000.0)
        };
        Self { median: ranked(50), p99: ranked(99), max: ranked(100) }
    }
}

/// The area under the ROC curve of two sorted lists: the share of pairs in which the spam ranks higher, ties half.
fn auc(spam: &[Rank], ham: &[Rank]) -> Option<f64> {
    let halves: u128 = spam
        .iter()
        .map(|rank| {
            let below = ham.partition_point(|other| other < rank);
            let up_to = ham.partition_point(|other| other <= rank);
            (below + up_to) as u128
        })
        .sum();
    let pairs = spam.len() as u128 * ham.len() as u128;
    (pairs > 0).then(|| halves as f64 / (2 * pairs) as f64)
}

/// The share of the spam strictly above all but the `spared` worst-ranked honest comments, of two sorted lists.
fn caught(spam: &[Rank], ham: &[Rank], spared: usize) -> Option<f64> {
    let bar = ham.get(ham.len().checked_sub(spared + 1)?)?;
    let above = spam.len() - spam.partition_point(|rank| rank <= bar);
    (!spam.is_empty()).then(|| share(above as u64, spam.len() as u64))
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// A share as per cent with one decimal, rounded down, so that 99.96 % never reads as all.
pub fn rounded_down(share: f64) -> f64 {
    (share * 1000.0 + 1e-9).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(scores: &[i32]) -> Vec<Rank> {
        scores.iter().map(|score| Rank::Score(*score)).collect()
    }

    #[test]
    fn pairs_are_counted_and_ties_count_half() {
        // Of 2 × 4 pairs: 60 beats 4; 20 beats 2 and ties with 1.
        assert_eq!(auc(&ranks(&[20, 60]), &ranks(&[0, 10, 20, 30])), Some(6.5 / 8.0));
        assert_eq!(auc(&ranks(&[]), &ranks(&[1])), None);
    }

    #[test]
    fn caught_is_strictly_above_all_but_the_spared() {
        let ham: Vec<Rank> = (0..200).map(Rank::Score).collect();
        assert_eq!(caught(&ranks(&[197, 198, 199, 300]), &ham, 2), Some(0.75));
        assert_eq!(caught(&ranks(&[197, 198, 199, 300]), &ham, 1), Some(0.5));
        assert_eq!(caught(&ranks(&[197, 198, 199, 300]), &ham, 0), Some(0.25));
        assert_eq!(caught(&[Rank::Above], &[Rank::Above], 0), Some(0.0));
        assert_eq!(caught(&ranks(&[1]), &[], 0), None);
        assert_eq!(caught(&[], &ham, 0), None);
    }

    #[test]
    fn what_is_certain_ranks_outside_the_scores() {
        assert!(Rank::Below < Rank::Score(i32::MIN) && Rank::Score(i32::MAX) < Rank::Above);
    }

    #[test]
    fn times_go_by_nearest_rank() {
        let times = Micros::of((1..=200).map(Duration::from_micros).collect());
        assert_eq!((times.median, times.p99, times.max), (Some(100.0), Some(198.0), Some(200.0)));
        assert_eq!(Micros::of(Vec::new()).max, None);
    }
}
