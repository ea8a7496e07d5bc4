//! The inbound edge: REST over HTTP; actix is here and nowhere else but in the composition root.

mod api;
mod auth;
mod body;
mod call;
mod client_ip;
mod demo;
mod dispatch;
mod docs;
mod error;
mod escape;
mod head;
mod last;
mod limit_headers;
mod metrics;
mod noted;
mod passes;
mod public_url;
mod query;
mod request_id;
mod route;
mod trace_context;
mod website;
pub mod wire;

use std::io;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::{App, HttpServer};
use serde::Deserialize;

use crate::domain::Scope;
use crate::service::Service;
use api::{
    authors, batch, comments, decisions, events, health, keys, listing, lists, policy, rules, sites, stats, status,
};
use client_ip::Forwarding;
use route::{Route, key, nearby, operator, public, site};

pub use client_ip::{ForwardedHeader, Networks};
pub use demo::{DEMO_POST, DemoSettings};
pub use metrics::{Metrics, MetricsSettings, Monitoring};
pub use public_url::PublicUrl;

/// Everything that can be called, and by whom. What is not here cannot be.
#[rustfmt::skip]
fn table(room: &events::WaitingRoom, pages: &Pages) -> Vec<Route> {
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PUT: Method = Method::PUT;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    const SUBMIT: &[Scope] = &[Scope::Submit];
    const READ: &[Scope] = &[Scope::Read];
    const ADMIN: &[Scope] = &[Scope::Admin];
    // With `source: "site"` the scope `submit` is enough; without it the handler asks for `moderate`.
    const DECIDE: &[Scope] = &[Scope::Moderate, Scope::Submit];
    let room = room.clone();
    let read_events = move |call| events::read(call, room.clone());
    let Pages { monitoring, demo: demo_settings } = pages;
    let (registry, open_to) = (monitoring.registry.clone(), &monitoring.settings.open_to);
    let show_metrics = move |call| api::metrics::show(call, registry.clone());
    vec![
        public(GET, "/livez", health::live),
        public(GET, "/readyz", health::ready),
        public(GET, "/openapi.yaml", health::openapi),
        operator(GET, "/metrics", Scope::Read, show_metrics).open_to(open_to),
        public(GET, "/docs", docs::show),
        nearby(GET, "/demo", demo_settings.open_to(), demo::show).query(demo::PARAMETERS),
        nearby(POST, "/demo", demo_settings.open_to(), demo::submit),
        public(GET, "/v1/status/{token}", status::show),
        key(GET, "/v1/rules", Scope::Read, rules::list),
        operator(GET, "/v1/sites", Scope::Read, sites::list),
        operator(POST, "/v1/sites", Scope::Admin, sites::create),
        site(GET, "/v1/sites/{site}", READ, sites::show),
        operator(PATCH, "/v1/sites/{site}", Scope::Admin, sites::rename),
        operator(DELETE, "/v1/sites/{site}", Scope::Admin, sites::delete),
        site(GET, "/v1/sites/{site}/comments", READ, listing::comments).query(listing::PARAMETERS),
        site(POST, "/v1/sites/{site}/comments", SUBMIT, comments::submit),
        site(POST, "/v1/sites/{site}/comments/check", SUBMIT, comments::check),
        site(POST, "/v1/sites/{site}/comments/batch", SUBMIT, batch::run),
        site(GET, "/v1/sites/{site}/comments/{comment}", READ, comments::show).query(comments::PARAMETERS),
        site(PATCH, "/v1/sites/{site}/comments/{comment}", SUBMIT, comments::edit),
        site(DELETE, "/v1/sites/{site}/comments/{comment}", SUBMIT, comments::erase),
        site(PUT, "/v1/sites/{site}/comments/{comment}/external", SUBMIT, comments::link),
        site(POST, "/v1/sites/{site}/comments/{comment}/withdraw", SUBMIT, comments::withdraw),
        site(POST, "/v1/sites/{site}/comments/{comment}/approve", DECIDE, decisions::approve),
        site(POST, "/v1/sites/{site}/comments/{comment}/reject", DECIDE, decisions::reject),
        site(POST, "/v1/sites/{site}/comments/{comment}/reopen", DECIDE, decisions::reopen),
        site(POST, "/v1/sites/{site}/authors/lookup", READ, authors::look_up),
        site(GET, "/v1/sites/{site}/authors/{author}", READ, authors::show),
        site(DELETE, "/v1/sites/{site}/authors/{author}", ADMIN, authors::forget),
        site(GET, "/v1/sites/{site}/authors/{author}/export", ADMIN, authors::export).query(authors::PARAMETERS),
        site(GET, "/v1/sites/{site}/events", READ, read_events).query(events::PARAMETERS),
        site(GET, "/v1/sites/{site}/stats", READ, stats::show),
        site(GET, "/v1/sites/{site}/policy", ADMIN, policy::show),
        site(PUT, "/v1/sites/{site}/policy", ADMIN, policy::replace),
        site(POST, "/v1/sites/{site}/policy/simulate", ADMIN, policy::simulate),
        site(GET, "/v1/sites/{site}/lists/{list}/entries", ADMIN, lists::list).query(lists::PARAMETERS),
        site(POST, "/v1/sites/{site}/lists/{list}/entries", ADMIN, lists::put),
        site(DELETE, "/v1/sites/{site}/lists/{list}/entries/{entry}", ADMIN, lists::delete),
        site(GET, "/v1/sites/{site}/keys", ADMIN, keys::list),
        site(POST, "/v1/sites/{site}/keys", ADMIN, keys::create),
        site(DELETE, "/v1/sites/{site}/keys/{key}", ADMIN, keys::delete),
    ]
}

