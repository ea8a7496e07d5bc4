//! What the screening said of a comment, and why.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Campaign;

/// What the screening said: enough to act on, to show, and to add up by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What to do with the comment.
    pub action: Action,
    /// The sum of all groups' counted points.
    pub score: i32,
    /// The score's limits that were in force.
    pub thresholds: Thresholds,
    /// Points by group, before and after the cap.
    pub groups: BTreeMap<Group, GroupSum>,
    /// The rules that fired, in the order of `rules::ALL`.
    pub hits: Vec<Hit>,
    /// What spoke first in the order of precedence.
    pub decided_by: DecidedBy,
    /// The smallest sets of hits, at most three, without which the comment would pass: be approved, or be held only because
    /// it is its author's first. Empty if it passes, if no hit can change that, or
    /// if so many hits speak that no small set does.
    pub would_pass_without: Vec<Vec<RuleId>>,
    /// So bad that nobody needs to look.
    pub blatant: bool,
    /// Names the policy that judged: a hash of its effective values.
    pub policy_version: String,
    /// Names the learnt model that took part, if one did.
    pub model_version: Option<String>,
    /// Names the rules that could find something: a hash of which ran, with which options, in which version of the program.
    /// A policy under which the same ones run finds the same hits. `None` where there may be more to find than the hits
    /// say: a rule failed, the comment was over its budget of work, or the verdict is from before this was kept.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rules_version: Option<String>,
}

/// What to do with a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Publish it.
    Approve,
    /// Keep it for a person.
    Hold,
    /// Do not publish it.
    Reject,
}

impl Action {
    /// The value's word in JSON, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Approve => "approve",
            Action::Hold => "hold",
            Action::Reject => "reject",
        }
    }
}

/// The score's limits: at or above each, the action it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Held.
    pub hold_at: i32,
    /// Rejected, if at least two groups speak.
    pub reject_at: i32,
    /// Rejected and marked blatant.
    pub blatant_at: i32,
}

/// The groups of rules. Each group's points are capped, so that no single kind of evidence rejects by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What the comment links to, and how.
    Links,
    /// What its text says and how it is written.
    Text,
    /// What the author typed about themselves.
    Author,
    /// What is remembered of author, text and links.
    History,
    /// What form and browser told.
    Client,
    /// What the learner makes of it.
    Learned,
}

impl Group {
    /// Every group, in the order of display.
    pub const ALL: [Group; 6] =
        [Group::Links, Group::Text, Group::Author, Group::History, Group::Client, Group::Learned];

    /// The value's word in JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Links => "links",
            Group::Text => "text",
            Group::Author => "author",
            Group::History => "history",
            Group::Client => "client",
            Group::Learned => "learned",
        }
    }
}

/// A group's points before and after its cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSum {
    /// The sum of the hits' points.
    pub raw: i32,
    /// What of it counts into the score.
    pub counted: i32,
}

/// The id of a rule: its file's name, its table in the configuration, its value in logs and JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// The id of a rule in this program.
    pub const fn new(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for RuleId {
    fn from(id: String) -> Self {
        Self(Cow::Owned(id))
    }
}

impl From<RuleId> for Cow<'static, str> {
    fn from(id: RuleId) -> Self {
        id.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Which rule.
    pub rule: RuleId,
    /// Its group.
    pub group: Group,
    /// Whether it counts, or is only watched.
    pub mode: HitMode,
    /// What it adds to its group; negative for trust, 0 in shadow mode.
    pub points: i32,
    /// What it found, in a sentence for a person.
    pub message: String,
    /// Where it found it.
    pub evidence: Vec<Evidence>,
    /// The campaign that it found the comment to belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Campaign>,
    /// What that is worth under whatever policy.
    #[serde(rename = "w", default, skip_serializing_if = "Worth::is_usual")]
    pub worth: Worth,
}

/// What a hit is worth, whatever its rule's mode and points are: a verdict can be weighed again by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Worth {
    /// How many times the rule's points; of the learner's opinion, how many millionths of the most that it may give.
    #[serde(rename = "t", skip_serializing_if = "is_once")]
    pub times: i32,
    /// Points beside those: what entries of the site's lists say.
    #[serde(rename = "b", skip_serializing_if = "is_zero")]
    pub beside: i32,
    /// What entries of the site's lists say becomes of the comment.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub listed: Option<Action>,
    /// Whether it holds what would be approved.
    #[serde(rename = "h", skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
    /// Whether it takes nothing off what the others hold by themselves.
    #[serde(rename = "y", skip_serializing_if = "std::ops::Not::not")]
    pub yields: bool,
}

