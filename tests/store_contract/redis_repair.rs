//! `repair` of a store in Redis: every key that is derived can go, and comes back as it was.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ::redis::Commands;
use moderato::clock::Clock;
use moderato::store::{self, Error, Repaired, Settings, Store};

use crate::audit_redis::audit;
use crate::fixture::*;
use crate::redis::{DURABLE, Lent, Server, shared_redis};
use crate::repair::fill;

/// A key's value, whatever its type, as one text.
type Dump = BTreeMap<String, String>;

struct House {
    store: Arc<dyn Store>,
    lent: Lent<Server>,
}

impl House {
    async fn filled() -> Self {
        let lent = shared_redis();
        let settings = Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) };
        let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
        fill(&*store).await;
        Self { store, lent }
    }

    fn behind(&self) -> ::redis::Connection {
        ::redis::Client::open(self.lent.url.as_str()).unwrap().get_connection().unwrap()
    }

    /// All keys of the store with what is in them.
    fn dump(&self) -> Dump {
        let mut behind = self.behind();
        let keys: Vec<String> = behind.keys(format!("{}:*", self.lent.prefix)).unwrap();
        let value = |key: &str| -> ::redis::Value {
            let kind: String = ::redis::cmd("TYPE").arg(key).query(&mut self.behind()).unwrap();
            let words: &[&str] = match kind.as_str() {
                "string" => &["GET", key],
                "zset" => &["ZRANGE", key, "0", "-1", "WITHSCORES"],
                "stream" => &["XRANGE", key, "-", "+"],
                _ => &["HGETALL", key],
            };
            ::redis::cmd(words[0]).arg(&words[1..]).query(&mut self.behind()).unwrap()
        };
        let mut dump: Dump = keys.iter().map(|key| (key.clone(), format!("{:?}", value(key)))).collect();
        // How many plans were carried out is no part of what there is.
        for (key, value) in dump.iter_mut().filter(|(key, _)| key.ends_with(":head")) {
            let head: String = self.behind().get(key.as_str()).unwrap();
            *value = head.rsplit_once(' ').unwrap().0.to_owned();
        }
        dump
    }

    fn remove(&self, is_removed: impl Fn(&str) -> bool) -> usize {
        let site = format!("{}:{{blog}}:", self.lent.prefix);
        let mut behind = self.behind();
        let keys: Vec<String> = behind.keys(format!("{site}*")).unwrap();
        let chosen: Vec<&String> = keys.iter().filter(|key| is_removed(key.strip_prefix(&site).unwrap())).collect();
        chosen.iter().for_each(|key| behind.del(key.as_str()).unwrap());
        chosen.len()
    }
}

/// Whether a name is of a key that is derived. Comments, tombstones, the feed, lessons, settings and API keys are not; what idempotency
/// keys were used for and how far limits are used up is known from nowhere else.
fn is_derived(name: &str) -> bool {
    let kept = ["c:", "t:", "k:", "u:", "i:", "l:"];
    !kept.iter().any(|kind| name.starts_with(kind)) && !["e", "n:log", "m", "settings", "head"].contains(&name)
}

#[tokio::test]
async fn every_derived_key_that_is_gone_comes_back_as_it_was() {
    let house = House::filled().await;
    let before = house.dump();
    assert!(house.remove(is_derived) > 15);
    assert_ne!(house.dump(), before);
    let repaired = house.store.repair(&blog()).await.unwrap();
    assert!(repaired.rows > 4 && repaired.history > 0 && repaired.members > 0, "{repaired:?}");
    assert_eq!(repaired.lessons, 1);
    assert_eq!(house.dump(), before);
    let again = house.store.repair(&blog()).await.unwrap();
    assert_eq!(again, Repaired { comments: 4, tombstones: 2, ..Repaired::default() });
    assert_eq!(house.dump(), before);
}

#[tokio::test]
async fn a_site_that_lost_its_head_gets_another_with_the_same_counts_and_a_later_version() {
    let house = House::filled().await;
    let (counts, settings) = (house.store.counts(&blog()).await.unwrap(), house.store.settings(&blog()).await.unwrap());
    let events = house.store.events(&blog(), Default::default(), 100).await.unwrap();
    assert_eq!(house.remove(|name| name == "head"), 1);
    let lost = house.store.counts(&blog()).await;
    assert!(matches!(lost, Err(Error::NotReady { reason: "store-lost", .. })), "{lost:?}");
    house.store.repair(&blog()).await.unwrap();
    assert_eq!(house.store.counts(&blog()).await.unwrap(), counts);
    assert!(house.store.settings(&blog()).await.unwrap().version > settings.version);
    keep(&*house.store, &blog(), held(50)).await;
    let more = house.store.events(&blog(), Default::default(), 100).await.unwrap();
    assert_eq!((&more[..events.len()], more.len()), (&events[..], events.len() + 1));
}

