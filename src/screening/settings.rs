//! The `[policy]` table of the configuration, as it is written. Its defaults stand in `config/moderato.toml` alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{CommenterLimits, Keep, OverLimitAction, Slug};

/// A site's policy as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// From this score on a comment is held.
    pub hold_at: i32,
    /// From this score on, with at least two groups speaking, it is rejected.
    pub reject_at: i32,
    /// From this score on it is rejected and marked blatant.
    pub blatant_at: i32,
    /// What becomes of a passing comment whose author has no approved one yet.
    pub first_comment: FirstComment,
    /// Whether a person looks at every comment first.
    pub premoderate_all: bool,
    /// What becomes of a kind of comments; kinds not named are screened.
    pub kinds: BTreeMap<Slug, KindAction>,
    /// What becomes of a comment over a commenter's limit.
    pub over_limit: OverLimitAction,
    /// How much a commenter may write.
    pub limits: CommenterLimits,
    /// How long what is kept.
    pub keep: Keep,
    /// The site's own domains: links to them are never held against anybody.
    pub domains: Vec<String>,
    /// The phrases of the rule `blocked_phrase`.
    pub phrases: Vec<String>,
    /// A table for each rule.
    pub rules: BTreeMap<String, RuleSettings>,
}

/// What becomes of a passing comment whose author has no approved one yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstComment {
    /// A person looks at it.
    Hold,
    /// It is judged like all others.
    Screen,
}

/// What becomes of a kind of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindAction {
    /// It is judged by its content.
    Screen,
    /// A person looks at it.
    Hold,
    /// It is rejected.
    Reject,
}

/// A rule's table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RuleSettings {
    /// Whether it runs and counts.
    pub mode: Mode,
    /// What it adds to its group; negative for trust.
    pub points: i32,
    /// Its own options; the rule knows which there are.
    #[serde(flatten)]
    pub options: toml::Table,
}

/// Whether a rule runs and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its points count.
    On,
    /// It is reported with 0 points.
    Shadow,
    /// It does not run.
    Off,
}

impl Mode {
    /// The value's word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::On => "on",
            Mode::Shadow => "shadow",
            Mode::Off => "off",
        }
    }
}
