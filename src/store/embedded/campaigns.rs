//! Which comments share what: rows that follow from a comment's record, for `campaign=`, and go with its row.

use rusqlite::Connection;

use super::fault::Fault;
use crate::domain::Comment;

/// What a comment's rows say, in order: the site, the campaign, when the comment was written, its id.
type Rows = Vec<(i64, String, i64, Vec<u8>)>;

/// Writes the rows of a comment that has none.
pub(super) fn insert(tx: &Connection, site: i64, number: i64, comment: &Comment) -> Result<(), Fault> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO campaigns (site, campaign, written_at, id, comment) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (site, campaign, written_at, id) in of(site, comment) {
        insert.execute((site, campaign, written_at, id, number))?;
    }
    Ok(())
}

/// Whether the rows of the comment in this row are those that its record asks for.
pub(super) fn agree(tx: &Connection, site: i64, number: i64, comment: &Comment) -> Result<bool, Fault> {
    let mut find =
        tx.prepare_cached("SELECT site, campaign, written_at, id FROM campaigns WHERE comment = ?1 ORDER BY 1, 2")?;
    let rows = find.query_map([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<Rows, _>>()? == of(site, comment))
}

/// Writes the rows of a comment anew.
pub(super) fn write(tx: &Connection, site: i64, number: i64, comment: &Comment) -> Result<(), Fault> {
    tx.prepare_cached("DELETE FROM campaigns WHERE comment = ?1")?.execute([number])?;
    insert(tx, site, number, comment)
}

fn of(site: i64, comment: &Comment) -> Rows {
    let row = |campaign: String| (site, campaign, comment.written_at.millis(), comment.id.as_bytes().to_vec());
    let mut rows: Rows = comment.campaigns().into_iter().map(|campaign| row(campaign.to_string())).collect();
    rows.sort_unstable();
    rows
}
