//! Stats: how a site stands, and how its rules and its learner have stood the test of people's decisions.

use super::{Error, Service};
use crate::domain::{Counts, Group, RuleDoc, SiteId};
use crate::screening::{Ledger, Record};

/// How a site stands.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Its comments.
    pub counts: Counts,
    /// How many comments people decided were spam, and how many they approved, as far as the learner was told.
    pub lessons: Record,
    /// What judges: the base model and the last lesson.
    pub model_version: String,
    /// Every rule.
    pub rules: Vec<(RuleDoc, Agreement)>,
    /// The learner, where it spoke for spam, and where it spoke for an honest comment.
    pub learner: (Agreement, Agreement),
}

/// How often people agreed with what something said of comments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// On how many of the comments that it spoke of people decided.
    pub decided: u64,
    /// With how many they agreed: spam, or for trust, approved.
    pub agreed: u64,
    /// The least that its precision is likely to be, by Wilson's interval at 95 %; `None` where nobody has decided.
    pub lower_bound: Option<f64>,
}

impl Agreement {
    /// What people said of comments that spoke for spam.
    fn with_spam(record: Record) -> Self {
        let (decided, lower_bound) = (record.decided(), record.lower_bound(record.spam));
        Self { decided, agreed: record.spam.into(), lower_bound }
    }

    /// What people said of comments that spoke for an honest author.
    fn with_honest(record: Record) -> Self {
        let (decided, lower_bound) = (record.decided(), record.lower_bound(record.honest));
        Self { decided, agreed: record.honest.into(), lower_bound }
    }

    /// Of a rule. The learner's two records are taken together: it agrees with itself on either side.
    fn of(rule: &RuleDoc, ledger: &Ledger) -> Self {
        let (spam, honest) = ledger.learner();
        match rule.group {
            Group::Learned => {
                let right = Record { spam: spam.spam + honest.honest, honest: spam.honest + honest.spam };
                Self::with_spam(right)
            }
            _ if rule.points < 0 => Self::with_honest(ledger.of(rule.id.as_str())),
            _ => Self::with_spam(ledger.of(rule.id.as_str())),
        }
    }
}

impl Service {
    /// How a site stands, every decision so far included.
    pub async fn stats(&self, site: &SiteId) -> Result<Stats, Error> {
        let counts = self.store.counts(site).await?;
        let rules = self.rules(Some(site)).await?;
        self.catch_up(site).await?;
        let learner = self.learner(site);
        let model_version = self.learners.with(learner.as_deref()).version();
        let (ledger, lessons) = match learner.as_deref() {
            Some(learner) => (learner.ledger().clone(), learner.lessons()),
            None => (Ledger::default(), (0, 0)),
        };
        let (spam, honest) = ledger.learner();
        let rules = rules.into_iter().map(|rule| {
            let agreement = Agreement::of(&rule, &ledger);
            (rule, agreement)
        });
        Ok(Stats {
            counts,
            lessons: Record { spam: lessons.0, honest: lessons.1 },
            model_version,
            rules: rules.collect(),
            learner: (Agreement::with_spam(spam), Agreement::with_honest(honest)),
        })
    }
}
