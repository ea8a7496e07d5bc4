//! Recomputes everything that a Redis store derives from its comments, and says where the two differ.
//!
//! It knows the keys and the nouns, and none of the store's code, so that a fault of the store cannot hide itself.

#[path = "audit_redis/counted.rs"]
mod counted;
#[path = "audit_redis/reading.rs"]
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use ::redis::{Commands, Connection};
use moderato::domain::{
    Comment, CommentId, Counted, EntryId, EventChange, EventId, HistoryKind, ListEntry, MAX_ENTRIES, Review, Status,
    Timestamp, Tombstone,
};

use self::reading::{shown, sort_key, starting, stream, unpacked, without_those_that_found_no_room};
use crate::audit::Summary;

/// The least time between the going of a comment and that of its tombstone.
const TOMBSTONES: i64 = 3 * 24 * 60 * 60 * 1000;

/// Audits what the primaries on these ports hold together, under names that begin so. The error lists everything that is wrong.
pub fn audit(ports: &[u16], prefix: &str) -> Result<Summary, Vec<String>> {
    let mut audit = Audit::default();
    for port in ports {
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
        let mut connection = client.get_connection().unwrap();
        if let Err(why) = audit.read(&mut connection, &format!("{prefix}:")) {
            audit.faults.push(format!("the server on port {port} cannot be read: {why}"));
        }
    }
    audit.all();
    if audit.faults.is_empty() { Ok(audit.summary) } else { Err(audit.faults) }
}

/// One site's keys, by what stands behind the site's name.
#[derive(Default)]
struct Keys {
    texts: BTreeMap<String, Vec<u8>>,
    indexes: BTreeMap<String, BTreeSet<Vec<u8>>>,
    feed: Vec<(EventId, Vec<u8>)>,
}

#[derive(Default)]
struct Audit {
    summary: Summary,
    faults: Vec<String>,
    /// Of no site: the lists of sites and of API keys.
    sites: BTreeMap<String, Vec<u8>>,
    owners: BTreeMap<String, String>,
    of_site: BTreeMap<String, Keys>,
    store_id: Option<String>,
}

/// What one site's records say.
#[derive(Default)]
struct Contents {
    comments: BTreeMap<CommentId, Comment>,
    tombstones: BTreeMap<CommentId, Tombstone>,
    counted: Vec<Counted>,
    indexes: BTreeMap<String, BTreeSet<Vec<u8>>>,
    externals: BTreeMap<String, Vec<u8>>,
    /// The latest time that anything tells.
    latest: i64,
}

/// An event as it is kept.
#[derive(serde::Deserialize)]
struct News {
    at: Timestamp,
    #[serde(flatten)]
    change: EventChange,
    comment: CommentId,
    version: u64,
    status: Status,
}

impl News {
    /// Whether it is the last that its comment can have.
    fn is_end(&self) -> bool {
        matches!(self.change, EventChange::Erased | EventChange::Purged)
    }
}

impl Audit {
    fn read(&mut self, connection: &mut Connection, prefix: &str) -> ::redis::RedisResult<()> {
        let names: Vec<Vec<u8>> = connection.scan_match(format!("{prefix}*"))?.collect::<Result<_, _>>()?;
        for key in names {
            let kind: String = ::redis::cmd("TYPE").arg(&key).query(connection)?;
            let Ok(text) = String::from_utf8(key.clone()) else {
                self.faults.push(format!("a key is no text: {key:?}"));
                continue;
            };
            let rest = &text[prefix.len()..];
            let site = rest.strip_prefix('{').and_then(|rest| rest.split_once("}:"));
            match (rest, site, kind.as_str()) {
                // What is written before replicas are waited for.
                (_, Some((_, "w")), "string") => {}
                ("sites", _, "hash") => self.sites = connection.hgetall(&key)?,
                ("keys", _, "hash") => self.owners = connection.hgetall(&key)?,
                ("schema", _, "string") => {
                    let schema: Vec<u8> = connection.get(&key)?;
                    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap_or_default();
                    self.store_id = schema["store_id"].as_str().map(str::to_owned);
                }
                (_, Some((site, name)), kind) => {
                    let keys = self.of_site.entry(site.to_owned()).or_default();
                    match (name, kind) {
                        ("e", "stream") => keys.feed = stream(connection, &key)?,
                        (_, "string") => {
                            // One that passes may be gone by now.
                            if let Some(value) = connection.get(&key)? {
                                keys.texts.insert(name.to_owned(), value);
                            }
                        }
                        (_, "zset") => {
                            let members: Vec<Vec<u8>> = connection.zrange(&key, 0, -1)?;
                            keys.indexes.insert(name.to_owned(), members.into_iter().collect());
                        }
                        (_, "none") => {}
                        _ => self.faults.push(format!("{text}: a {kind} is in the place")),
                    }
                }
                _ => self.faults.push(format!("{text}: nobody knows this key")),
            }
        }
        Ok(())
    }

