//! The core: from a submission and what is remembered to a verdict that explains itself. Pure and synchronous.
//!
//! Four stages, each usable by itself: [`Facts`] are what a rule may look at, [`rules`] finds what speaks for or against
//! the comment, [`Learnt`] says what people decided of such comments, [`conclude`] weighs it all. The same input gives the same
//! verdict, always.

mod case;
mod counterfactual;
mod engine;
mod facts;
mod learner;
mod listed;
mod lists;
mod opinion;
mod policy;
mod replay;
mod rules;
mod settings;
mod weighing;

pub use case::Case;
pub use engine::{Hits, conclude, rules};
pub use facts::{Facts, FactsReport, Identity, fold_for_search, mail_of};
pub use learner::{BaseModel, Example, Learnt, Ledger, Record, SiteLearner, Trainer};
pub use listed::{BadEntry, SiteLists, entry_faults};
pub use policy::Policy;
pub use replay::{Cause, Lost, Replay, Replayed, Way};
pub use settings::{FirstComment, KindAction, Mode, RuleSettings, Settings};

use crate::domain::{Features, History, Verdict};

/// A submission that was judged.
#[derive(Clone, Debug)]
pub struct Screening {
    /// What the screening says.
    pub verdict: Verdict,
    /// What the comment looks like to the learner; nothing where that is switched off, or nothing is to be learnt of it.
    pub features: Features,
}

/// Judges a submission by its rules alone: what they find, and what follows from it.
pub fn screen(facts: &Facts<'_>, history: &History, policy: &Policy) -> Verdict {
    let hits = rules(facts, history, policy);
    conclude(hits, Case { facts, history }, policy)
}

/// Judges a submission: what its rules find, what the learner makes of it, and what follows from both.
pub fn screen_learnt(facts: &Facts<'_>, history: &History, policy: &Policy, learnt: Learnt<'_>) -> Screening {
    if policy.learner().mode == Mode::Off {
        return Screening { verdict: screen(facts, history, policy), features: Features::default() };
    }
    let case = Case { facts, history };
    let mut hits = rules(facts, history, policy);
    let features = opinion::add(&mut hits, case, policy, learnt);
    let verdict = Verdict { model_version: Some(learnt.version()), ..conclude(hits, case, policy) };
    Screening { verdict, features }
}
