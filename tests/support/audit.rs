//! Recomputes everything that an embedded database derives from its comments, and says where the two differ.
//!
//! It knows the tables and the nouns, and none of the store's code, so that a fault of the store cannot hide itself.

#[path = "audit/lessons.rs"]
mod lessons;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use moderato::domain::{
    Comment, CommentId, Counted, EntryId, Event, EventChange, EventId, HistoryKind, ListEntry, ListName, MAX_ENTRIES,
    MAX_MEMBERS, Period, Review, Status, Timestamp,
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
    /// The latest time that anything tells.
    latest: i64,
    /// The time in the last event's id, which outlives it.
    horizon: i64,
}

impl Contents {
    /// What every comment, kept or purged, is counted in.
    fn counted(&self) -> impl Iterator<Item = &Counted> {
        let purged = self.tombstones.values().flat_map(|tombstone| &tombstone.counted);
        self.comments.values().flat_map(|comment| &comment.counted).chain(purged)
    }
}

struct Tombstone {
    version: u64,
    status: String,
    counted: Vec<Counted>,
    names_author: bool,
}

/// The least time between the going of a comment and that of its tombstone.
const TOMBSTONES: i64 = 3 * 24 * 60 * 60 * 1000;

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
        self.campaigns(tx, site, &contents)?;
        self.tombstones(tx, site, &mut contents)?;
        self.counts(tx, site, &contents)?;
        self.events(tx, site, &mut contents)?;
        self.history(tx, site, &contents)?;
        self.members(tx, site, &contents)?;
        self.entries(tx, site)?;
        self.lessons(tx, site)?;
        self.idempotency(tx, site, &contents)
    }

    /// Every entry of a list can be read, under the id that it says itself, and there are no more than there may be.
    fn entries(&mut self, tx: &Connection, site: i64) -> Result<(), rusqlite::Error> {
        let mut select = tx.prepare("SELECT list, id, crc, packed FROM list_entries WHERE site = ?1")?;
        let (mut rows, mut there) = (select.query([site])?, 0);
        while let Some(row) = rows.next()? {
            there += 1;
            let (list, id, packed): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
            let read = serde_json::from_str::<ListEntry>(&packed).ok().zip(list.parse::<ListName>().ok());
            let is_whole = crc32fast::hash(packed.as_bytes()) == row.get::<_, u32>(2)?;
            let is_it = read.is_some_and(|(entry, list)| EntryId::of(list, &entry).as_str() == id);
            self.demand(is_whole && is_it, || format!("entry {id} of {list} is damaged"));
        }
        self.demand(there <= MAX_ENTRIES, || format!("its lists have {there} entries"));
        Ok(())
    }

    fn comments(&mut self, tx: &Connection, site: i64, contents: &mut Contents) -> Result<(), rusqlite::Error> {
        let mut select = tx.prepare(
            "SELECT id, external_id, status, post, author, written_at, priority, crc, packed, changed_at, received_at,
                    address, mail, parent
               FROM comments WHERE site = ?1",
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
        let of_mail = || comment.counted.iter().find(|counted| counted.key.kind == HistoryKind::Mail);
        let mail = comment.mail_id.map(|mail| *mail.as_bytes()).or_else(|| of_mail().map(|counted| counted.key.hash));
        let mail = comment.author_id.and_then(|author| mail.filter(|mail| mail != author.as_bytes()));
        let parent = comment.submission.parent.as_ref().filter(|p| p.author_name.is_some() || p.content.is_some());
        let by_external_id = |id: &_| format!("ext:{id}");
        let parent =
            parent.and_then(|p| p.id.map(|id| id.to_string()).or_else(|| p.external_id.as_ref().map(by_external_id)));
        self.same((id, "changed_at"), row.get(9)?, comment.changed_at.millis());
        self.same((id, "received_at"), row.get(10)?, comment.received_at.millis());
        self.same((id, "address"), row.get(11)?, comment.submission.client.ip.is_some() && !comment.address_is_cut);
        self.same((id, "mail"), row.get(12)?, mail.map(|mail| mail.to_vec()));
        self.same((id, "parent"), row.get(13)?, parent);
        Ok(())
    }

    /// What comments share with others: of each, every entry that remembers members.
    fn campaigns(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let mut said = BTreeSet::new();
        for comment in contents.comments.values() {
            let keys = comment.counted.iter().map(|counted| counted.key);
            for key in keys.filter(|key| key.kind.members().is_some()) {
                let name = format!("{}-{}", key.kind.as_str(), data_encoding::HEXLOWER.encode(&key.hash[..8]));
                said.insert((name, comment.written_at.millis(), comment.id, comment.id, site));
            }
        }
        let rows = "SELECT campaign, g.written_at, g.id, c.id, g.site FROM campaigns AS g
                      JOIN comments AS c ON c.n = g.comment WHERE c.site = ?1 ORDER BY 1, 2, 3";
        let id = CommentId::from_bytes;
        let row = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, id(r.get(2)?), id(r.get(3)?), r.get(4)?));
        let kept: Vec<_> = tx.prepare(rows)?.query_map([site], row)?.collect::<Result<_, _>>()?;
        self.demand(kept.iter().eq(&said), || format!("campaigns: {kept:?}, the comments say {said:?}"));
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
        let is_cut = !comment.address_is_cut || comment.submission.client.ip.is_some_and(is_network);
        self.demand(is_cut, || format!("{id}: its address is said to be cut, and is not"));
        // Not by its time: a decision may be dated before it, where the clock has gone back.
        self.demand(comment.expired.is_none_or(|expired| expired.times > 0), || format!("{id}: expired no times"));
        self.summary.open += usize::from(comment.review.is_open());
    }

    fn tombstones(&mut self, tx: &Connection, site: i64, contents: &mut Contents) -> Result<(), rusqlite::Error> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let external = |comment: &Comment| comment.submission.external_id.as_ref().map(|id| id.as_str().to_owned());
        for name in contents.comments.values().filter_map(external) {
            self.demand(names.insert(name.clone()), || format!("external id {name} names two comments"));
        }
        let mut select = tx.prepare(
            "SELECT id, external_id, version, status, erased_at, counted, author IS NOT NULL OR mail IS NOT NULL,
                    author IS mail
               FROM tombstones WHERE site = ?1",
        )?;
        let mut rows = select.query([site])?;
        while let Some(row) = rows.next()? {
            let id = CommentId::from_bytes(row.get(0)?);
            if let Some(name) = row.get::<_, Option<String>>(1)? {
                self.demand(names.insert(name.clone()), || format!("external id {name} names two comments"));
            }
            self.demand(!contents.comments.contains_key(&id), || format!("{id}: erased, and still there"));
            let (erased_at, names_author): (i64, bool) = (row.get(4)?, row.get(6)?);
            contents.latest = contents.latest.max(erased_at);
            self.demand(!names_author || !row.get::<_, bool>(7)?, || format!("{id}: its tombstone has a token twice"));
            let counted = serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_else(|why| {
                self.faults.push(format!("{id}: what its tombstone is counted in cannot be read: {why}"));
                Vec::new()
            });
            let (version, status) = (row.get(2)?, row.get(3)?);
            contents.tombstones.insert(id, Tombstone { version, status, counted, names_author });
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
        let mut newest: BTreeMap<CommentId, Event> = BTreeMap::new();
        let (mut first, mut last): (Option<EventId>, Option<EventId>) = (None, None);
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
            first = first.or(Some(id));
            last = Some(id);
            if let Some(before) = newest.insert(event.comment, event.clone()) {
                self.demand(event.version == before.version + 1, || {
                    format!("event {id}: version {} follows {}", event.version, before.version)
                });
                self.demand(!is_end(&before), || format!("event {id}: after its end"));
            }
        }
        let kept: EventId =
            tx.query_row("SELECT event_millis, event_number FROM sites WHERE ref = ?1", [site], |row| {
                Ok(EventId { millis: row.get(0)?, number: row.get(1)? })
            })?;
        self.demand(last.is_none_or(|last| last == kept), || {
            format!("the last event is {last:?}, the site says {kept}")
        });
        contents.horizon = i64::try_from(kept.millis).unwrap();
        contents.latest = contents.latest.max(contents.horizon);
        for (id, event) in &newest {
            self.newest(*id, event, contents);
        }
        // Events go from the front: what is later than the first that is kept is kept. (Of tombstones from elsewhere, nothing is
        // told.)
        let told_since = first.map_or(contents.horizon + 1, |first| i64::try_from(first.millis).unwrap());
        let told = |comment: &&Comment| comment.version > 1 && comment.changed_at.millis() > told_since;
        for comment in contents.comments.values().filter(told) {
            // An old comment that came in decided did so in silence.
            let came_so = comment.version == 2 && comment.changed_at == comment.received_at;
            self.demand(came_so || newest.contains_key(&comment.id), || format!("{}: changed in silence", comment.id));
        }
        Ok(())
    }

    /// The newest event of a comment tells of its last change.
    fn newest(&mut self, id: CommentId, event: &Event, contents: &Contents) {
        let (version, status) = match (contents.comments.get(&id), contents.tombstones.get(&id)) {
            (Some(comment), _) => (comment.version, comment.status.as_str()),
            (None, Some(tombstone)) => (tombstone.version, tombstone.status.as_str()),
            // Its tombstone went before the event did.
            (None, None) if is_end(event) && event.at.millis() + TOMBSTONES <= contents.latest => return,
            (None, None) => return self.faults.push(format!("event {}: there never was a comment {id}", event.id)),
        };
        let tombstone = contents.tombstones.get(&id);
        self.demand(event.version == version, || format!("{id}: version {version}, the feed says {}", event.version));
        self.demand(event.status.as_str() == status, || format!("{id}: {status}, the feed says {:?}", event.status));
        self.demand(is_end(event) == tombstone.is_some(), || format!("{id}: last event {:?}", event.change));
        let forgotten = |tombstone: &Tombstone| tombstone.counted.is_empty() && !tombstone.names_author;
        let tells = event.change == EventChange::Erased && !tombstone.is_none_or(forgotten);
        self.demand(!tells, || format!("{id}: erased, and its tombstone still tells of its author"));
    }

    fn history(&mut self, tx: &Connection, site: i64, contents: &Contents) -> Result<(), rusqlite::Error> {
        let mut summed: BTreeMap<(Entry, u32), [i64; 4]> = BTreeMap::new();
        for counted in contents.counted() {
            let entry = (counted.key.kind.as_str().to_owned(), counted.key.hash);
            let sum = summed.entry((entry, counted.period.0)).or_default();
            let tally = counted.tally;
            for (sum, part) in sum.iter_mut().zip([tally.seen, tally.approved, tally.spam, tally.abuse]) {
                *sum += i64::from(part);
            }
        }
        summed.retain(|_, sum| *sum != [0; 4]);
        let oldest = Period::of(Timestamp::from_millis(contents.horizon)).oldest_kept().0;
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
        for counted in contents.counted() {
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
        let mut select = tx.prepare("SELECT comment FROM idempotency WHERE site = ?1 AND expires_at > ?2")?;
        for id in select.query_map((site, contents.latest), |row| row.get(0).map(CommentId::from_bytes))? {
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

/// Whether this event is the last that its comment can have.
fn is_end(event: &Event) -> bool {
    matches!(event.change, EventChange::Erased | EventChange::Purged)
}

/// Whether an address is the beginning of a /24, or of an IPv6 /48.
fn is_network(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets()[3] == 0,
        IpAddr::V6(ip) => ip.segments()[3..] == [0; 5],
    }
}
