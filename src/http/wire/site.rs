//! Sites and keys as JSON.

use serde::{Deserialize, Serialize};

use super::fault::{Faults, FieldFault};
use crate::domain::{ApiKey, Bounded, Counts, Fault, Scope, SiteId, SiteName, Timestamp};
use crate::service::{NewKey, SecretKey, SiteWithCounts};

/// A site to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct SiteBody {
    id: Option<String>,
    name: Option<String>,
}

impl SiteBody {
    /// The site's id and name, or faults; without a name it is called by its id.
    pub fn check(self) -> Result<(SiteId, SiteName), Vec<FieldFault>> {
        let mut faults = Faults::default();
        let id = faults.required("/id", self.id);
        let id: Option<SiteId> = faults.read("/id", id, |text| text.parse());
        let name = match self.name {
            Some(name) => faults.check("/name", site_name(name)),
            None => id.as_ref().and_then(|id| SiteName::try_from(id.to_string()).ok()),
        };
        faults.finish(id.zip(name))
    }
}

/// What can be changed of a site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct SitePatch {
    name: Option<String>,
}

impl SitePatch {
    /// The site's new name, or what is wrong with it.
    pub fn check(self) -> Result<SiteName, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let name = faults.required("/name", self.name);
        let name = faults.read("/name", name, site_name);
        faults.finish(name)
    }
}

fn site_name(text: String) -> Result<SiteName, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("empty", "is empty"));
    }
    SiteName::try_from(text)
}

/// A site with its counts.
#[derive(Debug, Serialize)]
pub(in crate::http) struct SiteView<'a> {
    id: &'a str,
    name: &'a str,
    created_at: String,
    counts: CountsView,
}

/// Comments by status, and the queue.
#[derive(Debug, Serialize)]
pub(super) struct CountsView {
    approved: u64,
    held: u64,
    rejected: u64,
    open: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let Counts { approved, held, rejected, open } = counts;
        Self { approved, held, rejected, open }
    }
}

impl<'a> From<&'a SiteWithCounts> for SiteView<'a> {
    fn from(SiteWithCounts { site, counts }: &'a SiteWithCounts) -> Self {
        Self {
            id: site.id.as_str(),
            name: &site.name,
            created_at: site.created_at.to_string(),
            counts: CountsView::from(*counts),
        }
    }
}

/// A key to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct KeyBody {
    name: Option<String>,
    scopes: Option<Vec<String>>,
    expires_at: Option<String>,
}

impl KeyBody {
    /// The key to be made for this site, or faults.
    pub fn check(self, site: &SiteId) -> Result<NewKey, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let name = faults.required("/name", self.name);
        let name = faults.read("/name", name, key_name);
        let scopes = faults.required("/scopes", self.scopes);
        let scopes = faults.read("/scopes", scopes, scopes_within_limits).unwrap_or_default();
        let scopes = scopes.into_iter().enumerate();
        let scopes: Vec<Scope> =
            scopes.filter_map(|(place, scope)| faults.check(format!("/scopes/{place}"), scope.parse())).collect();
        let expires_at = faults.read("/expires_at", self.expires_at, |text| text.parse::<Timestamp>());
        faults.finish(name.map(|name| NewKey { site: Some(site.clone()), name, scopes, expires_at }))
    }
}

fn key_name(text: String) -> Result<Bounded<100>, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("empty", "is empty"));
    }
    Bounded::try_from(text)
}

fn scopes_within_limits(scopes: Vec<String>) -> Result<Vec<String>, Fault> {
    if (1..=Scope::ALL.len()).contains(&scopes.len()) {
        return Ok(scopes);
    }
    Err(Fault::new("out_of_range", format!("must have 1 to {} items", Scope::ALL.len())))
}

/// A key as it is shown: never the secret.
#[derive(Debug, Serialize)]
pub(in crate::http) struct KeyView<'a> {
    id: &'a str,
    name: &'a str,
    scopes: &'a [Scope],
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
}

impl<'a> From<&'a ApiKey> for KeyView<'a> {
    fn from(key: &'a ApiKey) -> Self {
        let text = |at: &Timestamp| at.to_string();
        Self {
            id: key.id.as_str(),
            name: &key.name,
            scopes: &key.scopes,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.as_ref().map(text),
            last_used_at: key.last_used_at.as_ref().map(text),
        }
    }
}

/// A key at the only time it is shown whole.
#[derive(Serialize)]
pub(in crate::http) struct KeyMade<'a> {
    key: String,
    #[serde(flatten)]
    about: KeyView<'a>,
}

impl<'a> KeyMade<'a> {
    /// A key just made.
    pub fn new(secret: &SecretKey, about: &'a ApiKey) -> Self {
        Self { key: secret.reveal(), about: KeyView::from(about) }
    }
}
