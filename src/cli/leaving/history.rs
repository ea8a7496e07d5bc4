//! What was remembered when a comment came in, without the hashes of those it was about.

use serde::{Deserialize, Serialize};

use crate::domain::{Bucket, History, Limit, OverLimit, Past, Period, Quota, Tally};

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
    text: Option<TextRecord>,
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

/// What was remembered of the text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct TextRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    periods: Vec<PeriodRecord>,
    /// From how many other authors and posts it was seen, at most sixteen.
    others: u8,
    /// Whether it was seen from this author on this post.
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
        let History { mail, account, mail_net, mail_owner, text, over_limit, member } = history;
        let others = text.members.iter().filter(|other| *other != member).count();
        let text = (!text.is_empty()).then(|| TextRecord {
            periods: periods(text),
            others: u8::try_from(others).unwrap_or(u8::MAX),
            own: text.members.contains(member),
        });
        Self {
            mail: periods(mail),
            account: periods(account),
            mail_net: periods(mail_net),
            mail_owner: periods(mail_owner),
            text,
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
        let mut history = History {
            mail: past(self.mail),
            account: past(self.account),
            mail_net: past(self.mail_net),
            mail_owner: past(self.mail_owner),
            over_limit: self.over_limit.map(|OverLimitRecord { limit, count, seconds, burst }| OverLimit {
                limit,
                quota: Quota { count, seconds, burst },
            }),
            ..History::default()
        };
        if let Some(TextRecord { periods, others, own }) = self.text {
            history.member = u32::from(others);
            let members = (0..u32::from(others)).chain(own.then_some(history.member)).collect();
            history.text = Past { members, ..past(periods) };
        }
        history
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
    Past { buckets: periods.into_iter().map(bucket).collect(), members: Vec::new() }
}
