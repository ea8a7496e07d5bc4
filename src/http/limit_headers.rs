//! The headers by which a program learns how long to wait.

use std::time::Duration;

use crate::domain::Refused;

/// What tells a program how long to wait: `Retry-After` (RFC 9110), `RateLimit` and `RateLimit-Policy`
/// (draft-ietf-httpapi-ratelimit-headers: what is left of a quota and when there is more; the quota and its window, both
/// for a full burst).
pub(super) fn limit_headers(refused: &Refused) -> [(&'static str, String); 3] {
    let Refused { limit, quota, wait } = refused;
    let (name, wait) = (limit.as_str(), whole_seconds(*wait));
    let window = quota.seconds_for_burst();
    [
        ("Retry-After", wait.to_string()),
        ("RateLimit", format!("\"{name}\";r=0;t={wait}")),
        ("RateLimit-Policy", format!("\"{name}\";q={};w={window}", quota.burst)),
    ]
}

/// Rounded up: who waits so long is not refused for the rest of a second.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
