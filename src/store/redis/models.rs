//! Snapshots of what was learnt: one a site.

use super::base::{Base, Bytes, until_settled};
use super::keys::{self, Prefix};
use super::lessons::number_in;
use super::packed;
use super::plan::Plan;
use crate::domain::{MAX_MODEL, ModelSnapshot, SiteId};
use crate::store::Error;

/// How much of a value is read for the number in it: the head, the most digits, and the blank.
const NUMBER: usize = packed::HEAD + 21;

impl Base {
    /// [`Store::model`](crate::store::Store::model)
    pub(super) async fn model(&self, site: &SiteId) -> Result<Option<ModelSnapshot>, Error> {
        self.read_head(site).await?;
        Ok(self.snapshot(&self.names.site(site)).await?.0)
    }

    /// A site's snapshot, and the value that it was read from. One that is damaged is told and counts as none.
    pub(super) async fn snapshot(&self, prefix: &Prefix) -> Result<(Option<ModelSnapshot>, Bytes), Error> {
        let value = self.values(prefix, &[keys::MODEL.to_owned()]).await?.pop().flatten();
        let snapshot = value.as_deref().and_then(|value| unpack(packed::unpack_bytes(value)?));
        if snapshot.is_none() && value.is_some() {
            tracing::error!("the snapshot of what was learnt is damaged, and counts as none: learning begins anew");
        }
        Ok((snapshot, value))
    }

    /// The number of the last lesson that a site's snapshot claims to cover; 0 where there is none.
    pub(super) async fn claimed(&self, prefix: &Prefix) -> Result<u64, Error> {
        let mut question = redis::cmd("GETRANGE");
        question.arg(prefix.key(keys::MODEL)).arg(0).arg(NUMBER - 1);
        let start: Vec<u8> = self.ask(question).await?;
        Ok(start.get(packed::HEAD..).and_then(unpack).map_or(0, |snapshot| snapshot.taught))
    }

    /// [`Store::put_model`](crate::store::Store::put_model)
    pub(super) async fn put_model(
        &self,
        site: &SiteId,
        snapshot: &ModelSnapshot,
        expected: Option<u64>,
    ) -> Result<bool, Error> {
        let length = snapshot.bytes.len();
        if length > MAX_MODEL {
            return Err(Error::Damaged(format!("a snapshot of {length} bytes is none: the most are {MAX_MODEL}")));
        }
        until_settled!(self.try_to_put_model(site, snapshot, expected))
    }

    async fn try_to_put_model(
        &self,
        site: &SiteId,
        snapshot: &ModelSnapshot,
        expected: Option<u64>,
    ) -> Result<Option<bool>, Error> {
        let prefix = self.names.site(site);
        let names = [keys::HEAD, keys::TAUGHT].map(str::to_owned);
        let mut values = self.values(&prefix, &names).await?.into_iter();
        self.head(site, values.next().flatten()).await?;
        let taught = number_in(values.next().flatten());
        let (standing, value) = self.snapshot(&prefix).await?;
        if standing.as_ref() == Some(snapshot) {
            self.vouch(site).await?;
            return Ok(Some(true));
        }
        if standing.map(|standing| standing.taught) != expected || snapshot.taught > taught {
            return Ok(Some(false));
        }
        let mut plan = Plan::new(prefix);
        // It can be made anew, and where there is little memory, comments need it more.
        plan.needs_room = true;
        match value {
            Some(value) if !value.is_empty() => plan.expect(keys::MODEL.to_owned(), packed::unchanged(&value)),
            _ => plan.expect_absent(keys::MODEL.to_owned()),
        }
        let body = [format!("{} ", snapshot.taught).as_bytes(), &snapshot.bytes].concat();
        plan.set(keys::MODEL.to_owned(), packed::pack_bytes(plan.stamp, &body));
        Ok(self.commit(site, &plan).await?.map(|_| true))
    }
}

/// The snapshot in a value behind its head.
fn unpack(body: &[u8]) -> Option<ModelSnapshot> {
    let blank = body.iter().position(|byte| *byte == b' ')?;
    let (number, bytes) = body.split_at_checked(blank)?;
    let taught = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some(ModelSnapshot { taught, bytes: bytes.get(1..)?.to_vec() })
}
