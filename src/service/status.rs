//! What a commenter may know of their comment: a token names it, and a word or two say how it stands.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;

use super::seal::{SEAL_BYTES, Sealed};
use super::{Error, Service};
use crate::domain::{Action, Comment, CommentId, CommentRef, DecidedBy, Group, SiteId, Status, Verdict};
use crate::store;

/// The first byte of a token.
const VERSION: u8 = 1;

/// How many bytes a comment's id has.
const ID_BYTES: usize = 16;

/// How a comment stands, as far as its author may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicStatus {
    /// It waits for a person.
    Held(PublicReason),
    /// Readers see it.
    Published,
    /// Readers do not see it.
    Declined(PublicReason),
}

/// Why, in classes so coarse that nobody learns from them how to slip through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicReason {
    /// Mostly for what it links to.
    Links,
    /// Mostly for what it says.
    Wording,
    /// Many came within a short time.
    Rate,
    /// Anything else: a person looks, or has looked.
    Review,
}

impl Service {
    /// The token by which the author of a comment asks how it stands: base64url of the version, the comment's id, the seal
    /// and the site's id. It names the comment and proves that it came from here; nothing is stored for it.
    pub fn status_token(&self, site: &SiteId, comment: CommentId) -> Result<String, Error> {
        let seal = self.seal(Sealed::Status, &sealed_part(site.as_str(), comment.as_bytes()))?;
        let mut token = Vec::with_capacity(1 + ID_BYTES + SEAL_BYTES + site.as_str().len());
        token.push(VERSION);
        token.extend_from_slice(comment.as_bytes());
        token.extend_from_slice(&seal);
        token.extend_from_slice(site.as_str().as_bytes());
        Ok(BASE64URL_NOPAD.encode(&token))
    }

    /// How the comment of this token stands. A token that is none, and a comment or a site that is no longer here, are
    /// [`Error::UnknownStatus`] alike.
    pub async fn status(&self, token: &str) -> Result<PublicStatus, Error> {
        let (site, comment) = self.read_status_token(token)?.ok_or(Error::UnknownStatus)?;
        match self.store.get(&site, &CommentRef::Id(comment)).await {
            Ok(Some(comment)) => Ok(PublicStatus::of(&comment)),
            Ok(None) | Err(store::Error::UnknownSite) => Err(Error::UnknownStatus),
            Err(error) => Err(error.into()),
        }
    }

    /// Charges a call that needs no key to the address it came from.
    pub fn charge_public(&self, from: IpAddr) -> Result<(), Error> {
        let charged = self.running().limits.public(from);
        charged.map_err(Error::from).inspect_err(|error| self.metrics.refused(error))
    }

    fn read_status_token(&self, token: &str) -> Result<Option<(SiteId, CommentId)>, Error> {
        let Some(Claim { site, id, seal }) = Claim::read(token) else { return Ok(None) };
        let is_ours = self.is_sealed(Sealed::Status, &sealed_part(&site, &id), &seal)?;
        Ok(site.parse().ok().filter(|_| is_ours).map(|site| (site, CommentId::from_bytes(id))))
    }
}

/// What a token says before anybody has looked at its seal.
struct Claim {
    site: String,
    id: [u8; ID_BYTES],
    seal: [u8; SEAL_BYTES],
}

impl Claim {
    fn read(token: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (seal, site) = rest.split_first_chunk::<SEAL_BYTES>()?;
        let site = std::str::from_utf8(site).ok()?.to_owned();
        (*version == VERSION).then_some(Self { site, id: *id, seal: *seal })
    }
}

/// What the seal of a token covers: everything else in it.
fn sealed_part(site: &str, comment: &[u8; ID_BYTES]) -> Vec<u8> {
    let mut part = vec![VERSION];
    part.extend_from_slice(comment);
    part.extend_from_slice(site.as_bytes());
    part
}

impl PublicStatus {
    /// How this comment stands.
    fn of(comment: &Comment) -> Self {
        if comment.withdrawn_at.is_some() {
            return PublicStatus::Declined(PublicReason::Review);
        }
        match comment.status {
            Status::Approved => PublicStatus::Published,
            Status::Held => PublicStatus::Held(PublicReason::of(comment, Action::Hold)),
            Status::Rejected => PublicStatus::Declined(PublicReason::of(comment, Action::Reject)),
        }
    }
}

impl PublicReason {
    /// Why it stands so. `action` is what the screening must have said for it to be the screening's doing.
    fn of(comment: &Comment, action: Action) -> Self {
        let by_person = comment.standing_decision().is_some() || comment.submission.decided.is_some();
        let by_screening = !by_person && comment.verdict.action == action;
        match comment.verdict.decided_by {
            DecidedBy::Rate if by_screening => PublicReason::Rate,
            DecidedBy::Score if by_screening => Self::of_score(&comment.verdict),
            _ => PublicReason::Review,
        }
    }

    /// The group that counts most against it; of two alike, the one that is shown first.
    fn of_score(verdict: &Verdict) -> Self {
        let speaks = |group: Group| verdict.hits.iter().any(|hit| hit.group == group && hit.points > 0);
        let counted = |group: Group| verdict.groups.get(&group).map_or(0, |sum| sum.counted);
        let against = Group::ALL.into_iter().filter(|group| speaks(*group) && counted(*group) > 0);
        match against.rev().max_by_key(|group| counted(*group)) {
            Some(Group::Links) => PublicReason::Links,
            Some(Group::Text) => PublicReason::Wording,
            _ => PublicReason::Review,
        }
    }
}
