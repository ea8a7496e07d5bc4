//! What every verb stands on: reading values, committing plans, and knowing which store this is.

use std::sync::OnceLock;

use redis::{Cmd, FromRedisValue, Value};
use tokio::sync::watch;

use super::keys::{self, Names, Prefix};
use super::link::Link;
use super::packed;
use super::plan::{Committed, Plan};
use super::watching::Watched;
use crate::clock::Clock;
use crate::domain::{Comment, CommentId, CommentRef, EventId, SiteId};
use crate::store::Error;

/// How often a verb reads anew because somebody else wrote in between.
pub(super) const TRIES: usize = 100;

/// The servers and what this process knows of them.
pub(super) struct Base {
    pub(super) link: Link,
    pub(super) names: Names,
    /// The time for limits, where it is not the server's.
    pub(super) clock: Clock,
    /// Changes when a feed has grown.
    pub(super) changes: watch::Sender<u64>,
    /// By what the heads of this store's sites begin; known once the store was seen.
    pub(super) tag: OnceLock<String>,
    /// What is looked at now and then.
    pub(super) watched: Watched,
}

/// A comment with the record that it was read from.
pub(super) struct Found {
    pub(super) comment: Comment,
    /// The record's start, by which a plan knows that nobody wrote it since.
    pub(super) unchanged: Vec<u8>,
}

impl Found {
    /// What is in a record.
    pub(super) fn of(id: CommentId, record: &[u8]) -> Result<Self, Error> {
        Ok(Self { comment: packed::comment(id, record)?, unchanged: packed::unchanged(record) })
    }
}

/// A value of a question that answers texts.
pub(super) type Bytes = Option<Vec<u8>>;

impl Base {
    /// Several values of a site, in one read.
    pub(super) async fn values(&self, prefix: &Prefix, names: &[String]) -> Result<Vec<Bytes>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut question = redis::cmd("MGET");
        names.iter().for_each(|name| {
            question.arg(prefix.key(name));
        });
        self.ask(question).await
    }

    /// Asks one question and reads the answer.
    pub(super) async fn ask<T: FromRedisValue>(&self, question: Cmd) -> Result<T, Error> {
        understand(self.link.read(question).await?)
    }

    /// Runs one command that writes.
    pub(super) async fn write<T: FromRedisValue>(&self, command: Cmd) -> Result<T, Error> {
        self.may_write().await?;
        understand(self.link.write(command).await?)
    }

    /// Finds a comment by the name a caller has for it.
    pub(super) async fn find(&self, site: &SiteId, comment: &CommentRef) -> Result<Option<Found>, Error> {
        match comment {
            CommentRef::Id(id) => self.find_by_id(site, *id).await,
            CommentRef::External(external_id) => match self.id_of(site, &keys::external(external_id)).await? {
                Some(id) => self.find_by_id(site, id).await,
                None => Ok(None),
            },
        }
    }

    /// Finds a comment by our id.
    pub(super) async fn find_by_id(&self, site: &SiteId, id: CommentId) -> Result<Option<Found>, Error> {
        let names = [keys::HEAD.to_owned(), keys::comment(id)];
        let mut values = self.values(&self.names.site(site), &names).await?.into_iter();
        self.head(site, values.next().flatten()).await?;
        let Some(record) = values.next().flatten() else { return Ok(None) };
        Found::of(id, &record).map(Some)
    }

    /// The id that a value holds.
    pub(super) async fn id_of(&self, site: &SiteId, name: &str) -> Result<Option<CommentId>, Error> {
        let names = [keys::HEAD.to_owned(), name.to_owned()];
        let mut values = self.values(&self.names.site(site), &names).await?.into_iter();
        self.head(site, values.next().flatten()).await?;
        values.next().flatten().map(|id| id_in(&id)).transpose()
    }

    /// A site's numbers, or why there are none.
    pub(super) async fn head(&self, site: &SiteId, value: Bytes) -> Result<Head, Error> {
        let tag = self.tag().await?;
        match value {
            None => Err(self.missing(site).await),
            Some(value) => Head::parse(&value).filter(|head| head.tag == tag).ok_or_else(lost),
        }
    }

    /// The tag of this store's heads.
    pub(super) async fn tag(&self) -> Result<&str, Error> {
        match self.tag.get() {
            Some(tag) => Ok(tag),
            None => match self.schema().await? {
                Some((schema, _)) => Ok(self.tag.get_or_init(|| tag_of(&schema.store_id))),
                None => Err(Error::UnknownSite),
            },
        }
    }

    /// Writes a plan, if what it expects is so. `Ok(None)`: something is not as it was read; read anew.
    pub(super) async fn commit(&self, site: &SiteId, plan: &Plan) -> Result<Option<EventId>, Error> {
        match self.try_commit(Some(site), plan).await? {
            Committed::Written { last_event } => Ok(Some(last_event)),
            // A plan that was carried out, but whose answer was lost on the way, and that was sent again.
            Committed::Unexpected(_, Some(value)) if plan.stamp.wrote(&value) => Ok(Some(EventId::default())),
            _ => Ok(None),
        }
    }

    /// Writes a plan; whatever came of it but a missing site or a foreign store.
    pub(super) async fn try_commit(&self, site: Option<&SiteId>, plan: &Plan) -> Result<Committed, Error> {
        self.may_write().await?;
        let tag = if plan.has_head { self.tag().await? } else { "" };
        let (committed, after_doubt) = self.link.commit(plan, tag).await?;
        // A new comment is known by its id. Of a change that may have been made before somebody else made another, nobody knows.
        if let Committed::Unexpected(_, Some(value)) = &committed
            && after_doubt
            && !plan.needs_room
            && packed::is_record(value)
            && !plan.stamp.wrote(value)
        {
            return Err(Error::Unavailable("an answer was lost, and others wrote meanwhile".to_owned()));
        }
        match (&committed, site) {
            (Committed::NoSite, Some(site)) => return Err(self.missing(site).await),
            (Committed::Lost, _) => return Err(lost()),
            (Committed::Written { .. }, _) => self.changes.send_modify(|changes| *changes += 1),
            _ => {}
        }
        Ok(committed)
    }

    /// The time for limits in microseconds, where it is not the server's.
    pub(super) fn micros(&self) -> Option<i64> {
        match &self.clock {
            Clock::System => None,
            Clock::Manual(_) => Some(self.clock.now().millis().saturating_mul(1000)),
        }
    }

    /// Waits until what was read of a site is at the configured durability: for answers that are found instead of written,
    /// whose writer may never have been told ([`Link::vouch`]).
    pub(super) async fn vouch(&self, site: &SiteId) -> Result<(), Error> {
        self.link.vouch(self.names.site(site).as_str()).await
    }

    /// An error if the store is not the one that was here, or of a schema that this process does not know.
    async fn may_write(&self) -> Result<(), Error> {
        match self.tag.get() {
            Some(_) => self.watched.fault(),
            None => self.schema().await.map(drop),
        }
    }

    /// Why a site has no head: because there is none of this name, or because the store has lost it.
    async fn missing(&self, site: &SiteId) -> Error {
        match self.is_listed(site).await {
            // In a store that lost everything no site is unknown.
            Ok(false) => self.schema().await.err().unwrap_or(Error::UnknownSite),
            Ok(true) => lost(),
            Err(why) => why,
        }
    }
}

