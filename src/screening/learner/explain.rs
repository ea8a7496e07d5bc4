//! The learner's reasons in words: the features that moved its opinion most.

use super::looks::{self, Feature, Part, Seen};
use super::{Learnt, Look, Opinion, place_of, table};
use crate::domain::{Evidence, Field, Hit};
use crate::screening::case::Case;
use crate::screening::facts::Facts;

/// How many reasons are told.
const MOST: usize = 3;

/// What an opinion rests on.
pub struct Reasons {
    /// In a sentence for a person.
    pub message: String,
    /// Where in the comment.
    pub evidence: Vec<Evidence>,
}

impl Learnt<'_> {
    /// What an opinion of a comment rests on: the features that speak for it loudest, as far as a person has words for them.
    pub fn reasons(&self, (case, hits): (Case<'_>, &[Hit]), look: &Look, opinion: &Opinion) -> Reasons {
        let each = table::value(&look.features);
        let mut loudest: Vec<(f32, Seen<'_>)> = Vec::with_capacity(MOST + 1);
        let sign = opinion.logit.signum();
        looks::each_named(case, hits, |feature: Feature<'_>| {
            let own = self.site.map_or(0.0, |site| site.table().weight(place_of(feature.hash)) * each);
            let of_base = self.base.part_of(&look.sums, &feature);
            let loud = (of_base * opinion.shares.0 + own * opinion.shares.1) * sign;
            let is_pair = feature.part == Part::Pair;
            let is_told = feature.seen == Seen::Unnamed || is_pair;
            if loud <= 0.0 || is_told || loudest.iter().any(|(_, seen)| same(case.facts, *seen, feature.seen)) {
                return;
            }
            let place = loudest.iter().position(|(other, _)| *other < loud).unwrap_or(loudest.len());
            loudest.insert(place, (loud, feature.seen));
            loudest.truncate(MOST);
        });
        let what = if sign > 0.0 { "spam" } else { "honest comments" };
        let whose = match opinion.shares {
            (_, own) if own >= 0.5 => "what was decided here",
            (_, own) if own > 0.0 => "what was decided here and on other sites",
            _ => "what was decided on other sites",
        };
        let named: Vec<String> = loudest.iter().map(|(_, seen)| in_words(case.facts, *seen)).collect();
        let because = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
        let evidence = loudest.iter().filter_map(|(_, seen)| evidence(case.facts, *seen)).collect();
        Reasons { message: format!("Resembles {what}, by {whose}{because}."), evidence }
    }
}

/// Whether a person would tell two features apart.
fn same(facts: &Facts<'_>, one: Seen<'_>, other: Seen<'_>) -> bool {
    match (one, other) {
        (Seen::Word(one), Seen::Word(other)) => {
            facts.folded().text[one.0..one.1] == facts.folded().text[other.0..other.1]
        }
        (one, other) => one == other,
    }
}

fn in_words(facts: &Facts<'_>, seen: Seen<'_>) -> String {
    match seen {
        Seen::Word((start, end)) => format!("\"{}\"", &facts.folded().text[start..end]),
        Seen::Name(word) => format!("the name \"{word}\""),
        Seen::Owner(owner, Field::AuthorUrl) => format!("the website {owner}"),
        Seen::Owner(owner, _) => format!("a link to {owner}"),
        Seen::MailDomain(domain) => format!("mail at {domain}"),
        Seen::Rule(id) => format!("the rule {id}"),
        Seen::Shape(phrase) => phrase.to_owned(),
        Seen::Unnamed => String::new(),
    }
}

fn evidence(facts: &Facts<'_>, seen: Seen<'_>) -> Option<Evidence> {
    match seen {
        Seen::Word(span) => Some(facts.folded_evidence(span)),
        Seen::Name(_) => Some(facts.whole(Field::AuthorName)),
        Seen::Owner(_, Field::AuthorUrl) => Some(facts.whole(Field::AuthorUrl)),
        Seen::Owner(owner, _) => facts.evidence_of_owner(owner).into_iter().next(),
        Seen::MailDomain(_) => Some(facts.whole(Field::AuthorEmail)),
        Seen::Rule(_) | Seen::Shape(_) | Seen::Unnamed => None,
    }
}
