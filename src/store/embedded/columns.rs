//! What a comment's row says beside its record: copied from it for the indexes.

use rusqlite::{Connection, Row, named_params};

use super::fault::Fault;
use super::packed::PackedComment;
use crate::domain::{Comment, Review};

/// The derived columns of a row, as [`Columns::at`] reads them.
pub(super) const COLUMNS: &str =
    "id, external_id, status, post, author, mail, parent, written_at, received_at, changed_at, address, priority";

/// The derived columns of one row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    id: Vec<u8>,
    external_id: Option<String>,
    status: String,
    post: String,
    author: Option<Vec<u8>>,
    mail: Option<Vec<u8>>,
    parent: Option<String>,
    written_at: i64,
    received_at: i64,
    changed_at: i64,
    address: bool,
    priority: Option<i64>,
}

impl Columns {
    /// What the columns must say of this comment.
    pub(super) fn of(comment: &Comment) -> Self {
        let [author, mail] = comment.authors().map(|id| id.map(|id| id.as_bytes().to_vec()));
        Self {
            id: comment.id.as_bytes().to_vec(),
            external_id: comment.submission.external_id.as_ref().map(|id| id.as_str().to_owned()),
            status: comment.status.as_str().to_owned(),
            post: comment.submission.post.id.to_string(),
            author,
            mail,
            parent: comment.quoted(),
            written_at: comment.written_at.millis(),
            received_at: comment.received_at.millis(),
            changed_at: comment.changed_at.millis(),
            address: comment.has_whole_address(),
            priority: priority(comment),
        }
    }

    /// What they say in a row that has [`COLUMNS`] from this column on.
    pub(super) fn at(row: &Row<'_>, first: usize) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(first)?,
            external_id: row.get(first + 1)?,
            status: row.get(first + 2)?,
            post: row.get(first + 3)?,
            author: row.get(first + 4)?,
            mail: row.get(first + 5)?,
            parent: row.get(first + 6)?,
            written_at: row.get(first + 7)?,
            received_at: row.get(first + 8)?,
            changed_at: row.get(first + 9)?,
            address: row.get::<_, i64>(first + 10)? == 1,
            priority: row.get(first + 11)?,
        })
    }

    /// Writes them into a row.
    pub(super) fn write(&self, tx: &Connection, number: i64) -> Result<(), Fault> {
        let mut update = tx.prepare_cached(
            "UPDATE comments SET id = :id, external_id = :external_id, status = :status, post = :post, author = :author,
                    mail = :mail, parent = :parent, written_at = :written_at, received_at = :received_at,
                    changed_at = :changed_at, address = :address, priority = :priority
              WHERE n = :n",
        )?;
        update.execute(named_params! {
            ":n": number, ":id": self.id, ":external_id": self.external_id, ":status": self.status, ":post": self.post,
            ":author": self.author, ":mail": self.mail, ":parent": self.parent, ":written_at": self.written_at,
            ":received_at": self.received_at, ":changed_at": self.changed_at, ":address": self.address,
            ":priority": self.priority,
        })?;
        Ok(())
    }

    /// Writes a new row.
    pub(super) fn insert(&self, tx: &Connection, site: i64, packed: &PackedComment) -> Result<(), Fault> {
        let mut insert = tx.prepare_cached(
            "INSERT INTO comments
                (site, id, external_id, status, post, author, mail, parent, written_at, received_at, changed_at, address,
                 priority, crc, packed)
             VALUES
                (:site, :id, :external_id, :status, :post, :author, :mail, :parent, :written_at, :received_at,
                 :changed_at, :address, :priority, :crc, :packed)",
        )?;
        insert.execute(named_params! {
            ":site": site, ":id": self.id, ":external_id": self.external_id, ":status": self.status, ":post": self.post,
            ":author": self.author, ":mail": self.mail, ":parent": self.parent, ":written_at": self.written_at,
            ":received_at": self.received_at, ":changed_at": self.changed_at, ":address": self.address,
            ":priority": self.priority, ":crc": packed.crc, ":packed": packed.json,
        })?;
        Ok(())
    }
}

/// A comment's place in the queue, if it is in it.
pub(super) fn priority(comment: &Comment) -> Option<i64> {
    match comment.review {
        Review::Open { priority, .. } => Some(priority),
        Review::Done => None,
    }
}
