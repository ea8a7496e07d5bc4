//! Many submissions in one request, each with its own result.

use std::panic::AssertUnwindSafe;

use actix_web::http::StatusCode;
use futures_util::{FutureExt, StreamExt, stream};
use serde::Serialize;
use serde_json::Value;

use super::{Answer, Problem, SiteCall, json};
use crate::domain::{self, Fault, SiteId};
use crate::http::error::ProblemView;
use crate::http::passes::Passes;
use crate::http::wire::{Batch, Comment, Faults, FieldFault, Taken, Verdict, submission_of};
use crate::service::{self, Caller, Service, Submitted};

/// The most submissions of a batch.
const MAX_SUBMISSIONS: usize = 100;

/// The most bytes of a batch: 4 MiB.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How many are worked on at once: enough for the store to write them together.
const AT_ONCE: usize = 16;

/// Submits or checks many comments. Each stands for itself: whatever befalls one, the others have their results.
pub(in crate::http) async fn run(call: SiteCall) -> Answer {
    let SiteCall { site, caller, request } = call;
    let (service, id, passes) = (request.service.clone(), request.id.clone(), request.passes());
    let key = request.idempotency_key()?;
    let batch: Batch = request.json(BATCH_BYTES).await?;
    let (verb, submissions) = check(batch).map_err(Problem::invalid)?;
    // A site that is not there is the request's fault, not each submission's.
    service.site(&site).await?;
    let one = |(place, value)| {
        let key = key.as_ref().map(|key| key_of_item(key, place));
        let (service, whose, id) = (&service, (&caller, &site), &id);
        async move {
            let work = AssertUnwindSafe(verb.run(service, whose, (value, key))).catch_unwind().await;
            let done = work.unwrap_or_else(|_| Err(panicked()));
            done.map_err(|problem| problem.into_view(id))
        }
    };
    // Screening holds the worker's thread, and other callers wait there too: between two items it is their turn.
    let in_turn = stream::iter(submissions.into_iter().enumerate()).then(async |item| {
        tokio::task::yield_now().await;
        item
    });
    let done: Vec<_> = in_turn.map(one).buffered(AT_ONCE).collect().await;
    let results = done.iter().map(|done| ResultView::of(&site, done, &passes));
    json(&Results { results: results.collect::<Result<_, _>>()? })
}

/// What a batch does with its submissions.
#[derive(Clone, Copy)]
enum Verb {
    Submit,
    Check,
}

impl Verb {
    async fn run(
        self,
        service: &Service,
        (caller, site): (&Caller, &SiteId),
        (value, key): (Value, Option<String>),
    ) -> Result<Good, Problem> {
        service.charge_request(caller)?;
        let submission = submission_of(value).map_err(Problem::invalid)?;
        Ok(match self {
            Verb::Submit => Good::Kept(Box::new(service.submit(site, submission, key.as_deref()).await?)),
            Verb::Check => Good::Judged(Box::new(service.check(site, &submission).await?.verdict)),
        })
    }
}

fn panicked() -> Problem {
    service::Error::Internal("an item of a batch panicked".to_owned()).into()
}

/// What came of one that was in order.
enum Good {
    Kept(Box<Submitted>),
    Judged(Box<domain::Verdict>),
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
    Comment { comment: Box<Taken<'a>>, replayed: bool },
    Verdict { verdict: Verdict<'a> },
    Problem { problem: &'a ProblemView },
}

impl<'a> ResultView<'a> {
    fn of(site: &'a SiteId, done: &'a Result<Good, ProblemView>, passes: &Passes) -> Result<Self, service::Error> {
        let (status, body) = match done {
            Ok(Good::Kept(taken)) => {
                let pass = passes.of(site, &taken.comment)?;
                let comment = Box::new(Taken { comment: Comment::of(site, &taken.comment), pass });
                (StatusCode::CREATED.as_u16(), BodyView::Comment { comment, replayed: taken.replayed })
            }
            Ok(Good::Judged(verdict)) => {
                (StatusCode::OK.as_u16(), BodyView::Verdict { verdict: Verdict::from(&**verdict) })
            }
            Err(problem) => (problem.status(), BodyView::Problem { problem }),
        };
        Ok(Self { status, body })
    }
}
