//! What the HTTP edge counts for monitors, and who may read it without a key.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde::Deserialize;

use super::client_ip::{Networks, Shown};

/// The edge's counters. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: Family<Labels, Counter>,
    seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    forwarded: Family<[(&'static str, &'static str); 3], Counter>,
}

type RouteLabel = [(&'static str, &'static str); 1];

/// The configuration's table `[metrics]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// Who may read `/metrics` without a key.
    pub open_to: Networks,
}

/// What `/metrics` shows, and to whom without a key.
#[derive(Clone, Debug, Default)]
pub struct Monitoring {
    /// Everything that is counted.
    pub registry: Arc<Registry>,
    /// What the edge itself counts; it is in the registry too.
    pub metrics: Metrics,
    /// For whom.
    pub settings: MetricsSettings,
}

/// Of one answer: words and patterns of this program, never what a caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Labels {
    pub method: &'static str,
    pub route: &'static str,
    pub status: u16,
}

/// From what a check takes to what a reader of the feed and a batch may wait for.
const BUCKETS: [f64; 14] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
            forwarded: Family::default(),
        }
    }
}

impl Metrics {
    /// Shows them in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        let help = "What a request took from its head to its answer";
        registry.register_with_unit("http_request", help, Unit::Seconds, self.seconds.clone());
        registry.register("http_requests_in_flight", "Requests that are being answered", self.in_flight.clone());
        let help = "Requests from trusted proxies, and others that show a proxy's mark, by the entries of the configured header";
        registry.register("http_forwarded_requests", help, self.forwarded.clone());
    }

    /// Counts what a request shows of the proxies it came by.
    pub(super) fn forwarded(&self, Shown { peer, header, depth }: Shown) {
        self.forwarded.get_or_create(&[("peer", peer), ("header", header), ("depth", depth)]).inc();
    }

    /// Counts a request as being answered for as long as the guard lives.
    pub(super) fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts an answer.
    pub(super) fn answered(&self, labels: Labels, took: Duration) {
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&[("route", labels.route)]).observe(took.as_secs_f64());
    }
}

/// A request that is being answered, or was given up by its caller.
pub(super) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
