//! Authors: how one stands, and how one is forgotten.

use rusqlite::Connection;

use super::comments;
use super::erasing;
use super::fault::Fault;
use super::history;
use super::packed::unpack_at;
use super::sites::{self, SiteRow};
use crate::domain::{
    AuthorId, AuthorStanding, CommentId, CommentRef, Counted, HistoryKey, HistoryKind, SiteId, Tally, Timestamp,
};
use crate::store::Forgotten;

/// The most comments, and the most tombstones, of one step.
const STEP: usize = 100;

/// The kinds of history that stand under an author's own token.
const OWN: [HistoryKind; 2] = [HistoryKind::Mail, HistoryKind::Account];

/// [`Store::author`](crate::store::Store::author)
pub(super) fn standing(
    tx: &Connection,
    site: &SiteId,
    author: AuthorId,
    now: Timestamp,
) -> Result<Option<AuthorStanding>, Fault> {
    let site = sites::find(tx, site)?;
    let mut standing = AuthorStanding::default();
    let mut counts = tx.prepare_cached(
        "SELECT status, count(*), count(priority), min(written_at), max(written_at) FROM
            (SELECT status, priority, written_at FROM comments WHERE site = ?1 AND author = ?2
             UNION ALL
             SELECT status, priority, written_at FROM comments WHERE site = ?1 AND mail = ?2)
          GROUP BY status",
    )?;
    let mut rows = counts.query((site.number, author.as_bytes()))?;
    while let Some(row) = rows.next()? {
        let (status, number, open): (String, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (first, last) = (Timestamp::from_millis(row.get(3)?), Timestamp::from_millis(row.get(4)?));
        match status.as_str() {
            "approved" => standing.counts.approved = number,
            "held" => standing.counts.held = number,
            _ => standing.counts.rejected = number,
        }
        standing.counts.open += open;
        standing.first_at = Some(standing.first_at.map_or(first, |known| known.min(first)));
        standing.last_at = Some(standing.last_at.map_or(last, |known| known.max(last)));
    }
    let keys = OWN.map(|kind| HistoryKey { kind, hash: *author.as_bytes() });
    let known = history::recall(tx, site, &keys, now)?;
    let (mail, account) = (known.mail.total(now), known.account.total(now));
    // A token is of one kind: of the other there is nothing.
    standing.remembered = Tally {
        seen: mail.seen + account.seen,
        approved: mail.approved + account.approved,
        spam: mail.spam + account.spam,
        abuse: mail.abuse + account.abuse,
    };
    let is_known = standing.first_at.is_some()
        || standing.remembered != Tally::default()
        || !tombstones_of(tx, site, author, 1)?.is_empty();
    Ok(is_known.then_some(standing))
}

/// [`Store::forget`](crate::store::Store::forget)
pub(super) fn forget(tx: &Connection, id: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Fault> {
    let site = sites::find(tx, id)?;
    let comments = comments_of(tx, site, author, STEP)?;
    for comment in &comments {
        erasing::erase(tx, id, &CommentRef::Id(*comment), now)?;
    }
    let tombstones = tombstones_of(tx, site, author, STEP)?;
    for Remembered { tombstone, external_id, counted } in &tombstones {
        history::take_back(tx, site, counted, now)?;
        let by_external_id = external_id.as_ref().map(|id| format!("ext:{id}"));
        unquote(tx, site, [Some(tombstone.to_string()), by_external_id])?;
        let mut empty = tx.prepare_cached(
            "UPDATE tombstones SET counted = '[]', author = NULL, mail = NULL WHERE site = ?1 AND id = ?2",
        )?;
        empty.execute((site.number, tombstone.as_bytes()))?;
    }
    let more = comments.len() == STEP || tombstones.len() == STEP;
    if !more {
        // What damaged comments were counted in cannot be told from them.
        for kind in OWN {
            history::forget(tx, site, HistoryKey { kind, hash: *author.as_bytes() })?;
        }
    }
    Ok(Forgotten { comments: comments.len(), tombstones: tombstones.len(), more })
}

fn comments_of(tx: &Connection, site: SiteRow, author: AuthorId, limit: usize) -> Result<Vec<CommentId>, Fault> {
    let mut find = tx.prepare_cached(
        "SELECT id FROM comments WHERE site = ?1 AND author = ?2
         UNION ALL
         SELECT id FROM comments WHERE site = ?1 AND mail = ?2 LIMIT ?3",
    )?;
    let ids = find.query_map((site.number, author.as_bytes(), limit), |row| row.get(0).map(CommentId::from_bytes))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// A tombstone that still tells of its author.
struct Remembered {
    tombstone: CommentId,
    external_id: Option<String>,
    counted: Vec<Counted>,
}

fn tombstones_of(tx: &Connection, site: SiteRow, author: AuthorId, limit: usize) -> Result<Vec<Remembered>, Fault> {
    let mut find = tx.prepare_cached(
        "SELECT id, external_id, counted FROM tombstones WHERE site = ?1 AND author = ?2
         UNION ALL
         SELECT id, external_id, counted FROM tombstones WHERE site = ?1 AND mail = ?2 LIMIT ?3",
    )?;
    find.query_and_then((site.number, author.as_bytes(), limit), |row| {
        let (tombstone, external_id) = (CommentId::from_bytes(row.get(0)?), row.get(1)?);
        Ok(Remembered { tombstone, external_id, counted: unpack_at(row, 2)? })
    })?
    .collect()
}

/// Takes what is quoted of a comment out of the replies to it: that is no change that anybody is told of.
pub(super) fn unquote(tx: &Connection, site: SiteRow, names: [Option<String>; 2]) -> Result<(), Fault> {
    let mut find = tx.prepare_cached("SELECT id FROM comments WHERE site = ?1 AND parent = ?2")?;
    for name in names.into_iter().flatten() {
        let ids = find.query_map((site.number, name), |row| row.get(0).map(CommentId::from_bytes))?;
        for id in ids.collect::<Result<Vec<_>, _>>()? {
            if let Some(comments::Found { number, mut comment }) = comments::find_by_id(tx, site, id)? {
                if let Some(parent) = &mut comment.submission.parent {
                    (parent.author_name, parent.content) = (None, None);
                }
                comments::replace(tx, number, &comment)?;
            }
        }
    }
    Ok(())
}
