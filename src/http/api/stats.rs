//! How a site stands.

use super::{Answer, SiteCall, json};
use crate::http::wire::StatsView;

/// Shows a site's counts, and how its rules and its learner have stood the test of people's decisions.
pub(in crate::http) async fn show(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    json(&StatsView::from(&request.service.stats(&site).await?))
}
