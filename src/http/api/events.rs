//! The feed of a site.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Answer, Problem, SiteCall, json};
use crate::http::query::Numbers;
use crate::http::wire::{EventsPage, Faults};
use crate::service::MAX_WAIT_SECONDS;

/// The query parameters of the feed.
pub(in crate::http) const PARAMETERS: &[&str] = &["after", "limit", "wait"];

/// How many events a page has.
const LIMIT: Numbers = Numbers { least: 1, most: 500, absent: 100 };

/// How long an empty answer waits for news.
const WAIT: Numbers = Numbers { least: 0, most: MAX_WAIT_SECONDS, absent: 0 };

/// How many readers of one process wait at the same time. Every change wakes each of them to look whether it is theirs;
/// beyond this many, that would be felt by those who submit.
const MOST_WAITING: usize = 256;

/// The places of those who wait, one set for a whole server.
#[derive(Clone)]
pub(in crate::http) struct WaitingRoom(Arc<Semaphore>);

impl Default for WaitingRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_WAITING)))
    }
}

/// Reads on in the feed. Who finds no place to wait is answered at once.
pub(in crate::http) async fn read(call: SiteCall, room: WaitingRoom) -> Answer {
    let SiteCall { site, request, .. } = call;
    let mut faults = Faults::default();
    let after = request.query.read("after", &mut faults, str::parse).unwrap_or_default();
    let limit = request.query.number("limit", &mut faults, LIMIT) as usize;
    let wait = request.query.number("wait", &mut faults, WAIT);
    faults.finish(Some(())).map_err(Problem::invalid)?;
    let place = (wait > 0).then(|| room.0.try_acquire().ok()).flatten();
    let wait = if place.is_some() { wait } else { 0 };
    let page = request.service.events(&site, after, limit, wait).await?;
    json(&EventsPage::from(&page))
}
