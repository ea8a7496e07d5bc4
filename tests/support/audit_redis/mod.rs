//! Recomputes everything that a Redis store derives from its comments, and says where the two differ.
//!
//! It knows the keys and the nouns, and none of the store's code, so that a fault of the store cannot hide itself.

mod entries;
mod feed;
mod history;
mod keys;
mod lessons;
mod places;
mod reading;
mod records;

use std::collections::{BTreeMap, BTreeSet};

use moderato::domain::{Comment, CommentId, Counted, EventId, Tombstone};

use crate::audit::Summary;

/// Audits what the primaries on these ports hold together, under names that begin so. The error lists everything that is wrong.
pub fn audit(ports: &[u16], prefix: &str) -> Result<Summary, Vec<String>> {
    let mut audit = Audit::default();
    for port in ports {
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{port}/"));
        let connection = client.and_then(|client| client.get_connection());
        if let Err(why) = connection.and_then(|mut connection| audit.read(&mut connection, &format!("{prefix}:"))) {
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
    /// Of each entry the id, and names and values of its fields in turn.
    lessons: Vec<(String, Vec<Vec<u8>>)>,
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

impl Audit {
    fn all(&mut self) {
        let of_site = std::mem::take(&mut self.of_site);
        for site in self.sites.keys().cloned().collect::<Vec<_>>() {
            self.demand(self.sites[&site].first() == Some(&b'{'), || {
                format!("site {site}: its removal was not finished")
            });
            self.demand(of_site.contains_key(&site), || format!("site {site}: listed, and not there"));
        }
        for (id, owner) in self.owners.clone() {
            let keys = of_site.get(if owner.is_empty() { "@operator" } else { &owner });
            let is_there = keys.is_some_and(|keys| keys.texts.contains_key(&format!("k:{id}")));
            self.demand(is_there, || format!("API key {id}: listed as of `{owner}`, and not there"));
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
            self.demand(known || ["head", "settings", "b", "n", "m"].contains(&name.as_str()), || {
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
        self.lessons(keys);
        self.events(keys, &head, &mut contents);
        self.places(keys, &contents);
        self.history(keys, &head, &contents);
        self.passing(keys, &contents);
    }

    /// Milliseconds and number of the last event, the four counts, the settings' version, and the operations.
    fn head(&mut self, head: &[u8]) -> Option<[u64; 8]> {
        let (tag, numbers) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        if let Some(store_id) = &self.store_id {
            let own = format!("{:08x}", crc32fast::hash(store_id.as_bytes()));
            self.demand(tag == own, || format!("its head is of the store {tag}, this is {own}"));
        }
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let numbers: [u64; 8] = numbers.try_into().ok()?;
        i64::try_from(numbers[0]).is_ok().then_some(numbers)
    }

    fn demand(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }
}

/// The values of a site whose names begin so.
fn starting<'a>(keys: &'a Keys, start: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    let texts = keys.texts.iter().filter(move |(name, _)| name.starts_with(start));
    texts.map(|(name, value)| (name.as_str(), value.as_slice()))
}

/// Smaller numbers come first, negative ones too.
fn sort_key(key: i64) -> [u8; 8] {
    (key.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}
