//! The learner's opinion as a hit among the rules'.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::Case;
use super::engine::Hits;
use super::learner::{self, Learnt};
use super::policy::Policy;
use super::settings::Mode;
use super::weighing::{Force, Weight, sums};
use crate::domain::{Features, Group, Hit, HitMode, RuleId, Worth};

/// Adds the learner's hit to the rules', if it comes to any points; the answer is what the comment looks like to it. A learner that
/// panics is noted like a rule that does.
pub(super) fn add(hits: &mut Hits, case: Case<'_>, policy: &Policy, learnt: Learnt<'_>) -> Features {
    match catch_unwind(AssertUnwindSafe(|| opinion(case, &hits.list, policy, learnt))) {
        Ok((features, hit)) => {
            hits.list.extend(hit);
            features
        }
        Err(_) => {
            hits.unavailable.push(RuleId::new(learner::RULE));
            Features::default()
        }
    }
}

fn opinion(case: Case<'_>, hits: &[Hit], policy: &Policy, learnt: Learnt<'_>) -> (Features, Option<Hit>) {
    let look = learnt.look(case, hits);
    let opinion = learnt.opinion(&look);
    let worth = Worth {
        times: opinion.points(WHOLE),
        yields: opinion.logit < 0.0 && opinion.is_of_base_alone(),
        ..Worth::default()
    };
    let points = points(&worth, policy.learner().points);
    // What other sites approve is no reason to pass what the rules would hold here.
    let is_soothing = points < 0 && worth.yields && score(hits) >= policy.thresholds().hold_at;
    if points == 0 || is_soothing {
        return (look.features, None);
    }
    let reasons = learnt.reasons((case, hits), &look, &opinion);
    let (mode, points) = match policy.learner().mode {
        Mode::On => (HitMode::On, points),
        Mode::Shadow | Mode::Off => (HitMode::Shadow, 0),
    };
    let hit = Hit {
        rule: RuleId::new(learner::RULE),
        group: Group::Learned,
        mode,
        points,
        message: reasons.message,
        evidence: reasons.evidence,
        campaign: None,
        worth,
    };
    (look.features, Some(hit))
}

/// So many times an opinion's worth is the most points that the policy lets it give.
const WHOLE: i32 = 1_000_000;

/// The points of an opinion that is worth so much, where it may give so many at most.
pub(super) fn points(worth: &Worth, most: i32) -> i32 {
    let points = f64::from(worth.times) * f64::from(most) / f64::from(WHOLE);
    points.round() as i32
}

/// What the rules' hits come to.
fn score(hits: &[Hit]) -> i32 {
    let weight = |hit: &Hit| Weight { group: hit.group, points: hit.points, force: Force::Points };
    sums(&hits.iter().map(weight).collect::<Vec<_>>()).values().map(|sum| sum.counted).sum()
}
