//! The body of a request: read within limits of size and time, and not waited for once the answer is known.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures_util::Stream;

use super::error::{Code, Problem};
use crate::clock::Stopwatch;

/// How long a body may take to arrive, whatever it does. actix limits the time for the head only; without this, a body that
/// drips keeps its connection for ever.
const BODY_TIME: Duration = Duration::from_secs(10);

/// How long a body may take to begin.
const BEGINNING: Duration = Duration::from_secs(3);

/// Bytes a second that a body must bring, counted from its beginning on.
const LEAST_RATE: u32 = 500;

/// A body while it arrives.
#[derive(Clone)]
pub(super) struct Incoming(Rc<RefCell<Payload>>);

impl Incoming {
    /// A body that nobody has read from.
    pub fn new(payload: Payload) -> Self {
        Self(Rc::new(RefCell::new(payload)))
    }

    /// The whole body.
    pub async fn read(&self, limit: usize) -> Result<Bytes, Problem> {
        let arriving = Stopwatch::start();
        let mut body = BytesMut::new();
        loop {
            let left = time_for(body.len()).saturating_sub(arriving.elapsed());
            let chunk = tokio::time::timeout(left, self.chunk()).await.map_err(|_| Self::too_slow())?;
            let Some(chunk) = chunk else { return Ok(body.freeze()) };
            let chunk = chunk.map_err(|_| Problem::new(Code::BrokenBody, "The connection or its framing broke."))?;
            if body.len() + chunk.len() > limit {
                return Err(Self::too_large(limit));
            }
            body.extend_from_slice(&chunk);
        }
    }

    async fn chunk(&self) -> Option<Result<Bytes, PayloadError>> {
        poll_fn(|cx| Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)).await
    }

    fn too_slow() -> Problem {
        let (begin, all) = (BEGINNING.as_secs(), BODY_TIME.as_secs());
        let detail =
            format!("A body must begin within {begin} s, bring {LEAST_RATE} bytes a second, and end within {all} s.");
        Problem::new(Code::SlowBody, detail)
    }

    /// The refusal of a body with more bytes than this.
    pub fn too_large(limit: usize) -> Problem {
        Problem::new(Code::TooLarge, format!("A body may have {limit} bytes here."))
    }

    /// Ties this body to the answer. Once nobody holds it, actix waits for the rest of a chunked body without any limit of
    /// time; while it is held and unread at the end of the answer, actix closes the connection.
    pub fn hold_until_sent(self, response: HttpResponse) -> HttpResponse {
        if matches!(*self.0.borrow(), Payload::None) {
            return response;
        }
        response.map_body(|_, body| BoxBody::new(Held { body, _incoming: self }))
    }
}

/// How long a body may take of which so many bytes are here.
fn time_for(bytes: usize) -> Duration {
    let at_least_rate = Duration::from_secs(bytes as u64) / LEAST_RATE;
    at_least_rate.clamp(BEGINNING, BODY_TIME)
}

/// The body of an answer that keeps the request's body.
struct Held {
    body: BoxBody,
    _incoming: Incoming,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
