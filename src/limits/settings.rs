//! The table `[limits]` of the configuration. The defaults stand in `config/moderato.toml` alone.

use serde::Deserialize;

use crate::domain::{Invalid, Quota};

/// The table `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether anything is limited.
    pub enabled: bool,
    /// Requests with one key, submissions and checks included.
    pub key: Quota,
    /// Submissions and checks of one site.
    pub site: Quota,
    /// Wrong keys from one address.
    pub wrong_keys: Quota,
    /// Calls that need no key, from one address: the demo page, and how a comment stands.
    pub public: Quota,
    /// The most quotas of commenters that are counted at a time; of one site, a sixteenth of them.
    pub tracked: usize,
}

impl Settings {
    /// The fewest and most that may be counted at a time; the most take some 180 MB.
    const TRACKED: std::ops::RangeInclusive<usize> = 16_000..=5_000_000;

    /// What is wrong with the values, each with its key below `limits`.
    pub fn faults(&self) -> Vec<Invalid> {
        let mut faults = Vec::new();
        let Self { key, site, wrong_keys, public, .. } = *self;
        for (key, quota) in [("key", key), ("site", site), ("wrong_keys", wrong_keys), ("public", public)] {
            faults.extend(quota.faults(key));
        }
        if !Self::TRACKED.contains(&self.tracked) {
            let (least, most) = (Self::TRACKED.start(), Self::TRACKED.end());
            faults.push(Invalid::new("tracked", format!("must be from {least} to {most}, not {}", self.tracked)));
        }
        faults
    }
}
