//! A site's policy: what is in force, what the site overrides, and what another one would do.

use actix_web::HttpResponse;

use super::{Answer, Problem, SiteCall, etag, json, with_json};
use crate::domain::SiteOverrides;
use crate::http::wire::{PolicyView, SimulationBody, draft_fault, json_object};
use crate::service::{Error, SitePolicy};

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

/// Says what overrides would do, if they were in force.
pub(in crate::http) async fn simulate(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let service = request.service.clone();
    let body: SimulationBody = request.json(OVERRIDES_BYTES).await?;
    let simulation = body.check().map_err(Problem::invalid)?;
    match service.simulate(&site, &simulation).await {
        Err(Error::InvalidPolicy(faults)) => Err(Problem::invalid(faults.iter().map(draft_fault).collect())),
        simulated => json(&simulated?),
    }
}

fn answer(policy: &SitePolicy) -> Answer {
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(policy.version));
    with_json(response, &PolicyView::from(policy))
}
