//! The engine: rules in their modes, then points, caps, thresholds and the order of precedence.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::Case;
use super::counterfactual;
use super::facts::Facts;
use super::policy::{ActiveRule, Policy};
use super::rules::Finding;
use super::settings::Mode;
use super::weighing::{Circumstances, Force, Weight, sums};
use crate::domain::{Action, History, Hit, HitMode, RuleId, Verdict};

/// What the rules found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The hits, in the order of `rules::ALL`.
    pub list: Vec<Hit>,
    /// Those among them that reject by themselves.
    pub certain: Vec<RuleId>,
    /// Those among them that hold by themselves what would be approved.
    pub holding: Vec<RuleId>,
    /// Those among them in which entries of the site's lists say what becomes of the comment.
    pub listed: Vec<(RuleId, Action)>,
    /// Rules that could not be run.
    pub unavailable: Vec<RuleId>,
}

impl Hits {
    fn weight(&self, hit: &Hit) -> Weight {
        let listed = self.listed.iter().find(|(rule, _)| *rule == hit.rule).map(|(_, action)| Force::Listed(*action));
        let force = match &hit.rule {
            rule if self.certain.contains(rule) => Force::Rejects,
            rule if self.holding.contains(rule) => Force::Holds,
            _ => listed.unwrap_or(Force::Points),
        };
        Weight { group: hit.group, points: hit.points, force }
    }
}

/// Runs every rule that the policy does not switch off. A rule that panics is noted, and the others still run.
pub fn rules(facts: &Facts<'_>, history: &History, policy: &Policy) -> Hits {
    let case = Case { facts, history };
    let mut hits = Hits::default();
    for active in policy.rules() {
        match catch_unwind(AssertUnwindSafe(|| active.check.check(&case))) {
            Ok(None) => {}
            Ok(Some(finding)) => {
                let (holds, listed) = (finding.holds, finding.listed);
                let hit = hit(active, finding);
                if hit.mode == HitMode::On {
                    hits.certain.extend(active.rule.certain.then(|| hit.rule.clone()));
                    hits.listed.extend(listed.map(|action| (hit.rule.clone(), action)));
                    hits.holding.extend(holds.then(|| hit.rule.clone()));
                }
                hits.list.push(hit);
            }
            Err(_) => hits.unavailable.push(RuleId::new(active.rule.id)),
        }
    }
    hits
}

/// Weighs what was found. Later steps of the order of precedence never soften earlier ones.
pub fn conclude(hits: Hits, case: Case<'_>, policy: &Policy) -> Verdict {
    let circumstances = Circumstances::of(&hits.unavailable, case, policy);
    let weights: Vec<Weight> = hits.list.iter().map(|hit| hits.weight(hit)).collect();
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
    }
}

fn hit(active: &ActiveRule, finding: Finding) -> Hit {
    let (mode, points) = match active.mode {
        Mode::On => (HitMode::On, active.points.saturating_mul(finding.times).saturating_add(finding.points)),
        Mode::Shadow | Mode::Off => (HitMode::Shadow, 0),
    };
    Hit {
        rule: RuleId::new(active.rule.id),
        group: active.rule.group,
        mode,
        points,
        message: finding.message,
        evidence: finding.evidence,
        campaign: finding.campaign,
    }
}

#[cfg(test)]
mod tests;
