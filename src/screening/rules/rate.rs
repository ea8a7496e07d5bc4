//! Finds comments that come faster than the site's limits allow.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Group, Limit};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "rate",
    group: Group::Client,
    summary: "More comments came than the site's limits allow from one address, by one author or on one post.",
    why: "A flood is published by nobody looking. Its points do not count it out; being over a limit holds it by itself.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "history": {"over_limit": {"limit": "address", "quota": {"count": 1, "seconds": 10, "burst": 3}}}}"#,
        r#"{"content": "I agree.", "history": {"over_limit": {"limit": "post", "quota": {"count": 30, "seconds": 60, "burst": 60}}}}"#,
    ],
    passes: &[r#"{"content": "I agree."}"#],
    build: from_options::<Rate>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {}

impl Check for Rate {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let over = case.history.over_limit?;
        let whose = match over.limit {
            Limit::Address => "from this address",
            Limit::Network => "from this network",
            Limit::Author => "by this author",
            Limit::Post | Limit::Site | Limit::Key | Limit::WrongKeys | Limit::Public => "on this post",
        };
        let quota = over.quota;
        let allowed = format!("{} in {} seconds and {} at once", quota.count, quota.seconds, quota.burst);
        Some(Finding::new(format!("More comments {whose} than {allowed}."), Vec::new()).holding())
    }
}
