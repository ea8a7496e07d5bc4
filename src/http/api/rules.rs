//! The rules with their documentation.

use super::{Answer, Call, json};
use crate::http::wire::{Items, RuleView};

/// Lists every rule, as it is set for the caller's site and has stood the test there; for an operator, as the deployment sets it.
pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.caller().await?;
    match &caller.site {
        Some(site) => {
            let stats = call.service.stats(site).await?;
            json(&Items::all(stats.rules.iter().map(RuleView::from).collect()))
        }
        None => json(&Items::all(call.service.default_rules().iter().map(RuleView::from).collect())),
    }
}
