//! The demo: a blog page with a reply form. It asks the service for the same things as a blog's own server does.

mod form;
mod page;
mod respond;
mod stamp;
mod take;
mod talk;
mod threads;
mod words;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
};
use data_encoding::BASE64;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::client_ip::Networks;
use super::error::Problem;
use super::route::Answer;
use crate::domain::{Comment, CommentRef, SiteId, Status};
use crate::service::{Error, FIRST_SITE};
use form::Form;
pub use page::POST_ID as DEMO_POST;
use page::{POST_ID, Page, SCRIPT, STYLE, notice};
use respond::Reply;
use stamp::Stamp;
use take::{Refusal, read, take};
use threads::Threads;

/// The query parameters of the page; others are ignored, as on every page for people.
pub(super) const PARAMETERS: &[&str] = &["reply", "status"];

/// The configuration's table `[demo]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoSettings {
    /// Whether the page answers everybody, and not only this machine.
    pub enabled: bool,
}

impl DemoSettings {
    /// Whom the page answers; `None`: everybody.
    pub(super) fn open_to(&self) -> Option<Networks> {
        (!self.enabled).then(Networks::of_this_machine)
    }
}

/// What the page may load and run, which is its own style and script, and whom it may ask and send to.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64.encode(&Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// Shows the post with its comments, and what came of the visitor's own.
pub(super) async fn show(call: Call) -> Answer {
    if let Err(error) = call.service.charge_public(call.address().ip) {
        return Ok(too_many(&call, error));
    }
    let answers = match call.parameter("reply") {
        // Whatever stands in the way, the page is there without it.
        Some(id) => shown_comment(&call, &id).await.unwrap_or_default(),
        None => None,
    };
    let parent = answers.as_ref().map(|comment| comment.id.to_string()).unwrap_or_default();
    let form = Form { parent, ..Form::default() };
    Ok(match page(&call, Reply { form, answers, ..Reply::default() }).await {
        Ok(page) => with_manners(HttpResponse::Ok().body(page.render())),
        Err(error) => nowhere(&call, error),
    })
}

/// Takes a comment in, and leads the browser to the page that says what came of it.
pub(super) async fn submit(call: Call) -> Answer {
    call.note_site(&site()?);
    if let Err(error) = call.service.charge_public(call.address().ip) {
        return Ok(too_many(&call, error));
    }
    let form = match read(&call).await {
        Ok(form) => form,
        Err(problem) => {
            let page = notice(
                "This form cannot be read",
                &[
                    "Your comment was not taken. Please go back to the form, where your text should still be, and try again. If \
                     it is very long, send it in parts.",
                    "<a href=\"demo#respond\">Back to the post</a>",
                ],
            );
            return Ok(with_manners(problem.into_page(&call.id, page)));
        }
    };
    let refusal = match take(&call, &form).await {
        Ok(taken) => {
            let mut response = HttpResponse::SeeOther();
            // Relative, so that it holds under whatever path a proxy serves the page.
            response.insert_header((LOCATION, format!("demo?status={}#outcome", taken.token)));
            if let Some(screened) = taken.screened {
                response.extensions_mut().insert(screened);
            }
            return Ok(with_manners(response.finish()));
        }
        Err(Refusal::Failed(Error::UnknownSite)) => return Ok(nowhere(&call, Error::UnknownSite)),
        Err(refusal) => refusal,
    };
    let answers = shown_comment(&call, &form.parent).await.unwrap_or_default();
    let (words, faults, problem) = refusal.told();
    Ok(match page(&call, Reply { form, answers, faults, refusal: words }).await {
        Ok(page) => with_manners(problem.into_page(&call.id, page.render())),
        Err(error) => nowhere(&call, error),
    })
}

/// The site whose comments the page shows.
fn site() -> Result<SiteId, Error> {
    FIRST_SITE.parse().map_err(|fault: crate::domain::Fault| Error::Internal(fault.to_string()))
}

/// The page as it is now, with this form.
async fn page(call: &Call, mut reply: Reply) -> Result<Page, Error> {
    let threads = match Threads::read(&call.service, &site()?, POST_ID).await {
        Ok(threads) => Some(threads),
        Err(Error::UnknownSite) => return Err(Error::UnknownSite),
        Err(error) => {
            tracing::warn!(request = call.id.as_str(), "the demo page is shown without comments: {error}");
            None
        }
    };
    let outcome = match call.parameter("status") {
        Some(token) => Some((words::outcome(&call.service.status(&token).await), token)),
        None => None,
    };
    // A form that comes back keeps its stamp: sent again unchanged, it is still the same comment.
    if Stamp::read(&call.service, &reply.form.stamp).is_none() {
        reply.form.stamp = Stamp::issue(&call.service)?;
    }
    Ok(Page { address: call.public_url("/demo"), threads, outcome, reply })
}

/// A comment of the post that readers see.
async fn shown_comment(call: &Call, id: &str) -> Result<Option<Comment>, Error> {
    let Ok(id) = id.parse() else { return Ok(None) };
    match call.service.comment(&site()?, &CommentRef::Id(id)).await {
        Ok(comment) => {
            let is_shown = comment.status == Status::Approved && comment.withdrawn_at.is_none();
            Ok(Some(comment).filter(|comment| is_shown && *comment.submission.post.id == *POST_ID))
        }
        Err(Error::UnknownComment) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The page for somebody who asks too often.
fn too_many(call: &Call, error: Error) -> HttpResponse {
    let wait = match &error {
        Error::Limited(refused) => words::wait(refused.wait),
        _ => "a minute".to_owned(),
    };
    let text = format!("This page was asked for very often from where you are. Please wait {wait} and try again.");
    let page = notice(
        "A little too fast",
        &[&text, "If you were writing, go back to the form: your text should still be there."],
    );
    with_manners(Problem::from(error).into_page(&call.id, page))
}

/// The page where there is no blog to show.
fn nowhere(call: &Call, error: Error) -> HttpResponse {
    let page = match &error {
        Error::UnknownSite => notice(
            "There is no demo here any more",
            &[
                "This page shows the comments of the site <code>demo</code>, and that site was deleted.",
                "An operator brings it back with <code>moderato sites create demo</code>.",
            ],
        ),
        _ => notice("Something went wrong", &["The page cannot be shown just now. Please come back in a few minutes."]),
    };
    with_manners(Problem::from(error).into_page(&call.id, page))
}

/// What every page for people carries.
fn with_manners(mut response: HttpResponse) -> HttpResponse {
    let policy = HeaderValue::from_str(&POLICY).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    let headers: [(HeaderName, HeaderValue); 4] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        // A form's stamp is for one visit.
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // The address may hold a token, which is nobody else's business.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    response
}
