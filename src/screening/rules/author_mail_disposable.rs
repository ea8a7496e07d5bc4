//! Finds e-mail addresses that nobody keeps.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{BadOption, Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::{Settings, lists};

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_mail_disposable",
    group: Group::Author,
    summary: "The author's e-mail address is of a service that gives addresses away for minutes.",
    why: "Who floods blogs needs many addresses and reads none of them. Some readers hide theirs so, too: it holds nothing by itself.",
    certain: false,
    fires: &[
        r#"{"content": "I agree.", "author": {"email": "ana@mailinator.com"}}"#,
        r#"{"content": "I agree.", "author": {"email": "Ana@Box7.Mailinator.com "}}"#,
    ],
    passes: &[
        r#"{"content": "I agree.", "author": {"email": "ana@mail.example"}}"#,
        r#"{"content": "I agree.", "author": {"email": "mailinator.com@mail.example"}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@notmailinator.com.example"}}"#,
        r#"{"content": "I agree.", "author": {"email": "ana@mailinator.com", "record": {"approved": 3, "rejected": 0}}}"#,
    ],
    build,
};

static DOMAINS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| lists::entries(lists::DISPOSABLE_MAIL).collect());

/// Reads the list before the first comment comes: its ten thousand entries are no comment's to wait for.
fn build(options: &toml::Table, settings: &Settings) -> Result<Box<dyn Check>, BadOption> {
    LazyLock::force(&DOMAINS);
    from_options::<AuthorMailDisposable>(options, settings)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorMailDisposable {}

impl Check for AuthorMailDisposable {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let mail = case.facts.submission().author.email.as_deref()?;
        let (_, domain) = mail.trim().rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        let parents = domain.match_indices('.').map(|(at, _)| &domain[at + 1..]);
        let found = std::iter::once(domain.as_str()).chain(parents).find(|name| DOMAINS.contains(name))?;
        if case.author_is_proven() {
            return None;
        }
        let message = format!("{found} gives e-mail addresses away for minutes.");
        Some(Finding::new(message, vec![case.facts.whole(Field::AuthorEmail)]))
    }
}
