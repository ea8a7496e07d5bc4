//! The weighing: what hits, circumstances and the order of precedence come to.

use std::collections::BTreeMap;

use super::case::Case;
use super::facts::Work;
use super::policy::Policy;
use super::rules;
use super::settings::{FirstComment, KindAction};
use crate::domain::{Action, CommentingMode, DecidedBy, Group, GroupSum, Hit, HitMode, Role, Thresholds, Worth};

/// The most a group may count for, and the most it may count against: so one group holds, and only two reject.
pub const CAP: i32 = 60;
/// The most that trust may take off.
pub const TRUST_CAP: i32 = -40;

/// What a hit means for the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Where it counts.
    pub group: Group,
    /// What it counts.
    pub points: i32,
    /// How.
    pub force: Force,
}

impl Weight {
    /// What a hit means.
    pub fn of(hit: &Hit) -> Self {
        let force = if hit.mode == HitMode::On { Force::of(hit.rule.as_str(), &hit.worth) } else { Force::Points };
        Self { group: hit.group, points: hit.points, force }
    }
}

/// How a hit acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// By its points.
    Points,
    /// By its points, and it says what becomes of the comment: entries of the site's own lists do.
    Listed(Action),
    /// It rejects by itself.
    Rejects,
    /// It holds by itself what would be approved.
    Holds,
}

impl Force {
    /// How a hit of a rule that is on acts.
    pub fn of(rule: &str, worth: &Worth) -> Self {
        match worth.listed {
            _ if rules::is_certain(rule) => Force::Rejects,
            _ if worth.holds => Force::Holds,
            Some(action) => Force::Listed(action),
            None => Force::Points,
        }
    }
}

/// The outcome of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What becomes of the comment.
    pub action: Action,
    /// What said so.
    pub decided_by: DecidedBy,
    /// The sum.
    pub score: i32,
    /// Whether it is rejected beyond doubt.
    pub blatant: bool,
}

/// Everything that decides beside the hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The score's limits.
    pub thresholds: Thresholds,
    /// What speaks before the certain rules: approved.
    pub trusted_role: Option<Action>,
    /// What becomes of its kind.
    pub kind: Option<Action>,
    /// What becomes of whatever is written on its post, or on its site.
    pub post: Option<Action>,
    /// Why what was found is not all there may be; `Unavailable` or `Budget`.
    pub unread: Option<DecidedBy>,
    /// What becomes of an approval by score.
    pub newcomer: Option<Action>,
}

/// Why what was found in a case is not all there may be to find, if so.
pub fn unread(a_rule_failed: bool, case: Case<'_>) -> Option<DecidedBy> {
    match case.facts.work() {
        Work::Failed => Some(DecidedBy::Unavailable),
        _ if a_rule_failed => Some(DecidedBy::Unavailable),
        Work::Exceeded => Some(DecidedBy::Budget),
        Work::Left(_) => None,
    }
}

impl Circumstances {
    /// What a case and a policy say beside the hits.
    pub fn of(unread: Option<DecidedBy>, case: Case<'_>, policy: &Policy) -> Self {
        let submission = case.facts.submission();
        let kind = match policy.kind_action(&submission.kind) {
            KindAction::Reject => Some(Action::Reject),
            KindAction::Hold => Some(Action::Hold),
            KindAction::Screen => None,
        };
        let holds_newcomers = policy.first_comment() == FirstComment::Hold && !case.author_is_known();
        Self {
            thresholds: policy.thresholds(),
            trusted_role: submission.author.role.filter(|role| Role::is_trusted(*role)).map(|_| Action::Approve),
            kind,
            post: is_premoderated(case, policy).then_some(Action::Hold),
            unread: if policy.is_whole() { unread } else { Some(DecidedBy::Unavailable) },
            newcomer: holds_newcomers.then_some(Action::Hold),
        }
    }

    /// What kind, post, unavailable rules and budget say, the first that speaks.
    fn standing(&self) -> Option<(Action, DecidedBy)> {
        let kind = self.kind.map(|action| (action, DecidedBy::Kind));
        let post = self.post.map(|action| (action, DecidedBy::Post));
        kind.or(post).or(self.unread.map(|why| (Action::Hold, why)))
    }

    /// What follows when these hits speak.
    pub fn decide(&self, weights: &[Weight]) -> Outcome {
        let sums = group_sums(weights);
        let score = sums.iter().map(|sum| sum.counted).sum();
        let speaking = sums.iter().filter(|sum| sum.counted > 0).count();
        let any = |force: Force| weights.iter().any(|weight| weight.force == force);
        let listed = weights.iter().filter_map(|weight| match weight.force {
            Force::Listed(action) => Some(action),
            Force::Points | Force::Rejects | Force::Holds => None,
        });
        // Of several entries the strictest counts.
        let listed = listed.max().map(|action| (action, DecidedBy::List));
        let ruled = self.trusted_role.map(|action| (action, DecidedBy::Role)).or(listed);
        let Thresholds { hold_at, reject_at, blatant_at } = self.thresholds;
        let blatant = score >= blatant_at && speaking >= 2;
        let (action, decided_by) = match (ruled, self.standing()) {
            (Some(ruled), _) => ruled,
            _ if any(Force::Rejects) => (Action::Reject, DecidedBy::Certain),
            (None, Some((action, decided_by))) => (action, decided_by),
            (None, None) if score >= reject_at && speaking >= 2 => (Action::Reject, DecidedBy::Score),
            (None, None) if score >= hold_at => (Action::Hold, DecidedBy::Score),
            (None, None) if any(Force::Holds) => (Action::Hold, DecidedBy::Rate),
            (None, None) => match self.newcomer {
                Some(action) => (action, DecidedBy::FirstComment),
                None => (Action::Approve, DecidedBy::Score),
            },
        };
        Outcome { action, decided_by, score, blatant: blatant && action == Action::Reject }
    }
}

/// The points of the groups in which something was found.
pub fn sums(weights: &[Weight]) -> BTreeMap<Group, GroupSum> {
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