    fn all(&mut self) {
        let of_site = std::mem::take(&mut self.of_site);
        for site in self.sites.keys().cloned().collect::<Vec<_>>() {
            self.demand(self.sites[&site].first() == Some(&b'{'), || {
                format!("site {site}: its removal was not finished")
            });
            self.demand(of_site.contains_key(&site), || format!("site {site}: listed, and not there"));
        }
        for (site, keys) in &of_site {
            let faults = std::mem::take(&mut self.faults);
            if site != "@operator" {
                self.demand(self.sites.contains_key(site), || "there are keys of it, and it is not listed".to_owned());
                self.summary.sites += 1;
                self.site(keys);
            }
            self.api_keys(if site == "@operator" { "" } else { site }, keys);
            let found = std::mem::replace(&mut self.faults, faults);
            self.faults.extend(found.into_iter().map(|fault| format!("site {site}: {fault}")));
        }
    }

    fn site(&mut self, keys: &Keys) {
        let mut contents = Contents::default();
        for (name, value) in &keys.texts {
            let known = ["c:", "t:", "x:", "h:", "i:", "l:", "k:", "u:"].iter().any(|start| name.starts_with(start));
            self.demand(known || ["head", "settings", "b"].contains(&name.as_str()), || {
                format!("{name}: nobody knows this key")
            });
            if let Some(id) = name.strip_prefix("c:") {
                self.comment(id, value, &mut contents);
            } else if let Some(id) = name.strip_prefix("t:") {
                self.tombstone(id, value, &mut contents);
            }
        }
        self.summary.comments += contents.comments.len();
        self.summary.tombstones += contents.tombstones.len();
        let Some(head) = keys.texts.get("head").and_then(|head| self.head(head)) else {
            return self.faults.push("it has no head that can be read".to_owned());
        };
        self.counts(&head, &contents);
        self.entries(keys);
        self.events(keys, &head, &mut contents);
        self.places(keys, &contents);
        self.history(keys, &head, &contents);
        self.passing(keys, &contents);
    }

    /// Every entry of a list can be read, behind the id that it says itself; no id comes twice, and there are no more than there may
    /// be.
    fn entries(&mut self, keys: &Keys) {
        let mut ids = BTreeSet::new();
        for (index, members) in keys.indexes.iter().filter(|(index, _)| index.starts_with("b:")) {
            for member in members {
                let (id, json) = member.split_at_checked(24).unwrap_or_default();
                let read = serde_json::from_slice::<ListEntry>(json).ok().zip(index[2..].parse().ok());
                let is_it = read.is_some_and(|(entry, list)| EntryId::of(list, &entry).as_str().as_bytes() == id);
                self.demand(is_it, || format!("{index}: entry {} is damaged", String::from_utf8_lossy(id)));
                self.demand(ids.insert((index, id)), || {
                    format!("{index}: {} is there twice", String::from_utf8_lossy(id))
                });
            }
        }
        self.demand(ids.len() <= MAX_ENTRIES, || format!("its lists have {} entries", ids.len()));
    }

    /// Milliseconds and number of the last event, the four counts, the settings' version, and the operations.
    fn head(&mut self, head: &[u8]) -> Option<[u64; 8]> {
        let (tag, numbers) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        if let Some(store_id) = &self.store_id {
            let own = format!("{:08x}", crc32fast::hash(store_id.as_bytes()));
            self.demand(tag == own, || format!("its head is of the store {tag}, this is {own}"));
        }
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        numbers.try_into().ok()
    }

