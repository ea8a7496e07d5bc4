//! Whether a survey has found all records: for `repair`.
//!
//! SCAN promises every key only from one server. One that takes its place on the way has them in another order, and goes on from
//! a cursor that means something else there: the rest may be told as all there is, and no error.

use super::base::Base;
use super::keys::{self, Index, Prefix};
use super::repair::CHUNK;
use super::survey::Survey;
use crate::domain::{CommentId, Status};
use crate::store::Error;

impl Base {
    /// How many records stand in the lists, and are there, that a survey has not found.
    pub(super) async fn missed(&self, prefix: &Prefix, survey: &Survey) -> Result<u64, Error> {
        let mut missed = 0;
        for status in Status::ALL {
            missed += self.missed_in(prefix, (&Index::Status(status), &survey.comments), keys::comment).await?;
        }
        Ok(missed + self.missed_in(prefix, (&Index::Tombstones, &survey.tombstones), keys::tombstone).await?)
    }

    async fn missed_in(
        &self,
        prefix: &Prefix,
        (index, found): (&Index, &[CommentId]),
        name: fn(CommentId) -> String,
    ) -> Result<u64, Error> {
        let (mut missed, mut after) = (0, None);
        loop {
            let members = self.members(prefix, index, (after, false), CHUNK).await?;
            let mut exist = redis::cmd("EXISTS");
            let mut are_asked = false;
            for unknown in members.iter().filter(|member| found.binary_search(&member.id).is_err()) {
                exist.arg(prefix.key(&name(unknown.id)));
                are_asked = true;
            }
            if are_asked {
                missed += self.ask::<u64>(exist).await?;
            }
            after = members.last().copied();
            if members.len() < CHUNK {
                return Ok(missed);
            }
        }
    }
}
