//! A site's learner: its table, how much it has seen, and how its rules have stood the test.

use super::ledger::Ledger;
use super::table::{Label, Table};
use crate::domain::{Lesson, ModelSnapshot, Taught, Teaching};

/// How many lessons of the rarer class must be there before the site's own table speaks.
const FEWEST: u32 = 5;
/// How many lessons of the rarer class make the site's own table count as much as the base model.
const HALFWAY: f32 = 10.0;
/// The most that a lesson of the rarer class counts.
const MOST_WORTH: f32 = 4.0;

/// What the decisions of a site have taught.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteLearner {
    table: Table,
    spam: u32,
    honest: u32,
    taught: u64,
    ledger: Ledger,
}

impl SiteLearner {
    /// Learns what comes next. What was learnt already is passed over.
    pub fn learn(&mut self, taught: &Taught) {
        if taught.number <= self.taught {
            return;
        }
        self.taught = taught.number;
        let Teaching { features, was, now, .. } = &taught.teaching;
        // A decision that was taken back is learnt the other way round, once; nothing is unlearnt.
        let label = match (now, was) {
            (Lesson::Spam, _) => Some(Label::Spam),
            (Lesson::Honest, _) => Some(Label::Honest),
            (Lesson::Abuse | Lesson::Nothing, Lesson::Spam) => Some(Label::Honest),
            (Lesson::Abuse | Lesson::Nothing, Lesson::Honest) => Some(Label::Spam),
            (Lesson::Abuse | Lesson::Nothing, Lesson::Abuse | Lesson::Nothing) => None,
        };
        if let Some(label) = label {
            self.table.learn(features, label, self.worth(label));
        }
        for (lesson, counted) in [(Lesson::Spam, &mut self.spam), (Lesson::Honest, &mut self.honest)] {
            *counted = counted.saturating_sub(u32::from(*was == lesson)).saturating_add(u32::from(*now == lesson));
        }
        self.ledger.take(&taught.teaching);
    }

    /// How much a lesson counts: as if both classes came equally often, however many spams there are to a comment.
    fn worth(&self, label: Label) -> f32 {
        let (spam, honest) = (self.spam as f32 + 1.0, self.honest as f32 + 1.0);
        let own = if label == Label::Spam { spam } else { honest };
        ((spam + honest) / (2.0 * own)).min(MOST_WORTH)
    }

    /// How much the site's own table counts beside the base model, from 0 to less than 1: it grows with the rarer class.
    pub fn experience(&self) -> f32 {
        match self.spam.min(self.honest) {
            0..FEWEST => 0.0,
            rarer => rarer as f32 / (rarer as f32 + HALFWAY),
        }
    }

    /// The weights.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The number of the last teaching that is in it.
    pub fn taught(&self) -> u64 {
        self.taught
    }

    /// How many comments taught that they are spam, and honest.
    pub fn lessons(&self) -> (u32, u32) {
        (self.spam, self.honest)
    }

    /// How rules and learner have stood the test of people's decisions.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Everything, for the store.
    pub fn snapshot(&self) -> ModelSnapshot {
        let mut bytes = vec![FORM];
        bytes.extend(self.taught.to_le_bytes());
        bytes.extend(self.spam.to_le_bytes());
        bytes.extend(self.honest.to_le_bytes());
        let cells: Vec<_> = self.table.cells().collect();
        bytes.extend((cells.len() as u32).to_le_bytes());
        for (place, z, n) in cells {
            bytes.extend(place.to_le_bytes());
            bytes.extend(z.to_le_bytes());
            bytes.extend(n.to_le_bytes());
        }
        bytes.extend(self.ledger.pack());
        ModelSnapshot { taught: self.taught, bytes }
    }

