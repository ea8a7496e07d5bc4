//! A kept comment judged under another policy: by the numbers kept with its verdict as far as they go, and by running rules again
//! where they do not.
//!
//! What a rule found does not change with thresholds, modes and points, so a hit is kept with what it is worth under any of
//! them. What a rule would have found that did not run, or looked for something else, nobody has kept: it is run again
//! over the submission and what was remembered. [`Verdict::rules_version`](crate::domain::Verdict) tells which of the two it is.

mod causes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use super::case::Case;
use super::engine::{Panicked, run};
use super::facts::Facts;
use super::learner;
use super::opinion;
use super::policy::{ActiveRule, Learner, Policy};
use super::rules::{self, Finding};
use super::settings::Mode;
use super::weighing::{self, Circumstances, Force, Outcome, Weight, sums};
use crate::domain::{Action, Comment, DecidedBy, Hit, HitMode, Worth};

pub use causes::Cause;

/// A policy to judge kept comments by.
pub struct Replay {
    policy: Arc<Policy>,
    /// The places of its rules, by their ids.
    places: HashMap<&'static str, usize>,
    /// What the hits of a verdict say nothing of, by its `rules_version`.
    known: Vec<(String, Vec<Again>)>,
    /// The same for verdicts by rules that nobody knows.
    unknown: Vec<Again>,
    /// The same for verdicts that tell nothing of what ran.
    untold: Vec<Again>,
}

/// A rule that is to be run again.
#[derive(Clone, Copy)]
struct Again {
    /// Its place among the policy's.
    place: usize,
    /// What the site's lists say to it.
    lists: Lists,
}

/// Which lists of a site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lists {
    /// Those that there were when the comment was judged: its hits tell what they said. What a moderator put on a list because of a
    /// comment would otherwise judge that comment.
    Then,
    /// Those that there are, because nobody looked then.
    Now,
}

/// What a policy makes of a kept comment.
#[derive(Clone, Debug)]
pub struct Replayed<'c> {
    /// What would become of it.
    pub action: Action,
    /// The sum of its points.
    pub score: i32,
    /// What would decide.
    pub decided_by: DecidedBy,
    /// How that was found.
    pub way: Way,
    circumstances: Circumstances,
    weights: Vec<(&'c str, Weight)>,
}

/// How a kept comment was judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the numbers kept with its verdict.
    Numbers,
    /// At least one rule was run again.
    Screened,
}

/// Why a kept comment cannot be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The policy turns on a rule that looks for the whole address, which is kept no longer.
    Address,
}

impl Replay {
    /// A replay under a policy, of comments that were judged by others, most of them by these.
    pub fn new(policy: Arc<Policy>, judges: &[&Policy]) -> Self {
        let active = || policy.rules().iter().enumerate();
        let of_lists = |active: &ActiveRule| rules::OF_LISTS.contains(&active.rule.id);
        let unfound = |judge: &Policy| {
            let unfound = active().filter(|(_, active)| !policy.finds_like(judge, active.rule));
            let again = |(place, active): (usize, &ActiveRule)| match judge.runs(active.rule) {
                // Where entries of lists are all that it finds, there is nothing else to look for.
                true if of_lists(active) => None,
                true => Some(Again { place, lists: Lists::Then }),
                false => Some(Again { place, lists: Lists::Now }),
            };
            unfound.filter_map(again).collect()
        };
        let then = |(place, _): (usize, &ActiveRule)| Again { place, lists: Lists::Then };
        let now = |(place, _): (usize, &ActiveRule)| Again { place, lists: Lists::Now };
        Self {
            places: active().map(|(place, active)| (active.rule.id, place)).collect(),
            known: judges.iter().map(|judge| (judge.rules_version().to_owned(), unfound(judge))).collect(),
            unknown: active().filter(|(_, active)| !of_lists(active)).map(then).collect(),
            untold: active().map(now).collect(),
            policy,
        }
    }

