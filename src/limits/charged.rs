//! What was charged lately, so that a retry is not charged again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use super::Retry;
use crate::domain::{OverLimit, Refused, SiteId};

/// How many charges a generation holds. Two are kept: of a busy service the last minutes, of a small one the last days.
const GENERATION: usize = 50_000;

/// The charges of the last two generations by a hash of what names them, with what came of them.
#[derive(Default)]
pub(super) struct Charged {
    hasher: RandomState,
    generations: Mutex<[HashMap<u64, Option<OverLimit>>; 2]>,
}

impl Charged {
    /// Answers what came of the charge when it was made, or makes it. A refusal is no charge.
    pub fn once(
        &self,
        site: &SiteId,
        retry: Retry<'_>,
        charge: impl FnOnce() -> Result<Option<OverLimit>, Refused>,
    ) -> Result<Option<OverLimit>, Refused> {
        let by_key = retry.idempotency.map(|key| self.hasher.hash_one((site.as_str(), key, retry.fingerprint)));
        let by_id = retry.external_id.map(|id| self.hasher.hash_one((site.as_str(), "id", id, retry.fingerprint)));
        let names = [by_key, by_id];
        if names == [None, None] {
            return charge();
        }
        // Locked over the charge: of two that arrive together, one is the retry.
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let [current, before] = &mut *generations;
        let known = names.iter().flatten().find_map(|name| current.get(name).or_else(|| before.get(name)).copied());
        if let Some(known) = known {
            return Ok(known);
        }
        let came = charge()?;
        if current.len() >= GENERATION {
            *before = std::mem::take(current);
        }
        current.extend(names.into_iter().flatten().map(|name| (name, came)));
        Ok(came)
    }
}
