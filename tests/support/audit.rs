//! Recomputes everything that an embedded database derives from its comments, and says where the two differ.
//!
//! It knows the tables and the nouns, and none of the store's code, so that a fault of the store cannot hide itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use moderato::domain::{
    Comment, CommentId, Event, EventChange, EventId, MAX_MEMBERS, Period, Review, Status, Timestamp,
};
use rusqlite::{Connection, OpenFlags, Row};

/// What a sound database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub sites: usize,
    pub comments: usize,
    pub tombstones: usize,
    pub events: usize,
    pub open: usize,
}

/// Audits the database in this file, also beside a running service. The error lists everything that is wrong.
pub fn audit(db: &Path) -> Result<Summary, Vec<String>> {
    let mut audit = Audit::default();
    if let Err(why) = audit.all(db) {
        audit.faults.push(format!("the database cannot be read: {why}"));
    }
    if audit.faults.is_empty() { Ok(audit.summary) } else { Err(audit.faults) }
}

#[derive(Default)]
struct Audit {
    summary: Summary,
    faults: Vec<String>,
}

/// What one site's tables hold besides its counts.
#[derive(Default)]
struct Contents {
    comments: BTreeMap<CommentId, Comment>,
    tombstones: BTreeMap<CommentId, Tombstone>,
    latest: i64,
}

struct Tombstone {
    version: u64,
    status: String,
}

type Entry = (String, [u8; 16]);

impl Audit {
    fn all(&mut self, db: &Path) -> Result<(), rusqlite::Error> {
        let mut connection = Connection::open_with_flags(db, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // One moment for all questions, also beside a service that goes on writing.
        let tx = connection.transaction()?;
        let sound: String = tx.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        self.demand(sound == "ok", || format!("integrity_check: {sound}"));
        let orphans = tx.prepare("PRAGMA foreign_key_check")?.query_map([], |row| row.get::<_, String>(0))?.count();
        self.demand(orphans == 0, || format!("{orphans} rows belong to no site"));
        let sites: Vec<(i64, String)> = tx
            .prepare("SELECT ref, id FROM sites")?
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (site, name) in sites {
            self.summary.sites += 1;
            let faults = std::mem::take(&mut self.faults);
            self.site(&tx, site)?;
            let found = std::mem::replace(&mut self.faults, faults);
            self.faults.extend(found.into_iter().map(|fault| format!("site {name}: {fault}")));
        }
        Ok(())
    }

    fn site(&mut self, tx: &Connection, site: i64) -> Result<(), rusqlite::Error> {
        let mut contents = Contents::default();
        self.comments(tx, site, &mut contents)?;
        self.tombstones(tx, site, &mut contents)?;
        self.counts(tx, site, &contents)?;
        self.events(tx, site, &mut contents)?;
        self.history(tx, site, &contents)?;
        self.members(tx, site, &contents)?;
        self.idempotency(tx, site, &contents)
    }

    fn comments(&mut self, tx: &Connection, site: i64, contents: &mut Contents) -> Result<(), rusqlite::Error> {
        let mut select = tx.prepare(
            "SELECT id, external_id, status, post, author, written_at, priority, crc, packed FROM comments WHERE site = ?1",
        )?;
        let mut rows = select.query([site])?;
        while let Some(row) = rows.next()? {
            let id = CommentId::from_bytes(row.get(0)?);
            let packed: String = row.get(8)?;
            self.demand(crc32fast::hash(packed.as_bytes()) == row.get::<_, u32>(7)?, || format!("{id}: checksum"));
            match serde_json::from_str::<Comment>(&packed) {
                Ok(comment) => {
                    self.columns(id, row, &comment)?;
                    self.life(&comment);
                    let times = [comment.received_at, comment.changed_at].map(Timestamp::millis);
                    contents.latest = contents.latest.max(times[0]).max(times[1]);
                    contents.comments.insert(id, comment);
                }
                Err(why) => self.faults.push(format!("{id}: cannot be read: {why}")),
            }
        }
        self.summary.comments += contents.comments.len();
        Ok(())
    }

    /// The columns that the indexes need say what the record says.
    fn columns(&mut self, id: CommentId, row: &Row<'_>, comment: &Comment) -> Result<(), rusqlite::Error> {
        let external_id = comment.submission.external_id.as_ref().map(|id| id.as_str().to_owned());
        let author = comment.author_id.map(|author| author.as_bytes().to_vec());
        let priority = match comment.review {
            Review::Open { priority, .. } => Some(priority),
            Review::Done => None,
        };
        self.demand(comment.id == id, || format!("{id}: the record is of {}", comment.id));
        self.same((id, "external_id"), row.get(1)?, external_id);
        self.same((id, "status"), row.get(2)?, comment.status.as_str().to_owned());
        self.same((id, "post"), row.get(3)?, comment.submission.post.id.to_string());
        self.same((id, "author"), row.get(4)?, author);
        self.same((id, "written_at"), row.get(5)?, comment.written_at.millis());
        self.same((id, "priority"), row.get(6)?, priority);
        Ok(())
    }

    /// What store.md says of every comment.
    fn life(&mut self, comment: &Comment) {
        let id = comment.id;
        self.demand(comment.version == comment.changes(), || {
            format!("{id}: version {}, but the record shows {}", comment.version, comment.changes())
        });
        let waits = comment.status == Status::Held && comment.withdrawn_at.is_none();
        self.demand(!waits || comment.review.is_open(), || format!("{id}: held, but not in the queue"));
        let gone = comment.withdrawn_at.is_some();
        self.demand(!gone || !comment.review.is_open(), || format!("{id}: withdrawn, but in the queue"));
        self.demand(comment.written_at <= comment.received_at, || format!("{id}: written after it came in"));
        self.summary.open += usize::from(comment.review.is_open());
    }

    fn tombstones(&mut self, tx: &Connection, site: i64, contents: &mut Contents) -> Result<(), rusqlite::Error> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let external = |comment: &Comment| comment.submission.external_id.as_ref().map(|id| id.as_str().to_owned());
        for name in contents.comments.values().filter_map(external) {
            self.demand(names.insert(name.clone()), || format!("external id {name} names two comments"));
        }
        let mut select =
            tx.prepare("SELECT id, external_id, version, status, erased_at FROM tombstones WHERE site = ?1")?;
        let mut rows = select.query([site])?;
        while let Some(row) = rows.next()? {
            let id = CommentId::from_bytes(row.get(0)?);
            if let Some(name) = row.get::<_, Option<String>>(1)? {
                self.demand(names.insert(name.clone()), || format!("external id {name} names two comments"));
            }
            self.demand(!contents.comments.contains_key(&id), || format!("{id}: erased, and still there"));
            contents.latest = contents.latest.max(row.get(4)?);
            contents.tombstones.insert(id, Tombstone { version: row.get(2)?, status: row.get(3)? });
        }
        self.summary.tombstones += contents.tombstones.len();
        Ok(())
    }

