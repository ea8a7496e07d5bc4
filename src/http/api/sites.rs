//! Sites: made, shown, renamed, deleted.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::{Answer, Call, Problem, SiteCall, json, with_json};
use crate::http::call::BODY_BYTES;
use crate::http::wire::{Items, SiteBody, SitePatch, SiteView};

/// Adds a site.
pub(in crate::http) async fn create(call: Call) -> Answer {
    let service = call.service.clone();
    let body: SiteBody = call.json(BODY_BYTES).await?;
    let (id, name) = body.check().map_err(Problem::invalid)?;
    let made = service.create_site(id, name).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, format!("/v1/sites/{}", made.site.id)));
    with_json(response, &SiteView::from(&made))
}

/// Lists all sites.
pub(in crate::http) async fn list(call: Call) -> Answer {
    let sites = call.service.sites().await?;
    json(&Items::all(sites.iter().map(SiteView::from).collect()))
}

/// Shows a site.
pub(in crate::http) async fn show(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    json(&SiteView::from(&request.service.site(&site).await?))
}

/// Renames a site.
pub(in crate::http) async fn rename(call: Call) -> Answer {
    let (service, site) = (call.service.clone(), call.site()?);
    let body: SitePatch = call.json(BODY_BYTES).await?;
    let name = body.check().map_err(Problem::invalid)?;
    json(&SiteView::from(&service.rename_site(&site, name).await?))
}

/// Deletes a site with everything in it.
pub(in crate::http) async fn delete(call: Call) -> Answer {
    call.service.delete_site(&call.site()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
