//! The rules with their documentation.

use super::{Answer, Call, json};
use crate::http::wire::{Items, RuleView};

/// Lists every rule.
pub(in crate::http) async fn list(call: Call) -> Answer {
    let rules = call.service.rules();
    json(&Items::all(rules.iter().map(RuleView::from).collect()))
}