    /// What [`SiteLearner::snapshot`] told; `None` for anything else, or what another form of features taught.
    pub fn read(snapshot: &ModelSnapshot) -> Option<Self> {
        let bytes = snapshot.bytes.strip_prefix(&[FORM])?;
        let (taught, bytes) = bytes.split_first_chunk()?;
        let (spam, bytes) = bytes.split_first_chunk()?;
        let (honest, bytes) = bytes.split_first_chunk()?;
        let (count, mut bytes) = bytes.split_first_chunk()?;
        let mut table = Table::default();
        for _ in 0..u32::from_le_bytes(*count) {
            let (place, rest) = bytes.split_first_chunk()?;
            let (z, rest) = rest.split_first_chunk()?;
            let (n, rest) = rest.split_first_chunk()?;
            let cell = (u16::from_le_bytes(*place), f32::from_le_bytes(*z), f32::from_le_bytes(*n));
            table.put(cell).then_some(())?;
            bytes = rest;
        }
        let ledger = Ledger::unpack(bytes)?;
        let taught = u64::from_le_bytes(*taught);
        let (spam, honest) = (u32::from_le_bytes(*spam), u32::from_le_bytes(*honest));
        (taught == snapshot.taught).then_some(Self { table, spam, honest, taught, ledger })
    }
}

/// The form of a snapshot, and of the features in it: another one is another learner, which begins anew.
const FORM: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Features;

    fn taught(number: u64, now: Lesson) -> Taught {
        let places: &[u16] = if now == Lesson::Spam { &[1, 2, 3, 700] } else { &[1, 2, 4, 900] };
        let features = Features::new(places.iter().copied());
        let teaching =
            Teaching { features, rules: vec!["zalgo".to_owned().into()], opinion: 3, was: Lesson::Nothing, now };
        Taught { number, teaching }
    }

    fn after(lessons: impl IntoIterator<Item = Lesson>) -> SiteLearner {
        let mut learner = SiteLearner::default();
        (1..).zip(lessons).for_each(|(number, lesson)| learner.learn(&taught(number, lesson)));
        learner
    }

    #[test]
    fn a_snapshot_is_all_of_it_and_nothing_else_is_one() {
        let learner = after([Lesson::Spam, Lesson::Honest, Lesson::Spam]);
        let snapshot = learner.snapshot();
        assert_eq!(SiteLearner::read(&snapshot), Some(learner));
        for length in 0..snapshot.bytes.len() {
            let cut = ModelSnapshot { bytes: snapshot.bytes[..length].to_vec(), ..snapshot.clone() };
            assert_eq!(SiteLearner::read(&cut), None, "{length}");
        }
        assert_eq!(SiteLearner::read(&ModelSnapshot { taught: 4, ..snapshot }), None);
    }

    #[test]
    fn what_was_learnt_is_not_learnt_again() {
        let mut learner = after([Lesson::Spam, Lesson::Honest]);
        let before = learner.clone();
        learner.learn(&taught(2, Lesson::Spam));
        assert_eq!(learner, before);
    }

    #[test]
    fn nine_spams_to_an_honest_comment_do_not_tilt_it() {
        let lessons = (0..200).map(|each| if each % 10 == 9 { Lesson::Honest } else { Lesson::Spam });
        let learner = after(lessons);
        // What both kinds share says nothing, and each kind is known by its own.
        let logit = |places: &[u16]| learner.table().logit(&Features::new(places.iter().copied()));
        assert!(logit(&[1, 2, 3, 700]) > 1.0 && logit(&[1, 2, 4, 900]) < -1.0);
        assert!(logit(&[1, 2]).abs() < 1.0, "{}", logit(&[1, 2]));
        assert_eq!(learner.lessons(), (180, 20));
    }

    #[test]
    fn experience_grows_with_the_rarer_class() {
        assert_eq!(after([Lesson::Spam; 500]).experience(), 0.0);
        let both = |number: usize| after([Lesson::Spam, Lesson::Honest].repeat(number)).experience();
        assert!(both(4) == 0.0 && both(5) > 0.0 && both(50) > both(5) && both(500) < 1.0);
    }
}
