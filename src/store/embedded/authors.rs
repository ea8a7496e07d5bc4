//! Authors: how one stands, and how one is forgotten.

use rusqlite::Connection;

use super::erasing;
use super::fault::Fault;
use super::history;
use super::sites::{self, SiteRow};
use super::tombstones::{self, Told};
use crate::domain::{
    AuthorId, AuthorStanding, CommentId, CommentRef, HistoryKey, HistoryKind, SiteId, Tally, Timestamp,
};
use crate::store::Forgotten;

/// The most comments, and the most tombstones, of one step.
const STEP: usize = 100;

/// The kinds of history that stand under an author's own token.
const OWN: [HistoryKind; 2] = [HistoryKind::Mail, HistoryKind::Account];

/// How an author's comments stand.
const COUNTS: &str = "
    SELECT status, count(*), count(priority), min(written_at), max(written_at) FROM
        (SELECT status, priority, written_at FROM comments WHERE site = ?1 AND author = ?2
         UNION ALL
         SELECT status, priority, written_at FROM comments WHERE site = ?1 AND mail = ?2)
     GROUP BY status";

/// [`Store::author`](crate::store::Store::author)
pub(super) fn standing(
    tx: &Connection,
    site: &SiteId,
    author: AuthorId,
    now: Timestamp,
) -> Result<Option<AuthorStanding>, Fault> {
    let site = sites::find(tx, site)?;
    let mut standing = AuthorStanding::default();
    let mut counts = tx.prepare_cached(COUNTS)?;
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
        || tx.prepare_cached(TOMBSTONES)?.exists((site.number, author.as_bytes(), 1))?;
    Ok(is_known.then_some(standing))
}

/// [`Store::forget`](crate::store::Store::forget)
pub(super) fn forget(tx: &Connection, id: &SiteId, author: AuthorId, now: Timestamp) -> Result<Forgotten, Fault> {
    let site = sites::find(tx, id)?;
    let comments = comments_of(tx, site, author)?;
    for comment in &comments {
        erasing::erase(tx, id, &CommentRef::Id(*comment), now)?;
    }
    // Found anew, because every event moves the site's row on.
    let site = sites::find(tx, id)?;
    let tombstones = tombstones_of(tx, site, author)?;
    for told in &tombstones {
        erasing::empty(tx, site, told)?;
    }
    let more = comments.len() == STEP || tombstones.len() == STEP;
    if !more {
        // What damaged records were counted in cannot be told from them.
        for kind in OWN {
            history::forget(tx, site, HistoryKey { kind, hash: *author.as_bytes() })?;
        }
    }
    Ok(Forgotten { comments: comments.len(), tombstones: tombstones.len(), more })
}

/// An author's comments, the earliest first. No row has the same token twice.
const COMMENTS: &str = "
    SELECT id, written_at FROM comments WHERE site = ?1 AND author = ?2
    UNION ALL
    SELECT id, written_at FROM comments WHERE site = ?1 AND mail = ?2 ORDER BY 2, 1 LIMIT ?3";

/// An author's tombstones. SQLite, which does not know how many a site has, would read them all.
const TOMBSTONES: &str = "
    SELECT id, external_id, counted, 1 FROM tombstones INDEXED BY tombstones_author WHERE site = ?1 AND author = ?2
    UNION ALL
    SELECT id, external_id, counted, 1 FROM tombstones INDEXED BY tombstones_mail WHERE site = ?1 AND mail = ?2 LIMIT ?3";

fn comments_of(tx: &Connection, site: SiteRow, author: AuthorId) -> Result<Vec<CommentId>, Fault> {
    let mut find = tx.prepare_cached(COMMENTS)?;
    let ids = find.query_map((site.number, author.as_bytes(), STEP), |row| row.get(0).map(CommentId::from_bytes))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn tombstones_of(tx: &Connection, site: SiteRow, author: AuthorId) -> Result<Vec<Told>, Fault> {
    let mut find = tx.prepare_cached(TOMBSTONES)?;
    let told = find.query_map((site.number, author.as_bytes(), STEP), tombstones::told_at)?;
    Ok(told.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::schema::plan;

    #[test]
    fn an_author_is_found_by_indexes() {
        for sql in [COMMENTS, TOMBSTONES, COUNTS] {
            let plan = plan(sql);
            assert!(plan.iter().all(|step| !step.contains("SCAN comments") && !step.contains("SCAN tomb")), "{plan:?}");
            let by_index = |name: &str| plan.iter().any(|step| step.contains(name));
            assert!(by_index("_author (site=? AND author=?)") && by_index("_mail (site=? AND mail=?)"), "{plan:?}");
        }
    }
}
