//! Fuzzes `properties::links`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../properties.rs"]
#[allow(dead_code, reason = "one of its properties is used")]
mod properties;

fuzz_target!(|bytes: &[u8]| properties::links(&String::from_utf8_lossy(bytes)));
