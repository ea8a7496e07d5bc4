//! The people of a submission as JSON: author, account, client, form.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::fault::Faults;
use super::json::word;
use super::number::Whole;
use super::text::{cut, filled, from_text};
use crate::domain;

/// `author`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Author<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<AuthorRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
}

/// `author.record`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct AuthorRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Whole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Whole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// `author.account`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Account<'a> {
    provider: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    verified: Option<bool>,
}

/// `client`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Client<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<Cow<'a, str>>,
}

/// `form`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Form<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    honeypot: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl Author<'_> {
    /// The author, or faults.
    pub fn check(self, faults: &mut Faults) -> Option<domain::Author> {
        let account = self.account.map(|account| account_at("/author/account", account, faults));
        let author = domain::Author {
            name: faults.read("/author/name", self.name, from_text),
            email: faults.read("/author/email", self.email, from_text),
            url: faults.read("/author/url", self.url, from_text),
            role: faults.read("/author/role", self.role, word),
            record: self.record.map(|record| record.check(faults)),
            account: None,
        };
        match account {
            Some(account) => account.map(|account| domain::Author { account: Some(account), ..author }),
            None => Some(author),
        }
    }
}

impl AuthorRecord {
    fn check(self, faults: &mut Faults) -> domain::AuthorRecord {
        domain::AuthorRecord {
            approved: self.approved.map_or(0, |whole| whole.0),
            rejected: self.rejected.map_or(0, |whole| whole.0),
            since: faults.read("/author/record/since", self.since, |text| text.parse()),
        }
    }
}

/// The account that stands at this place of the body, or faults.
pub(super) fn account_at(place: &str, account: Account<'_>, faults: &mut Faults) -> Option<domain::Account> {
    let at = |name: &str| format!("{place}/{name}");
    let provider = faults.required(at("provider"), account.provider);
    let provider = faults.read(at("provider"), provider, from_text);
    let id = faults.required(at("id"), account.id);
    let id = faults.read(at("id"), id, filled);
    Some(domain::Account { provider: provider?, id: id?, verified: account.verified.unwrap_or(false) })
}

impl<'a> Client<'a> {
    /// Where a comment came from; where no more is kept of its address, the network.
    pub fn of(comment: &'a domain::Comment) -> Self {
        let network = comment.network().map(|network| Cow::from(network.to_string()));
        let client = Self::from(&comment.submission.client);
        Self { ip: network.or(client.ip), ..client }
    }

    /// The client, or faults.
    pub fn check(self, faults: &mut Faults) -> domain::Client {
        domain::Client {
            ip: faults.read("/client/ip", self.ip, |text| address(&text)),
            user_agent: self.user_agent.map(cut),
            referrer: self.referrer.map(cut),
        }
    }
}

impl Form<'_> {
    /// The form, or faults.
    pub fn check(self, faults: &mut Faults) -> domain::Form {
        domain::Form { honeypot: self.honeypot.map(cut), millis: faults.read("/form/seconds", self.seconds, millis) }
    }
}

/// An address; one of IPv4 that is written as IPv6 is the same address.
fn address(text: &str) -> Result<std::net::IpAddr, domain::Fault> {
    let parsed: Result<std::net::IpAddr, _> = text.parse();
    parsed.map(|ip| ip.to_canonical()).map_err(|_| domain::Fault::new("invalid_ip", "is not an IPv4 or IPv6 address"))
}

fn millis(seconds: f64) -> Result<u64, domain::Fault> {
    const MOST: f64 = 1e9;
    if (0.0..=MOST).contains(&seconds) {
        return Ok((seconds * 1_000.0).round() as u64);
    }
    Err(domain::Fault::new("out_of_range", format!("must be from 0 to {MOST}")))
}

impl<'a> From<&'a domain::Author> for Author<'a> {
    fn from(author: &'a domain::Author) -> Self {
        Self {
            name: author.name.as_deref().map(Cow::from),
            email: author.email.as_deref().map(Cow::from),
            url: author.url.as_deref().map(Cow::from),
            role: author.role.map(|role| Cow::from(role_word(role))),
            record: author.record.map(|record| AuthorRecord {
                approved: Some(Whole(record.approved)),
                rejected: Some(Whole(record.rejected)),
                since: record.since.map(|at| at.to_string()),
            }),
            account: author.account.as_ref().map(|account| Account {
                provider: Some(Cow::from(&*account.provider)),
                id: Some(Cow::from(&*account.id)),
                verified: Some(account.verified),
            }),
        }
    }
}

fn role_word(role: domain::Role) -> &'static str {
    match role {
        domain::Role::Owner => "owner",
        domain::Role::Staff => "staff",
        domain::Role::Moderator => "moderator",
        domain::Role::Member => "member",
    }
}

impl<'a> From<&'a domain::Client> for Client<'a> {
    fn from(client: &'a domain::Client) -> Self {
        Self {
            ip: client.ip.map(|ip| Cow::from(ip.to_string())),
            user_agent: client.user_agent.as_deref().map(Cow::from),
            referrer: client.referrer.as_deref().map(Cow::from),
        }
    }
}

impl<'a> From<&'a domain::Form> for Form<'a> {
    fn from(form: &'a domain::Form) -> Self {
        Self {
            honeypot: form.honeypot.as_deref().map(Cow::from),
            seconds: form.millis.map(|millis| millis as f64 / 1_000.0),
        }
    }
}
