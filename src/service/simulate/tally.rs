//! Counts what two policies make of comments, one after the other; keeps no comment.

use std::collections::BTreeMap;
use std::time::Duration;

use super::report::{Because, ByChange, ByDecision, Confusion, Example, Judged, Said, Simulated, Skipped};
use crate::domain::Comment;
use crate::screening::{Cause, Lost, Policy, Replay, Replayed, Way};

/// What was counted so far.
pub(super) struct Tally {
    now: Replay,
    draft: Replay,
    counts: [Confusion; 2],
    replayed: u64,
    screened_again: u64,
    pub skipped: Skipped,
    flips: BTreeMap<String, ByDecision>,
    by_change: BTreeMap<String, ByChange>,
    /// By [`Said::concern`], the newest of each.
    examples: [Vec<Example>; Said::CONCERNS],
    /// How many are wanted.
    wanted: usize,
}

impl Tally {
    /// Nothing yet, under the policy in force and a draft.
    pub fn new((now, draft): (Replay, Replay), examples: usize) -> Self {
        Self {
            now,
            draft,
            counts: Default::default(),
            replayed: 0,
            screened_again: 0,
            skipped: Skipped::default(),
            flips: BTreeMap::new(),
            by_change: BTreeMap::new(),
            examples: Default::default(),
            wanted: examples,
        }
    }

    /// Counts a comment; nothing, if nobody has decided it.
    pub fn take(&mut self, comment: &Comment) {
        let Some(said) = Said::of(comment) else { return };
        let judged = self.now.judge(comment).and_then(|now| Ok((now, self.draft.judge(comment)?)));
        let (now, draft) = match judged {
            Ok(both) => both,
            Err(Lost::Address) => return self.skipped.address_cut += 1,
        };
        let was_run = [now.way, draft.way].contains(&Way::Screened);
        *(if was_run { &mut self.screened_again } else { &mut self.replayed }) += 1;
        for (counts, replayed) in self.counts.iter_mut().zip([&now, &draft]) {
            counts.count(said, replayed.action);
        }
        if now.action != draft.action {
            self.flip(comment, said, (&now, &draft));
        }
    }

    fn flip<'c>(&mut self, comment: &'c Comment, said: Said, (now, draft): (&Replayed<'c>, &Replayed<'c>)) {
        let name = format!("{}->{}", now.action.as_str(), draft.action.as_str());
        self.flips.entry(name).or_default().count(said);
        let is_better = said.prefers(draft.action, now.action);
        let because: Vec<Because> = draft.causes(now).iter().map(because).collect();
        for Because { key, .. } in &because {
            let none = || ByChange { key: key.clone(), flips: 0, better: 0, worse: 0 };
            let change = self.by_change.entry(key.clone()).or_insert_with(none);
            change.flips += 1;
            change.better += u64::from(is_better == Some(true));
            change.worse += u64::from(is_better == Some(false));
        }
        let concern = said.concern(now.action, draft.action);
        if let Some(examples) = self.examples.get_mut(concern)
            && examples.len() < self.wanted
        {
            let external_id = comment.submission.external_id.clone();
            let (now, draft) = (shown(now), shown(draft));
            examples.push(Example { id: comment.id, external_id, decided: said, now, draft, because });
        }
    }

    /// The whole, under these policies.
    pub fn report(self, (now, draft): (&Policy, &Policy), took: Duration) -> Simulated {
        let mut by_change: Vec<ByChange> = self.by_change.into_values().collect();
        by_change.sort_by(|one, other| other.flips.cmp(&one.flips).then_with(|| one.key.cmp(&other.key)));
        let examples = self.examples.into_iter().flatten().take(self.wanted).collect();
        let [of_now, of_draft] = self.counts;
        Simulated {
            comments: self.replayed + self.screened_again,
            replayed: self.replayed,
            screened_again: self.screened_again,
            skipped: self.skipped,
            now: Confusion { policy_version: now.version().to_owned(), ..of_now },
            draft: Confusion { policy_version: draft.version().to_owned(), ..of_draft },
            flips: self.flips,
            by_change,
            examples,
            not_simulated: draft.differs_beyond_verdicts(now),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn shown(replayed: &Replayed<'_>) -> Judged {
    Judged { action: replayed.action, score: replayed.score, decided_by: replayed.decided_by }
}

fn because(cause: &Cause<'_>) -> Because {
    match cause.points {
        Some((now, draft)) => Because { key: format!("rules.{}", cause.name), now: Some(now), draft: Some(draft) },
        None => Because { key: cause.name.to_owned(), now: None, draft: None },
    }
}
