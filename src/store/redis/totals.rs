//! How all sites together stand: their counts, and the review that has waited longest.

use super::base::Base;
use super::keys::{self, Index};
use super::packed;
use crate::domain::{MAX_READ, Position, Review, SiteId, Timestamp, Totals};
use crate::store::Error;

/// How many records are read at once.
const CHUNK: usize = 50;

impl Base {
    /// [`Store::totals`](crate::store::Store::totals)
    pub(super) async fn totals(&self) -> Result<Totals, Error> {
        let mut totals = Totals::default();
        let mut fronts = Vec::new();
        for site in self.sites().await? {
            let counts = match self.counts(&site.id).await {
                Err(Error::UnknownSite) => continue,
                counts => counts?,
            };
            totals.sites += 1;
            totals.counts.approved += counts.approved;
            totals.counts.held += counts.held;
            totals.counts.rejected += counts.rejected;
            totals.counts.open += counts.open;
            if counts.open > 0 {
                let front = self.members(&self.names.site(&site.id), &Index::Queue, (None, false), 1).await?;
                fronts.extend(front.first().map(|front| (front.key, site.id)));
            }
        }
        fronts.sort();
        totals.oldest_open = self.oldest_open(&fronts).await?;
        Ok(totals)
    }

    /// Since when the review that has waited longest is open. No review has a priority above its opening ([`Review::open`]):
    /// from the first whose priority is not below the oldest opening found, none can be older.
    async fn oldest_open(&self, fronts: &[(i64, SiteId)]) -> Result<Option<Timestamp>, Error> {
        let (mut oldest, mut read) = (None::<Timestamp>, 0);
        let limit = |oldest: Option<Timestamp>| oldest.map_or(i64::MAX, Timestamp::millis);
        for (front, site) in fronts {
            if *front >= limit(oldest) {
                break;
            }
            let (prefix, mut after) = (self.names.site(site), None::<Position>);
            'queue: loop {
                let members = self.members(&prefix, &Index::Queue, (after, false), CHUNK).await?;
                let names: Vec<String> = members.iter().map(|position| keys::comment(position.id)).collect();
                let records = self.values(&prefix, &names).await?;
                for (position, record) in members.iter().zip(records) {
                    if read == MAX_READ {
                        return Ok(oldest);
                    }
                    read += 1;
                    if position.key >= limit(oldest) {
                        break 'queue;
                    }
                    let comment = record.map(|record| packed::comment(position.id, &record));
                    // Lists tell the log of a damaged record.
                    if let Some(Ok(comment)) = comment
                        && let Review::Open { since, .. } = comment.review
                    {
                        oldest = Some(oldest.map_or(since, |oldest| oldest.min(since)));
                    }
                }
                if members.len() < CHUNK {
                    break;
                }
                after = members.last().copied();
            }
        }
        Ok(oldest)
    }
}
