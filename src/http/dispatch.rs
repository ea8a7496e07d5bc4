//! The way of a request: its route, its answer, its line in the log.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::Edge;
use super::body::Incoming;
use super::call::Call;
use super::client_ip::Shown;
use super::error::{Code, Problem};
use super::head;
use super::last;
use super::metrics::Labels;
use super::noted::{NotedSite, Screened};
use super::request_id::{self, RequestId};
use super::route::{Answer, Route};
use super::trace_context::TraceContext;
use crate::clock::Stopwatch;
use crate::service;

/// Puts the table's routes into an application; what is not in the table is answered with 404 or 405.
pub(super) fn register(app: &mut ServiceConfig, edge: &Arc<Edge>, table: Vec<Route>) {
    let mut paths: Vec<Vec<Route>> = Vec::new();
    for route in table {
        match paths.iter_mut().find(|path| path[0].path == route.path) {
            Some(path) => path.push(route),
            None => paths.push(vec![route]),
        }
    }
    for routes in paths {
        let pattern = routes[0].path;
        app.service(web::resource(pattern).to(entrance(edge, pattern, routes)));
    }
    app.default_service(web::to(entrance(edge, "", Vec::new())));
}

/// What actix calls for a path.
fn entrance(
    edge: &Arc<Edge>,
    pattern: &'static str,
    routes: Vec<Route>,
) -> impl Fn(HttpRequest, Payload) -> std::pin::Pin<Box<dyn Future<Output = HttpResponse>>> + Clone + 'static {
    let path = Rc::new(Path { edge: edge.clone(), pattern, routes });
    move |request, payload| Box::pin(path.clone().serve(request, payload))
}

/// One path of the table.
struct Path {
    edge: Arc<Edge>,
    pattern: &'static str,
    routes: Vec<Route>,
}

impl Path {
    async fn serve(self: Rc<Self>, request: HttpRequest, payload: Payload) -> HttpResponse {
        let watch = Stopwatch::start();
        let _in_flight = self.edge.metrics.enter();
        if let Some(shown) = Shown::of(&request, &self.edge.forwarding) {
            self.edge.metrics.forwarded(shown);
        }
        let id = RequestId::of(&request, &self.edge.service);
        // Without this, a panic would close the connection without a word.
        let body = Incoming::new(payload.into_inner());
        let answer = AssertUnwindSafe(self.answer(&request, body.clone(), &id)).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| Err(service::Error::Internal("a handler panicked".to_owned()).into()));
        let mut response = answer.unwrap_or_else(|problem| problem.into_response(&id));
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            headers.insert(HeaderName::from_static(request_id::HEADER), value);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        self.log(&request, &response, (&id, watch));
        body.hold_until_sent(response)
    }

    async fn answer(&self, request: &HttpRequest, body: Incoming, id: &RequestId) -> Answer {
        if last::is_passed(request) {
            return Err(Problem::new(Code::AfterClose, "A request before this one closed the connection."));
        }
        head::check(request)?;
        if self.routes.is_empty() {
            return Err(Problem::unknown_route());
        }
        let Some(route) = self.routes.iter().find(|route| route.takes(request.method())) else {
            let allowed: Vec<_> = self.routes.iter().map(|route| route.method.as_str()).collect();
            return Err(Problem::method_not_allowed(allowed.join(", ")));
        };
        let at = (self.edge.clone(), id.clone());
        route.answer(Call::new(request.clone(), body, self.pattern, at)).await
    }

    /// Counts the request, and writes its one line in the log: never a path, content, e-mail or address.
    fn log(&self, request: &HttpRequest, response: &HttpResponse, (id, watch): (&RequestId, Stopwatch)) {
        let site = request.extensions().get::<NotedSite>().map(|noted| noted.0.to_string());
        let trace = TraceContext::of(request.headers());
        let extensions = response.extensions();
        let screened = extensions.get::<Screened>();
        let labels = Labels {
            method: method_word(request.method()),
            route: if self.pattern.is_empty() { "none" } else { self.pattern },
            status: response.status().as_u16(),
        };
        let took = watch.elapsed();
        self.edge.metrics.answered(labels, took);
        tracing::info!(
            method = labels.method,
            route = labels.route,
            status = labels.status,
            ms = took.as_micros() as f64 / 1e3,
            request = id.as_str(),
            trace_id = trace.map(|it| it.trace_id),
            parent_id = trace.map(|it| it.parent_id),
            site,
            comment = screened.and_then(|it| it.comment).map(|comment| comment.to_string()),
            action = screened.map(|it| it.action.as_str()),
            score = screened.map(|it| it.score),
            rules = screened.map(|it| it.rules.as_str()),
            decided_by = screened.map(|it| it.decided_by.as_str()),
            screening_us = screened.map(|it| it.took.screening.as_micros() as u64),
            store_us = screened.map(|it| it.took.store.as_micros() as u64),
            "request"
        );
    }
}

/// A method as the log tells it: whatever is none of ours may be as long as its sender likes.
fn method_word(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, word)| word)
}
