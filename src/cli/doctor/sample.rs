//! The latest comments of every site, from which the other findings are made.

use super::clock::APART;
use crate::domain::{Comment, Counts, EventId, Keep, ListQuery, MAX_READ, MAX_READ_BYTES, SiteId, Timestamp};
use crate::service::{Error, Service};

/// A site with its latest comments.
pub(super) struct SiteSample {
    pub id: SiteId,
    /// As they were counted after the comments were read.
    pub counts: Counts,
    /// As they were counted before.
    pub counts_before: Counts,
    /// How long what is kept.
    pub keep: Keep,
    /// At most [`MAX_READ`], latest first.
    pub latest: Vec<Comment>,
    /// How many of those that should be among them cannot be read.
    pub unreadable: u64,
    /// Whether these are all there are.
    pub is_all: bool,
    /// The time of an event that is yet to come, if the feed has one.
    pub event_ahead: Option<Timestamp>,
}

/// Every site's.
pub(super) async fn of(service: &Service) -> Result<Vec<SiteSample>, Error> {
    let mut samples = Vec::new();
    for site in service.sites().await? {
        let (id, before) = (site.site.id, site.counts);
        let first = service.list(&id, &ListQuery { limit: MAX_READ, ..ListQuery::default() }).await?;
        let counts = match service.site(&id).await {
            Ok(now) => now.counts,
            Err(Error::UnknownSite) => continue,
            Err(error) => return Err(error),
        };
        // A list leaves out what is damaged. Comments may come and go meanwhile: of two counts the smaller one must be there.
        let expected = total(&before).min(total(&counts)).min(MAX_READ as u64);
        let is_cut = first.items.iter().map(ListQuery::weight).sum::<usize>() >= MAX_READ_BYTES;
        let unreadable = if is_cut { 0 } else { expected.saturating_sub(first.items.len() as u64) };
        let keep = service.keep(&id).await?;
        let soon = EventId { millis: u64::try_from(service.now().millis() + APART).unwrap_or(0), number: 0 };
        let ahead = service.events(&id, soon, 1, 0).await?.items.pop();
        let event_ahead = ahead.and_then(|event| i64::try_from(event.id.millis).ok()).map(Timestamp::from_millis);
        samples.push(SiteSample {
            id,
            keep,
            counts,
            counts_before: before,
            unreadable,
            is_all: first.next.is_none(),
            latest: first.items,
            event_ahead,
        });
    }
    Ok(samples)
}

/// All comments of a site.
pub(super) fn total(counts: &Counts) -> u64 {
    counts.approved + counts.held + counts.rejected
}
