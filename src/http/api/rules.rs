//! The rules with their documentation.

use super::{Answer, Call, json};
use crate::http::wire::{Items, RuleView};

/// Lists every rule, as it is set for the caller's site; for an operator, as the deployment sets it.
pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.caller().await?;
    let rules = call.service.rules(caller.site.as_ref()).await?;
    json(&Items::all(rules.iter().map(RuleView::from).collect()))
}
