//! Where the store is and what is demanded of it, and what is wrong with what somebody wrote.

use std::fmt;

use serde::Deserialize;

use super::redis::Address;

/// The most replicas that a write may wait for.
const MOST_REPLICAS: u16 = 10;
/// The longest beginning of the keys in Redis.
const LONGEST_PREFIX: usize = 40;

/// Where the service's memory is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:` for the embedded store in the data directory, or an address of Redis.
    pub url: String,
    /// What all keys in Redis begin with: 1 to 40 of `a-z`, `0-9`, `-` and `_`.
    pub prefix: String,
    /// When Redis' answer to a write counts.
    pub durability: Durability,
    /// How many replicas of the primary must have a write at level `replicated`: 1 to 10.
    pub replicas: u16,
    /// A file with the certificates (PEM) by which the servers are known; empty: those of the system.
    pub tls_ca: String,
}

/// What a write must have survived before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// As usual for the kind of address: `fsync` for one server, `replicated` for Sentinels and clusters.
    #[serde(rename = "")]
    Usual,
    /// The primary has it in memory; within two seconds it is on its disk.
    Relaxed,
    /// The primary has it on its disk.
    Fsync,
    /// The primary and some of its replicas have it in memory.
    Replicated,
}

/// What is known of a store, without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// `sqlite`, `redis`, `redis+sentinel` or `redis+cluster`.
    pub kind: &'static str,
    /// What a write has survived when it is answered. Never [`Durability::Usual`].
    pub durability: Durability,
    /// Whether the servers have shown that they are set up for that. Not all do: then it is believed.
    pub verified: bool,
}

impl Settings {
    /// The embedded store.
    pub fn embedded() -> Self {
        Self::at("sqlite:")
    }

    /// The store at this address, set as the program comes.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: "mod".to_owned(),
            durability: Durability::Usual,
            replicas: 1,
            tls_ca: String::new(),
        }
    }

    /// The first thing that is wrong: the key, and what is wrong with its value. A URL may hold a password: of it only the
    /// scheme is told.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if let Some(detail) = self.fault_of_url() {
            return Some(("store.url", detail));
        }
        let is_of_prefix = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if !(1..=LONGEST_PREFIX).contains(&self.prefix.len()) || !self.prefix.bytes().all(is_of_prefix) {
            let detail = format!("must be 1 to {LONGEST_PREFIX} of a-z, 0-9, - and _, not {:?}", self.prefix);
            return Some(("store.prefix", detail));
        }
        if !(1..=MOST_REPLICAS).contains(&self.replicas) {
            return Some(("store.replicas", format!("must be from 1 to {MOST_REPLICAS}, not {}", self.replicas)));
        }
        None
    }

    fn fault_of_url(&self) -> Option<String> {
        let found = match self.url.split_once(':') {
            Some(("sqlite", "")) => return None,
            Some(("sqlite", _)) => "a path; data_dir says where the data lies".to_owned(),
            Some((scheme, _)) if is_scheme(scheme) && Address::is_meant(scheme) => {
                return Address::parse(&self.url).err();
            }
            Some((scheme, _)) if is_scheme(scheme) => format!("\"{scheme}:\""),
            _ if self.url.is_empty() => "empty".to_owned(),
            _ => "a text without a scheme".to_owned(),
        };
        Some(format!("must be \"sqlite:\" or an address of Redis, not {found}"))
    }
}

/// Whether a text has the form of a URL's scheme, and the length of one.
fn is_scheme(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    (1..=16).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(part)
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Durability::Usual => "",
            Durability::Relaxed => "relaxed",
            Durability::Fsync => "fsync",
            Durability::Replicated => "replicated",
        })
    }
}
