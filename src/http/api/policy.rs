//! A site's policy: what is in force, and what the site overrides.

use actix_web::HttpResponse;

use super::{Answer, Problem, SiteCall, etag, with_json};
use crate::domain::SiteOverrides;
use crate::http::wire::{PolicyView, json_object};
use crate::service::SitePolicy;

/// The most bytes of a site's overrides: 64 KiB.
const OVERRIDES_BYTES: usize = 64 * 1024;

/// Shows every value with where it comes from.
pub(in crate::http) async fn show(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    answer(&request.service.policy(&site).await?)
}

/// Replaces what the site overrides.
pub(in crate::http) async fn replace(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (service, expected) = (request.service.clone(), request.if_match()?);
    let overrides = json_object(request.json(OVERRIDES_BYTES).await?).map_err(Problem::invalid)?;
    answer(&service.override_policy(&site, SiteOverrides(overrides), expected).await?)
}

fn answer(policy: &SitePolicy) -> Answer {
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(policy.version));
    with_json(response, &PolicyView::from(policy))
}