    fn counts(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let of = |test: &dyn Fn(&Comment) -> bool| contents.comments.values().filter(|c| test(c)).count() as i64;
        let counted = [
            of(&|comment| comment.status == Status::Approved),
            of(&|comment| comment.status == Status::Held),
            of(&|comment| comment.status == Status::Rejected),
            of(&|comment| comment.review.is_open()),
        ];
        let kept: [i64; 4] =
            tx.query_row("SELECT approved, held, rejected, open FROM sites WHERE ref = ?1", [site], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })?;
        self.demand(kept == counted, || {
            format!("counts (approved, held, rejected, open): {kept:?}, recount {counted:?}")
        });
        Ok(())
    }

    fn events(&mut self, tx: &Connection, site: i64, contents: &mut Contents) -> Result<(), rusqlite::Error> {
        let mut select =
            tx.prepare("SELECT millis, number, packed FROM events WHERE site = ?1 ORDER BY millis, number")?;
        let mut rows = select.query([site])?;
        let (mut newest, mut last): (BTreeMap<CommentId, Event>, Option<EventId>) = (BTreeMap::new(), None);
        while let Some(row) = rows.next()? {
            let id = EventId { millis: row.get(0)?, number: row.get(1)? };
            let event: Event = match serde_json::from_str(&row.get::<_, String>(2)?) {
                Ok(event) => event,
                Err(why) => {
                    self.faults.push(format!("event {id}: cannot be read: {why}"));
                    continue;
                }
            };
            self.summary.events += 1;
            self.demand(event.id == id, || format!("event {id}: the record says {}", event.id));
            contents.latest = contents.latest.max(event.at.millis());
            last = Some(id);
            if let Some(before) = newest.insert(event.comment, event.clone()) {
                self.demand(event.version == before.version + 1, || {
                    format!("event {id}: version {} follows {}", event.version, before.version)
                });
                self.demand(before.change != EventChange::Erased, || format!("event {id}: after the erasure"));
            }
        }
        let kept: EventId =
            tx.query_row("SELECT event_millis, event_number FROM sites WHERE ref = ?1", [site], |row| {
                Ok(EventId { millis: row.get(0)?, number: row.get(1)? })
            })?;
        self.demand(last.is_none_or(|last| last == kept), || {
            format!("the last event is {last:?}, the site says {kept}")
        });
        for (id, event) in &newest {
            self.newest(*id, event, contents);
        }
        for (id, tombstone) in &contents.tombstones {
            self.demand(newest.contains_key(id), || {
                format!("{id}: erased at version {} in silence", tombstone.version)
            });
        }
        for comment in contents.comments.values().filter(|comment| comment.version > 1) {
            self.demand(newest.contains_key(&comment.id), || format!("{}: changed in silence", comment.id));
        }
        Ok(())
    }

    /// The newest event of a comment tells of its last change.
    fn newest(&mut self, id: CommentId, event: &Event, contents: &Contents) {
        let (version, status) = match (contents.comments.get(&id), contents.tombstones.get(&id)) {
            (Some(comment), _) => (comment.version, comment.status.as_str()),
            (None, Some(tombstone)) => (tombstone.version, tombstone.status.as_str()),
            (None, None) => return self.faults.push(format!("event {}: there never was a comment {id}", event.id)),
        };
        let erased = contents.tombstones.contains_key(&id);
        self.demand(event.version == version, || format!("{id}: version {version}, the feed says {}", event.version));
        self.demand(event.status.as_str() == status, || format!("{id}: {status}, the feed says {:?}", event.status));
        self.demand((event.change == EventChange::Erased) == erased, || format!("{id}: last event {:?}", event.change));
    }

    fn history(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let mut summed: BTreeMap<(Entry, u32), [i64; 4]> = BTreeMap::new();
        for counted in contents.comments.values().flat_map(|comment| &comment.counted) {
            let entry = (counted.key.kind.as_str().to_owned(), counted.key.hash);
            let sum = summed.entry((entry, counted.period.0)).or_default();
            let tally = counted.tally;
            for (sum, part) in sum.iter_mut().zip([tally.seen, tally.approved, tally.spam, tally.abuse]) {
                *sum += i64::from(part);
            }
        }
        summed.retain(|_, sum| *sum != [0; 4]);
        let oldest = Period::of(Timestamp::from_millis(contents.latest)).oldest_kept().0;
        let mut select =
            tx.prepare("SELECT kind, hash, period, seen, approved, spam, abuse FROM history WHERE site = ?1")?;
        let mut rows = select.query([site])?;
        while let Some(row) = rows.next()? {
            let place: (Entry, u32) = ((row.get(0)?, row.get(1)?), row.get(2)?);
            let kept: [i64; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
            let sum = summed.remove(&place).unwrap_or_default();
            self.demand(kept == sum, || format!("history {}: {kept:?}, the comments say {sum:?}", shown(&place)));
        }
        for (place, sum) in summed.iter().filter(|((_, period), _)| *period >= oldest) {
            self.faults.push(format!("history {}: missing, the comments say {sum:?}", shown(place)));
        }
        Ok(())
    }

    fn members(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let mut summed: BTreeMap<(Entry, u32), i64> = BTreeMap::new();
        for counted in contents.comments.values().flat_map(|comment| &comment.counted) {
            if let Some(member) = counted.member {
                *summed.entry(((counted.key.kind.as_str().to_owned(), counted.key.hash), member)).or_default() += 1;
            }
        }
        let mut select = tx.prepare("SELECT kind, hash, member, uses FROM members WHERE site = ?1")?;
        let mut rows = select.query([site])?;
        let (mut kept, mut distinct) = (BTreeMap::new(), BTreeMap::<Entry, usize>::new());
        while let Some(row) = rows.next()? {
            let entry: Entry = (row.get(0)?, row.get(1)?);
            *distinct.entry(entry.clone()).or_default() += 1;
            kept.insert((entry, row.get(2)?), row.get(3)?);
        }
        self.demand(kept == summed, || format!("members: {kept:?}, the comments say {summed:?}"));
        let most = distinct.values().max().copied().unwrap_or(0);
        self.demand(most <= MAX_MEMBERS, || format!("an entry has {most} members"));
        Ok(())
    }

    fn idempotency(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let mut select = tx.prepare("SELECT comment FROM idempotency WHERE site = ?1")?;
        for id in select.query_map([site], |row| row.get(0).map(CommentId::from_bytes))? {
            let id = id?;
            let known = contents.comments.contains_key(&id) || contents.tombstones.contains_key(&id);
            self.demand(known, || format!("an idempotency key names {id}, which never was"));
        }
        Ok(())
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, place: (CommentId, &str), kept: T, said: T) {
        let (id, column) = place;
        self.demand(kept == said, || format!("{id}: column {column} is {kept:?}, the record says {said:?}"));
    }

    fn demand(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }
}

fn shown(((kind, hash), period): &(Entry, u32)) -> String {
    format!("{kind} {} in period {period}", data_encoding::HEXLOWER.encode(hash))
}
