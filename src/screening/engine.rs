//! The engine: rules in their modes, then points, caps, thresholds and the order of precedence.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::Case;
use super::counterfactual;
use super::facts::{Facts, Work};
use super::policy::{ActiveRule, Policy};
use super::rules::Finding;
use super::settings::{FirstComment, KindAction, Mode};
use crate::domain::{
    Action, CommentingMode, DecidedBy, Group, GroupSum, History, Hit, HitMode, Role, RuleId, Thresholds, Verdict,
};

/// The most a group may count for, and the most it may count against: so one group holds, and only two reject.
const CAP: i32 = 60;
/// The most that trust may take off.
const TRUST_CAP: i32 = -40;

/// What the rules found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The hits, in the order of `rules::ALL`.
    pub list: Vec<Hit>,
    /// Those among them that reject by themselves.
    pub certain: Vec<RuleId>,
    /// Rules that could not be run.
    pub unavailable: Vec<RuleId>,
}

/// Runs every rule that the policy does not switch off. A rule that panics is noted, and the others still run.
pub fn rules(facts: &Facts<'_>, history: &History, policy: &Policy) -> Hits {
    let case = Case { facts, history };
    let mut hits = Hits::default();
    for active in policy.rules() {
        match catch_unwind(AssertUnwindSafe(|| active.check.check(&case))) {
            Ok(None) => {}
            Ok(Some(finding)) => {
                let hit = hit(active, finding);
                if active.rule.certain && hit.mode == HitMode::On {
                    hits.certain.push(hit.rule.clone());
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
    let circumstances = Circumstances::of(&hits, case, policy);
    let weights: Vec<Weight> = hits.list.iter().map(|hit| Weight::of(hit, &hits.certain)).collect();
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
        Mode::On => (HitMode::On, active.points.saturating_mul(finding.times)),
        Mode::Shadow | Mode::Off => (HitMode::Shadow, 0),
    };
    Hit {
        rule: RuleId::new(active.rule.id),
        group: active.rule.group,
        mode,
        points,
        message: finding.message,
        evidence: finding.evidence,
    }
}

/// What a hit means for the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weight {
    pub group: Group,
    pub points: i32,
    pub force: Force,
}

/// How a hit acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// By its points.
    Points,
    /// By itself.
    Certain,
}

impl Weight {
    fn of(hit: &Hit, certain: &[RuleId]) -> Self {
        let force = if certain.contains(&hit.rule) { Force::Certain } else { Force::Points };
        Self { group: hit.group, points: hit.points, force }
    }
}

/// The outcome of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub action: Action,
    pub decided_by: DecidedBy,
    pub score: i32,
    pub blatant: bool,
}

/// Everything that decides beside the hits.
pub(super) struct Circumstances {
    pub thresholds: Thresholds,
    /// What speaks before the certain rules: approved.
    trusted_role: Option<Action>,
    /// What kind, post, unavailable rules and budget say, the first that speaks.
    standing: Option<(Action, DecidedBy)>,
    /// What becomes of an approval by score.
    newcomer: Option<Action>,
}

impl Circumstances {
    fn of(hits: &Hits, case: Case<'_>, policy: &Policy) -> Self {
        let submission = case.facts.submission();
        let kind = match policy.kind_action(&submission.kind) {
            KindAction::Reject => Some((Action::Reject, DecidedBy::Kind)),
            KindAction::Hold => Some((Action::Hold, DecidedBy::Kind)),
            KindAction::Screen => None,
        };
        let post = is_premoderated(case, policy).then_some((Action::Hold, DecidedBy::Post));
        let work = case.facts.work();
        let is_unavailable = work == Work::Failed || !hits.unavailable.is_empty();
        let unavailable = is_unavailable.then_some((Action::Hold, DecidedBy::Unavailable));
        let budget = (work == Work::Exceeded).then_some((Action::Hold, DecidedBy::Budget));
        let holds_newcomers = policy.first_comment() == FirstComment::Hold && !case.author_is_known();
        Self {
            thresholds: policy.thresholds(),
            trusted_role: submission.author.role.filter(|role| Role::is_trusted(*role)).map(|_| Action::Approve),
            standing: kind.or(post).or(unavailable).or(budget),
            newcomer: holds_newcomers.then_some(Action::Hold),
        }
    }

    /// What follows when these hits speak.
    pub fn decide(&self, weights: &[Weight]) -> Outcome {
        let sums = group_sums(weights);
        let score = sums.iter().map(|sum| sum.counted).sum();
        let speaking = sums.iter().filter(|sum| sum.counted > 0).count();
        let is_certain = weights.iter().any(|weight| weight.force == Force::Certain);
        let Thresholds { hold_at, reject_at, blatant_at } = self.thresholds;
        let blatant = score >= blatant_at && speaking >= 2;
        let (action, decided_by) = match (self.trusted_role, self.standing) {
            (Some(action), _) => (action, DecidedBy::Role),
            _ if is_certain => (Action::Reject, DecidedBy::Certain),
            (None, Some((action, decided_by))) => (action, decided_by),
            (None, None) if score >= reject_at && speaking >= 2 => (Action::Reject, DecidedBy::Score),
            (None, None) if score >= hold_at => (Action::Hold, DecidedBy::Score),
            (None, None) => match self.newcomer {
                Some(action) => (action, DecidedBy::FirstComment),
                None => (Action::Approve, DecidedBy::Score),
            },
        };
        Outcome { action, decided_by, score, blatant: blatant && action == Action::Reject }
    }
}

/// The points of the groups in which something was found.
fn sums(weights: &[Weight]) -> BTreeMap<Group, GroupSum> {
    let sums = Group::ALL.into_iter().zip(group_sums(weights));
    sums.filter(|(group, _)| weights.iter().any(|weight| weight.group == *group)).collect()
}

/// The points of every group, before and after its cap.
fn group_sums(weights: &[Weight]) -> [GroupSum; Group::ALL.len()] {
    Group::ALL.map(|group| {
        let points = weights.iter().filter(|weight| weight.group == group).map(|weight| weight.points);
        let raw = points.fold(0, i32::saturating_add);
        GroupSum { raw, counted: raw.clamp(TRUST_CAP, CAP) }
    })
}

fn is_premoderated(case: Case<'_>, policy: &Policy) -> bool {
    let commenting = case.facts.submission().post.commenting;
    let in_force = commenting.filter(|commenting| commenting.until.is_none_or(|until| case.facts.now() < until));
    let by_post = match in_force.map(|commenting| commenting.mode) {
        None | Some(CommentingMode::Open) => false,
        Some(CommentingMode::KnownOnly) => !case.author_is_known(),
        Some(CommentingMode::Premoderate | CommentingMode::Closed) => true,
    };
    by_post || policy.premoderates_all()
}

#[cfg(test)]
mod tests;