    fn comment(&mut self, id: &str, record: &[u8], contents: &mut Contents) {
        let Some(mut comment) = self.record::<Comment>(&format!("c:{id}"), record) else { return };
        without_those_that_found_no_room(&mut comment.counted, record);
        self.demand(comment.id.to_string() == id, || format!("{id}: the record is of {}", comment.id));
        self.life(&comment);
        let mut stand = |index: String, key: i64| contents.stand(index, key, comment.id);
        let written = comment.written_at.millis();
        stand(format!("s:{}", comment.status.as_str()), written);
        stand(format!("p:{}", &*comment.submission.post.id), written);
        let of_mail = || comment.counted.iter().find(|counted| counted.key.kind == HistoryKind::Mail);
        let author = comment.author_id.map(|author| *author.as_bytes());
        let mail = comment.mail_id.map(|mail| *mail.as_bytes()).or_else(|| of_mail().map(|mail| mail.key.hash));
        let mail = author.and(mail);
        for token in [author, mail].into_iter().flatten().collect::<BTreeSet<_>>() {
            stand(format!("a:{}", data_encoding::HEXLOWER.encode(&token)), written);
        }
        if let Some(parent) = &comment.submission.parent
            && (parent.author_name.is_some() || parent.content.is_some())
        {
            let by_external_id = || parent.external_id.as_ref().map(|id| format!("r:ext:{id}"));
            if let Some(index) = parent.id.map(|id| format!("r:{id}")).or_else(by_external_id) {
                stand(index, written);
            }
        }
        let open = match comment.review {
            Review::Open { priority, .. } => {
                stand("q".to_owned(), priority);
                true
            }
            Review::Done => false,
        };
        let is_withdrawn = comment.status == Status::Held && !open;
        let age = if is_withdrawn { "withdrawn" } else { comment.status.as_str() };
        stand(format!("o:{age}"), comment.changed_at.millis());
        if comment.submission.client.ip.is_some() && !comment.address_is_cut {
            stand("o:address".to_owned(), comment.received_at.millis());
        }
        if let Some(external_id) = &comment.submission.external_id {
            let other = contents.externals.insert(format!("x:{external_id}"), id.as_bytes().to_vec());
            self.demand(other.is_none(), || format!("external id {external_id} names two comments"));
        }
        contents.latest = contents.latest.max(comment.received_at.millis()).max(comment.changed_at.millis());
        contents.counted.extend(comment.counted.iter().cloned());
        self.summary.open += usize::from(open);
        contents.comments.insert(comment.id, comment);
    }

    /// What is said of every comment.
    fn life(&mut self, comment: &Comment) {
        let (id, open) = (comment.id, comment.review.is_open());
        self.demand(comment.version == comment.changes(), || {
            format!("{id}: version {}, but the record shows {}", comment.version, comment.changes())
        });
        let waits = comment.status == Status::Held && comment.withdrawn_at.is_none();
        self.demand(!waits || open, || format!("{id}: held, but not in the queue"));
        self.demand(comment.withdrawn_at.is_none() || !open, || format!("{id}: withdrawn, but in the queue"));
        self.demand(comment.written_at <= comment.received_at, || format!("{id}: written after it came in"));
        self.demand(comment.expired.is_none_or(|expired| expired.times > 0), || format!("{id}: expired no times"));
    }

    fn tombstone(&mut self, id: &str, record: &[u8], contents: &mut Contents) {
        let Some(mut tombstone) = self.record::<Tombstone>(&format!("t:{id}"), record) else { return };
        without_those_that_found_no_room(&mut tombstone.counted, record);
        self.demand(tombstone.id.to_string() == id, || format!("{id}: the tombstone is of {}", tombstone.id));
        self.demand(!contents.comments.contains_key(&tombstone.id), || format!("{id}: erased, and still there"));
        let [author, mail] = tombstone.authors;
        self.demand(author.is_none() || author != mail, || format!("{id}: its tombstone has a token twice"));
        contents.stand("t".to_owned(), 0, tombstone.id);
        contents.stand("o:tombstone".to_owned(), tombstone.erased_at.millis(), tombstone.id);
        for token in [author, mail].into_iter().flatten() {
            contents.stand(format!("ta:{}", data_encoding::HEXLOWER.encode(token.as_bytes())), 0, tombstone.id);
        }
        if let Some(external_id) = &tombstone.external_id {
            let other = contents.externals.insert(format!("x:{external_id}"), id.as_bytes().to_vec());
            self.demand(other.is_none(), || format!("external id {external_id} names two comments"));
        }
        contents.latest = contents.latest.max(tombstone.erased_at.millis());
        contents.counted.extend(tombstone.counted.iter().cloned());
        contents.tombstones.insert(tombstone.id, tombstone);
    }

