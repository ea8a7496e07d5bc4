//! What can be looked at: one comment, lists of them, the feed.

use std::time::Duration;

use super::{Error, MAX_WAIT_SECONDS, Service};
use crate::clock::Stopwatch;
use crate::domain::{Comment, CommentRef, Event, EventId, ListQuery, Needle, Page, SiteId};
use crate::screening::fold_for_search;

/// How long a reader that was woken for nothing lets pass before it looks again: the store tells of changes, not of whose,
/// and one busy site would otherwise have every waiting reader read as often as it writes.
const PAUSE: Duration = Duration::from_millis(50);

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct EventsPage {
    /// The events, oldest first.
    pub items: Vec<Event>,
    /// Where the next page begins: the last event's id, or (none came) what was asked for.
    pub next: EventId,
}

impl Service {
    /// One comment.
    pub async fn comment(&self, site: &SiteId, comment: &CommentRef) -> Result<Comment, Error> {
        self.store.get(site, comment).await?.ok_or(Error::UnknownComment)
    }

    /// A page of comments.
    pub async fn list(&self, site: &SiteId, query: &ListQuery) -> Result<Page<Comment>, Error> {
        Ok(self.store.list(site, query).await?)
    }

    /// The feed after an event. With `wait_seconds`, an empty answer waits that long (at most [`MAX_WAIT_SECONDS`]) for news.
    pub async fn events(
        &self,
        site: &SiteId,
        after: EventId,
        limit: usize,
        wait_seconds: u64,
    ) -> Result<EventsPage, Error> {
        let patience = Duration::from_secs(wait_seconds.min(MAX_WAIT_SECONDS));
        let waiting = Stopwatch::start();
        let mut news = self.store.feed_changes();
        let mut pause = Duration::ZERO;
        loop {
            news.borrow_and_update();
            let items = self.store.events(site, after, limit).await?;
            let left = patience.saturating_sub(waiting.elapsed());
            let no_news = async { !matches!(tokio::time::timeout(left, news.changed()).await, Ok(Ok(()))) };
            if !items.is_empty() || left.is_zero() || no_news.await {
                let next = items.last().map_or(after, |event| event.id);
                return Ok(EventsPage { items, next });
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = PAUSE;
        }
    }
}

/// What to look for in texts, folded as the screening folds them.
pub fn needle(text: &str) -> Needle {
    Needle { folded: fold_for_search(text), fold: fold_for_search }
}
