//! Train: labelled comments become a base model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::eval::{Eval, Label, Sample};
use crate::domain::History;
use crate::screening::{BaseModel, Case, Example, Facts, Policy, Trainer, rules};

/// A training on its way.
pub struct Training {
    policy: Arc<Policy>,
    trainer: Trainer,
    sources: BTreeMap<String, [u64; 2]>,
}

impl Training {
    /// A training by what the rules of a policy find.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self { policy, trainer: Trainer::default(), sources: BTreeMap::new() }
    }

    /// Takes a comment; what hurts somebody is neither spam nor an example of an honest comment.
    pub fn take(&mut self, sample: &Sample) {
        let is_spam = match sample.label {
            Label::Spam => true,
            Label::Ham => false,
            Label::Toxic => return,
        };
        let history = History::default();
        let facts = Facts::new(&sample.submission, &self.policy, Eval::start());
        let hits = rules(&facts, &history, &self.policy);
        let case = Case { facts: &facts, history: &history };
        self.trainer.add(Example::of(case, &hits.list, (is_spam, &sample.source)));
        self.sources.entry(sample.source.clone()).or_default()[usize::from(is_spam)] += 1;
    }

    /// How many comments of each source there are, honest and spam.
    pub fn sources(&self) -> &BTreeMap<String, [u64; 2]> {
        &self.sources
    }

    /// The model.
    pub fn finish(self) -> BaseModel {
        let sources = self.sources.iter().map(|(source, [honest, spam])| format!("{source} {spam}/{honest}"));
        let made = format!(
            "moderato train, {} comments (spam/honest): {}",
            self.trainer.len(),
            sources.collect::<Vec<_>>().join(", ")
        );
        self.trainer.train(&made)
    }
}
