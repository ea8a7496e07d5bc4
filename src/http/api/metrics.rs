//! What monitors read.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;

use super::{Answer, Call};
use crate::service::Error;

/// The media type of OpenMetrics.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Shows what was counted since the start, and how everything stands.
pub(in crate::http) async fn show(call: Call, counted: Arc<Registry>) -> Answer {
    let mut standing = Registry::with_prefix("moderato");
    call.service.register_standing(&mut standing).await;
    let mut text = String::new();
    let written = encode_registry(&mut text, &counted)
        .and_then(|()| encode_registry(&mut text, &standing))
        .and_then(|()| encode_eof(&mut text));
    written.map_err(|error| Error::Internal(format!("the metrics cannot be written: {error}")))?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, OPENMETRICS)).body(text))
}
