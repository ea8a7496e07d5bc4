//! Finds ways to reach somebody outside the site.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::HandleKind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "contact_handle",
    group: Group::Text,
    summary: "The comment gives a telephone number, a messenger name, a wallet or an e-mail address; e-mail counts once, the others twice.",
    why: "Where links are watched, spam asks readers to call or write; few honest comments leave a number in public.",
    certain: false,
    fires: &[
        r#"{"content": "Call our support number 1-800-555-0199 for help."}"#,
        r#"{"content": "She made me rich, write her on WhatsApp +1 (202) 555-0143"}"#,
        r#"{"content": "Write to loans@fast.example today"}"#,
        r#"{"content": "https://t.me/quick_profit"}"#,
        r#"{"content": "Donate to 1BitcoinEaterAddressDontSendf59kuE"}"#,
        r#"{"content": "Write to loans (at) fast dot com"}"#,
    ],
    passes: &[
        r#"{"content": "It took 1234567890 ns, build 10.0.19041.1237 of 2024-05-06 12:00:00."}"#,
        r#"{"content": "I use WhatsApp and Telegram every day, @ana"}"#,
    ],
    build: from_options::<ContactHandle>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactHandle {}

impl Check for ContactHandle {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let handles = case.facts.handles();
        let first = handles.iter().find(|handle| handle.kind != HandleKind::Mail).or(handles.first())?;
        let (message, times) = match first.kind {
            HandleKind::Mail => ("It gives an e-mail address.", 1),
            HandleKind::Messenger => ("It gives a name in a messenger.", 2),
            HandleKind::Phone => ("It gives a telephone number.", 2),
            HandleKind::Wallet => ("It gives the address of a wallet.", 2),
        };
        let evidence = handles.iter().take(5).map(|handle| case.facts.evidence(Field::Content, handle.span));
        Some(Finding::new(message, evidence.collect()).times(times))
    }
}
