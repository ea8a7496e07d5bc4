//! A verdict as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{self, Action, Campaign, DecidedBy, Field, Group, GroupSum, HitMode, RuleId, Thresholds};

/// What the screening said: enough to act on, to show, and to add up by hand.
#[derive(Debug, Serialize)]
pub struct Verdict<'a> {
    action: Action,
    score: i32,
    thresholds: Thresholds,
    groups: &'a BTreeMap<Group, GroupSum>,
    hits: Vec<Hit<'a>>,
    decided_by: DecidedBy,
    would_pass_without: &'a [Vec<RuleId>],
    blatant: bool,
    policy_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<&'a str>,
}

/// One rule that fired.
#[derive(Debug, Serialize)]
struct Hit<'a> {
    rule: &'a RuleId,
    group: Group,
    mode: HitMode,
    points: i32,
    message: &'a str,
    evidence: Vec<Evidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<Campaign>,
}

/// Where it found something.
#[derive(Debug, Serialize)]
struct Evidence<'a> {
    field: Field,
    span: Span,
    excerpt: &'a str,
}

/// The first byte and the byte after the last, in the field's UTF-8.
#[derive(Debug, Serialize)]
struct Span {
    start: usize,
    end: usize,
}

impl<'a> From<&'a domain::Verdict> for Verdict<'a> {
    fn from(verdict: &'a domain::Verdict) -> Self {
        Self {
            action: verdict.action,
            score: verdict.score,
            thresholds: verdict.thresholds,
            groups: &verdict.groups,
            hits: verdict.hits.iter().map(Hit::from).collect(),
            decided_by: verdict.decided_by,
            would_pass_without: &verdict.would_pass_without,
            blatant: verdict.blatant,
            policy_version: &verdict.policy_version,
            model_version: verdict.model_version.as_deref(),
        }
    }
}

impl<'a> From<&'a domain::Hit> for Hit<'a> {
    fn from(hit: &'a domain::Hit) -> Self {
        Self {
            rule: &hit.rule,
            group: hit.group,
            mode: hit.mode,
            points: hit.points,
            message: &hit.message,
            evidence: hit.evidence.iter().map(Evidence::from).collect(),
            campaign: hit.campaign,
        }
    }
}

impl<'a> From<&'a domain::Evidence> for Evidence<'a> {
    fn from(evidence: &'a domain::Evidence) -> Self {
        let (start, end) = evidence.span;
        Self { field: evidence.field, span: Span { start, end }, excerpt: &evidence.excerpt }
    }
}
