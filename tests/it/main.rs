//! The service as a blog sees it: every test goes through a real server, every exchange is checked against `openapi.yaml`.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod access;
mod app;
mod authors;
mod batch;
mod broken;
mod calls;
mod campaigns;
mod comments;
mod contract;
mod decisions;
mod demo;
mod docs;
mod edits;
mod entries;
mod erasure;
mod events;
mod learning;
mod limits;
mod listed;
mod lists;
mod log;
mod malformed;
mod matrix;
mod metrics;
mod outage;
mod page;
mod policy;
mod protocol;
#[path = "../support/redis.rs"]
mod redis;
mod retention;
mod routes;
mod shared_limits;
mod simulate;
mod sites;
mod stats;
mod status;
mod stores;
mod submit;
mod trust;