    /// A record: the stamp, the checksum, which members found no room, and JSON.
    fn record<T: serde::de::DeserializeOwned>(&mut self, name: &str, record: &[u8]) -> Option<T> {
        let Some((head, json)) = record.split_at_checked(28) else {
            self.faults.push(format!("{name}: too short"));
            return None;
        };
        let crc = format!("{:08x}", crc32fast::hash(json));
        self.demand(crc.as_bytes() == &head[16..24], || format!("{name}: checksum"));
        self.demand(head.iter().all(u8::is_ascii_hexdigit), || format!("{name}: its head is no number"));
        match serde_json::from_slice(&unpacked(json)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.faults.push(format!("{name}: cannot be read: {why}"));
                None
            }
        }
    }

    fn counts(&mut self, head: &[u64; 8], contents: &Contents) {
        let of = |test: &dyn Fn(&Comment) -> bool| contents.comments.values().filter(|c| test(c)).count() as u64;
        let recount = [
            of(&|comment| comment.status == Status::Approved),
            of(&|comment| comment.status == Status::Held),
            of(&|comment| comment.status == Status::Rejected),
            of(&|comment| comment.review.is_open()),
        ];
        self.demand(head[2..6] == recount, || {
            format!("counts (approved, held, rejected, open): {:?}, recount {recount:?}", &head[2..6])
        });
    }

    fn events(&mut self, keys: &Keys, head: &[u64; 8], contents: &mut Contents) {
        let mut newest: BTreeMap<CommentId, News> = BTreeMap::new();
        for (id, packed) in &keys.feed {
            let event: News = match serde_json::from_slice(packed) {
                Ok(event) => event,
                Err(why) => {
                    self.faults.push(format!("event {id}: cannot be read: {why}"));
                    continue;
                }
            };
            self.summary.events += 1;
            contents.latest = contents.latest.max(event.at.millis());
            let version = event.version;
            if let Some(before) = newest.insert(event.comment, event) {
                self.demand(version == before.version + 1, || {
                    format!("event {id}: version {version} follows {}", before.version)
                });
                self.demand(!before.is_end(), || format!("event {id}: after its end"));
            }
        }
        let (kept, last) = (EventId { millis: head[0], number: head[1] }, keys.feed.last().map(|(id, _)| *id));
        self.demand(last.is_none_or(|last| last == kept), || {
            format!("the last event is {last:?}, the site says {kept}")
        });
        contents.latest = contents.latest.max(i64::try_from(kept.millis).unwrap());
        for (id, event) in &newest {
            self.newest(*id, event, contents);
        }
        // Events go from the front: what is later than the first that is kept is kept.
        let first = keys.feed.first().map_or(kept.millis + 1, |(first, _)| first.millis);
        let told = |comment: &&Comment| {
            comment.version > 1 && u64::try_from(comment.changed_at.millis()).is_ok_and(|at| at > first)
        };
        for comment in contents.comments.values().filter(told) {
            // An old comment that came in decided did so in silence.
            let came_so = comment.version == 2 && comment.changed_at == comment.received_at;
            self.demand(came_so || newest.contains_key(&comment.id), || format!("{}: changed in silence", comment.id));
        }
    }

    /// The newest event of a comment tells of its last change.
    fn newest(&mut self, id: CommentId, event: &News, contents: &Contents) {
        let tombstone = contents.tombstones.get(&id);
        let (version, status) = match (contents.comments.get(&id), tombstone) {
            (Some(comment), _) => (comment.version, comment.status),
            (None, Some(tombstone)) => (tombstone.version, tombstone.status),
            // Its tombstone went before the event did.
            (None, None) if event.is_end() && event.at.millis() + TOMBSTONES <= contents.latest => return,
            (None, None) => return self.faults.push(format!("a version {} of {id}, which never was", event.version)),
        };
        self.demand(event.version == version, || format!("{id}: version {version}, the feed says {}", event.version));
        self.demand(event.status == status, || format!("{id}: {status:?}, the feed says {:?}", event.status));
        self.demand(event.is_end() == tombstone.is_some(), || format!("{id}: last event {:?}", event.change));
        let tells = tombstone.is_some_and(|left| !left.counted.is_empty() || left.authors != [None; 2]);
        let erased = event.change == EventChange::Erased;
        self.demand(!erased || !tells, || format!("{id}: erased, and its tombstone still tells of its author"));
    }

    /// Indexes and external ids, in both directions.
    fn places(&mut self, keys: &Keys, contents: &Contents) {
        let names: BTreeSet<&String> = keys.indexes.keys().chain(contents.indexes.keys()).collect();
        let none = BTreeSet::new();
        for name in names.into_iter().filter(|name| *name != "k" && !name.starts_with("b:")) {
            let (kept, said) = (keys.indexes.get(name).unwrap_or(&none), contents.indexes.get(name).unwrap_or(&none));
            for member in kept.difference(said) {
                self.faults.push(format!("index {name}: {} does not belong there", shown(member)));
            }
            for member in said.difference(kept) {
                self.faults.push(format!("index {name}: {} is missing", shown(member)));
            }
        }
        let kept: BTreeMap<&str, &[u8]> = starting(keys, "x:").collect();
        let said: BTreeMap<&str, &[u8]> =
            contents.externals.iter().map(|(name, id)| (name.as_str(), id.as_slice())).collect();
        self.demand(kept == said, || format!("external ids: {kept:?}, the records say {said:?}"));
    }

    fn demand(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }
}

impl Contents {
    fn stand(&mut self, index: String, key: i64, id: CommentId) {
        self.indexes.entry(index).or_default().insert([&sort_key(key)[..], id.as_bytes()].concat());
    }
}
