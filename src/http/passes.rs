//! The tokens by which commenters ask how their comments stand, as they are handed out.

use std::sync::Arc;

use super::public_url::PublicUrl;
use super::wire::StatusPass;
use crate::domain::{Comment, SiteId};
use crate::service::{Error, Service};

/// Makes them.
pub(super) struct Passes {
    pub service: Arc<Service>,
    pub public_url: PublicUrl,
}

impl Passes {
    /// The token of this comment, and where to ask with it.
    pub fn of(&self, site: &SiteId, comment: &Comment) -> Result<StatusPass, Error> {
        let status_token = self.service.status_token(site, comment.id)?;
        let status_url = self.public_url.of(&format!("/v1/status/{status_token}"));
        Ok(StatusPass { status_token, status_url })
    }
}
