//! Owners of hosts that anybody links to: what one of their pages did says nothing of the next.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::screening::lists;

static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| lists::entries(lists::COMMON_OWNERS).chain(lists::entries(lists::SHORTENERS)).collect());

/// Whether an owner is one of those, a shortening service included.
pub fn is_common(owner: &str) -> bool {
    COMMON.contains(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_owners_and_shorteners_are_common_and_others_are_not() {
        assert!(is_common("wikipedia.org") && is_common("bit.ly"));
        assert!(!is_common("a.example") && !is_common("someone.github.io"));
    }
}
