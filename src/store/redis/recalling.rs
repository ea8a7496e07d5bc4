//! What came before: idempotency keys, external ids, tombstones and history, by one read.

use super::base::{Base, Bytes, id_in};
use super::keys;
use super::lessons::number_in;
use crate::domain::{Bucket, CommentId, Fingerprint, History, HistoryKey, Past, Period, SiteId, Tally, Timestamp};
use crate::store::{Error, Existing, Idempotency, Recall, Recalled};

/// What an idempotency key was used for.
pub(super) struct Use {
    pub(super) comment: CommentId,
    /// Of the request.
    pub(super) fingerprint: Fingerprint,
    /// Whether it did anything: `false` for an outdated decision.
    pub(super) applied: bool,
    /// Until when this is known.
    pub(super) expires_at: Timestamp,
}

impl Use {
    /// What a value says; `None` for one that nobody of us wrote.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(value).ok()?.split(' ');
        Some(Self {
            comment: parts.next()?.parse().ok()?,
            fingerprint: Fingerprint::from(parts.next()?.to_owned()),
            applied: parts.next()? == "1",
            expires_at: Timestamp::from_millis(parts.next()?.parse().ok()?),
        })
    }

    /// The value that says so.
    pub(super) fn pack(idempotency: &Idempotency, comment: CommentId, applied: bool) -> Vec<u8> {
        let Idempotency { fingerprint, expires_at, .. } = idempotency;
        let (fingerprint, until) = (fingerprint.as_str(), expires_at.millis());
        format!("{comment} {fingerprint} {} {until}", u8::from(applied)).into_bytes()
    }

    /// What a value says, unless its time is over.
    pub(super) fn of(value: &Bytes, now: Timestamp) -> Option<Self> {
        value.as_deref().and_then(Self::parse).filter(|used| used.expires_at > now)
    }
}

impl Base {
    /// [`Store::recall`](crate::store::Store::recall)
    pub(super) async fn recall(&self, site: &SiteId, ask: &Recall) -> Result<Recalled, Error> {
        let mut names = vec![keys::HEAD.to_owned(), keys::TAUGHT.to_owned()];
        names.extend(ask.idempotency.as_ref().map(keys::idempotency));
        names.extend(ask.external_id.as_ref().map(keys::external));
        names.extend(ask.history.iter().map(keys::history));
        let mut values = self.values(&self.names.site(site), &names).await?.into_iter();
        let head = self.head(site, values.next().flatten()).await?;
        let taught = number_in(values.next().flatten());
        let used = ask.idempotency.and_then(|_| values.next());
        let external = ask.external_id.as_ref().and_then(|_| values.next()).flatten();
        let mut history = History::default();
        for (key, value) in ask.history.iter().zip(values) {
            history.set(key, past(key, value.as_deref(), ask.now));
        }
        let existing = match used.and_then(|value| Use::of(&value, ask.now)) {
            Some(used) => Some(self.of_use(site, used).await?),
            None => match external {
                Some(id) => self.of_external(site, id_in(&id)?).await?,
                None => None,
            },
        };
        if existing.is_some() {
            // It is answered from here, and nothing is written.
            self.vouch(site).await?;
        }
        Ok(Recalled { existing, history, settings_version: head.settings_version, taught })
    }

    /// What an idempotency key names.
    pub(super) async fn of_use(&self, site: &SiteId, used: Use) -> Result<Existing, Error> {
        Ok(match self.find_by_id(site, used.comment).await? {
            Some(found) => Existing::ByKey { comment: Box::new(found.comment), fingerprint: used.fingerprint },
            None => Existing::Erased(used.comment),
        })
    }

    /// What an external id names.
    pub(super) async fn of_external(&self, site: &SiteId, id: CommentId) -> Result<Option<Existing>, Error> {
        Ok(match self.find_by_id(site, id).await? {
            Some(found) => Some(Existing::ByExternalId { comment: Box::new(found.comment) }),
            None => Some(Existing::Erased(id)),
        })
    }
}

/// What an entry of the history says of the periods that still count.
pub(super) fn past(key: &HistoryKey, value: Option<&[u8]>, now: Timestamp) -> Past {
    let oldest = Period::of(now).oldest_kept();
    let mut past = value.map(parse).unwrap_or_default();
    past.0.retain(|bucket| bucket.period >= oldest);
    let members =
        if key.kind.members().is_some() { past.1.into_iter().map(|(member, _)| member).collect() } else { Vec::new() };
    Past { buckets: past.0, members, campaign: None }
}

/// The periods, and the members with their uses, of an entry. What cannot be read is left out: `repair` makes it anew.
pub(super) fn parse(value: &[u8]) -> (Vec<Bucket>, Vec<(u32, u64)>) {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let (buckets, members) = text.split_once('|').unwrap_or((text, ""));
    let bucket_of = |text: &str| {
        let (period, counts) = text.split_once(':')?;
        let mut counts = counts.split(',').map(|count| count.parse().ok());
        let mut next = || counts.next().flatten();
        let tally = Tally { seen: next()?, approved: next()?, spam: next()?, abuse: next()? };
        Some(Bucket { period: Period(period.parse().ok()?), tally })
    };
    let member_of = |text: &str| {
        let (member, uses) = text.split_once(':')?;
        Some((member.parse().ok()?, uses.parse().ok()?))
    };
    (buckets.split(';').filter_map(bucket_of).collect(), members.split(';').filter_map(member_of).collect())
}

/// The same written as the script writes it; `None` where nothing is left.
pub(super) fn write(buckets: &[Bucket], members: &[(u32, u64)]) -> Option<Vec<u8>> {
    if buckets.is_empty() && members.is_empty() {
        return None;
    }
    let of_bucket = |bucket: &Bucket| {
        let Tally { seen, approved, spam, abuse } = bucket.tally;
        format!("{}:{seen},{approved},{spam},{abuse}", bucket.period.0)
    };
    let buckets: Vec<String> = buckets.iter().map(of_bucket).collect();
    let members: Vec<String> = members.iter().map(|(member, uses)| format!("{member}:{uses}")).collect();
    Some(format!("{}|{}", buckets.join(";"), members.join(";")).into_bytes())
}
