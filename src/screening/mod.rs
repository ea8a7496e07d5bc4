//! The core: from a submission and what is remembered to a verdict that explains itself. Pure and synchronous.
//!
//! Three stages, each usable by itself: [`Facts`] are what a rule may look at, [`rules`] finds what speaks for or against
//! the comment, [`conclude`] weighs it. The same input gives the same verdict, always.

mod case;
mod counterfactual;
mod engine;
mod facts;
mod listed;
mod lists;
mod policy;
mod replay;
mod rules;
mod settings;
mod weighing;

pub use case::Case;
pub use engine::{Hits, conclude, rules};
pub use facts::{Facts, FactsReport, Identity, fold_for_search, mail_of};
pub use listed::{BadEntry, SiteLists, entry_faults};
pub use policy::Policy;
pub use replay::{Cause, Lost, Replay, Replayed, Way};
pub use settings::{FirstComment, KindAction, Mode, RuleSettings, Settings};

use crate::domain::{History, Verdict};

/// Judges a submission: what its rules find, and what follows from it.
pub fn screen(facts: &Facts<'_>, history: &History, policy: &Policy) -> Verdict {
    let hits = rules(facts, history, policy);
    conclude(hits, Case { facts, history }, policy)
}
