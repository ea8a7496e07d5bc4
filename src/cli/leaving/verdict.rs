//! What the screening said when a comment came in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::values::{As, Rule, Short};
use crate::domain::{
    Action, DecidedBy, Evidence, Field, Group, GroupSum, Hit, HitMode, RuleId, Submission, Thresholds, Verdict, Worth,
};

/// `verdict`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct VerdictRecord {
    action: Action,
    score: i32,
    thresholds: ThresholdsRecord,
    groups: BTreeMap<Group, SumRecord>,
    hits: Vec<HitRecord>,
    decided_by: DecidedBy,
    would_pass_without: Vec<Vec<As<Rule>>>,
    blatant: bool,
    policy_version: Short<100>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model_version: Option<Short<100>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ThresholdsRecord {
    hold_at: i32,
    reject_at: i32,
    blatant_at: i32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct SumRecord {
    raw: i32,
    counted: i32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct HitRecord {
    rule: As<Rule>,
    group: Group,
    mode: HitMode,
    points: i32,
    message: Short<2_000>,
    evidence: Vec<EvidenceRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct EvidenceRecord {
    field: Field,
    span: SpanRecord,
    excerpt: Short<200>,
}

/// The first byte and the byte after the last, in the field's UTF-8.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct SpanRecord {
    start: usize,
    end: usize,
}

impl From<&Verdict> for VerdictRecord {
    fn from(verdict: &Verdict) -> Self {
        let Thresholds { hold_at, reject_at, blatant_at } = verdict.thresholds;
        let sum = |(group, sum): (&Group, &GroupSum)| (*group, SumRecord { raw: sum.raw, counted: sum.counted });
        let rule = |rule: &RuleId| As(Rule(rule.as_str().to_owned()));
        Self {
            action: verdict.action,
            score: verdict.score,
            thresholds: ThresholdsRecord { hold_at, reject_at, blatant_at },
            groups: verdict.groups.iter().map(sum).collect(),
            hits: verdict.hits.iter().map(HitRecord::from).collect(),
            decided_by: verdict.decided_by,
            would_pass_without: verdict.would_pass_without.iter().map(|set| set.iter().map(rule).collect()).collect(),
            blatant: verdict.blatant,
            policy_version: Short(verdict.policy_version.clone()),
            model_version: verdict.model_version.clone().map(Short),
        }
    }
}

impl From<&Hit> for HitRecord {
    fn from(hit: &Hit) -> Self {
        let evidence = |evidence: &Evidence| {
            let (start, end) = evidence.span;
            let excerpt = Short(evidence.excerpt.clone());
            EvidenceRecord { field: evidence.field, span: SpanRecord { start, end }, excerpt }
        };
        Self {
            rule: As(Rule(hit.rule.as_str().to_owned())),
            group: hit.group,
            mode: hit.mode,
            points: hit.points,
            message: Short(hit.message.clone()),
            evidence: hit.evidence.iter().map(evidence).collect(),
        }
    }
}

impl VerdictRecord {
    /// The verdict.
    pub(super) fn into_verdict(self) -> Verdict {
        let ThresholdsRecord { hold_at, reject_at, blatant_at } = self.thresholds;
        let sum = |(group, sum): (Group, SumRecord)| (group, GroupSum { raw: sum.raw, counted: sum.counted });
        let rules = |set: Vec<As<Rule>>| set.into_iter().map(|rule| RuleId::from(rule.0.0)).collect();
        Verdict {
            action: self.action,
            score: self.score,
            thresholds: Thresholds { hold_at, reject_at, blatant_at },
            groups: self.groups.into_iter().map(sum).collect(),
            hits: self.hits.into_iter().map(HitRecord::into_hit).collect(),
            decided_by: self.decided_by,
            would_pass_without: self.would_pass_without.into_iter().map(rules).collect(),
            blatant: self.blatant,
            policy_version: self.policy_version.0,
            model_version: self.model_version.map(|version| version.0),
            // What another policy would make of it is found by screening it again.
            rules_version: None,
        }
    }
}

impl HitRecord {
    fn into_hit(self) -> Hit {
        let evidence = |record: EvidenceRecord| Evidence {
            field: record.field,
            span: (record.span.start, record.span.end),
            excerpt: record.excerpt.0,
        };
        Hit {
            campaign: None,
            worth: Worth::default(),
            rule: RuleId::from(self.rule.0.0),
            group: self.group,
            mode: self.mode,
            points: self.points,
            message: self.message.0,
            evidence: self.evidence.into_iter().map(evidence).collect(),
        }
    }
}

/// The first evidence that points to where its field has no text, as a JSON Pointer below `verdict`.
pub(super) fn astray(verdict: &Verdict, submission: &Submission) -> Option<String> {
    let text = |field: Field| match field {
        Field::Content => &*submission.content,
        Field::AuthorName => submission.author.name.as_deref().unwrap_or_default(),
        Field::AuthorEmail => submission.author.email.as_deref().unwrap_or_default(),
        Field::AuthorUrl => submission.author.url.as_deref().unwrap_or_default(),
        Field::Honeypot => submission.form.honeypot.as_deref().unwrap_or_default(),
    };
    verdict.hits.iter().enumerate().find_map(|(place, hit)| {
        let astray = |evidence: &Evidence| {
            let (start, end) = evidence.span;
            text(evidence.field).get(start..end).is_none()
        };
        let found = hit.evidence.iter().position(astray)?;
        Some(format!("hits/{place}/evidence/{found}/span"))
    })
}
