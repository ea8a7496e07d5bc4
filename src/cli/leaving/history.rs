//! What was remembered when a comment came in, without the hashes of those it was about.

use serde::{Deserialize, Serialize};

use crate::domain::{Bucket, History, Limit, Members, OverLimit, Past, Period, Quota, Tally};

/// `history`: nothing that was not remembered is named.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct HistoryRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mail: Vec<PeriodRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    account: Vec<PeriodRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mail_net: Vec<PeriodRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mail_owner: Vec<PeriodRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<SeenRecord>,
    /// Of the owners that the comment links to, in the order of its links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owners: Vec<SeenRecord>,
    /// Of the ways to reach somebody that it names, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    handles: Vec<SeenRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    net: Vec<PeriodRecord>,
    /// Of the author in comments that link elsewhere, by each way in which they are shown to be this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    linked: Vec<Vec<PeriodRecord>>,
    /// Of the texts that share words with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<SeenRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over_limit: Option<OverLimitRecord>,
}

/// What was counted in one period of 30 days since 1970.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct PeriodRecord {
    period: u32,
    seen: u32,
    approved: u32,
    spam: u32,
    abuse: u32,
}

/// What was remembered of something that several authors may bring.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct SeenRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    periods: Vec<PeriodRecord>,
    /// From how many others it was seen, at most sixteen: other authors, or of a text other authors and posts.
    others: u8,
    /// Whether it was seen from this author, or of a text from this author on this post.
    own: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct OverLimitRecord {
    limit: Limit,
    count: u32,
    seconds: u32,
    burst: u32,
}

impl From<&History> for HistoryRecord {
    fn from(history: &History) -> Self {
        let History { mail, account, mail_net, mail_owner, text, owners, handles, net, linked, near, .. } = history;
        let (over_limit, members) = (history.over_limit, history.members);
        let has_linked = linked.iter().any(|past| !past.is_empty());
        let by_author = |list: &[Past]| -> Vec<SeenRecord> {
            let is_known = list.iter().any(|past| !past.is_empty());
            list.iter().filter(|_| is_known).map(|past| SeenRecord::of(past, members.author)).collect()
        };
        Self {
            mail: periods(mail),
            account: periods(account),
            mail_net: periods(mail_net),
            mail_owner: periods(mail_owner),
            text: (!text.is_empty()).then(|| SeenRecord::of(text, members.author_and_post)),
            owners: by_author(owners),
            handles: by_author(handles),
            net: periods(net),
            linked: linked.iter().filter(|_| has_linked).map(periods).collect(),
            near: by_author(near),
            over_limit: over_limit.map(|OverLimit { limit, quota: Quota { count, seconds, burst } }| OverLimitRecord {
                limit,
                count,
                seconds,
                burst,
            }),
        }
    }
}

impl HistoryRecord {
    /// The history, with numbers that are all alike to the screening in the place of hashes: it asks how many there are,
    /// and whether its own is among them.
    pub(super) fn into_history(self) -> History {
        /// Its own number, which none of the others has.
        const OWN: u32 = u32::MAX;
        let seen = |record: SeenRecord| {
            let members = (0..u32::from(record.others)).chain(record.own.then_some(OWN)).collect();
            Past { members, ..past(record.periods) }
        };
        History {
            mail: past(self.mail),
            account: past(self.account),
            mail_net: past(self.mail_net),
            mail_owner: past(self.mail_owner),
            over_limit: self.over_limit.map(|OverLimitRecord { limit, count, seconds, burst }| OverLimit {
                limit,
                quota: Quota { count, seconds, burst },
            }),
            text: self.text.map(seen).unwrap_or_default(),
            owners: self.owners.into_iter().map(seen).collect(),
            handles: self.handles.into_iter().map(seen).collect(),
            net: past(self.net),
            linked: self.linked.into_iter().map(past).collect(),
            near: self.near.into_iter().map(seen).collect(),
            members: Members { author: OWN, author_and_post: OWN },
        }
    }
}

impl SeenRecord {
    fn of(past: &Past, own: u32) -> Self {
        let others = past.members.iter().filter(|other| **other != own).count();
        Self {
            periods: periods(past),
            others: u8::try_from(others).unwrap_or(u8::MAX),
            own: past.members.contains(&own),
        }
    }
}

fn periods(past: &Past) -> Vec<PeriodRecord> {
    let record = |bucket: &Bucket| {
        let Bucket { period: Period(period), tally: Tally { seen, approved, spam, abuse } } = *bucket;
        PeriodRecord { period, seen, approved, spam, abuse }
    };
    past.buckets.iter().map(record).collect()
}

fn past(periods: Vec<PeriodRecord>) -> Past {
    let bucket = |record: PeriodRecord| {
        let PeriodRecord { period, seen, approved, spam, abuse } = record;
        Bucket { period: Period(period), tally: Tally { seen, approved, spam, abuse } }
    };
    Past { buckets: periods.into_iter().map(bucket).collect(), ..Past::default() }
}
