//! A site's own lists: what its moderators want found, and what then becomes of a comment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Bounded, Fault, Timestamp};

/// The lists that every site has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Words and phrases in the content and the author's name.
    Phrases,
    /// Domains of links and of the author's website, each with all below it.
    Domains,
    /// Addresses and networks that comments come from.
    Addresses,
    /// E-mail addresses and mail domains of authors.
    Mails,
}

impl ListName {
    /// Every list.
    pub const ALL: [ListName; 4] = [ListName::Phrases, ListName::Domains, ListName::Addresses, ListName::Mails];

    /// Its name in paths and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ListName::Phrases => "phrases",
            ListName::Domains => "domains",
            ListName::Addresses => "addresses",
            ListName::Mails => "mails",
        }
    }
}

impl FromStr for ListName {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let known = ListName::ALL.into_iter().find(|list| list.as_str() == text);
        known.ok_or_else(|| Fault::new("unknown_list", "must be one of phrases, domains, addresses, mails"))
    }
}

/// How a phrase is compared. Values of the other lists are compared as what they are, and have the match `word`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// As whole words of the folded text, in any script.
    #[default]
    Word,
    /// Anywhere in the folded text, within words too.
    Substring,
    /// As whole words, where `*` stands for any letters and digits of one word and `?` for one of them.
    Wildcard,
    /// As a regular expression over the folded text (lower case), in linear time.
    Regex,
}

impl Match {
    /// The value's word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Match::Word => "word",
            Match::Substring => "substring",
            Match::Wildcard => "wildcard",
            Match::Regex => "regex",
        }
    }
}

impl FromStr for Match {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let all = [Match::Word, Match::Substring, Match::Wildcard, Match::Regex];
        let known = all.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| Fault::new("unknown_value", "must be one of `word`, `substring`, `wildcard`, `regex`"))
    }
}

/// What becomes of a comment in which an entry is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListAction {
    /// So many points are added to the score: -1,000 to 1,000.
    Points(i32),
    /// It is held.
    Hold,
    /// It is rejected.
    Reject,
    /// It is approved.
    Approve,
}

impl ListAction {
    /// The most points that an entry adds or takes away.
    pub const MOST_POINTS: i32 = 1_000;
}

/// As people write it: `hold`, `reject`, `approve`, or points with their sign.
impl fmt::Display for ListAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListAction::Points(points) => write!(f, "{points:+}"),
            ListAction::Hold => f.write_str("hold"),
            ListAction::Reject => f.write_str("reject"),
            ListAction::Approve => f.write_str("approve"),
        }
    }
}

impl FromStr for ListAction {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "hold" => Ok(ListAction::Hold),
            "reject" => Ok(ListAction::Reject),
            "approve" => Ok(ListAction::Approve),
            other => {
                let most = Self::MOST_POINTS;
                let points = other.parse().ok().filter(|points| (-most..=most).contains(points));
                let detail = format!("must be `hold`, `reject`, `approve`, or points from -{most} to {most}");
                points.map(ListAction::Points).ok_or_else(|| Fault::new("unknown_value", detail))
            }
        }
    }
}

/// The most entries that all lists of a site may have together.
pub const MAX_ENTRIES: usize = 65_000;

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// What is looked for, as somebody typed it.
    pub value: ListValue,
    /// How.
    #[serde(rename = "match", default)]
    pub kind: Match,
    /// What then becomes of the comment.
    pub action: ListAction,
    /// Why, for the moderators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<ListNote>,
    /// Until when; for ever if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Since when it is here.
    pub created_at: Timestamp,
}

impl ListEntry {
    /// What is to be kept where another entry of its id stands: `None` if that one says the same. It has been here since that
    /// one came.
    pub fn in_place_of(self, standing: &Self) -> Option<Self> {
        let renewed = Self { created_at: standing.created_at, ..self };
        (renewed != *standing).then_some(renewed)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What is looked for: at most 500 characters.
pub type ListValue = Bounded<500>;

/// A note on an entry: at most 500 characters.
pub type ListNote = Bounded<500>;

/// Names an entry of a list: 24 hexadecimal digits, made from list, match and value, so that the same entry comes only once.
/// Upper and lower case make no difference but in a regular expression, where `\D` is the opposite of `\d`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

impl EntryId {
    /// How many digits it has.
    pub const LENGTH: usize = 24;

    /// The id of an entry.
    pub fn of(list: ListName, entry: &ListEntry) -> Self {
        use sha2::{Digest, Sha256};
        let value = match entry.kind {
            Match::Regex => entry.value.trim().to_owned(),
            Match::Word | Match::Substring | Match::Wildcard => entry.value.trim().to_lowercase(),
        };
        let hash = Sha256::digest(format!("{}\n{}\n{value}", list.as_str(), entry.kind.as_str()));
        Self(data_encoding::HEXLOWER.encode(&hash[..12]))
    }

    /// The id that these bytes say.
    pub fn of_bytes(bytes: [u8; Self::LENGTH / 2]) -> Self {
        Self(data_encoding::HEXLOWER.encode(&bytes))
    }

    /// The id in half the space.
    pub fn bytes(&self) -> [u8; Self::LENGTH / 2] {
        let decoded = data_encoding::HEXLOWER.decode(self.0.as_bytes()).unwrap_or_default();
        // Every id has this length.
        decoded.try_into().unwrap_or_default()
    }

    /// The id that stands before this one in their order; `None` before the first of all.
    pub fn before(&self) -> Option<Self> {
        let number = u128::from_str_radix(&self.0, 16).ok()?.checked_sub(1)?;
        Some(Self(format!("{number:024x}")))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EntryId {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let is_id = text.len() == Self::LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_id.then(|| Self(text.to_owned())).ok_or_else(|| Fault::new("bad_id", "must be 24 hexadecimal digits"))
    }
}

impl TryFrom<String> for EntryId {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
