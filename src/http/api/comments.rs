//! Single comments: taken in, checked, shown, linked, withdrawn, erased.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::{Answer, Problem, REPLAYED, Screened, SiteCall, etag, with_json};
use crate::http::call::BODY_BYTES;
use crate::http::wire::{Comment, EditBody, ExternalBody, Faults, Fields, SubmissionBody, Taken, Verdict};
use crate::service::Rewrite;

/// The query parameters of one comment.
pub(in crate::http) const PARAMETERS: &[&str] = &["fields"];

/// Screens a comment and keeps it.
pub(in crate::http) async fn submit(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (service, passes) = (request.service.clone(), request.passes());
    let key = request.idempotency_key()?;
    let body: SubmissionBody<'_> = request.json(BODY_BYTES).await?;
    let submission = body.check().map_err(Problem::invalid)?;
    let taken = service.submit(&site, submission, key.as_deref()).await?;
    let mut response = HttpResponse::Created();
    response.insert_header(etag(taken.comment.version));
    response.insert_header((LOCATION, format!("/v1/sites/{site}/comments/{}", taken.comment.id)));
    if taken.replayed {
        response.insert_header(REPLAYED);
    }
    response.extensions_mut().insert(Screened::new(Some(taken.comment.id), &taken.comment.verdict, taken.took));
    let pass = passes.of(&site, &taken.comment)?;
    with_json(response, &Taken { comment: Comment::of(&site, &taken.comment), pass })
}

/// Screens a comment and forgets it.
pub(in crate::http) async fn check(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let service = request.service.clone();
    let body: SubmissionBody<'_> = request.json(BODY_BYTES).await?;
    let submission = body.check().map_err(Problem::invalid)?;
    let judged = service.check(&site, &submission).await?;
    let mut response = HttpResponse::Ok();
    response.extensions_mut().insert(Screened::new(None, &judged.verdict, judged.took));
    with_json(response, &Verdict::from(&judged.verdict))
}

/// Shows a comment.
pub(in crate::http) async fn show(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let mut faults = Faults::default();
    let fields: Option<Fields> = request.query.read("fields", &mut faults, str::parse);
    let fields = faults.finish(Some(fields.unwrap_or_default())).map_err(Problem::invalid)?;
    let comment = request.service.comment(&site, &request.comment()?).await?;
    if request.has_version(comment.version) {
        return Ok(HttpResponse::NotModified().insert_header(etag(comment.version)).finish());
    }
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(comment.version));
    with_json(response, &Comment::of(&site, &comment).with(fields))
}

/// Takes in what a comment says now.
pub(in crate::http) async fn edit(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (service, comment) = (request.service.clone(), request.comment()?);
    let (key, if_match) = (request.idempotency_key()?, request.if_match()?);
    let body: EditBody<'_> = request.json(BODY_BYTES).await?;
    let (edit, by) = body.check().map_err(Problem::invalid)?;
    let edited = service.edit(&site, &comment, Rewrite { edit, by, if_match }, key.as_deref()).await?;
    let (comment, mut response) = (&edited.settled.comment, HttpResponse::Ok());
    response.insert_header(etag(comment.version));
    if edited.settled.replayed {
        response.insert_header(REPLAYED);
    }
    response.extensions_mut().insert(Screened::new(Some(comment.id), &comment.verdict, edited.took));
    with_json(response, &Comment::of(&site, comment))
}

/// Gives a comment the blog's id.
pub(in crate::http) async fn link(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (service, comment) = (request.service.clone(), request.comment()?);
    let body: ExternalBody = request.json(BODY_BYTES).await?;
    let external_id = body.check().map_err(Problem::invalid)?;
    let comment = service.link(&site, &comment, external_id).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(comment.version));
    with_json(response, &Comment::of(&site, &comment))
}

/// Takes a comment out of the queue, because it is gone from the blog.
pub(in crate::http) async fn withdraw(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let comment = request.service.withdraw(&site, &request.comment()?).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(etag(comment.version));
    with_json(response, &Comment::of(&site, &comment))
}

/// Erases a comment.
pub(in crate::http) async fn erase(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    request.service.erase(&site, &request.comment()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
