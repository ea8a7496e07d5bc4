//! Finds comments from networks from which people saw spam and nothing else.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Group, Period};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "ip_bad_record",
    group: Group::Client,
    summary: "People rejected comments from the same network as spam lately, and approved none.",
    why: "A rented machine sends more than one. But a network is shared and changes hands: one approved comment clears it, it is held \
          against nobody for long, and never alone.",
    certain: false,
    fires: &[
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "history": {"net": {"b": [{"p": 683, "s": 3}]}}}"#,
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "history": {"net": {"b": [{"p": 681, "s": 1}, {"p": 683, "s": 2}]}}}"#,
    ],
    passes: &[
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "history": {"net": {"b": [{"p": 683, "s": 2}]}}}"#,
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "history": {"net": {"b": [{"p": 675, "a": 1}, {"p": 683, "s": 9}]}}}"#,
        r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"}, "history": {"net": {"b": [{"p": 678, "s": 9}]}}}"#,
        r#"{"content": "Hello again", "author": {"email": "ana@mail.example"}, "client": {"ip": "203.0.113.7"}, "history": {"mail_owner": {"b": [{"p": 683, "a": 1}]}, "net": {"b": [{"p": 683, "s": 9}]}}}"#,
    ],
    build: from_options::<IpBadRecord>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IpBadRecord {
    /// From how many rejected comments on.
    rejected: u32,
    /// For how many periods of 30 days, the current one included.
    periods: u32,
}

impl Check for IpBadRecord {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let now = case.facts.now();
        let oldest = Period(Period::of(now).0.saturating_sub(self.periods.saturating_sub(1)));
        let (lately, ever) = (case.history.net.total_since(oldest), case.history.net.total(now));
        if lately.spam < self.rejected || ever.approved > 0 || case.author_is_proven() {
            return None;
        }
        let message =
            format!("People rejected {} comments from the same network as spam, and approved none.", lately.spam);
        Some(Finding::new(message, Vec::new()))
    }
}
