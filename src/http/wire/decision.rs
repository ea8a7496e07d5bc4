//! Decisions as JSON: one to be made, one as it is kept, one that an old comment brings along.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::fault::{Faults, FieldFault};
use super::json::word;
use super::text::{filled, from_text};
use crate::domain::{self, DecidedKind, DecisionAction, Fault, Outcome, Reason, Source};
use crate::service::{Caller, Wish};

/// What a decision may say. Everything may be left out, the body too.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct DecisionBody<'a> {
    reason: Option<Cow<'a, str>>,
    note: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    actor: Option<Cow<'a, str>>,
    at: Option<Cow<'a, str>>,
}

impl DecisionBody<'_> {
    /// The wish of this caller, or every fault of it.
    pub fn check(self, action: DecisionAction, caller: &Caller) -> Result<Wish, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let reason = faults.read("/reason", self.reason, word);
        if reason.is_some() && action != DecisionAction::Reject {
            faults.add("/reason", Fault::new("not_allowed", "belongs to a rejection"));
        }
        let note = faults.read("/note", self.note, from_text);
        let source = faults.read("/source", self.source, |text| source(&text)).unwrap_or(Source::Api);
        let at = faults.read("/at", self.at, |text| text.parse());
        if at.is_some() && source != Source::Site {
            faults.add(
                "/at",
                Fault::new("not_allowed", "belongs to a decision with source `site`; any other is made now"),
            );
        }
        let actor = self.actor.unwrap_or_else(|| Cow::from(caller.actor()));
        let actor = faults.check("/actor", filled(actor));
        let wish = actor.map(|actor| Wish { action, reason, note, source, actor, at, if_match: None });
        faults.finish(wish)
    }
}

fn source(text: &str) -> Result<Source, Fault> {
    match text {
        "api" => Ok(Source::Api),
        "site" => Ok(Source::Site),
        _ => Err(Fault::new("unknown_value", "must be one of `api`, `site`")),
    }
}

/// A decision as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(in crate::http) struct DecisionView<'a> {
    action: DecisionAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    at: String,
}

impl<'a> From<&'a domain::Decision> for DecisionView<'a> {
    fn from(decision: &'a domain::Decision) -> Self {
        Self {
            action: decision.action,
            reason: decision.reason,
            note: decision.note.as_deref().map(Cow::from),
            source: decision.source,
            actor: Some(Cow::from(&*decision.actor)),
            at: decision.at.to_string(),
        }
    }
}

impl DecisionView<'_> {
    /// The same on its own.
    pub fn into_owned(self) -> DecisionView<'static> {
        DecisionView {
            note: self.note.map(|note| Cow::from(note.into_owned())),
            actor: self.actor.map(|actor| Cow::from(actor.into_owned())),
            action: self.action,
            reason: self.reason,
            source: self.source,
            at: self.at,
        }
    }

    /// The same without what only moderators may see.
    pub fn public(self) -> Self {
        Self { reason: None, note: None, actor: None, ..self }
    }
}

/// `decided`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Decided<'a> {
    action: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    by: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Cow<'a, str>>,
}
impl Decided<'_> {
    /// What became of an old comment, or faults.
    pub fn check(self, faults: &mut Faults) -> Option<domain::Decided> {
        let action = faults.required("/decided/action", self.action);
        let outcome: Option<Outcome> = faults.read("/decided/action", action, word);
        let by = faults.required("/decided/by", self.by);
        let by: Option<DecidedKind> = faults.read("/decided/by", by, word);
        let reason = faults.read("/decided/reason", self.reason, word);
        if reason.is_some() && outcome == Some(Outcome::Approve) {
            faults.add("/decided/reason", Fault::new("not_allowed", "belongs to a rejection"));
        }
        let actor = faults.read("/decided/actor", self.actor, filled);
        let at = faults.read("/decided/at", self.at, |text| text.parse());
        Some(domain::Decided { outcome: outcome?, reason, by: by?, actor, at })
    }

    /// The same without what only moderators may see.
    pub fn public(self) -> Self {
        Self { reason: None, actor: None, ..self }
    }
}

impl<'a> From<&'a domain::Decided> for Decided<'a> {
    fn from(decided: &'a domain::Decided) -> Self {
        let action = match decided.outcome {
            Outcome::Approve => "approve",
            Outcome::Reject => "reject",
        };
        let by = match decided.by {
            DecidedKind::Person => "person",
            DecidedKind::Machine => "machine",
        };
        Self {
            action: Some(Cow::from(action)),
            reason: decided.reason.map(|reason| Cow::from(reason_word(reason))),
            by: Some(Cow::from(by)),
            actor: decided.actor.as_deref().map(Cow::from),
            at: decided.at.map(|at| Cow::from(at.to_string())),
        }
    }
}

fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::Spam => "spam",
        Reason::Abuse => "abuse",
        Reason::OffTopic => "off_topic",
        Reason::Duplicate => "duplicate",
        Reason::Other => "other",
    }
}
