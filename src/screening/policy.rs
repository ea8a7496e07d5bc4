//! A policy ready to judge by: settings checked, phrases and lists compiled, rules built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::facts::{Target, fold_for_search};
use super::learner;
use super::listed::SiteLists;
use super::rules::{self, Check, Rule};
use super::settings::{FirstComment, KindAction, Mode, Settings};
use crate::domain::{
    CommenterLimits, Group, HitMode, Invalid, Keep, OverLimitAction, RuleDoc, RuleId, Slug, Thresholds,
};

/// The most points a rule may add or take.
const MAX_POINTS: i32 = 1000;

/// The highest threshold.
const MAX_THRESHOLD: i32 = 100_000;

/// The most entries of a list in the policy.
const MOST_ENTRIES: usize = 1_000;
/// The most characters of a phrase.
const LONGEST_PHRASE: usize = 200;

/// A policy ready to judge by.
#[derive(Clone)]
pub struct Policy {
    settings: Settings,
    rules: Vec<ActiveRule>,
    domains: BTreeSet<String>,
    version: String,
    rules_version: String,
    is_whole: bool,
    lists: Arc<SiteLists>,
}

/// How the learner takes part under a policy.
#[derive(Clone, Copy)]
pub(super) struct Learner {
    pub mode: Mode,
    /// The most points that it gives.
    pub points: i32,
}

/// A rule that runs under a policy.
#[derive(Clone)]
pub(super) struct ActiveRule {
    pub rule: &'static Rule,
    pub mode: Mode,
    pub points: i32,
    pub check: Arc<dyn Check>,
}

impl ActiveRule {
    /// How its hits count.
    pub fn hit_mode(&self) -> HitMode {
        match self.mode {
            Mode::On => HitMode::On,
            Mode::Shadow | Mode::Off => HitMode::Shadow,
        }
    }
}

impl Policy {
    /// Checks and compiles settings; the error lists everything that is wrong with them.
    pub fn compile(settings: &Settings) -> Result<Policy, Vec<Invalid>> {
        let mut faults = Vec::new();
        check_thresholds(settings, &mut faults);
        let rules = build_rules(settings, &mut faults);
        let domains = read_domains(settings, &mut faults);
        check_names(settings, &mut faults);
        faults.extend(settings.limits.faults());
        faults.extend(settings.keep.faults());
        if !faults.is_empty() {
            return Err(faults);
        }
        let (version, lists) = (named(settings), Arc::default());
        let policy = Self {
            version,
            rules_version: String::new(),
            settings: settings.clone(),
            rules,
            domains,
            is_whole: true,
            lists,
        };
        Ok(Self { rules_version: policy.name_of_rules(), ..policy })
    }

    /// The same policy for a site with lists of its own.
    pub fn with_lists(&self, lists: Arc<SiteLists>) -> Policy {
        Self { lists, ..self.clone() }
    }

    /// The site's own lists.
    pub fn lists(&self) -> &Arc<SiteLists> {
        &self.lists
    }

    /// The same policy for a site whose own cannot be used: nothing is approved by it but what the author's role or the site's
    /// own lists approve.
    pub fn unavailable(&self) -> Policy {
        Self { is_whole: false, ..self.clone() }
    }

    /// Whether this is all there is to judge by.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Names these effective values: the first 12 hexadecimal digits of their hash.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Names the rules that run with whatever decides what they find; the site's lists, modes and points aside. In another
    /// version of the program the same rules may find something else.
    pub fn rules_version(&self) -> &str {
        &self.rules_version
    }

    /// The learner's table: its mode, and the most points that it gives.
    pub(super) fn learner(&self) -> Learner {
        let table = self.settings.rules.get(learner::RULE);
        table.map_or(Learner { mode: Mode::Off, points: 0 }, |table| Learner { mode: table.mode, points: table.points })
    }

    /// Every rule with its documentation, as configured.
    pub fn docs(&self) -> Vec<RuleDoc> {
        rules::ALL.iter().filter_map(|rule| self.doc(rule)).chain([self.learners_doc()]).collect()
    }

    /// The score's limits.
    pub fn thresholds(&self) -> Thresholds {
        let Settings { hold_at, reject_at, blatant_at, .. } = self.settings;
        Thresholds { hold_at, reject_at, blatant_at }
    }

