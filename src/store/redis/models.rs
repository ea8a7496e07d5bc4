//! Snapshots of what was learnt: one a site.

use super::base::Base;
use crate::domain::{ModelSnapshot, SiteId};
use crate::store::Error;

impl Base {
    /// [`Store::model`](crate::store::Store::model)
    pub(super) async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        self.read_head(site).await.map(|_| None)
    }

    /// [`Store::put_model`](crate::store::Store::put_model)
    pub(super) async fn put_model(
        &self,
        site: &SiteId,
        _snapshot: &ModelSnapshot,
        _expected: Option<u64>,
    ) -> Result<bool, Error> {
        self.read_head(site).await.map(|_| false)
    }
}
