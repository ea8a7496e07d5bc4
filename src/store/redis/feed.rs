//! The feed of events: a stream whose ids are the events', in the order of the writes.

use redis::streams::StreamRangeReply;
use serde::{Deserialize, Serialize};

use super::base::Base;
use super::keys;
use super::packed::{from_json, json};
use super::plan::Plan;
use crate::domain::{
    Comment, CommentId, Event, EventChange, EventId, ExternalId, SiteId, Status, Timestamp, Tombstone,
};
use crate::store::Error;

/// An event without its id, which the script gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct News {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) change: EventChange,
    pub(super) comment: CommentId,
    pub(super) external_id: Option<ExternalId>,
    pub(super) version: u64,
    pub(super) status: Status,
}

impl News {
    /// Something that happened to this comment, as it is after it.
    pub(super) fn of(change: EventChange, comment: &Comment, at: Timestamp) -> Self {
        let external_id = comment.submission.external_id.clone();
        Self { at, change, comment: comment.id, external_id, version: comment.version, status: comment.status }
    }

    /// Something that happened to a comment of which a tombstone is left.
    pub(super) fn of_gone(change: EventChange, tombstone: &Tombstone, at: Timestamp) -> Self {
        let Tombstone { id: comment, external_id, version, status, .. } = tombstone.clone();
        Self { at, change, comment, external_id, version, status }
    }

    /// Puts it into the feed with a plan.
    pub(super) fn tell(&self, plan: &mut Plan) -> Result<(), Error> {
        plan.tell(self.at.millis(), json(self)?);
        Ok(())
    }

    fn into_event(self, id: EventId) -> Event {
        let Self { at, change, comment, external_id, version, status } = self;
        Event { id, at, change, comment, external_id, version, status }
    }
}

impl Base {
    /// [`Store::events`](crate::store::Store::events)
    pub(super) async fn events(&self, site: &SiteId, after: EventId, limit: usize) -> Result<Vec<Event>, Error> {
        self.read_head(site).await?;
        if after == (EventId { millis: u64::MAX, number: u64::MAX }) {
            // Redis knows no place behind the last one there can be.
            return Ok(Vec::new());
        }
        self.watched.read(site);
        let mut question = redis::cmd("XRANGE");
        question.arg(self.names.site(site).key(keys::FEED)).arg(format!("({after}")).arg("+").arg("COUNT").arg(limit);
        let entries: StreamRangeReply = self.ask(question).await?;
        entries.ids.iter().map(|entry| event_of(&entry.id, entry.get::<Vec<u8>>("e"))).collect()
    }

    /// The ids of the oldest events, up to this millisecond, at most so many.
    pub(super) async fn event_ids(&self, site: &SiteId, until: u64, most: usize) -> Result<Vec<EventId>, Error> {
        let mut question = redis::cmd("XRANGE");
        question.arg(self.names.site(site).key(keys::FEED)).arg("-").arg(until).arg("COUNT").arg(most);
        let entries: StreamRangeReply = self.ask(question).await?;
        Ok(entries.ids.iter().filter_map(|entry| entry.id.parse().ok()).collect())
    }

    /// What the feed told last of a comment, as far as it is kept. It walks back through the feed until then, which only a
    /// damaged comment is worth.
    pub(super) async fn last_event_of(&self, site: &SiteId, comment: CommentId) -> Result<Option<Event>, Error> {
        const CHUNK: usize = 1_000;
        let mut before = "+".to_owned();
        loop {
            let mut question = redis::cmd("XREVRANGE");
            question.arg(self.names.site(site).key(keys::FEED)).arg(&before).arg("-").arg("COUNT").arg(CHUNK);
            let entries: StreamRangeReply = self.ask(question).await?;
            for entry in &entries.ids {
                if let Ok(event) = event_of(&entry.id, entry.get::<Vec<u8>>("e"))
                    && event.comment == comment
                {
                    return Ok(Some(event));
                }
            }
            match entries.ids.last() {
                Some(last) if entries.ids.len() == CHUNK => before = format!("({}", last.id),
                _ => return Ok(None),
            }
        }
    }
}

fn event_of(id: &str, packed: Option<Vec<u8>>) -> Result<Event, Error> {
    let strange = || Error::Damaged(format!("event {id} cannot be read"));
    let place = id.parse().map_err(|_| strange())?;
    let news: News = from_json(&packed.ok_or_else(strange)?)?;
    Ok(news.into_event(place))
}
