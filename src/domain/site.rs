//! Sites and the keys that open them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Bounded, Fault, SiteId, Tally, Timestamp};

/// One blog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id in paths.
    pub id: SiteId,
    /// Its name for people.
    pub name: SiteName,
    /// Since when it is here.
    pub created_at: Timestamp,
}

/// A site's name for people: at most 200 characters.
pub type SiteName = Bounded<200>;

/// How many comments a site has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Shown to readers.
    pub approved: u64,
    /// Waiting, withdrawn ones included.
    pub held: u64,
    /// Not shown.
    pub rejected: u64,
    /// The queue: reviews that are open.
    pub open: u64,
}

/// How an author stands with a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthorStanding {
    /// Their comments that are kept.
    pub counts: Counts,
    /// When the first of those was written.
    pub first_at: Option<Timestamp>,
    /// When the last of those was written.
    pub last_at: Option<Timestamp>,
    /// What is remembered of a year, comments that are no longer kept included.
    pub remembered: Tally,
}

/// How all sites together stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many sites there are.
    pub sites: u64,
    /// Their comments.
    pub counts: Counts,
    /// Since when the review that has waited longest is open; `None` if the queues are empty.
    pub oldest_open: Option<Timestamp>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send comments and tell what became of them on the blog.
    Submit,
    /// See comments and the feed.
    Read,
    /// Decide.
    Moderate,
    /// Change the site's settings and keys.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 4] = [Scope::Submit, Scope::Read, Scope::Moderate, Scope::Admin];

    /// The value's word in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Submit => "submit",
            Scope::Read => "read",
            Scope::Moderate => "moderate",
            Scope::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| Fault::new("invalid_scope", "must be submit, read, moderate or admin"))
    }
}

/// A key as it is kept: never the secret, only its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Names the key; part of what the caller sends.
    pub id: KeyId,
    /// The site it opens; absent: every site, and what is above sites (the operator's).
    pub site: Option<SiteId>,
    /// What people call it.
    pub name: Bounded<100>,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// SHA-256 of the secret's 32 bytes.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing; absent: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; absent: never.
    pub last_used_at: Option<Timestamp>,
}

/// A key's public part: 12 of `a-z` and `2-7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
        if text.len() == 12 && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::new("invalid_key_id", "is not a key's id (12 of the characters a-z and 2-7)"))
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
