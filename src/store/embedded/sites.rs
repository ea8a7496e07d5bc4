//! Sites and their counts.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::fault::Fault;
use crate::domain::{Comment, Counts, EventId, Site, SiteId, SiteName, Status, Timestamp};
use crate::store::Error;

/// A site as the other tables know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SiteRow {
    /// Its reference.
    pub(super) number: i64,
    /// The last id given to an event of it.
    pub(super) last_event: EventId,
    /// At which version its settings are.
    pub(super) settings_version: u64,
    /// The number of its newest lesson.
    pub(super) taught: u64,
}

impl SiteRow {
    /// The moment that says which periods of the history still count: the time in the id of the last event. The clock may go
    /// back, and then asks for periods again that were dropped; this never does.
    pub(super) fn horizon(self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.last_event.millis).unwrap_or(i64::MAX))
    }

    /// The same once an event of this moment has followed.
    pub(super) fn horizon_after(self, at: Timestamp) -> Timestamp {
        let last_event = EventId::following(self.last_event, at);
        Self { last_event, ..self }.horizon()
    }
}

/// What of a comment its site counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) status: Status,
    /// Whether its review is.
    pub(super) open: bool,
}

impl From<&Comment> for Standing {
    fn from(comment: &Comment) -> Self {
        Self { status: comment.status, open: comment.review.is_open() }
    }
}

/// Finds a site, or answers [`Error::UnknownSite`].
pub(super) fn find(tx: &Connection, site: &SiteId) -> Result<SiteRow, Fault> {
    let mut find =
        tx.prepare_cached("SELECT ref, event_millis, event_number, settings_version, taught FROM sites WHERE id = ?1")?;
    let row = find.query_row([site.as_str()], |row| {
        let last_event = EventId { millis: row.get(1)?, number: row.get(2)? };
        Ok(SiteRow { number: row.get(0)?, last_event, settings_version: row.get(3)?, taught: row.get(4)? })
    });
    row.optional()?.ok_or(Fault::Answer(Error::UnknownSite))
}

/// Takes a comment out of its site's counts as it stood, and puts it in as it stands.
pub(super) fn recount(
    tx: &Connection,
    site: SiteRow,
    was: Option<Standing>,
    is: Option<Standing>,
) -> Result<(), Fault> {
    let change = |test: fn(&Standing) -> bool| {
        i64::from(is.as_ref().is_some_and(test)) - i64::from(was.as_ref().is_some_and(test))
    };
    let approved = change(|standing| standing.status == Status::Approved);
    let held = change(|standing| standing.status == Status::Held);
    let rejected = change(|standing| standing.status == Status::Rejected);
    let open = change(|standing| standing.open);
    if (approved, held, rejected, open) != (0, 0, 0, 0) {
        let mut count = tx.prepare_cached(
            "UPDATE sites SET approved = approved + :approved, held = held + :held, rejected = rejected + :rejected,
                    open = open + :open
              WHERE ref = :site",
        )?;
        count.execute(named_params! {
            ":site": site.number, ":approved": approved, ":held": held, ":rejected": rejected, ":open": open,
        })?;
    }
    Ok(())
}

/// [`Store::create_site`](crate::store::Store::create_site)
pub(super) fn create(tx: &Connection, site: &Site) -> Result<bool, Fault> {
    // The version of its settings begins with the time: a site that is made again under its name never has one of the old site's.
    let insert =
        "INSERT INTO sites (id, name, created_at, settings_version) VALUES (?1, ?2, ?3, ?3) ON CONFLICT DO NOTHING";
    let values = (site.id.as_str(), &*site.name, site.created_at.millis());
    Ok(tx.execute(insert, values)? == 1)
}

/// [`Store::site`](crate::store::Store::site)
pub(super) fn one(tx: &Connection, site: &SiteId) -> Result<Option<Site>, Fault> {
    let mut find = tx.prepare_cached("SELECT id, name, created_at FROM sites WHERE id = ?1")?;
    let mut rows = find.query([site.as_str()])?;
    rows.next()?.map(site_of).transpose()
}

/// [`Store::sites`](crate::store::Store::sites)
pub(super) fn all(tx: &Connection) -> Result<Vec<Site>, Fault> {
    let mut find = tx.prepare_cached("SELECT id, name, created_at FROM sites ORDER BY id")?;
    find.query_and_then([], site_of)?.collect()
}

/// [`Store::counts`](crate::store::Store::counts)
pub(super) fn counts(tx: &Connection, site: &SiteId) -> Result<Counts, Fault> {
    let mut find = tx.prepare_cached("SELECT approved, held, rejected, open FROM sites WHERE id = ?1")?;
    let counts = find.query_row([site.as_str()], |row| {
        Ok(Counts { approved: row.get(0)?, held: row.get(1)?, rejected: row.get(2)?, open: row.get(3)? })
    });
    counts.optional()?.ok_or(Fault::Answer(Error::UnknownSite))
}

/// [`Store::rename_site`](crate::store::Store::rename_site)
pub(super) fn rename(tx: &Connection, site: &SiteId, name: &SiteName) -> Result<Site, Fault> {
    tx.execute("UPDATE sites SET name = ?2 WHERE id = ?1", (site.as_str(), &**name))?;
    one(tx, site)?.ok_or(Fault::Answer(Error::UnknownSite))
}

/// [`Store::delete_site`](crate::store::Store::delete_site)
pub(super) fn delete(tx: &Connection, site: &SiteId) -> Result<bool, Fault> {
    let site = find(tx, site)?;
    let last = tx.query_row("SELECT count(*) = 1 FROM sites", [], |row| row.get::<_, bool>(0))?;
    if !last {
        tx.execute("DELETE FROM sites WHERE ref = ?1", [site.number])?;
    }
    Ok(!last)
}

fn site_of(row: &Row<'_>) -> Result<Site, Fault> {
    let id: String = row.get(0)?;
    let name: String = row.get(1)?;
    Ok(Site {
        id: id.parse().map_err(Fault::damaged)?,
        name: SiteName::try_from(name).map_err(Fault::damaged)?,
        created_at: Timestamp::from_millis(row.get(2)?),
    })
}
