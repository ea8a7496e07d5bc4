//! The feed as JSON.

use serde::Serialize;

use crate::domain::{self, EventChange, Status};
use crate::service;

/// A page of the feed; `next` is where to go on, also when nothing came.
#[derive(Debug, Serialize)]
pub(in crate::http) struct EventsPage<'a> {
    items: Vec<Event<'a>>,
    next: String,
}

/// An entry of the feed.
#[derive(Debug, Serialize)]
struct Event<'a> {
    id: String,
    at: String,
    #[serde(flatten)]
    change: &'a EventChange,
    comment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    version: u64,
    status: Status,
}

impl<'a> From<&'a service::EventsPage> for EventsPage<'a> {
    fn from(page: &'a service::EventsPage) -> Self {
        Self { items: page.items.iter().map(Event::from).collect(), next: page.next.to_string() }
    }
}

impl<'a> From<&'a domain::Event> for Event<'a> {
    fn from(event: &'a domain::Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            change: &event.change,
            comment: event.comment.to_string(),
            external_id: event.external_id.as_ref().map(|id| id.as_str()),
            version: event.version,
            status: event.status,
        }
    }
}
