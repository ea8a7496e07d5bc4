//! What is looked at now and then: whether the store is still the one that was here, and whether other processes wrote to feeds
//! that somebody waits for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;

use super::base::Base;
use crate::domain::{EventId, SiteId};
use crate::store::Error;

/// How soon somebody who waits for a feed sees what another process wrote.
const PAUSE: Duration = Duration::from_millis(200);
/// Every how many pauses the store's identity is looked at: two seconds.
const IDENTITY: u32 = 10;
/// How many feeds are looked at. Who waits for another is woken each time, and looks by itself.
const MOST_FEEDS: usize = 1000;

/// What is looked at, and what was seen.
#[derive(Debug, Default)]
pub(super) struct Watched {
    feeds: Mutex<Feeds>,
    /// Why nothing is written.
    fault: Mutex<Option<Error>>,
}

#[derive(Debug, Default)]
struct Feeds {
    /// The last event seen of each; `None`: not looked at yet.
    seen: HashMap<SiteId, Option<EventId>>,
    /// There were more than are looked at.
    more: bool,
}

impl Watched {
    /// Somebody reads this site's feed, and may wait for it next.
    pub(super) fn read(&self, site: &SiteId) {
        let mut feeds = self.feeds();
        if feeds.seen.len() >= MOST_FEEDS && !feeds.seen.contains_key(site) {
            feeds.more = true;
        } else {
            feeds.seen.entry(site.clone()).or_insert(None);
        }
    }

    /// An error if the store is not the one that was here.
    pub(super) fn fault(&self) -> Result<(), Error> {
        match &*self.fault.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    fn feeds(&self) -> MutexGuard<'_, Feeds> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks until the store is closed.
pub(super) async fn watch(base: Weak<Base>) {
    let mut round = 0_u32;
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(base) = base.upgrade() else { return };
        round = round.wrapping_add(1);
        if round.is_multiple_of(IDENTITY) && base.tag.get().is_some() {
            base.look_at_identity().await;
        }
        if base.changes.receiver_count() == 0 {
            *base.watched.feeds() = Feeds::default();
        } else {
            base.look_at_feeds().await;
        }
    }
}

impl Base {
    async fn look_at_identity(&self) {
        let found = match self.schema().await {
            Err(why @ Error::NotReady { .. }) => Some(why),
            Ok(_) => None,
            // Nothing was seen; calls have their own errors.
            Err(_) => return,
        };
        let mut fault = self.watched.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if *fault != found {
            match &found {
                Some(why) => tracing::warn!("nothing is written: {why}"),
                None => tracing::info!("the store is the one that was here before"),
            }
            *fault = found;
        }
    }

    /// Wakes those who wait if the last event of a feed is another than it was.
    async fn look_at_feeds(&self) {
        let (sites, more): (Vec<SiteId>, bool) = {
            let feeds = self.watched.feeds();
            (feeds.seen.keys().cloned().collect(), feeds.more)
        };
        let heads = join_all(sites.iter().map(|site| self.read_head(site))).await;
        let mut has_grown = more;
        let mut feeds = self.watched.feeds();
        for (site, head) in sites.iter().zip(heads) {
            match head {
                Ok(head) => {
                    let seen = feeds.seen.insert(site.clone(), Some(head.last_event));
                    has_grown |= seen != Some(Some(head.last_event));
                }
                Err(Error::UnknownSite) => {
                    feeds.seen.remove(site);
                    has_grown = true;
                }
                Err(_) => {}
            }
        }
        drop(feeds);
        if has_grown {
            self.changes.send_modify(|changes| *changes += 1);
        }
    }
}
