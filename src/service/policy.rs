//! A site's policy: the deployment's defaults with what the site overrides laid over them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Error, Service};
use crate::domain::{Invalid, SiteId, SiteOverrides, SiteSettings};
use crate::screening::{Policy, Settings};

/// Where a value of a policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyOrigin {
    /// The program's own.
    Default,
    /// The deployment's configuration file.
    File,
    /// The deployment's environment.
    Environment,
    /// The site.
    Site,
}

/// The policy of sites that override nothing.
#[derive(Clone)]
pub struct PolicyDefaults {
    values: Map<String, Value>,
    origins: BTreeMap<String, PolicyOrigin>,
    policy: Arc<Policy>,
}

/// A site's policy as it stands.
#[derive(Clone, Debug)]
pub struct SitePolicy {
    /// The version of the site's settings.
    pub version: u64,
    /// Names the effective values: a hash of them.
    pub policy_version: String,
    /// What the site overrides.
    pub overrides: SiteOverrides,
    /// Every value by its dotted key, with where it comes from.
    pub values: BTreeMap<String, (Value, PolicyOrigin)>,
}

impl PolicyDefaults {
    /// Compiles settings. `origins` says of each dotted key where its value comes from; what is not in there is the
    /// program's own.
    pub fn new(settings: &Settings, origins: BTreeMap<String, PolicyOrigin>) -> Result<Self, Vec<Invalid>> {
        let policy = Arc::new(Policy::compile(settings)?);
        let Ok(Value::Object(values)) = serde_json::to_value(settings) else {
            return Err(vec![Invalid::new("policy", "is no table")]);
        };
        Ok(Self { values, origins, policy })
    }

    /// The policy itself.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The policy of a site that overrides these values.
    pub(super) fn with(&self, overrides: &SiteOverrides) -> Result<Arc<Policy>, Vec<Invalid>> {
        if overrides.0.is_empty() {
            return Ok(self.policy.clone());
        }
        let mut values = self.values.clone();
        lay_over(&mut values, &overrides.0);
        let settings: Settings = serde_path_to_error::deserialize(Value::Object(values)).map_err(|error| {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            vec![Invalid::of_serde(&path, &message)]
        })?;
        Policy::compile(&settings).map(Arc::new)
    }

    /// Every value of a site that overrides these, with where it comes from.
    fn values(&self, overrides: &SiteOverrides) -> BTreeMap<String, (Value, PolicyOrigin)> {
        let mut values = BTreeMap::new();
        for (key, value) in leaves(&self.values) {
            let origin = self.origins.get(&key).copied().unwrap_or(PolicyOrigin::Default);
            values.insert(key, (value, origin));
        }
        for (key, value) in leaves(&overrides.0) {
            values.insert(key, (value, PolicyOrigin::Site));
        }
        values
    }
}

impl Service {
    /// A site's policy.
    pub async fn policy(&self, site: &SiteId) -> Result<SitePolicy, Error> {
        let settings = self.store.settings(site).await?;
        self.site_policy(settings)
    }

    /// Replaces what a site overrides, all of it or nothing; if `expected` is given, only from that version on.
    pub async fn override_policy(
        &self,
        site: &SiteId,
        overrides: SiteOverrides,
        expected: Option<u64>,
    ) -> Result<SitePolicy, Error> {
        self.running().policy.with(&overrides).map_err(Error::InvalidPolicy)?;
        let overridden = self.store.override_policy(site, overrides, expected).await;
        self.deactivate(site);
        match overridden? {
            Ok(settings) => self.site_policy(settings),
            Err(standing) => Err(Error::PolicyChanged(standing.version)),
        }
    }

    fn site_policy(&self, settings: SiteSettings) -> Result<SitePolicy, Error> {
        let running = self.running();
        let SiteSettings { version, overrides } = settings;
        // What stands in the store was valid when it was written; a newer configuration may contradict it.
        let policy_version =
            running.policy.with(&overrides).map_or_else(|_| String::new(), |policy| policy.version().to_owned());
        Ok(SitePolicy { version, policy_version, values: running.policy.values(&overrides), overrides })
    }
}

/// Lays a table over another one, key by key; lists are replaced.
pub(super) fn lay_over(below: &mut Map<String, Value>, above: &Map<String, Value>) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => lay_over(below, above),
            (_, value) => drop(below.insert(key.clone(), value.clone())),
        }
    }
}

/// The values that are no tables, by dotted key.
fn leaves(table: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Object(inner) => {
                found.extend(leaves(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => found.push((name.clone(), value.clone())),
        }
    }
    found
}
