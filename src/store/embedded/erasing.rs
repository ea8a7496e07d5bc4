//! Erasing a comment, also a damaged one: its row goes, a tombstone and an event stay.

use rusqlite::{Connection, OptionalExtension, Row};

use super::comments::{self, Found};
use super::fault::Fault;
use super::feed::{self, News};
use super::history;
use super::sites::{self, SiteRow, Standing};
use super::tombstones::{self, Told};
use crate::domain::{CommentId, CommentRef, Counted, EventChange, ExternalId, SiteId, Status, Timestamp, Tombstone};
use crate::store::Error;

/// [`Store::erase`](crate::store::Store::erase)
pub(super) fn erase(tx: &Connection, site: &SiteId, comment: &CommentRef, now: Timestamp) -> Result<bool, Fault> {
    let site = sites::find(tx, site)?;
    let remains = match comments::find(tx, site, comment) {
        Ok(found) => found.map(|found| Remains::of(found, now)),
        Err(Fault::Answer(Error::Damaged(why))) => of_row(tx, site, (comment, &why), now)?,
        Err(fault) => return Err(fault),
    };
    let Some(remains) = remains else { return erase_purged(tx, site, comment) };
    let Remains { number, tombstone, counted, standing } = remains;
    tombstones::insert(tx, site, &tombstone)?;
    comments::delete(tx, number)?;
    history::take_back(tx, site, &counted, site.horizon_after(now))?;
    sites::recount(tx, site, standing, None)?;
    let Tombstone { id: comment, external_id, version, status, .. } = tombstone;
    unquote(tx, site, comment, external_id.as_ref())?;
    let news = News { change: EventChange::Erased, comment, external_id, now: (version, status), at: now };
    feed::append(tx, site, news)?;
    Ok(true)
}

/// Erases what is left of a comment that is kept no longer; whether there was anything.
fn erase_purged(tx: &Connection, site: SiteRow, comment: &CommentRef) -> Result<bool, Fault> {
    match tombstones::told(tx, site, comment)? {
        Some(told) => empty(tx, site, &told),
        None => Ok(false),
    }
}

/// Takes back what a tombstone is counted in and what replies quote of its comment, and forgets its author; whether there was
/// anything.
pub(super) fn empty(tx: &Connection, site: SiteRow, told: &Told) -> Result<bool, Fault> {
    let Told { id, external_id, counted, names_author } = told;
    history::take_back(tx, site, counted, site.horizon())?;
    let unquoted = unquote(tx, site, *id, external_id.as_ref())?;
    let mut empty = tx.prepare_cached(
        "UPDATE tombstones SET counted = '[]', author = NULL, mail = NULL WHERE site = ?1 AND id = ?2",
    )?;
    empty.execute((site.number, id.as_bytes()))?;
    Ok(*names_author || !counted.is_empty() || unquoted > 0)
}

/// Takes what is quoted of a comment out of the replies to it, and answers how many that were: that is no change that anybody
/// is told of. They name it by our id or by the blog's, which it may have got after them.
fn unquote(tx: &Connection, site: SiteRow, id: CommentId, external_id: Option<&ExternalId>) -> Result<usize, Fault> {
    let mut unquoted = 0;
    let mut find = tx.prepare_cached(REPLIES)?;
    for name in [Some(id.to_string()), external_id.map(ExternalId::as_name)].into_iter().flatten() {
        let replies = find.query_map((site.number, name), |row| row.get(0).map(CommentId::from_bytes))?;
        for reply in replies.collect::<Result<Vec<_>, _>>()? {
            match comments::find_by_id(tx, site, reply) {
                Ok(Some(Found { number, mut comment })) => {
                    if let Some(parent) = &mut comment.submission.parent {
                        (parent.author_name, parent.content) = (None, None);
                    }
                    comments::replace(tx, number, &comment)?;
                    unquoted += 1;
                }
                Ok(None) => {}
                Err(Fault::Answer(Error::Damaged(why))) => {
                    tracing::error!("it may quote {id}, which was erased; erase it as well: {why}");
                }
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(unquoted)
}

/// The replies that quote what has this name.
const REPLIES: &str = "SELECT id FROM comments WHERE site = ?1 AND parent = ?2";

/// What erasing a comment needs to know of it.
struct Remains {
    number: i64,
    tombstone: Tombstone,
    counted: Vec<Counted>,
    /// How it stands in the counts, if that can be told.
    standing: Option<Standing>,
}

impl Remains {
    fn of(found: Found, now: Timestamp) -> Self {
        let Found { number, comment } = found;
        let (tombstone, standing) = (Tombstone::of_erased(&comment, now), Some((&comment).into()));
        Self { number, tombstone, counted: comment.counted, standing }
    }
}

/// What a damaged comment's row and the feed still tell of it. When it came in is lost: when it was written stands for it.
fn of_row(
    tx: &Connection,
    site: SiteRow,
    (comment, why): (&CommentRef, &str),
    now: Timestamp,
) -> Result<Option<Remains>, Fault> {
    let remains_of = |row: &Row<'_>| remains_of(row, now);
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
    if let Some(last) = feed::last_of(tx, site, remains.tombstone.id)? {
        remains.tombstone.version = last.version + 1;
        remains.tombstone.status = remains.standing.as_ref().map_or(last.status, |standing| standing.status);
    }
    tracing::error!(
        comment = %remains.tombstone.id,
        counts_corrected = remains.standing.is_some(),
        "erasing a damaged comment by its row; the history entries it was counted in cannot be known and keep it: {why}"
    );
    Ok(Some(remains))
}

fn remains_of(row: &Row<'_>, now: Timestamp) -> Result<Remains, rusqlite::Error> {
    let status: String = row.get(3)?;
    let status = Status::ALL.into_iter().find(|known| known.as_str() == status);
    let (written_at, open) = (Timestamp::from_millis(row.get(4)?), row.get(5)?);
    let tombstone = Tombstone {
        id: CommentId::from_bytes(row.get(1)?),
        external_id: row.get::<_, Option<String>>(2)?.and_then(|id| ExternalId::try_from(id).ok()),
        status: status.unwrap_or(Status::Held),
        version: 2,
        received_at: written_at,
        written_at,
        erased_at: now,
        counted: Vec::new(),
        authors: [None; 2],
    };
    let standing = status.map(|status| Standing { status, open });
    Ok(Remains { number: row.get(0)?, tombstone, counted: Vec::new(), standing })
}
