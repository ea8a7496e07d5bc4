//! What was taught, and the snapshot of what was learnt of it.

use moderato::domain::{MAX_MODEL, Teaching};
use rusqlite::Connection;

use super::Audit;

impl Audit {
    /// The numbers have no gaps up to the newest, which the site knows; every lesson can be read, and no snapshot knows more.
    pub(super) fn lessons(&mut self, tx: &Connection, site: i64) -> Result<(), rusqlite::Error> {
        let taught: u64 = tx.query_row("SELECT taught FROM sites WHERE ref = ?1", [site], |row| row.get(0))?;
        let count: u64 = tx.query_row("SELECT count(*) FROM lessons WHERE site = ?1", [site], |row| row.get(0))?;
        self.demand(count <= taught, || format!("{count} lessons, and {taught} were taught"));
        let mut select = tx.prepare("SELECT number, crc, packed FROM lessons WHERE site = ?1 ORDER BY number")?;
        let (mut rows, mut next) = (select.query([site])?, taught.saturating_sub(count) + 1);
        while let Some(row) = rows.next()? {
            let (number, packed): (u64, String) = (row.get(0)?, row.get(2)?);
            self.demand(number == next, || format!("lesson {number}: {next} is next of {taught}"));
            let is_whole = crc32fast::hash(packed.as_bytes()) == row.get::<_, u32>(1)?;
            let read = serde_json::from_str::<Teaching>(&packed).ok();
            let teaches = read.is_some_and(|lesson| lesson.was != lesson.now);
            self.demand(is_whole && teaches, || format!("lesson {number} is damaged"));
            next = number + 1;
        }
        let mut select = tx.prepare("SELECT taught, crc, bytes FROM models WHERE site = ?1")?;
        let mut rows = select.query([site])?;
        while let Some(row) = rows.next()? {
            let (learnt, bytes): (u64, Vec<u8>) = (row.get(0)?, row.get(2)?);
            let is_whole = crc32fast::hash(&bytes) == row.get::<_, u32>(1)?;
            self.demand(is_whole && learnt <= taught && bytes.len() <= MAX_MODEL, || {
                format!("its snapshot is damaged, or of {learnt} lessons of {taught}")
            });
        }
        Ok(())
    }
}
