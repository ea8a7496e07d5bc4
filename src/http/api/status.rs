//! How a comment stands, for its author: whoever has the token may ask, from any page.

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderValue};

use super::{Answer, Call, json};
use crate::http::wire::StatusView;

/// Says how the comment of the path's token stands.
pub(in crate::http) async fn show(call: Call) -> Answer {
    let mut response = tell(&call).await.unwrap_or_else(|problem| problem.into_response(&call.id));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

async fn tell(call: &Call) -> Answer {
    call.service.charge_public(call.address().ip)?;
    json(&StatusView::from(call.service.status(&call.token()).await?))
}
