//! Moderato: a self-hosted comment moderation service. The modules in reading order, which is import order.

pub mod clock;
pub mod domain;
pub mod store;
