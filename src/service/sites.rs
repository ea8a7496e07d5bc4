//! Sites: made, named, counted, deleted.

use super::{Error, Service};
use crate::domain::{Counts, Site, SiteId, SiteName};

/// A site with how many comments it has.
#[derive(Clone, Debug)]
pub struct SiteWithCounts {
    /// The site.
    pub site: Site,
    /// Its comments by status, and its queue.
    pub counts: Counts,
}

impl Service {
    /// Adds a site.
    pub async fn create_site(&self, id: SiteId, name: SiteName) -> Result<SiteWithCounts, Error> {
        let site = Site { id: id.clone(), name, created_at: self.clock.now() };
        if !self.store.create_site(site.clone()).await? {
            return Err(Error::SiteExists(id));
        }
        Ok(SiteWithCounts { site, counts: Counts::default() })
    }

    /// One site.
    pub async fn site(&self, id: &SiteId) -> Result<SiteWithCounts, Error> {
        let site = self.store.site(id).await?.ok_or(Error::UnknownSite)?;
        let counts = self.store.counts(id).await?;
        Ok(SiteWithCounts { site, counts })
    }

    /// All sites, by id.
    pub async fn sites(&self) -> Result<Vec<SiteWithCounts>, Error> {
        let mut sites = Vec::new();
        for site in self.store.sites().await? {
            let counts = self.store.counts(&site.id).await?;
            sites.push(SiteWithCounts { site, counts });
        }
        Ok(sites)
    }

    /// Renames a site.
    pub async fn rename_site(&self, id: &SiteId, name: SiteName) -> Result<SiteWithCounts, Error> {
        let site = self.store.rename_site(id, name).await?;
        let counts = self.store.counts(id).await?;
        Ok(SiteWithCounts { site, counts })
    }

    /// Deletes a site with everything in it; the last one stays.
    pub async fn delete_site(&self, id: &SiteId) -> Result<(), Error> {
        if !self.store.delete_site(id).await? {
            return Err(Error::LastSite);
        }
        self.deactivate(id);
        self.learners.forget(id);
        self.known_keys.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
        Ok(())
    }
}