/// The configuration's table `[http]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on.
    pub listen: String,
    /// Threads that answer requests; 0: one per processor.
    pub workers: usize,
    /// Connections that are served at a time; others wait until one ends.
    pub max_connections: usize,
    /// How long requests in flight may take to finish when the server stops, in seconds.
    pub shutdown_seconds: u64,
    /// Proxies whose word on whom they speak for is taken.
    pub trusted_proxies: Networks,
    /// The header in which they give it.
    pub forwarded_header: ForwardedHeader,
    /// Where the outside reaches this service.
    pub public_url: PublicUrl,
}

/// What is there beside the interface, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// What monitors read.
    pub monitoring: Monitoring,
    /// The blog page to try everything on.
    pub demo: DemoSettings,
}

/// A server on this listener. It answers while it is polled, minds no signals, and stops by its handle.
pub fn server(listener: TcpListener, service: Arc<Service>, pages: Pages, settings: &Settings) -> io::Result<Server> {
    /// How long the head of a request may take to arrive.
    const HEAD_TIME: Duration = Duration::from_secs(5);
    /// How long an idle connection is kept.
    const KEEP_ALIVE: Duration = Duration::from_secs(15);
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = if settings.workers == 0 { processors() } else { settings.workers };
    let room = events::WaitingRoom::default();
    let forwarding = Forwarding { trusted: settings.trusted_proxies.clone(), header: settings.forwarded_header };
    let edge = Arc::new(Edge {
        service,
        forwarding,
        public_url: settings.public_url.clone(),
        metrics: pages.monitoring.metrics.clone(),
    });
    let app = move || App::new().configure(|app| dispatch::register(app, &edge, table(&room, &pages)));
    let server = HttpServer::new(app)
        .workers(workers)
        .max_connections(settings.max_connections.div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(settings.shutdown_seconds)
        .client_request_timeout(HEAD_TIME)
        .keep_alive(KEEP_ALIVE)
        .on_connect(last::watch)
        .listen(listener)?;
    Ok(server.run())
}

/// What every request is served with.
struct Edge {
    service: Arc<Service>,
    forwarding: Forwarding,
    public_url: PublicUrl,
    metrics: Metrics,
}

/// An entry of the route table, for comparison with `openapi.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The method.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// The names of its query parameters.
    pub query: &'static [&'static str],
    /// Who may call: `public`, `nearby`, `key`, `operator` or `site`, and the scopes of which one is needed.
    pub access: String,
}

/// Everything that can be called.
pub fn operations() -> Vec<Operation> {
    let operation = |route: &Route| Operation {
        method: route.method.to_string(),
        path: route.path,
        query: route.query,
        access: route.access_in_words(),
    };
    table(&events::WaitingRoom::default(), &Pages::default()).iter().map(operation).collect()
}
