//! Policies as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::fault::FieldFault;
use crate::domain::{Fault, Invalid};
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

/// The members of a JSON object, or the fault that it is none.
pub(in crate::http) fn json_object(value: Value) -> Result<Map<String, Value>, Vec<FieldFault>> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(vec![FieldFault::new("", Fault::new("wrong_type", "must be an object"))]),
    }
}

/// A policy's fault as one of the body: `rules.link_count.points` stands at `/rules/link_count/points`.
pub(in crate::http) fn policy_fault(fault: &Invalid) -> FieldFault {
    let pointer: String = fault
        .key
        .replace('[', ".")
        .split('.')
        .map(|name| name.trim_end_matches(']'))
        .filter(|name| !name.is_empty())
        .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
        .collect();
    let code = if fault.is_unknown() { "unknown_field" } else { "invalid_value" };
    FieldFault::new(pointer, Fault::new(code, fault.detail.clone()))
}
