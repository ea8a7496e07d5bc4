//! What decisions teach: a log of each site's, in the order of its numbers.

use super::base::Base;
use crate::domain::{SiteId, Taught};
use crate::store::Error;

impl Base {
    /// [`Store::lessons`](crate::store::Store::lessons)
    pub(super) async fn lessons(&self, site: &SiteId, _after: u64, _limit: usize) -> Result<Vec<Taught>, Error> {
        self.read_head(site).await.map(|_| Vec::new())
    }
}
