//! The description of the interface as a page for people, made from `openapi.yaml` and from nothing else.

mod html;
mod node;
mod operation;
mod page;
mod schema;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::api::health::OPENAPI;
use super::call::Call;
use super::route::Answer;
use crate::service;
use node::Node;

const STYLE: &str = include_str!("style.css");

/// The page, made at its first request and kept.
static PAGE: LazyLock<Result<String, String>> = LazyLock::new(|| {
    let document: Node = serde_saphyr::from_str(OPENAPI).map_err(|error| error.to_string())?;
    Ok(page::render(&document, STYLE))
});

/// What the page may load: its own style, known by its hash, and nothing else from anywhere.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// Shows the page.
pub(super) async fn show(_: Call) -> Answer {
    let page = PAGE.as_deref().map_err(|error| {
        service::Error::Internal(format!("the embedded description of the interface cannot be read: {error}"))
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(page))
}
