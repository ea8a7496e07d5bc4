//! The registry of everything that is counted, and what there is to say of the process itself.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::http;
use crate::service::Service;

/// A registry with what all parts count. The process's own numbers have the names that Prometheus gives them everywhere.
pub fn registry(service: &Service, edge: &http::Metrics) -> Registry {
    let mut registry = Registry::default();
    let started = ConstGauge::new(service.now().millis() as f64 / 1e3);
    registry.register_with_unit("process_start_time", "When it started, since 1970", Unit::Seconds, started);
    registry.register_collector(Box::new(Memory));
    let ours = registry.sub_registry_with_prefix("moderato");
    ours.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    edge.register(ours);
    service.metrics().register(ours);
    registry
}

/// The process's memory, asked of the system when somebody wants to know; where that cannot say, it is left out.
#[derive(Debug)]
struct Memory;

impl Collector for Memory {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(bytes) = resident_bytes() else { return Ok(()) };
        let help = "What it has in memory.";
        let name = "process_resident_memory";
        let metric = encoder.encode_descriptor(name, help, Some(&Unit::Bytes), MetricType::Gauge)?;
        ConstGauge::new(bytes).encode(metric)
    }
}

fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<u64>().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}
