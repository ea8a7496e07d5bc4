//! The way of a reader's comment from the form into the service.

use actix_web::http::header::{CONTENT_TYPE, REFERER, USER_AGENT};

use super::form::{Checked, FORM_BYTES, Faults, Form};
use super::page::{POST_ID, TITLE};
use super::stamp::Stamp;
use super::words;
use super::{shown_comment, site};
use crate::domain::{
    Bounded, Client, Comment, ExternalId, Fault, Form as Noticed, Format, Line, Parent, Post, Slug, Submission, Url,
};
use crate::http::call::Call;
use crate::http::error::{Code, Problem};
use crate::http::noted::Screened;
use crate::service::Error;

/// A comment that was taken in.
pub(super) struct Taken {
    /// By which its author asks how it stands.
    pub token: String,
    /// For the log; `None` if it was here before.
    pub screened: Option<Screened>,
}

/// Why a comment was not taken in.
pub(super) enum Refusal {
    /// Fields are not as they should be.
    Faulty(Faults),
    /// Another website's page sent it.
    Elsewhere,
    /// The service did not take it.
    Failed(Error),
}

impl Refusal {
    /// What the reader is told: of the whole, of the fields, and by the answer's status.
    pub fn told(self) -> (Option<String>, Faults, Problem) {
        let invalid = || Problem::new(Code::Invalid, "See the page.");
        match self {
            Refusal::Faulty(faults) => (None, faults, invalid()),
            Refusal::Elsewhere => {
                let words =
                    "It came here from another website. If you have written it, please send it again from this page.";
                (Some(words.to_owned()), Faults::new(), invalid())
            }
            Refusal::Failed(error) => (Some(words::refusal(&error)), Faults::new(), error.into()),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Failed(error)
    }
}

/// The form as the browser sent it.
pub(super) async fn read(call: &Call) -> Result<Form, Problem> {
    let kind = call.said(&CONTENT_TYPE).unwrap_or_default();
    let is_form = kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
    let body = call.body(FORM_BYTES).await?;
    let form = if is_form { Form::parse(&body) } else { None };
    form.ok_or_else(|| Problem::new(Code::Invalid, "The body is not this page's form."))
}

/// Takes a comment in, as a blog's server does: it tells the service all it knows of it.
pub(super) async fn take(call: &Call, form: &Form) -> Result<Taken, Refusal> {
    let service = &call.service;
    let checked = form.check().map_err(Refusal::Faulty)?;
    if call.is_from_elsewhere() {
        return Err(Refusal::Elsewhere);
    }
    let site = site()?;
    let answers = shown_comment(call, &form.parent).await?;
    let stamp = Stamp::read(service, &form.stamp);
    let submission =
        submission(call, (form, checked), (answers, stamp)).map_err(|fault| Error::Internal(fault.to_string()))?;
    match service.submit(&site, submission, None).await {
        Ok(taken) => {
            let screened = Screened::new(Some(taken.comment.id), &taken.comment.verdict, taken.took);
            Ok(Taken { token: service.status_token(&site, taken.comment.id)?, screened: Some(screened) })
        }
        // The id says what was written on which form: a second click is the same comment, however much later it came.
        Err(Error::ExternalIdTaken(id) | Error::Erased(id)) => {
            Ok(Taken { token: service.status_token(&site, id)?, screened: None })
        }
        Err(error) => Err(error.into()),
    }
}

/// What the service is told. The comment's own id on this blog is made from the form's delivery and everything typed into it.
/// An idempotency key would not do: it wants the same submission, and the time since the delivery is another at each click.
fn submission(
    call: &Call,
    (form, checked): (&Form, Checked),
    (answers, stamp): (Option<Comment>, Option<Stamp>),
) -> Result<Submission, Fault> {
    let external_id = stamp.map(|stamp| ExternalId::try_from(format!("demo-{}", form.fingerprint(stamp.nonce()))));
    let url = call.page_url("/demo").map(Url::try_from).transpose()?;
    let title = Line::try_from(TITLE.to_owned())?;
    // Of the page it was written on, the query may hold a token.
    let referrer = call.said(REFERER).map(|page| page.split(['?', '#']).next().unwrap_or_default().to_owned());
    Ok(Submission {
        external_id: external_id.transpose()?,
        post: Post { id: Bounded::try_from(POST_ID.to_owned())?, url, title: Some(title), ..Post::default() },
        parent: answers.map(|comment| Parent {
            id: Some(comment.id),
            external_id: comment.submission.external_id,
            author_name: comment.submission.author.name,
            content: Some(comment.submission.content),
        }),
        kind: Slug::try_from("comment".to_owned())?,
        created_at: None,
        author: checked.author,
        content: checked.content,
        format: Format::Text,
        client: Client {
            ip: Some(call.address().ip),
            user_agent: call.said(USER_AGENT).map(Bounded::cut),
            referrer: referrer.map(Bounded::cut),
        },
        form: Noticed {
            honeypot: Some(Bounded::cut(form.topic.clone())),
            millis: stamp.and_then(|stamp| stamp.age(call.service.now())),
        },
        mention: None,
        decided: None,
    })
}
