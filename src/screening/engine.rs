//! The engine: rules in their modes, then points, caps, thresholds and the order of precedence.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::Case;
use super::counterfactual;
use super::facts::Facts;
use super::policy::{ActiveRule, Policy};
use super::rules::Finding;
use super::weighing::{self, Circumstances, Weight, sums};
use crate::domain::{History, Hit, HitMode, RuleId, Verdict};

/// What the rules found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The hits, in the order of `rules::ALL`.
    pub list: Vec<Hit>,
    /// Rules that could not be run.
    pub unavailable: Vec<RuleId>,
}

/// Runs every rule that the policy does not switch off. A rule that panics is noted, and the others still run.
pub fn rules(facts: &Facts<'_>, history: &History, policy: &Policy) -> Hits {
    let case = Case { facts, history };
    let mut hits = Hits::default();
    for active in policy.rules() {
        match run(active, &case) {
            Ok(finding) => hits.list.extend(finding.map(|finding| hit(active, finding))),
            Err(Panicked) => hits.unavailable.push(RuleId::new(active.rule.id)),
        }
    }
    hits
}

/// A rule has a fault.
pub(super) struct Panicked;

/// Runs one rule.
pub(super) fn run(active: &ActiveRule, case: &Case<'_>) -> Result<Option<Finding>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| active.check.check(case))).map_err(|_| Panicked)
}

/// Weighs what was found. Later steps of the order of precedence never soften earlier ones.
pub fn conclude(hits: Hits, case: Case<'_>, policy: &Policy) -> Verdict {
    let unread = weighing::unread(!hits.unavailable.is_empty(), case);
    let circumstances = Circumstances::of(unread, case, policy);
    let weights: Vec<Weight> = hits.list.iter().map(Weight::of).collect();
    let outcome = circumstances.decide(&weights);
    let would_pass_without = counterfactual::sets(&circumstances, &weights);
    let name = |index: &usize| hits.list[*index].rule.clone();
    Verdict {
        action: outcome.action,
        score: outcome.score,
        thresholds: circumstances.thresholds,
        groups: sums(&weights),
        would_pass_without: would_pass_without.iter().map(|set| set.iter().map(name).collect()).collect(),
        hits: hits.list,
        decided_by: outcome.decided_by,
        blatant: outcome.blatant,
        policy_version: policy.version().to_owned(),
        model_version: None,
        rules_version: unread.is_none().then(|| policy.rules_version().to_owned()),
    }
}

fn hit(active: &ActiveRule, finding: Finding) -> Hit {
    let (worth, mode) = (finding.worth(), active.hit_mode());
    Hit {
        rule: RuleId::new(active.rule.id),
        group: active.rule.group,
        mode,
        points: if mode == HitMode::On { worth.points(active.points) } else { 0 },
        message: finding.message,
        evidence: finding.evidence,
        campaign: finding.campaign,
        worth,
    }
}

#[cfg(test)]
mod tests;
