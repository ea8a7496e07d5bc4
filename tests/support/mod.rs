//! What several test binaries and the load run share.

pub mod audit;
pub mod client;
pub mod rows;
pub mod server;
pub mod texts;
