//! Why two policies make something else of one comment: what of the one leads to its outcome, once all else is as under the other.

use super::{Replayed, outcome};
use crate::screening::weighing::{Circumstances, Weight};

/// A part of a policy that changes what becomes of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause<'c> {
    /// A key of the policy, `unavailable` where one of the two could not be used, or a rule's id.
    pub name: &'c str,
    /// Of a rule, the points that it adds under the one and under the other.
    pub points: Option<(i32, i32)>,
}

/// Takes one of the circumstances from another set of them.
type Take = fn(&mut Circumstances, &Circumstances);

/// The circumstances, by the keys that they follow from.
const CIRCUMSTANCES: [(&str, Take); 7] = [
    ("hold_at", |to, from| to.thresholds.hold_at = from.thresholds.hold_at),
    ("reject_at", |to, from| to.thresholds.reject_at = from.thresholds.reject_at),
    ("blatant_at", |to, from| to.thresholds.blatant_at = from.thresholds.blatant_at),
    ("kinds", |to, from| to.kind = from.kind),
    ("premoderate_all", |to, from| to.post = from.post),
    ("first_comment", |to, from| to.newcomer = from.newcomer),
    ("unavailable", |to, from| to.unread = from.unread),
];

impl<'c> Replayed<'c> {
    /// The fewest differences from another policy's replay that lead to this action: with each of them alone taken back, another one
    /// would follow. Empty if the other's action is the same. Where several sets of them would do, one of those.
    pub fn causes(&self, other: &Replayed<'c>) -> Vec<Cause<'c>> {
        if self.action == other.action {
            return Vec::new();
        }
        let (mut circumstances, mut weights) = (self.circumstances, self.weights.clone());
        let mut causes = Vec::new();
        // Rules before thresholds: what moved a limit is told where the limit by itself is enough.
        for id in self.rules(other) {
            let (one, another) = (of(&self.weights, id), of(&other.weights, id));
            let mut without: Vec<_> = weights.iter().filter(|(rule, _)| *rule != id).copied().collect();
            without.extend(another.map(|weight| (id, weight)));
            if outcome(&circumstances, &without).action == self.action {
                weights = without;
            } else {
                let points = |weight: Option<Weight>| weight.map_or(0, |weight| weight.points);
                causes.push(Cause { name: id, points: Some((points(another), points(one))) });
            }
        }
        for (name, take) in CIRCUMSTANCES {
            let mut without = circumstances;
            take(&mut without, &other.circumstances);
            if outcome(&without, &weights).action == self.action {
                circumstances = without;
            } else {
                causes.push(Cause { name, points: None });
            }
        }
        causes
    }

    /// The rules that weigh something else under the other.
    fn rules(&self, other: &Replayed<'c>) -> Vec<&'c str> {
        let mut found = Vec::new();
        for (id, _) in self.weights.iter().chain(&other.weights) {
            if of(&self.weights, id) != of(&other.weights, id) && !found.contains(id) {
                found.push(*id);
            }
        }
        found
    }
}

fn of(weights: &[(&str, Weight)], id: &str) -> Option<Weight> {
    weights.iter().find(|(rule, _)| *rule == id).map(|(_, weight)| *weight)
}
