//! What is remembered of authors and texts: whole numbers in periods of 30 days, and the keys they stand under.

use serde::{Deserialize, Serialize};

use super::{Campaign, OverLimit, Timestamp};

/// How many periods are kept: 12, about a year.
pub const KEPT_PERIODS: u32 = 12;

/// How many distinct members an entry remembers; this many means "many".
pub const MAX_MEMBERS: usize = 16;

/// A span of 30 days, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Period(pub u32);

impl Period {
    /// The period that holds this moment.
    pub fn of(moment: Timestamp) -> Self {
        const MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
        Self(u32::try_from(moment.millis().div_euclid(MILLIS)).unwrap_or(0))
    }

    /// The oldest period that still counts when this one is the current one.
    pub fn oldest_kept(self) -> Self {
        Self(self.0.saturating_sub(KEPT_PERIODS - 1))
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// The e-mail address. Typed, so it proves nothing by itself.
    Mail,
    /// The account signed in with.
    Account,
    /// The e-mail address together with the network prefix it came from.
    MailNet,
    /// The e-mail address together with the owner of the author's website.
    MailOwner,
    /// The folded text, where it is long enough to tell people apart.
    Text,
    /// The owner of a host that is linked to, or that the author's website is on.
    Owner,
    /// A way to reach somebody that the comment names: a telephone number, a messenger's name, an e-mail address.
    Handle,
    /// The network prefix that the comment came from.
    Net,
    /// An author who is shown to be this one, in comments whose text links elsewhere: the verified account, or the e-mail address
    /// together with the network or with the owner of the website.
    Linked,
    /// What reworded copies of one text share.
    Near,
}

impl HistoryKind {
    /// A short stable name for store keys.
    pub fn as_str(self) -> &'static str {
        match self {
            HistoryKind::Mail => "mail",
            HistoryKind::Account => "account",
            HistoryKind::MailNet => "mail_net",
            HistoryKind::MailOwner => "mail_owner",
            HistoryKind::Text => "text",
            HistoryKind::Owner => "owner",
            HistoryKind::Handle => "handle",
            HistoryKind::Net => "net",
            HistoryKind::Linked => "linked",
            HistoryKind::Near => "near",
        }
    }

    /// Whether submissions are counted too; the others count decisions only, which keeps `record` light.
    pub fn counts_submissions(self) -> bool {
        !matches!(self, HistoryKind::MailNet | HistoryKind::MailOwner | HistoryKind::Net | HistoryKind::Linked)
    }

    /// Who the entry remembers it was seen from.
    pub fn members(self) -> Option<MemberKind> {
        match self {
            HistoryKind::Text => Some(MemberKind::AuthorAndPost),
            HistoryKind::Owner | HistoryKind::Handle | HistoryKind::Near => Some(MemberKind::Author),
            _ => None,
        }
    }

    /// Whether the entry is about the author.
    pub fn is_author(self) -> bool {
        use HistoryKind::{Account, Linked, Mail, MailNet, MailOwner};
        matches!(self, Mail | Account | MailNet | MailOwner | Linked)
    }
}

/// What an entry tells those apart by who it was seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// Authors.
    Author,
    /// Authors and posts together: the same author elsewhere is another one.
    AuthorAndPost,
}

/// A submission's own members: keyed hashes, as they stand among an entry's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Members {
    /// The author.
    #[serde(rename = "a")]
    pub author: u32,
    /// The author and the post.
    #[serde(rename = "p")]
    pub author_and_post: u32,
}

impl Members {
    /// The one of a kind.
    pub fn get(self, kind: MemberKind) -> u32 {
        match kind {
            MemberKind::Author => self.author,
            MemberKind::AuthorAndPost => self.author_and_post,
        }
    }
}

/// Where an entry stands: its kind and a hash (keyed with the store's secret where it is personal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HistoryKey {
    /// What it is about.
    #[serde(rename = "k")]
    pub kind: HistoryKind,
    /// The first 16 bytes of the hash.
    #[serde(rename = "h", with = "hex")]
    pub hash: [u8; 16],
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Submissions.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub seen: u32,
    /// Comments a person approved.
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub approved: u32,
    /// Comments a person rejected as spam.
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    pub spam: u32,
    /// Comments a person rejected as abuse.
    #[serde(rename = "b", default, skip_serializing_if = "is_zero")]
    pub abuse: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// One period of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Which period.
    #[serde(rename = "p")]
    pub period: Period,
    /// What was counted in it.
    #[serde(flatten)]
    pub tally: Tally,
}

/// What is remembered under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The kept periods, oldest first.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
    /// Hashes of the distinct members seen ([`HistoryKind::members`]), at most [`MAX_MEMBERS`], sorted.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<u32>,
    /// The campaign that whoever shares this entry belongs to.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Campaign>,
}

impl Past {
    /// The sum over the periods that still count at `now`.
    pub fn total(&self, now: Timestamp) -> Tally {
        self.total_since(Period::of(now).oldest_kept())
    }

    /// The sum over this period and those after it.
    pub fn total_since(&self, oldest: Period) -> Tally {
        let mut sum = Tally::default();
        for bucket in self.buckets.iter().filter(|bucket| bucket.period >= oldest) {
            sum.seen = sum.seen.saturating_add(bucket.tally.seen);
            sum.approved = sum.approved.saturating_add(bucket.tally.approved);
            sum.spam = sum.spam.saturating_add(bucket.tally.spam);
            sum.abuse = sum.abuse.saturating_add(bucket.tally.abuse);
        }
        sum
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.members.is_empty()
    }
}