    /// What the policy makes of a comment at the moment when it was judged.
    pub fn judge<'c>(&self, comment: &'c Comment) -> Result<Replayed<'c>, Lost> {
        let at = comment.edited.map_or(comment.received_at, |edited| edited.at);
        let facts = Facts::new(&comment.submission, &self.policy, at);
        let case = Case { facts: &facts, history: &comment.history };
        let hits = &comment.verdict.hits;
        let again = self.again(comment);
        let mut weights = Vec::with_capacity(hits.len());
        let mut a_rule_failed = false;
        for &Again { place, lists } in again {
            let Some(active) = self.policy.rules().get(place) else { continue };
            let stored = hits.iter().find(|hit| hit.rule.as_str() == active.rule.id);
            let found = if active.rule.id == rules::OF_ADDRESSES && comment.address_is_cut {
                // A verdict that tells nothing of what ran is most likely one by the rule as it is.
                let is_known = comment.verdict.rules_version.is_none() || self.policy.lists().is_empty();
                is_known.then(|| stored.map(|hit| hit.worth)).ok_or(Lost::Address)?
            } else {
                let found = run(active, &case).unwrap_or_else(|Panicked| {
                    a_rule_failed = true;
                    None
                });
                match lists {
                    Lists::Then => without_lists(found, stored),
                    Lists::Now => found.map(|finding| finding.worth()),
                }
            };
            weights.extend(found.map(|worth| (active.rule.id, weight(active, &worth))));
        }
        let is_told = comment.verdict.rules_version.is_some();
        weights.extend(hits.iter().filter_map(|hit| self.kept(hit, (again, is_told))));
        self.without_soothing(&mut weights, hits);
        let way = if again.is_empty() { Way::Numbers } else { Way::Screened };
        // A verdict by known rules was one over the whole comment.
        let unread = if again.is_empty() { None } else { weighing::unread(a_rule_failed, case) };
        let circumstances = Circumstances::of(unread, case, &self.policy);
        let Outcome { action, decided_by, score, .. } = outcome(&circumstances, &weights);
        Ok(Replayed { action, score, decided_by, way, circumstances, weights })
    }

    /// The rules that a comment's hits say nothing of.
    fn again(&self, comment: &Comment) -> &[Again] {
        let Some(version) = &comment.verdict.rules_version else { return &self.untold };
        let known = self.known.iter().find(|(known, _)| known == version);
        known.map_or(&self.unknown, |(_, again)| again)
    }

    /// What a hit of the verdict weighs, if its rule is not run again; whether the verdict tells what its hits are worth.
    fn kept<'c>(&self, hit: &'c Hit, (again, is_told): (&[Again], bool)) -> Option<(&'c str, Weight)> {
        let id = hit.rule.as_str();
        let weight = match self.places.get(id) {
            Some(place) if again.iter().any(|again| again.place == *place) => return None,
            Some(place) => weight(self.policy.rules().get(*place)?, &hit.worth),
            // It is off.
            None if rules::ALL.iter().any(|rule| rule.id == id) => return None,
            // What the learner said then stays said; how much that counts is the policy's.
            None if id == learner::RULE && is_told => {
                let Learner { mode, points } = self.policy.learner();
                let points = match mode {
                    Mode::On => opinion::points(&hit.worth, points),
                    Mode::Shadow => 0,
                    Mode::Off => return None,
                };
                Weight { points, ..Weight::of(hit) }
            }
            None => Weight::of(hit),
        };
        Some((id, weight))
    }

    /// Takes out an opinion that takes something off what the others hold by themselves.
    fn without_soothing(&self, weights: &mut Vec<(&str, Weight)>, hits: &[Hit]) {
        let yields = |hit: &Hit| hit.rule.as_str() == learner::RULE && hit.worth.yields;
        if !hits.iter().any(yields) {
            return;
        }
        let others: Vec<Weight> =
            weights.iter().filter(|(rule, _)| *rule != learner::RULE).map(|(_, weight)| *weight).collect();
        let score: i32 = sums(&others).values().map(|sum| sum.counted).sum();
        if score >= self.policy.thresholds().hold_at {
            weights.retain(|(rule, weight)| *rule != learner::RULE || weight.points >= 0);
        }
    }
}

/// What a hit of a rule weighs that is worth so much.
fn weight(active: &ActiveRule, worth: &Worth) -> Weight {
    let group = active.rule.group;
    match active.hit_mode() {
        HitMode::On => Weight { group, points: worth.points(active.points), force: Force::of(active.rule.id, worth) },
        HitMode::Shadow => Weight { group, points: 0, force: Force::Points },
    }
}

/// What a finding is worth with what the site's lists said then in the place of what they say now; `None`: neither says anything.
fn without_lists(finding: Option<Finding>, stored: Option<&Hit>) -> Option<Worth> {
    let then = stored.map(|hit| hit.worth).filter(|worth| worth.beside != 0 || worth.listed.is_some());
    let found = finding.filter(|finding| finding.times != 0).map(|finding| finding.worth());
    let none = Worth { times: 0, ..Worth::default() };
    let Worth { beside, listed, .. } = then.unwrap_or(none);
    found.or(then.map(|_| none)).map(|found| Worth { beside, listed, ..found })
}

fn outcome(circumstances: &Circumstances, weights: &[(&str, Weight)]) -> Outcome {
    let weights: Vec<Weight> = weights.iter().map(|(_, weight)| *weight).collect();
    circumstances.decide(&weights)
}
