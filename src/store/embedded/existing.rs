//! What came before: idempotency keys, external ids and tombstones, and `recall`, which asks for all of them at once.

use rusqlite::{Connection, OptionalExtension};

use super::comments::{self, Found};
use super::fault::Fault;
use super::history;
use super::sites::{self, SiteRow};
use crate::domain::{CommentId, ExternalId, Fingerprint, SiteId, Timestamp};
use crate::store::{Existing, Idempotency, IdempotencyKey, Recall, Recalled};

/// How many expired keys each new one takes away, so that they never pile up between two rounds of housekeeping.
const SWEPT: usize = 2;

/// [`Store::recall`](crate::store::Store::recall)
pub(super) fn recall(tx: &Connection, site: &SiteId, ask: &Recall) -> Result<Recalled, Fault> {
    let site = sites::find(tx, site)?;
    let key = ask.idempotency.as_ref();
    let existing = match of_key(tx, site, key, ask.now)? {
        None => of_external_id(tx, site, ask.external_id.as_ref())?,
        known => known,
    };
    let history = history::recall(tx, site, &ask.history, ask.now)?;
    Ok(Recalled { existing, history, settings_version: site.settings_version, taught: site.taught })
}

/// What an idempotency key names, unless it has expired.
pub(super) fn of_key(
    tx: &Connection,
    site: SiteRow,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Option<Existing>, Fault> {
    let Some(key) = key else { return Ok(None) };
    let Some(Use { comment: id, fingerprint, .. }) = use_of_key(tx, site, key, now)? else { return Ok(None) };
    Ok(Some(match comments::find_by_id(tx, site, id)? {
        Some(Found { comment, .. }) => Existing::ByKey { comment: Box::new(comment), fingerprint },
        None => Existing::Erased(id),
    }))
}

/// What an idempotency key was used for.
pub(super) struct Use {
    pub(super) comment: CommentId,
    /// Of the request.
    pub(super) fingerprint: Fingerprint,
    /// Whether it did anything: `false` for an outdated decision.
    pub(super) applied: bool,
}

/// What an idempotency key was used for, unless it has expired.
pub(super) fn use_of_key(
    tx: &Connection,
    site: SiteRow,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<Use>, Fault> {
    let mut find = tx.prepare_cached(
        "SELECT comment, fingerprint, applied FROM idempotency WHERE site = ?1 AND hash = ?2 AND expires_at > ?3",
    )?;
    let used = find.query_row((site.number, key.0, now.millis()), |row| {
        let fingerprint = Fingerprint::from(row.get::<_, String>(1)?);
        Ok(Use { comment: CommentId::from_bytes(row.get(0)?), fingerprint, applied: row.get(2)? })
    });
    Ok(used.optional()?)
}

/// What an external id names.
pub(super) fn of_external_id(
    tx: &Connection,
    site: SiteRow,
    external_id: Option<&ExternalId>,
) -> Result<Option<Existing>, Fault> {
    let Some(external_id) = external_id else { return Ok(None) };
    if let Some(Found { comment, .. }) = comments::find_by_external_id(tx, site, external_id)? {
        return Ok(Some(Existing::ByExternalId { comment: Box::new(comment) }));
    }
    let mut find = tx.prepare_cached("SELECT id FROM tombstones WHERE site = ?1 AND external_id = ?2")?;
    let erased = find.query_row((site.number, external_id.as_str()), |row| row.get(0)).optional()?;
    Ok(erased.map(|id| Existing::Erased(CommentId::from_bytes(id))))
}

/// Whether a comment of this id was erased.
pub(super) fn is_erased(tx: &Connection, site: SiteRow, id: CommentId) -> Result<bool, Fault> {
    let mut find = tx.prepare_cached("SELECT 1 FROM tombstones WHERE site = ?1 AND id = ?2")?;
    Ok(find.exists((site.number, id.as_bytes()))?)
}

/// What an idempotency key is to answer with.
pub(super) struct KeyUse<'a> {
    pub(super) idempotency: &'a Idempotency,
    /// The comment that the request was about.
    pub(super) comment: CommentId,
    /// Whether the request did anything: `false` where the blog told of something outdated.
    pub(super) applied: bool,
}

/// Lets an idempotency key name a comment and whether its request did anything, and sweeps a few that have expired.
pub(super) fn remember_key(tx: &Connection, site: SiteRow, used: &KeyUse<'_>, now: Timestamp) -> Result<(), Fault> {
    let mut expired = tx.prepare_cached("SELECT 1 FROM idempotency WHERE expires_at <= ?1 LIMIT 1")?;
    if expired.exists([now.millis()])? {
        sweep(tx, now, SWEPT)?;
    }
    let KeyUse { idempotency: Idempotency { key, fingerprint, expires_at }, comment, applied } = used;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO idempotency (site, hash, comment, fingerprint, applied, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let values = (site.number, key.0, comment.as_bytes(), fingerprint.as_str(), applied, expires_at.millis());
    insert.execute(values)?;
    Ok(())
}

/// Takes the oldest of the keys that have expired away, whichever sites they are of; how many.
pub(super) fn sweep(tx: &Connection, now: Timestamp, most: usize) -> Result<usize, Fault> {
    let mut sweep = tx.prepare_cached(
        "DELETE FROM idempotency WHERE (site, hash) IN
            (SELECT site, hash FROM idempotency WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
    )?;
    Ok(sweep.execute((now.millis(), most))?)
}
