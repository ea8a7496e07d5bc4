//! Policies as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fault::{Faults, FieldFault};
use super::number::Whole;
use crate::domain::{Fault, Invalid, SiteOverrides};
use crate::service::simulate::{Draft, EXAMPLES, LAST, MOST_EXAMPLES, MOST_LAST, Simulation};
use crate::service::{PolicyOrigin, SitePolicy};

/// A site's policy.
#[derive(Debug, Serialize)]
pub(in crate::http) struct PolicyView<'a> {
    settings_version: u64,
    policy_version: &'a str,
    overrides: &'a Map<String, Value>,
    values: BTreeMap<&'a str, ValueView<'a>>,
}

/// A value of a policy.
#[derive(Debug, Serialize)]
struct ValueView<'a> {
    value: &'a Value,
    origin: PolicyOrigin,
}

impl<'a> From<&'a SitePolicy> for PolicyView<'a> {
    fn from(policy: &'a SitePolicy) -> Self {
        let view = |(key, (value, origin)): (&'a String, &'a (Value, PolicyOrigin))| {
            (key.as_str(), ValueView { value, origin: *origin })
        };
        Self {
            settings_version: policy.version,
            policy_version: &policy.policy_version,
            overrides: &policy.overrides.0,
            values: policy.values.iter().map(view).collect(),
        }
    }
}

/// A draft of a policy, and over how many comments it is tried.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct SimulationBody {
    policy: Option<Value>,
    last: Option<Whole>,
    examples: Option<Whole>,
}

impl SimulationBody {
    /// The simulation, or all faults.
    pub fn check(self) -> Result<Simulation, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let policy = faults.required("/policy", self.policy).and_then(|value| match value {
            Value::Object(members) => Some(members),
            _ => faults.check("/policy", Err(Fault::new("wrong_type", "must be an object"))),
        });
        let last = faults.read("/last", self.last, |last| within(last, 1, MOST_LAST)).unwrap_or(LAST);
        let examples = faults.read("/examples", self.examples, |examples| within(examples, 0, MOST_EXAMPLES));
        let examples = examples.unwrap_or(EXAMPLES);
        let simulation =
            policy.map(|policy| Simulation { draft: Draft::Overrides(SiteOverrides(policy)), last, examples });
        faults.finish(simulation)
    }
}

fn within(Whole(number): Whole, least: usize, most: usize) -> Result<usize, Fault> {
    let number = number as usize;
    let is_within = (least..=most).contains(&number);
    is_within.then_some(number).ok_or_else(|| Fault::new("out_of_range", format!("must be from {least} to {most}")))
}

/// The members of a JSON object, or the fault that it is none.
pub(in crate::http) fn json_object(value: Value) -> Result<Map<String, Value>, Vec<FieldFault>> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(vec![FieldFault::new("", Fault::new("wrong_type", "must be an object"))]),
    }
}

/// A policy's fault as one of the body: `rules.link_count.points` stands at `/rules/link_count/points`.
pub(in crate::http) fn policy_fault(fault: &Invalid) -> FieldFault {
    below("", fault)
}

/// The fault of a draft, which stands below `policy`.
pub(in crate::http) fn draft_fault(fault: &Invalid) -> FieldFault {
    below("/policy", fault)
}

fn below(place: &str, fault: &Invalid) -> FieldFault {
    let pointer: String = fault
        .key
        .replace('[', ".")
        .split('.')
        .map(|name| name.trim_end_matches(']'))
        .filter(|name| !name.is_empty())
        .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
        .collect();
    let code = if fault.is_unknown() { "unknown_field" } else { "invalid_value" };
    FieldFault::new(format!("{place}{pointer}"), Fault::new(code, fault.detail.clone()))
}
