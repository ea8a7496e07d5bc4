//! Whether the process lives, whether it would take a submission, and what it offers.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use serde::Serialize;

use super::{Answer, Call, Problem, json};
use crate::http::error::Part;
use crate::service::Error;

/// The description of this interface, as the project keeps it.
pub(in crate::http) const OPENAPI: &str = include_str!("../../../openapi.yaml");

/// Says that the process answers.
pub(in crate::http) async fn live(_: Call) -> Answer {
    json(&Live { live: true })
}

/// Says whether a submission would be taken, and if not, why and what to do.
pub(in crate::http) async fn ready(call: Call) -> Answer {
    let Err(error) = call.service.ready().await else {
        return json(&Ready {
            ready: true,
            parts: vec![Part { part: "store", ready: true, reason: None, advice: None }],
        });
    };
    let cause = error.to_string();
    let (reason, advice) = match error {
        Error::NotReady { reason, detail } => (Some(reason), Cow::Owned(detail)),
        Error::Full(_) => {
            (None, "The store has no room for more comments: free space where it is kept, or enlarge it.".into())
        }
        Error::Unavailable(_) => (
            None,
            "The store cannot be reached or written: check that it runs and is writable; the log has more.".into(),
        ),
        _ => {
            (None, "The store is damaged or not Moderato's: the log has more; restore a backup if it stays so.".into())
        }
    };
    let parts = vec![Part { part: "store", ready: false, reason, advice: Some(advice) }];
    Err(Problem::not_ready(parts, cause))
}

/// Shows the description of this interface.
pub(in crate::http) async fn openapi(_: Call) -> Answer {
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml")).body(OPENAPI))
}

#[derive(Serialize)]
struct Live {
    live: bool,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    parts: Vec<Part>,
}
