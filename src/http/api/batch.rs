//! Many submissions in one request, each with its own result.

use actix_web::http::StatusCode;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use super::{Answer, Problem, SiteCall, json};
use crate::domain::{self, Fault, SiteId};
use crate::http::error::ProblemView;
use crate::http::wire::{Batch, Comment, Faults, FieldFault, Verdict, submission_of};
use crate::service::{Service, Submitted};

/// The most submissions of a batch.
const MAX_SUBMISSIONS: usize = 100;

/// The most bytes of a batch: 4 MiB.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Submits or checks many comments. They are worked on together, so that the store can write them together.
pub(in crate::http) async fn run(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (service, id) = (request.service.clone(), request.id.clone());
    let key = request.idempotency_key()?;
    let batch: Batch = request.json(BATCH_BYTES).await?;
    let (verb, submissions) = check(batch).map_err(Problem::invalid)?;
    // A site that is not there is the request's fault, not each submission's.
    service.site(&site).await?;
    let one = async |(place, value)| {
        let key = key.as_ref().map(|key| key_of_item(key, place));
        let done = match verb {
            Verb::Submit => submit(&service, &site, (value, key)).await,
            Verb::Check => judge(&service, &site, value).await,
        };
        done.map_err(|problem| problem.into_view(&id))
    };
    let done = join_all(submissions.into_iter().enumerate().map(one)).await;
    json(&Results { results: done.iter().map(|done| ResultView::of(&site, done)).collect() })
}

/// What a batch does with its submissions.
#[derive(Clone, Copy)]
enum Verb {
    Submit,
    Check,
}

/// What came of one that was in order.
enum Good {
    Kept(Box<Submitted>),
    Judged(Box<domain::Verdict>),
}

async fn submit(service: &Service, site: &SiteId, (value, key): (Value, Option<String>)) -> Result<Good, Problem> {
    let submission = submission_of(value).map_err(Problem::invalid)?;
    Ok(Good::Kept(Box::new(service.submit(site, submission, key.as_deref()).await?)))
}

async fn judge(service: &Service, site: &SiteId, value: Value) -> Result<Good, Problem> {
    let submission = submission_of(value).map_err(Problem::invalid)?;
    Ok(Good::Judged(Box::new(service.check(site, &submission).await?.verdict)))
}

/// A key for one submission of a batch; no caller can send it, because a header holds no line break.
fn key_of_item(key: &str, place: usize) -> String {
    format!("{key}\n{place}")
}

fn check(batch: Batch) -> Result<(Verb, Vec<Value>), Vec<FieldFault>> {
    let mut faults = Faults::default();
    let verb = faults.required("/do", batch.r#do);
    let verb = faults.read("/do", verb, |verb| match verb.as_str() {
        "submit" => Ok(Verb::Submit),
        "check" => Ok(Verb::Check),
        _ => Err(Fault::new("unknown_value", "must be one of `submit`, `check`")),
    });
    let submissions = faults.required("/submissions", batch.submissions);
    let submissions = faults.read("/submissions", submissions, |all| match all.len() {
        1..=MAX_SUBMISSIONS => Ok(all),
        _ => Err(Fault::new("out_of_range", format!("must have 1 to {MAX_SUBMISSIONS} items"))),
    });
    faults.finish(verb.zip(submissions))
}

/// The results, in the order of the submissions.
#[derive(Serialize)]
struct Results<'a> {
    results: Vec<ResultView<'a>>,
}

/// One result: the status that a request of its own would have had, and what would have been its body.
#[derive(Serialize)]
struct ResultView<'a> {
    status: u16,
    #[serde(flatten)]
    body: BodyView<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BodyView<'a> {
    Comment { comment: Box<Comment<'a>>, replayed: bool },
    Verdict { verdict: Verdict<'a> },
    Problem { problem: &'a ProblemView },
}

impl<'a> ResultView<'a> {
    fn of(site: &'a SiteId, done: &'a Result<Good, ProblemView>) -> Self {
        let (status, body) = match done {
            Ok(Good::Kept(taken)) => {
                let comment = Box::new(Comment::of(site, &taken.comment));
                (StatusCode::CREATED.as_u16(), BodyView::Comment { comment, replayed: taken.replayed })
            }
            Ok(Good::Judged(verdict)) => {
                (StatusCode::OK.as_u16(), BodyView::Verdict { verdict: Verdict::from(&**verdict) })
            }
            Err(problem) => (problem.status(), BodyView::Problem { problem }),
        };
        Self { status, body }
    }
}
