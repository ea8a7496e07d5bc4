//! Moderato: a self-hosted comment moderation service. The modules in reading order, which is import order.

// By the name that tests have for it.
#[cfg(test)]
extern crate self as moderato;

pub mod clock;
pub mod domain;

pub mod limits;
pub mod screening;
pub mod store;

pub mod service;

pub mod http;

pub mod app;
pub mod config;
pub mod telemetry;

pub mod cli;
