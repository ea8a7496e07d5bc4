//! The ledger: of each rule, and of the learner itself, how often people decided of comments it fired on, and what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Lesson, RuleId, Teaching};

/// How rules have stood the test of people's decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// By rule.
    rules: BTreeMap<RuleId, Record>,
    /// The learner, where it spoke for spam, and where it spoke for an honest comment.
    learner: (Record, Record),
}

/// What people said of comments that something spoke of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Spam.
    pub spam: u32,
    /// Honest.
    pub honest: u32,
}

impl Record {
    /// How many of them were decided.
    pub fn decided(self) -> u64 {
        u64::from(self.spam) + u64::from(self.honest)
    }

    /// The least that the share of `agreed` among the decided is likely to be: the lower end of Wilson's score interval at
    /// 95 % (E. B. Wilson, "Probable inference", 1927); `None` where nobody has decided.
    pub fn lower_bound(self, agreed: u32) -> Option<f64> {
        const Z: f64 = 1.959_963_984_540_054;
        let (number, agreed) = (self.decided() as f64, f64::from(agreed));
        if number == 0.0 {
            return None;
        }
        let share = agreed / number;
        let middle = share + Z * Z / (2.0 * number);
        let spread = Z * ((share * (1.0 - share) + Z * Z / (4.0 * number)) / number).sqrt();
        Some(((middle - spread) / (1.0 + Z * Z / number)).clamp(0.0, 1.0))
    }

    fn count(&mut self, was: Lesson, now: Lesson) {
        for (lesson, counted) in [(Lesson::Spam, &mut self.spam), (Lesson::Honest, &mut self.honest)] {
            *counted = counted.saturating_sub(u32::from(was == lesson)).saturating_add(u32::from(now == lesson));
        }
    }
}

impl Ledger {
    /// The record of a rule.
    pub fn of(&self, rule: &str) -> Record {
        self.rules.get(&RuleId::from(rule.to_owned())).copied().unwrap_or_default()
    }

    /// The learner's records: where it spoke for spam, and where it spoke for an honest comment.
    pub fn learner(&self) -> (Record, Record) {
        self.learner
    }

    /// Counts a decision.
    pub(super) fn take(&mut self, teaching: &Teaching) {
        let Teaching { rules, opinion, was, now, .. } = teaching;
        for rule in rules.iter().filter(|rule| rule.as_str() != super::RULE) {
            self.rules.entry(rule.clone()).or_default().count(*was, *now);
        }
        match opinion {
            1.. => self.learner.0.count(*was, *now),
            0 => {}
            _ => self.learner.1.count(*was, *now),
        }
    }

    pub(super) fn pack(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_bound_is_wilsons() {
        let record = Record { spam: 9, honest: 1 };
        // By hand: n = 10, p = 0.9 gives 0.5958.
        assert!((record.lower_bound(9).unwrap() - 0.5958).abs() < 0.0001);
        assert_eq!(Record::default().lower_bound(0), None);
    }
}
