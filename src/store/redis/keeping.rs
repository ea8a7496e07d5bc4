//! Keeps a new comment: pays its charges, and writes the record with its place in the queue, counts, history, event and key, or nothing.

use std::time::Duration;

use super::base::{Base, id_in, until_settled};
use super::feed::News;
use super::keys::{self, Prefix};
use super::lessons;
use super::packed;
use super::places;
use super::plan::{Charges, Committed, Plan, Wait};
use super::recalling::Use;
use crate::domain::{Counted, EventChange, OverLimit, Refused, SiteId};
use crate::store::{Error, Existing, Record, Recorded};

/// What a plan for a new comment expects, in this order.
const BY_KEY: &str = "key";
const BY_EXTERNAL_ID: &str = "external id";
const TOMBSTONE: &str = "tombstone";

impl Base {
    /// [`Store::record`](crate::store::Store::record)
    pub(super) async fn record(&self, site: &SiteId, record: &Record) -> Result<Recorded, Error> {
        // A key whose time is over may still be there.
        let mut used_up = None;
        until_settled!(self.try_to_record(site, record, &mut used_up))
    }

    async fn try_to_record(
        &self,
        site: &SiteId,
        record: &Record,
        used_up: &mut Option<Vec<u8>>,
    ) -> Result<Option<Recorded>, Error> {
        let (mut plan, expected) = plan(self.names.site(site), record, used_up.as_deref())?;
        plan.charges = Charges::of(&record.charges, self.micros());
        let (place, value) = match self.try_commit(Some(site), &plan).await? {
            Committed::Written { .. } => return Ok(Some(Recorded::New)),
            Committed::Unexpected(place, value) => (place, value),
            Committed::Refused(wait) => return Ok(Some(Recorded::Refused(refused(record, wait)?))),
            Committed::Over(wait) => {
                let Refused { limit, quota, .. } = refused(record, wait)?;
                return Ok(Some(Recorded::Over(OverLimit { limit, quota })));
            }
            _ => return Ok(None),
        };
        let (what, comment) = (expected[place.min(expected.len() - 1)], &record.comment);
        match (what, value) {
            (BY_KEY, Some(value)) => match Use::of(&Some(value.clone()), comment.received_at) {
                Some(used) => Ok(Some(Recorded::Existing(self.of_use(site, used).await?))),
                None => {
                    *used_up = Some(value);
                    Ok(None)
                }
            },
            (BY_EXTERNAL_ID, Some(value)) => {
                let Some(known) = self.of_external(site, id_in(&value)?).await? else { return Ok(None) };
                self.bring_key(site, record, &known).await?;
                Ok(Some(Recorded::Existing(known)))
            }
            (TOMBSTONE, Some(_)) => Ok(Some(Recorded::Existing(Existing::Erased(comment.id)))),
            // Its own id is there if this very call was made before and its answer was lost.
            (_, Some(value)) => match packed::comment(comment.id, &value)?.fingerprint == comment.fingerprint {
                true => Ok(Some(Recorded::New)),
                false => Err(Error::Damaged(format!("there is another comment {} already", comment.id))),
            },
            // A key that had been used up was thrown away meanwhile.
            (_, None) => {
                *used_up = None;
                Ok(None)
            }
        }
    }

    /// The same submission under a new key: were the key forgotten, it would name a second comment next time.
    async fn bring_key(&self, site: &SiteId, record: &Record, known: &Existing) -> Result<(), Error> {
        let (Some(idempotency), Existing::ByExternalId { comment: same }) = (&record.idempotency, known) else {
            return Ok(());
        };
        if same.fingerprint != record.comment.fingerprint {
            return Ok(());
        }
        let now = record.comment.received_at;
        let mut plan = Plan::new(self.names.site(site));
        let value = Use::pack(idempotency, same.id, true);
        plan.set_passing(keys::idempotency(&idempotency.key), value, idempotency.expires_at.millis() - now.millis());
        self.commit(site, &plan).await?;
        Ok(())
    }
}

/// What is over a quota, as callers know it.
fn refused(record: &Record, wait: Wait) -> Result<Refused, Error> {
    let charge = record.charges.due.get(wait.charge);
    let step = charge.and_then(|charge| Some((charge.limit, charge.steps.get(wait.quota)?)));
    let (limit, step) =
        step.ok_or_else(|| Error::Damaged("the store's script refused what nobody asked".to_owned()))?;
    let wait = Duration::from_micros(wait.micros).max(Duration::from_millis(1));
    Ok(Refused { limit, quota: step.quota, wait })
}

/// What is written for a new comment, and what each expectation is about.
fn plan(prefix: Prefix, record: &Record, used_up: Option<&[u8]>) -> Result<(Plan, Vec<&'static str>), Error> {
    let Record { comment, idempotency, announced, .. } = record;
    let now = comment.received_at;
    let mut plan = Plan::of_new_comment(prefix);
    let mut expected = Vec::new();
    if let Some(idempotency) = idempotency {
        let name = keys::idempotency(&idempotency.key);
        match used_up {
            Some(value) => plan.expect(name.clone(), value.to_vec()),
            None => plan.expect_absent(name.clone()),
        }
        expected.push(BY_KEY);
        let kept = idempotency.expires_at.millis() - now.millis();
        plan.set_passing(name, Use::pack(idempotency, comment.id, true), kept);
    }
    plan.set(keys::comment(comment.id), packed::pack(plan.stamp, comment)?);
    if let Some(external_id) = &comment.submission.external_id {
        plan.expect_absent(keys::external(external_id));
        expected.push(BY_EXTERNAL_ID);
        plan.set(keys::external(external_id), comment.id.to_string().into_bytes());
    }
    plan.expect_absent(keys::tombstone(comment.id));
    expected.push(TOMBSTONE);
    plan.expect_absent(keys::comment(comment.id));
    expected.push("id");
    Counted::adding(&comment.counted).into_iter().for_each(|delta| plan.count(delta, true));
    plan.recount(None, Some(comment));
    plan.replace(&[], &places::of_comment(comment));
    lessons::teach(&mut plan, None, comment)?;
    if *announced {
        let change = EventChange::Submitted { action: comment.verdict.action, score: comment.verdict.score };
        News::of(change, comment, now).tell(&mut plan)?;
    }
    Ok((plan, expected))
}