    /// How much a commenter may write, and what becomes of more.
    pub fn limits(&self) -> (&CommenterLimits, OverLimitAction) {
        (&self.settings.limits, self.settings.over_limit)
    }

    /// How long what is kept.
    pub fn keep(&self) -> &Keep {
        &self.settings.keep
    }

    pub(super) fn rules(&self) -> &[ActiveRule] {
        &self.rules
    }

    pub(super) fn owns(&self, owner: &str) -> bool {
        self.domains.contains(owner)
    }

    pub(super) fn kind_action(&self, kind: &Slug) -> KindAction {
        self.settings.kinds.get(kind).copied().unwrap_or(KindAction::Screen)
    }

    pub(super) fn first_comment(&self) -> FirstComment {
        self.settings.first_comment
    }

    pub(super) fn premoderates_all(&self) -> bool {
        self.settings.premoderate_all
    }

    /// Whether a rule finds under this policy what it finds under another one: it runs under both, and looks for the same.
    pub(super) fn finds_like(&self, other: &Policy, rule: &Rule) -> bool {
        let options = |policy: &'_ Policy| policy.settings.rules.get(rule.id).map(|table| table.options.clone());
        let same_phrases = rule.id != rules::OF_PHRASES || self.settings.phrases == other.settings.phrases;
        let looks_alike = options(self) == options(other) && self.domains == other.domains && same_phrases;
        self.runs(rule) && other.runs(rule) && looks_alike
    }

    /// The keys in which it differs from another policy, and of which verdicts tell nothing.
    pub fn differs_beyond_verdicts(&self, other: &Policy) -> Vec<&'static str> {
        let other_learner = other.learner().mode;
        let (one, other) = (&self.settings, &other.settings);
        let keys = [
            ("keep", one.keep != other.keep),
            ("limits", one.limits != other.limits),
            ("over_limit", one.over_limit != other.over_limit),
            // Nobody knows what it would have said.
            ("rules.learned_spam", other_learner == Mode::Off && self.learner().mode != Mode::Off),
        ];
        keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// Whether a rule is not off.
    pub(super) fn runs(&self, rule: &Rule) -> bool {
        self.rules.iter().any(|active| active.rule.id == rule.id)
    }

    fn name_of_rules(&self) -> String {
        let options = |active: &ActiveRule| (active.rule.id, &self.settings.rules[active.rule.id].options);
        let rules: Vec<_> = self.rules.iter().map(options).collect();
        let phrases = self.rules.iter().any(|active| active.rule.id == rules::OF_PHRASES);
        let phrases = phrases.then_some(&self.settings.phrases);
        named(&(env!("CARGO_PKG_VERSION"), rules, phrases, &self.domains))
    }

    #[cfg(test)]
    pub(super) fn replace_check(&mut self, id: &str, check: Arc<dyn Check>) {
        let active = self.rules.iter_mut().find(|active| active.rule.id == id);
        active.unwrap_or_else(|| panic!("{id} does not run")).check = check;
    }

    fn learners_doc(&self) -> RuleDoc {
        let Learner { mode, points } = self.learner();
        RuleDoc {
            id: RuleId::new(learner::RULE),
            group: Group::Learned,
            summary: "Resembles what people decided was spam, or what they approved.",
            why: "Spam of one campaign, and the readers of one blog, write alike; what a site's own moderators decide tells \
                  more of its next comment than any rule made for all sites.",
            mode: mode.as_str(),
            points,
            certain: false,
            options: BTreeMap::new(),
            fires: &[],
            passes: &[],
        }
    }

    fn doc(&self, rule: &'static Rule) -> Option<RuleDoc> {
        let table = self.settings.rules.get(rule.id)?;
        let options = table.options.iter().map(|(name, value)| (name.clone(), value.to_string()));
        Some(RuleDoc {
            id: RuleId::new(rule.id),
            group: rule.group,
            summary: rule.summary,
            why: rule.why,
            mode: table.mode.as_str(),
            points: table.points,
            certain: rule.certain,
            options: options.collect(),
            fires: rule.fires,
            passes: rule.passes,
        })
    }
}

