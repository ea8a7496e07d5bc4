//! How a site stands, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rule::LedgerView;
use crate::service::Stats;

/// `GET …/stats`
#[derive(Debug, Serialize)]
pub(in crate::http) struct StatsView<'a> {
    comments: CommentCounts,
    queue_length: u64,
    lessons: Lessons,
    model_version: &'a str,
    rules: BTreeMap<&'a str, LedgerView>,
    learner: Learner,
}

#[derive(Debug, Serialize)]
struct CommentCounts {
    approved: u64,
    held: u64,
    rejected: u64,
}

#[derive(Debug, Serialize)]
struct Lessons {
    spam: u32,
    honest: u32,
}

#[derive(Debug, Serialize)]
struct Learner {
    spam: LedgerView,
    honest: LedgerView,
}

impl<'a> From<&'a Stats> for StatsView<'a> {
    fn from(stats: &'a Stats) -> Self {
        let Stats { counts, lessons, model_version, rules, learner } = stats;
        let comments = CommentCounts { approved: counts.approved, held: counts.held, rejected: counts.rejected };
        Self {
            comments,
            queue_length: counts.open,
            lessons: Lessons { spam: lessons.spam, honest: lessons.honest },
            model_version,
            rules: rules.iter().map(|(rule, agreement)| (rule.id.as_str(), agreement.into())).collect(),
            learner: Learner { spam: (&learner.0).into(), honest: (&learner.1).into() },
        }
    }
}
