//! The keys of a site: made, listed, revoked.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

use super::{Answer, Problem, SiteCall, json, with_json};
use crate::http::call::BODY_BYTES;
use crate::http::wire::{Items, KeyBody, KeyMade, KeyView};

/// Makes a key; this answer is the only place where it stands whole.
pub(in crate::http) async fn create(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let service = request.service.clone();
    let body: KeyBody = request.json(BODY_BYTES).await?;
    let new = body.check(&site).map_err(Problem::invalid)?;
    let (secret, key) = service.create_key(new).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((CACHE_CONTROL, "no-store"));
    with_json(response, &KeyMade::new(&secret, &key))
}

/// Lists the keys, without what makes them work.
pub(in crate::http) async fn list(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let keys = request.service.keys(Some(&site)).await?;
    json(&Items::all(keys.iter().map(KeyView::from).collect()))
}

/// Revokes a key.
pub(in crate::http) async fn delete(call: SiteCall) -> Answer {
    let SiteCall { site, caller, request } = call;
    request.service.delete_key(Some(&site), &request.key()?, Some(&caller)).await?;
    Ok(HttpResponse::NoContent().finish())
}
