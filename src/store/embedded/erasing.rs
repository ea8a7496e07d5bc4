//! Erasing a comment, also a damaged one: its row goes, a tombstone and an event stay.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::comments::{self, Found};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::packed::pack;
use super::sites::{self, SiteRow, Standing};
use crate::domain::{CommentId, CommentRef, Delta, EventChange, ExternalId, HistoryKey, SiteId, Status, Timestamp};
use crate::store::Error;

/// [`Store::erase`](crate::store::Store::erase)
pub(super) fn erase(tx: &Connection, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    let remains = match comments::find(tx, site, comment) {
        Ok(found) => found.map(Remains::of),
        Err(Fault::Answer(Error::Damaged(why))) => of_row(tx, site, comment, &why)?,
        Err(fault) => return Err(fault),
    };
    let Some(remains) = remains else { return Ok(false) };
    bury(tx, site, &remains, now)?;
    let mut delete = tx.prepare_cached("DELETE FROM comments WHERE n = ?1")?;
    delete.execute([remains.number])?;
    for delta in &remains.uncounting {
        history::apply(tx, site, delta, now)?;
    }
    sites::recount(tx, site, remains.standing, None)?;
    let Remains { id: comment, external_id, version, status, .. } = remains;
    let news = News { change: EventChange::Erased, comment, external_id, now: (version, status), at: now };
    feed::append(tx, site, news)?;
    Ok(true)
}

/// What erasing a comment needs to know of it.
struct Remains {
    number: i64,
    id: CommentId,
    external_id: Option<ExternalId>,
    /// With the erasure.
    version: u64,
    status: Status,
    received_at: i64,
    written_at: i64,
    history: Vec<HistoryKey>,
    uncounting: Vec<Delta>,
    /// How it stands in the counts, if that can be told.
    standing: Option<Standing>,
}

impl Remains {
    fn of(found: Found) -> Self {
        let Found { number, comment } = found;
        Self {
            number,
            id: comment.id,
            version: comment.version + 1,
            status: comment.status,
            received_at: comment.received_at.millis(),
            written_at: comment.written_at.millis(),
            history: comment.counted.iter().map(|counted| counted.key).collect(),
            uncounting: comment.uncounting(),
            standing: Some((&comment).into()),
            external_id: comment.submission.external_id,
        }
    }
}

/// What a damaged comment's row and the feed still tell of it. When it came in is lost: when it was written stands for it.
fn of_row(tx: &Connection, site: SiteRow, comment: &CommentRef, why: &str) -> Result<Option<Remains>, Fault> {
    let columns = "SELECT n, id, external_id, status, written_at, priority IS NOT NULL FROM comments WHERE site = ?1";
    let row = match comment {
        CommentRef::Id(id) => {
            tx.query_row(&format!("{columns} AND id = ?2"), (site.number, id.as_bytes()), remains_of).optional()
        }
        CommentRef::External(id) => {
            let of_external = format!("{columns} AND external_id = ?2");
            tx.query_row(&of_external, (site.number, id.as_str()), remains_of).optional()
        }
    };
    let Some(mut remains) = row? else { return Ok(None) };
    if let Some(last) = feed::last_of(tx, site, remains.id)? {
        remains.version = last.version + 1;
        remains.status = remains.standing.as_ref().map_or(last.status, |standing| standing.status);
    }
    tracing::error!(
        comment = %remains.id,
        counts_corrected = remains.standing.is_some(),
        "erasing a damaged comment by its row; the history entries it was counted in cannot be known and keep it: {why}"
    );
    Ok(Some(remains))
}

fn remains_of(row: &Row<'_>) -> Result<Remains, rusqlite::Error> {
    let status: String = row.get(3)?;
    let status = Status::ALL.into_iter().find(|known| known.as_str() == status);
    let open = row.get(5)?;
    Ok(Remains {
        number: row.get(0)?,
        id: CommentId::from_bytes(row.get(1)?),
        external_id: row.get::<_, Option<String>>(2)?.and_then(|id| ExternalId::try_from(id).ok()),
        version: 2,
        status: status.unwrap_or(Status::Held),
        received_at: row.get(4)?,
        written_at: row.get(4)?,
        history: Vec::new(),
        uncounting: Vec::new(),
        standing: status.map(|status| Standing { status, open }),
    })
}

/// Leaves a tombstone: ids, times, status and hashed keys.
fn bury(tx: &Connection, site: SiteRow, remains: &Remains, now: Timestamp) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO tombstones
            (site, id, external_id, status, version, received_at, written_at, erased_at, history)
         VALUES
            (:site, :id, :external_id, :status, :version, :received_at, :written_at, :erased_at, :history)",
    )?;
    insert.execute(named_params! {
        ":site": site.number,
        ":id": remains.id.as_bytes(),
        ":external_id": remains.external_id.as_ref().map(ExternalId::as_str),
        ":status": remains.status.as_str(),
        ":version": remains.version,
        ":received_at": remains.received_at,
        ":written_at": remains.written_at,
        ":erased_at": now.millis(),
        ":history": pack(&remains.history)?,
    })?;
    Ok(())
}
