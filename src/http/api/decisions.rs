//! Decisions: approve, reject, reopen.

use actix_web::HttpResponse;

use super::{Answer, Problem, REPLAYED, SiteCall, etag, with_json};
use crate::domain::{DecisionAction, Scope, Source};
use crate::http::auth;
use crate::http::wire::{Comment, DecisionBody, Settled};

/// Readers shall see it.
pub(in crate::http) async fn approve(call: SiteCall) -> Answer {
    decide(call, DecisionAction::Approve).await
}

/// Readers shall not see it.
pub(in crate::http) async fn reject(call: SiteCall) -> Answer {
    decide(call, DecisionAction::Reject).await
}

/// Somebody shall look again.
pub(in crate::http) async fn reopen(call: SiteCall) -> Answer {
    decide(call, DecisionAction::Reopen).await
}

async fn decide(call: SiteCall, action: DecisionAction) -> Answer {
    let SiteCall { site, caller, request } = call;
    let (service, comment) = (request.service.clone(), request.comment()?);
    let (key, if_match) = (request.idempotency_key()?, request.if_match()?);
    let body: DecisionBody<'_> = request.optional_json().await?;
    let wish = body.check(action, &caller).map_err(Problem::invalid)?;
    // Who only submits may tell what the blog's own admin did, and decide nothing else.
    if wish.source != Source::Site {
        auth::with_scope(caller, &[Scope::Moderate])?;
    }
    let wish = crate::service::Wish { if_match, ..wish };
    let decided = service.decide(&site, &comment, wish, key.as_deref()).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(decided.comment.version));
    if decided.replayed {
        response.insert_header(REPLAYED);
    }
    with_json(response, &Settled { comment: Comment::of(&site, &decided.comment), applied: decided.applied })
}
