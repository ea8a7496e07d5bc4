//! A rule's documentation, as the console, REST and the command line show it.

use std::collections::BTreeMap;

use super::{Group, RuleId};

/// Everything there is to know about a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDoc {
    /// Its id.
    pub id: RuleId,
    /// Its group.
    pub group: Group,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    /// Why that matters, in one or two sentences.
    pub why: &'static str,
    /// `on`, `shadow` or `off`, as configured.
    pub mode: &'static str,
    /// The points it adds, as configured.
    pub points: i32,
    /// Whether it rejects by itself.
    pub certain: bool,
    /// Its other settings, as configured.
    pub options: BTreeMap<String, String>,
    /// Submissions (JSON) on which it fires, with only the fields that matter; `history` beside them is what is remembered.
    pub fires: &'static [&'static str],
    /// Look-alikes on which it does not, written alike.
    pub passes: &'static [&'static str],
}