fn check_thresholds(settings: &Settings, faults: &mut Vec<Invalid>) {
    let Settings { hold_at, reject_at, blatant_at, .. } = *settings;
    for (key, threshold) in [("hold_at", hold_at), ("reject_at", reject_at), ("blatant_at", blatant_at)] {
        if threshold > MAX_THRESHOLD {
            faults.push(Invalid::new(key, format!("must be at most {MAX_THRESHOLD}")));
        }
    }
    if hold_at < 1 {
        faults.push(Invalid::new("hold_at", "must be at least 1"));
    }
    if reject_at < hold_at {
        faults.push(Invalid::new("reject_at", format!("must be at least hold_at ({hold_at})")));
    }
    if blatant_at < reject_at {
        faults.push(Invalid::new("blatant_at", format!("must be at least reject_at ({reject_at})")));
    }
}

/// Kinds that no submission can have, phrases that no text can hold, and lists that are too long.
fn check_names(settings: &Settings, faults: &mut Vec<Invalid>) {
    let lists =
        [("phrases", settings.phrases.len()), ("domains", settings.domains.len()), ("kinds", settings.kinds.len())];
    for (name, length) in lists {
        if length > MOST_ENTRIES {
            faults.push(Invalid::new(name, format!("must have at most {MOST_ENTRIES} entries, not {length}")));
        }
    }
    for kind in settings.kinds.keys() {
        if let Err(fault) = Slug::try_from(kind.to_string()) {
            faults.push(Invalid::new(format!("kinds.{kind}"), fault.detail));
        }
    }
    for (place, phrase) in settings.phrases.iter().enumerate() {
        if !fold_for_search(phrase).contains(|c: char| !c.is_whitespace()) {
            faults.push(Invalid::new(format!("phrases[{place}]"), "holds nothing that can be seen"));
        }
        let length = phrase.chars().count();
        if length > LONGEST_PHRASE {
            let detail = format!("must have at most {LONGEST_PHRASE} characters, not {length}");
            faults.push(Invalid::new(format!("phrases[{place}]"), detail));
        }
    }
}

fn build_rules(settings: &Settings, faults: &mut Vec<Invalid>) -> Vec<ActiveRule> {
    let known: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.id).chain([learner::RULE]).collect();
    for id in settings.rules.keys().filter(|id| !known.contains(id.as_str())) {
        faults.push(Invalid::new(format!("rules.{id}"), "names no rule"));
    }
    let mut active = Vec::new();
    for rule in rules::ALL {
        let Some(table) = settings.rules.get(rule.id) else {
            faults.push(Invalid::new(format!("rules.{}", rule.id), "is missing"));
            continue;
        };
        if !(-MAX_POINTS..=MAX_POINTS).contains(&table.points) {
            let detail = format!("must be between -{MAX_POINTS} and {MAX_POINTS}");
            faults.push(Invalid::new(format!("rules.{}.points", rule.id), detail));
        }
        match (rule.build)(&table.options, settings) {
            Ok(check) if table.mode != Mode::Off => {
                active.push(ActiveRule { rule, mode: table.mode, points: table.points, check: check.into() });
            }
            Ok(_) => {}
            Err(fault) => faults.push(fault.below(rule.id)),
        }
    }
    check_learner(settings, faults);
    active
}

fn check_learner(settings: &Settings, faults: &mut Vec<Invalid>) {
    let Some(table) = settings.rules.get(learner::RULE) else {
        faults.push(Invalid::new(format!("rules.{}", learner::RULE), "is missing"));
        return;
    };
    if !(0..=MAX_POINTS).contains(&table.points) {
        let detail = format!("must be between 0 and {MAX_POINTS}");
        faults.push(Invalid::new(format!("rules.{}.points", learner::RULE), detail));
    }
    for key in table.options.keys() {
        faults.push(Invalid::new(format!("rules.{}.{key}", learner::RULE), "is no option of the learner"));
    }
}

fn read_domains(settings: &Settings, faults: &mut Vec<Invalid>) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for (place, domain) in settings.domains.iter().enumerate() {
        match Target::of(domain) {
            Some(target) => drop(domains.insert(target.owner)),
            None => faults.push(Invalid::new(format!("domains[{place}]"), format!("\"{domain}\" is not a domain"))),
        }
    }
    domains
}

/// The first 12 hexadecimal digits of a hash of a value, in a form that does not depend on how it was written.
fn named(value: &impl Serialize) -> String {
    let canonical = serde_json::to_vec(value).unwrap_or_default();
    let mut version = data_encoding::HEXLOWER.encode(&Sha256::digest(canonical));
    version.truncate(12);
    version
}

#[cfg(test)]
mod tests;