#[tokio::test]
async fn what_leads_nowhere_and_what_is_wrong_is_corrected() {
    let house = House::filled().await;
    let before = house.dump();
    let site = format!("{}:{{blog}}:", house.lent.prefix);
    let mut behind = house.behind();
    let _: () = behind.zadd(format!("{site}q"), [b"12345678".as_slice(), id(77).as_bytes()].concat(), 0).unwrap();
    let _: () = behind.zadd(format!("{site}p:elsewhere"), "too short", 0).unwrap();
    let _: () = behind.set(format!("{site}x:ghost"), id(77).to_string()).unwrap();
    let _: () = behind.set(format!("{site}h:m:{}", "07".repeat(16)), "700:1,0,0,0|").unwrap();
    let head: String = behind.get(format!("{site}head")).unwrap();
    let mut parts: Vec<&str> = head.split(' ').collect();
    (parts[1], parts[3], parts[6]) = ("0", "9", "0");
    let _: () = behind.set(format!("{site}head"), parts.join(" ")).unwrap();
    let repaired = house.store.repair(&blog()).await.unwrap();
    assert_eq!((repaired.counts, repaired.history, repaired.feed), (1, 1, 1), "{repaired:?}");
    assert_eq!(house.dump(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_others_who_write_it_corrects_places_or_says_that_the_site_is_busy() {
    let house = House::filled().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, is_over) = (house.store.clone(), is_over.clone());
        async move {
            for n in 100.. {
                keep(&*store, &blog(), held(n)).await;
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                if is_over.load(Ordering::SeqCst) {
                    return n;
                }
            }
            0
        }
    });
    assert!(house.remove(|name| name == "q") == 1);
    let busy = house.store.repair(&blog()).await;
    is_over.store(true, Ordering::SeqCst);
    let last = writing.await.unwrap();
    assert!(matches!(&busy, Err(Error::Unavailable(_)) | Ok(_)), "{busy:?}");
    house.store.repair(&blog()).await.unwrap();
    assert_eq!(house.store.repair(&blog()).await.unwrap().corrected(), 0);
    assert_eq!(house.store.counts(&blog()).await.unwrap().open, u64::from(last - 100) + 1 + 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_counted_as_it_stands_and_left() {
    let house = House::filled().await;
    let site = format!("{}:{{blog}}:", house.lent.prefix);
    let _: () = house.behind().set(format!("{site}c:{}", id(2)), "spoilt").unwrap();
    let _: () = house.behind().set(format!("{site}t:{}", id(5)), "spoilt").unwrap();
    let first = house.store.repair(&blog()).await.unwrap();
    assert_eq!((first.comments, first.tombstones, &first.damaged), (3, 1, &vec![id(2), id(5)]));
    assert_eq!(house.store.counts(&blog()).await.unwrap().held, 2);
    let second = house.store.repair(&blog()).await.unwrap();
    assert_eq!((second.corrected(), &second.damaged), (0, &first.damaged));
    assert!(house.store.erase(&blog(), &by_id(2), on(100)).await.unwrap());
    assert_eq!(house.store.counts(&blog()).await.unwrap().held, 1);
}

/// The port of a way to a server on which so many looks at all keys of the site `blog` find none.
fn short_sighted(server: u16, looks: Arc<AtomicUsize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let (from, to, looks) = (client.try_clone().unwrap(), server.try_clone().unwrap(), looks.clone());
            std::thread::spawn(move || carry(from, to, |chunk| blind(chunk, &looks)));
            std::thread::spawn(move || carry(server, client, |_| ()));
        }
    });
    port
}

/// Lets a SCAN for the site's keys look for those of a site that is not there.
fn blind(chunk: &mut [u8], looks: &AtomicUsize) {
    let place = |part: &[u8]| chunk.windows(part.len()).position(|window| window == part);
    if let (Some(_), Some(at)) = (place(b"SCAN"), place(b"{blog}:*"))
        && looks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    {
        chunk[at + 1..at + 5].copy_from_slice(b"none");
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        change(&mut chunk[..length]);
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[tokio::test(flavor = "multi_thread")]
async fn repair_makes_nothing_anew_from_a_look_that_left_records_out() {
    let server = Server::start(&DURABLE);
    let looks = Arc::new(AtomicUsize::new(0));
    let url = format!("redis://127.0.0.1:{}", short_sighted(server.port, looks.clone()));
    let store = store::open(&Settings::at(&url), Path::new("/nowhere"), &Clock::System).unwrap();
    fill(&*store).await;
    let counts = store.counts(&blog()).await.unwrap();
    looks.store(100, Ordering::SeqCst);
    let refused = store.repair(&blog()).await.unwrap_err();
    assert!(matches!(&refused, Error::Unavailable(why) if why.contains("left some of its records out")), "{refused}");
    assert!(looks.swap(0, Ordering::SeqCst) < 100, "it was blind, and not for ever");
    assert_eq!(store.counts(&blog()).await.unwrap(), counts);
    audit(&[server.port], "mod").unwrap();
    // One that is short is made again.
    looks.store(1, Ordering::SeqCst);
    let repaired = store.repair(&blog()).await.unwrap();
    assert_eq!((looks.load(Ordering::SeqCst), repaired.comments, repaired.tombstones), (0, 4, 2));
    assert_eq!((repaired.counts, repaired.history), (0, 0));
    audit(&[server.port], "mod").unwrap();
}
