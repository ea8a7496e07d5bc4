//! What a site overrides of its deployment's policy.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The values a site overrides, in the shape of the configuration's table `[policy]`, as sparse as they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteOverrides(pub Map<String, Value>);

/// The settings of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteSettings {
    /// How often they were changed, keys included. Whoever knows an older version reads them again.
    pub version: u64,
    /// What the site overrides.
    pub overrides: SiteOverrides,
}
