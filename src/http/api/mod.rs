//! The handlers: parse, call, map.

pub(super) mod authors;
pub(super) mod batch;
pub(super) mod comments;
pub(super) mod decisions;
pub(super) mod events;
pub(super) mod health;
pub(super) mod keys;
pub(super) mod listing;
pub(super) mod lists;
pub(super) mod metrics;
pub(super) mod policy;
pub(super) mod rules;
pub(super) mod sites;
pub(super) mod stats;
pub(super) mod status;

use actix_web::http::header::{CONTENT_TYPE, ETAG};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::call::{Call, SiteCall};
use super::error::Problem;
use super::noted::Screened;
use super::route::Answer;

/// Says that an answer is an earlier one's repetition.
const REPLAYED: (&str, &str) = ("Idempotency-Replayed", "true");

/// An answer with this value as its body.
fn with_json(mut response: HttpResponseBuilder, value: &impl Serialize) -> Answer {
    response.insert_header((CONTENT_TYPE, "application/json"));
    let body = serde_json::to_vec(value)
        .map_err(|error| crate::service::Error::Internal(format!("an answer cannot be written: {error}")))?;
    Ok(response.body(body))
}

/// An ordinary answer with this value as its body.
fn json(value: &impl Serialize) -> Answer {
    with_json(HttpResponse::Ok(), value)
}

/// The header that names a comment's version.
fn etag(version: u64) -> (actix_web::http::header::HeaderName, String) {
    (ETAG, format!("\"{version}\""))
}
