//! Finds links by which somebody is paid for readers that open an account.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_referral",
    group: Group::Links,
    summary: "A link leads to a page where accounts are opened, or to a start page, with the code of whoever is paid for it.",
    why: "Exchanges and shops pay for every reader that is sent to them with such a code; the comment is only there for it.",
    certain: false,
    fires: &[
        r#"{"content": "I still have doubts.", "author": {"url": "https://coins.example/en/register?ref=TK48QX2Z"}}"#,
        r#"{"content": "I use https://coins.example/?ref=4166937 and like it"}"#,
        r#"{"content": "I use https://coins.example/signup/?lang=en&invite_code=lucia77 and like it"}"#,
    ],
    passes: &[
        r#"{"content": "See https://code.example/team/money/blob/round.py?ref=v1.2 line 40"}"#,
        r#"{"content": "See https://press.example/?ref=notes.example and https://press.example/?ref=footer"}"#,
        r#"{"content": "See https://shop.example/dp/B00ECVF93G/?ref=olp12345 for the lamp"}"#,
        r#"{"content": "The form at https://club.example/register?year=2024 is broken"}"#,
        r#"{"content": "Join us: https://chat.example/invite/x7Kq2"}"#,
    ],
    build: from_options::<LinkReferral>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkReferral {}

/// Parameters that name who is paid, in lower case.
const PAYEES: &[&str] = &[
    "aff",
    "aff_id",
    "affid",
    "affiliate",
    "affiliate_id",
    "invitation_code",
    "invite",
    "invite_code",
    "invitecode",
    "partner_id",
    "ref",
    "ref_code",
    "ref_id",
    "refcode",
    "referral",
    "referral_code",
    "referralcode",
    "refid",
];

/// What the last folder of a page is called where accounts are opened, in lower case.
const DOORS: &[&str] =
    &["create-account", "join", "register", "registration", "sign-up", "sign_up", "signup", "subscribe"];

impl Check for LinkReferral {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| pays_somebody(&link.target.path));
        let mut evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        evidence
            .extend(facts.website().filter(|site| pays_somebody(&site.path)).map(|_| facts.whole(Field::AuthorUrl)));
        (!evidence.is_empty()).then(|| Finding::new("A link names who is paid for its readers.", evidence))
    }
}

/// Whether a path with its query opens an account in favour of somebody.
fn pays_somebody(path: &str) -> bool {
    let Some((path, query)) = path.split_once('?') else { return false };
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_door = last.is_empty() || DOORS.iter().any(|door| last.eq_ignore_ascii_case(door));
    is_door
        && query
            .split('&')
            .filter_map(|parameter| parameter.split_once('='))
            .any(|(name, value)| PAYEES.iter().any(|payee| name.eq_ignore_ascii_case(payee)) && is_code(value))
}

/// Whether a value is a code rather than a word or the site that a reader comes from.
fn is_code(value: &str) -> bool {
    (4..=40).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && (value.contains(|c: char| c.is_ascii_digit()) || !value.contains(|c: char| c.is_ascii_lowercase()))
}
