//! Trusts accounts that their platform vouches for, a little.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "account_verified",
    group: Group::History,
    summary: "The author signed in with an account that its platform vouches for, and people rejected nothing of it.",
    why: "An account costs more than a typed name, and can be refused. But it can be bought: it weighs little.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "author": {"account": {"provider": "github", "id": "7", "verified": true}}}"#,
        r#"{"content": "See http://notes.example/", "author": {"account": {"provider": "google", "id": "8", "verified": true}}, "history": {"account": {"b": [{"p": 683, "n": 1, "a": 1}]}}}"#,
    ],
    passes: &[
        r#"{"content": "I agree.", "author": {"account": {"provider": "github", "id": "7", "verified": false}}}"#,
        r#"{"content": "I agree.", "author": {"account": {"provider": "github", "id": "7", "verified": true}}, "history": {"account": {"b": [{"p": 683, "n": 2, "s": 1}]}}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example"}}"#,
    ],
    build: from_options::<AccountVerified>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountVerified {}

impl Check for AccountVerified {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let account = case.facts.submission().author.account.as_ref().filter(|account| account.verified)?;
        let total = case.history.account.total(case.facts.now());
        let message = format!("{} vouches for the author's account.", &*account.provider);
        (total.spam == 0 && total.abuse == 0).then(|| Finding::new(message, Vec::new()))
    }
}