/// Everything the store remembers that bears on one submission. Kept with the verdict, so that it can be judged again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// Of the e-mail address.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub mail: Past,
    /// Of the account.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub account: Past,
    /// Of the e-mail address from this network.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub mail_net: Past,
    /// Of the e-mail address with this website.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub mail_owner: Past,
    /// Of the same text.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub text: Past,
    /// Of the owners that are linked to, in the order of `Facts::owners`.
    #[serde(skip_serializing_if = "all_empty")]
    pub owners: Vec<Past>,
    /// Of the ways to reach somebody, in the order of `Facts::handle_names`.
    #[serde(skip_serializing_if = "all_empty")]
    pub handles: Vec<Past>,
    /// Of the network prefix.
    #[serde(skip_serializing_if = "Past::is_empty")]
    pub net: Past,
    /// Of the author in comments that link elsewhere, by each way in which they are shown to be this one.
    #[serde(skip_serializing_if = "all_empty")]
    pub linked: Vec<Past>,
    /// Of the texts that share words with this one, in the order of `Facts::near_keys`.
    #[serde(skip_serializing_if = "all_empty")]
    pub near: Vec<Past>,
    /// Not remembered but counted: the limit that this submission is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_limit: Option<OverLimit>,
    /// This submission's own members.
    pub members: Members,
}

fn all_empty(list: &[Past]) -> bool {
    list.iter().all(Past::is_empty)
}

impl History {
    /// Puts what the store remembers under a key into its place; of a kind with several keys, behind the last.
    pub fn set(&mut self, key: &HistoryKey, past: Past) {
        let campaign = Campaign::of(key).filter(|_| !past.is_empty());
        let past = Past { campaign, ..past };
        match key.kind {
            HistoryKind::Mail => self.mail = past,
            HistoryKind::Account => self.account = past,
            HistoryKind::MailNet => self.mail_net = past,
            HistoryKind::MailOwner => self.mail_owner = past,
            HistoryKind::Text => self.text = past,
            HistoryKind::Owner => self.owners.push(past),
            HistoryKind::Handle => self.handles.push(past),
            HistoryKind::Net => self.net = past,
            HistoryKind::Linked => self.linked.push(past),
            HistoryKind::Near => self.near.push(past),
        }
    }
}

/// What one comment has added to one entry. A comment keeps the list of these, so that whatever it was counted in can be found and taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Which entry.
    #[serde(flatten)]
    pub key: HistoryKey,
    /// Into which period.
    #[serde(rename = "p")]
    pub period: Period,
    /// What it added.
    #[serde(flatten)]
    pub tally: Tally,
    /// The member it added, if the entry remembers members and was not full.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub member: Option<u32>,
}

impl Counted {
    /// What adds all of a list to its entries.
    pub fn adding(list: &[Counted]) -> Vec<Delta> {
        let adding = |counted: &Counted| Delta {
            key: counted.key,
            period: counted.period,
            seen: i64::from(counted.tally.seen),
            approved: i64::from(counted.tally.approved),
            spam: i64::from(counted.tally.spam),
            abuse: i64::from(counted.tally.abuse),
            member: counted.member.map(MemberChange::Add),
        };
        list.iter().map(adding).filter(|delta| !delta.is_none()).collect()
    }

    /// What takes all of a list back from its entries.
    pub fn taking_back(list: &[Counted]) -> Vec<Delta> {
        let removing = |counted: &Counted| Delta {
            member: counted.member.map(MemberChange::Remove),
            ..Delta::between(counted, Tally::default())
        };
        list.iter().map(removing).filter(|delta| !delta.is_none()).collect()
    }
}

/// A change to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Which entry.
    pub key: HistoryKey,
    /// In which period.
    pub period: Period,
    /// Added to `seen`.
    pub seen: i64,
    /// Added to `approved`.
    pub approved: i64,
    /// Added to `spam`.
    pub spam: i64,
    /// Added to `abuse`.
    pub abuse: i64,
    /// A member whose references grow or shrink by one.
    pub member: Option<MemberChange>,
}

/// A change to the distinct members of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// One more comment of this member, if there is room.
    Add(u32),
    /// One fewer.
    Remove(u32),
}

impl Delta {
    /// What turns `old` into `new` for one entry; members are left alone.
    pub fn between(counted: &Counted, new: Tally) -> Self {
        let old = counted.tally;
        Self {
            key: counted.key,
            period: counted.period,
            seen: i64::from(new.seen) - i64::from(old.seen),
            approved: i64::from(new.approved) - i64::from(old.approved),
            spam: i64::from(new.spam) - i64::from(old.spam),
            abuse: i64::from(new.abuse) - i64::from(old.abuse),
            member: None,
        }
    }

    /// Whether it changes nothing.
    pub fn is_none(&self) -> bool {
        (self.seen, self.approved, self.spam, self.abuse) == (0, 0, 0, 0) && self.member.is_none()
    }
}

mod hex {
    //! Sixteen bytes as 32 hexadecimal digits.

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::HEXLOWER.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("not 16 bytes"))
    }
}