/// Repeats a step, a future of a `Result` of an `Option`, until nobody else writes in between.
macro_rules! until_settled {
    ($step:expr) => {{
        let mut tries = $crate::store::redis::base::TRIES;
        loop {
            match $step.await {
                Ok(Some(done)) => break Ok(done),
                Ok(None) if tries == 0 => break Err($crate::store::redis::base::contended()),
                Ok(None) => tries -= 1,
                Err(error) => break Err(error),
            }
        }
    }};
}
pub(super) use until_settled;

/// The error of a verb that found another's write each time.
pub(super) fn contended() -> Error {
    Error::Unavailable("others write to the same comment all the time".to_owned())
}

/// A site's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) tag: String,
    /// The last id given to an event.
    pub(super) last_event: EventId,
    /// Approved, held, rejected, open.
    pub(super) counts: [u64; 4],
    pub(super) settings_version: u64,
    /// How many plans were carried out.
    pub(super) operations: u64,
}

impl Head {
    /// What a value says; `None` for one that nobody of us wrote.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (tag, numbers) = text.split_once(' ')?;
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [millis, number, approved, held, rejected, open, settings_version, operations] = numbers[..] else {
            return None;
        };
        Some(Self {
            tag: tag.to_owned(),
            last_event: EventId { millis, number },
            counts: [approved, held, rejected, open],
            settings_version,
            operations,
        })
    }

    /// The value that says so.
    pub(super) fn pack(&self) -> Vec<u8> {
        let Self { tag, last_event, counts, settings_version, operations } = self;
        let (EventId { millis, number }, [approved, held, rejected, open]) = (last_event, counts);
        format!("{tag} {millis} {number} {approved} {held} {rejected} {open} {settings_version} {operations}")
            .into_bytes()
    }

    /// Of a site that is made with this version of its settings.
    pub(super) fn of_new_site(tag: &str, settings_version: i64) -> Vec<u8> {
        format!("{tag} 0 0 0 0 0 0 {settings_version} 0").into_bytes()
    }
}

/// What the heads of a store's sites begin with.
pub(super) fn tag_of(store_id: &str) -> String {
    format!("{:08x}", crc32fast::hash(store_id.as_bytes()))
}

/// The id in a value.
pub(super) fn id_in(value: &[u8]) -> Result<CommentId, Error> {
    let id = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::Damaged("a key that names a comment holds no id".to_owned()))
}

/// Reads an answer.
pub(super) fn understand<T: FromRedisValue>(answer: Value) -> Result<T, Error> {
    redis::from_redis_value(answer)
        // The parser's own words quote the answer, which is nobody's business in a log.
        .map_err(|_| Error::Damaged("the store answered what it never does".to_owned()))
}

/// The error of a store that is another one, or empty, all of a sudden.
pub(super) fn lost() -> Error {
    let detail = "this is not the store that was here before, or it has lost what it held: restore it, or start this process \
                  again to begin with what is there";
    Error::NotReady { reason: "store-lost", detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_strange_answer_holds_is_not_told() {
        for answer in [Value::BulkString(b"hush".to_vec()), Value::SimpleString("hush".to_owned())] {
            let fault = understand::<u64>(answer).unwrap_err();
            assert!(!fault.to_string().contains("hush"), "{fault}");
        }
    }
}
