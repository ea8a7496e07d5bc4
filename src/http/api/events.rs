//! The feed of a site.

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

/// Reads on in the feed.
pub(in crate::http) async fn read(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let mut faults = Faults::default();
    let after = request.query.read("after", &mut faults, str::parse).unwrap_or_default();
    let limit = request.query.number("limit", &mut faults, LIMIT) as usize;
    let wait = request.query.number("wait", &mut faults, WAIT);
    faults.finish(Some(())).map_err(Problem::invalid)?;
    let page = request.service.events(&site, after, limit, wait).await?;
    json(&EventsPage::from(&page))
}
