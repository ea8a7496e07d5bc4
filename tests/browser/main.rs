//! The demo page in Chromium, as readers use it: with and without script, by mouse and by keyboard.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic and reads clocks, its helpers too"
)]

#[path = "../it/app.rs"]
#[allow(dead_code, reason = "the integration tests use all of it")]
mod app;
#[path = "../it/broken.rs"]
#[allow(dead_code, reason = "the integration tests use all of it")]
mod broken;
#[path = "../it/contract.rs"]
#[allow(dead_code, reason = "the integration tests use all of it")]
mod contract;
mod driver;
mod keyboard;
mod reader;
#[path = "../support/redis.rs"]
mod redis;
mod scenarios;
#[path = "../it/stores.rs"]
#[allow(dead_code, reason = "the integration tests use all of it")]
mod stores;
