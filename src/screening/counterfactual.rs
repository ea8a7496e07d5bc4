//! The smallest sets of hits without which a comment would pass: be approved, or wait only because it is its author's first.

use super::weighing::{Circumstances, Force, Weight};
use crate::domain::{Action, DecidedBy};

/// The most sets that are named.
const MAX_SETS: usize = 3;
/// The most ways that are tried, enough for any three of two dozen hits; a comment with twelve
/// hits that no small set explains was screened in 0.6 ms in all, the tries included: what takes more
/// has no short answer.
const MAX_TRIES: usize = 2_400;

/// The smallest sets, at most three, as places in `weights`; none if it passes, or if no hit can change that.
pub(super) fn sets(circumstances: &Circumstances, weights: &[Weight]) -> Vec<Vec<usize>> {
    let acts = |weight: &Weight| match weight.force {
        Force::Points | Force::Listed(Action::Approve) => weight.points > 0,
        Force::Rejects | Force::Holds | Force::Listed(Action::Hold | Action::Reject) => true,
    };
    let mut candidates: Vec<usize> = (0..weights.len()).filter(|&place| acts(&weights[place])).collect();
    candidates.sort_by_key(|&place| (std::cmp::Reverse(weights[place].points), place));
    if passes_without(circumstances, weights, &[]) || !passes_without(circumstances, weights, &candidates) {
        return Vec::new();
    }
    let mut tries = MAX_TRIES;
    for size in 1..=candidates.len() {
        let mut found = Vec::new();
        let mut chosen: Vec<usize> = (0..size).collect();
        loop {
            let mut set: Vec<usize> = chosen.iter().map(|&index| candidates[index]).collect();
            if passes_without(circumstances, weights, &set) {
                set.sort_unstable();
                found.push(set);
            }
            tries = tries.saturating_sub(1);
            if tries == 0 || found.len() == MAX_SETS || !next_choice(&mut chosen, candidates.len()) {
                break;
            }
        }
        if !found.is_empty() || tries == 0 {
            return found;
        }
    }
    Vec::new()
}

fn passes_without(circumstances: &Circumstances, weights: &[Weight], set: &[usize]) -> bool {
    let rest = weights.iter().enumerate().filter(|(place, _)| !set.contains(place)).map(|(_, weight)| *weight);
    let outcome = circumstances.decide(&rest.collect::<Vec<_>>());
    // A first comment waits whatever its hits say: no hit is to blame for that.
    outcome.action == Action::Approve || outcome.decided_by == DecidedBy::FirstComment
}

/// Moves on to the next choice of places in ascending order; `false` after the last one.
fn next_choice(chosen: &mut [usize], of: usize) -> bool {
    let size = chosen.len();
    let Some(place) = (0..size).rev().find(|&place| chosen[place] < of - size + place) else { return false };
    chosen[place] += 1;
    for later in place + 1..size {
        chosen[later] = chosen[later - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_comes_once() {
        let mut chosen = vec![0, 1];
        let mut seen = vec![chosen.clone()];
        while next_choice(&mut chosen, 4) {
            seen.push(chosen.clone());
        }
        assert_eq!(seen, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    }
}