impl Default for Worth {
    fn default() -> Self {
        Self { times: 1, beside: 0, listed: None, holds: false, yields: false }
    }
}

impl Worth {
    /// What it adds to its group where its rule has these points.
    pub fn points(&self, of_rule: i32) -> i32 {
        of_rule.saturating_mul(self.times).saturating_add(self.beside)
    }

    /// Whether it is the rule's points and nothing else, as most are.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

fn is_once(times: &i32) -> bool {
    *times == 1
}

fn is_zero(points: &i32) -> bool {
    *points == 0
}

/// Whether a hit counts. (A rule that is `off` makes no hits.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HitMode {
    /// Its points count.
    On,
    /// Reported with 0 points.
    Shadow,
}

/// Where in the submission a rule found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which field.
    pub field: Field,
    /// First byte and the byte after the last, in the field's UTF-8; always on character boundaries.
    pub span: (usize, usize),
    /// What stands there, shortened to 80 characters.
    pub excerpt: String,
}

/// The fields of a submission that evidence can point into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// `content`
    #[serde(rename = "content")]
    Content,
    /// `author.name`
    #[serde(rename = "author.name")]
    AuthorName,
    /// `author.email`
    #[serde(rename = "author.email")]
    AuthorEmail,
    /// `author.url`
    #[serde(rename = "author.url")]
    AuthorUrl,
    /// `form.honeypot`
    #[serde(rename = "form.honeypot")]
    Honeypot,
}

impl Field {
    /// The field's dotted path in a submission.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Content => "content",
            Field::AuthorName => "author.name",
            Field::AuthorEmail => "author.email",
            Field::AuthorUrl => "author.url",
            Field::Honeypot => "form.honeypot",
        }
    }
}

/// What decided, in the order of precedence: the first that speaks; later ones never soften it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The author's role: approved.
    Role,
    /// Entries of the site's own lists: approved, held or rejected.
    List,
    /// A rule marked `certain`: rejected.
    Certain,
    /// The kind of the comment: held or rejected.
    Kind,
    /// The post's commenting, or a site that looks at every comment first: held.
    Post,
    /// A rule could not be run: held.
    Unavailable,
    /// The comment is more work than one may be: held.
    Budget,
    /// The score.
    Score,
    /// The comment is over one of the site's limits: held.
    Rate,
    /// An author without an approved comment: held.
    FirstComment,
}

impl DecidedBy {
    /// Every value, in the order of precedence.
    pub const ALL: [DecidedBy; 10] = [
        DecidedBy::Role,
        DecidedBy::List,
        DecidedBy::Certain,
        DecidedBy::Kind,
        DecidedBy::Post,
        DecidedBy::Unavailable,
        DecidedBy::Budget,
        DecidedBy::Score,
        DecidedBy::Rate,
        DecidedBy::FirstComment,
    ];

    /// The value's word in JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            DecidedBy::Role => "role",
            DecidedBy::List => "list",
            DecidedBy::Certain => "certain",
            DecidedBy::Kind => "kind",
            DecidedBy::Post => "post",
            DecidedBy::Unavailable => "unavailable",
            DecidedBy::Budget => "budget",
            DecidedBy::Score => "score",
            DecidedBy::Rate => "rate",
            DecidedBy::FirstComment => "first_comment",
        }
    }
}
