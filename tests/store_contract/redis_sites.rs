//! Sites in Redis that several processes make, rename and remove at once; and a Redis that loses all of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::redis::Commands;
use moderato::clock::Clock;
use moderato::domain::Site;
use moderato::store::{self, Error, Settings, Store};

use crate::fixture::*;
use crate::redis::{DURABLE, Server};

fn open(server: &Server) -> Arc<dyn Store> {
    store::open(&Settings::at(&server.url()), Path::new("/nowhere"), &Clock::System).unwrap()
}

fn behind(server: &Server) -> ::redis::Connection {
    ::redis::Client::open(server.url().as_str()).unwrap().get_connection().unwrap()
}

/// Keys of nobody's, so that looking at all of them takes a while.
fn fill(server: &Server) {
    let mut pipe = ::redis::pipe();
    (0..60_000).for_each(|n| {
        pipe.set(format!("filler:{n}"), "").ignore();
    });
    pipe.exec(&mut behind(server)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_still_removes_an_old_site_leaves_the_new_one_of_its_name_alone() {
    let server = Server::start(&DURABLE);
    let (one, another) = (open(&server), open(&server));
    settle(&*one).await;
    fill(&server);
    for n in 1..=4 {
        keep(&*one, &other(), held(1)).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let starts = (0..8).map(|late| {
            let (another, is_over) = (another.clone(), is_over.clone());
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(late)).await;
                while !is_over.load(Ordering::SeqCst) {
                    another.identity().await.unwrap();
                }
            })
        });
        let starts: Vec<_> = starts.collect();
        assert!(one.delete_site(&other()).await.unwrap());
        assert!(one.create_site(site("other")).await.unwrap());
        one.create_key(api_key('c', Some("other"))).await.unwrap();
        keep(&*one, &other(), held(100 + n)).await;
        is_over.store(true, Ordering::SeqCst);
        for start in starts {
            start.await.unwrap();
        }
        assert_eq!(one.counts(&other()).await.unwrap().held, 1);
        assert!(one.get(&other(), &by_id(100 + n)).await.unwrap().is_some());
        assert_eq!(one.get(&other(), &by_id(1)).await.unwrap(), None);
        assert_eq!(one.key(&key_id('c')).await.unwrap(), Some(api_key('c', Some("other"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_made_and_removed_at_once_is_there_anew_or_not_at_all() {
    let server = Server::start(&DURABLE);
    let (one, another) = (open(&server), open(&server));
    settle(&*one).await;
    another.identity().await.unwrap();
    // No two sites of one name are of one moment: the version of the settings, which begins with it, tells them apart.
    let anew = |n: u64| Site { created_at: at(n as i64), ..site("other") };
    for n in 0..60 {
        keep(&*one, &other(), held(1)).await;
        let removing = tokio::spawn({
            let one = one.clone();
            async move { one.delete_site(&other()).await }
        });
        tokio::time::sleep(std::time::Duration::from_micros(n * 20)).await;
        let made = another.create_site(anew(2 * n + 1)).await.unwrap();
        assert!(removing.await.unwrap().unwrap());
        assert_eq!(one.counts(&other()).await.err(), (!made).then_some(Error::UnknownSite));
        assert_eq!(one.site(&other()).await.unwrap().is_some(), made);
        if !made {
            assert!(one.create_site(anew(2 * n + 2)).await.unwrap());
        }
        assert_eq!(one.get(&other(), &by_id(1)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_site_that_is_renamed_while_it_is_removed_does_not_come_back() {
    let server = Server::start(&DURABLE);
    let (one, another) = (open(&server), open(&server));
    settle(&*one).await;
    another.identity().await.unwrap();
    let other = other();
    for _ in 0..30 {
        let (removed, renamed) =
            tokio::join!(one.delete_site(&other), another.rename_site(&other, site_name("Renamed")));
        assert!(removed.unwrap());
        assert!(matches!(renamed, Ok(_) | Err(Error::UnknownSite)), "{renamed:?}");
        assert_eq!(one.sites().await.unwrap(), [site("blog")]);
        assert_eq!(one.counts(&other).await, Err(Error::UnknownSite));
        assert!(one.create_site(site("other")).await.unwrap());
    }
}

#[tokio::test]
async fn a_removal_whose_first_answer_was_lost_is_gone_on_with_by_the_same_call_and_not_by_looking_at_health() {
    let server = Server::start(&DURABLE);
    let store = open(&server);
    settle(&*store).await;
    keep(&*store, &other(), held(1)).await;
    let mut behind = behind(&server);
    let listed: Vec<u8> = behind.hget("mod:sites", "other").unwrap();
    let _: () = behind.hdel("mod:sites", "other").unwrap();
    let _: () = behind.hset("mod:sites", "~other", listed).unwrap();
    store.health().await.unwrap();
    let left = |behind: &mut ::redis::Connection| behind.keys::<_, Vec<String>>("mod:{other}:*").unwrap().len();
    assert!(left(&mut behind) > 3);
    assert!(store.delete_site(&other()).await.unwrap());
    assert_eq!(store.counts(&other()).await, Err(Error::UnknownSite));
    assert_eq!((left(&mut behind), behind.hlen::<_, usize>("mod:sites").unwrap()), (0, 1));
}

#[tokio::test]
async fn a_store_that_lost_everything_says_so_at_once_and_not_that_its_sites_are_unknown() {
    let server = Server::start(&DURABLE);
    let store = open(&server);
    settle(&*store).await;
    server.say(&["FLUSHALL"]);
    let lost = [store.get(&blog(), &by_id(1)).await.map(drop), store.record(&blog(), new(held(1))).await.map(drop)];
    for lost in lost {
        assert!(matches!(lost, Err(Error::NotReady { reason: "store-lost", .. })), "{lost:?}");
    }
}

/// The port of a way to a server on which the answer to the first plan that tells of this is lost, with its connection, though
/// the plan is carried out.
pub fn forgetful(server: u16, told: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let is_lost = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let mute = Arc::new(AtomicBool::new(false));
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (is_lost, muted) = (is_lost.clone(), mute.clone());
            std::thread::spawn(move || {
                carry(from, to, |chunk| {
                    let text = String::from_utf8_lossy(chunk);
                    let loses =
                        text.contains("EVALSHA") && text.contains(told) && !is_lost.swap(true, Ordering::SeqCst);
                    muted.fetch_or(loses, Ordering::SeqCst);
                    true
                });
            });
            std::thread::spawn(move || carry(server, client, |_| !mute.load(Ordering::SeqCst)));
        }
    });
    port
}

/// Brings what comes to the other end, until that is not wanted any more.
fn carry(mut from: TcpStream, mut to: TcpStream, is_wanted: impl Fn(&[u8]) -> bool) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(length) = from.read(&mut chunk) {
        if length == 0 || !is_wanted(&chunk[..length]) || to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_or_a_key_is_not_told_to_be_there_or_gone_before_because_an_answer_was_lost() {
    let server = Server::start(&DURABLE);
    settle(&*open(&server)).await;
    let past = |told| {
        let settings = Settings::at(&format!("redis://127.0.0.1:{}", forgetful(server.port, told)));
        store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap()
    };
    let store = past("mod:{third}:");
    store.identity().await.unwrap();
    assert!(store.create_site(site("third")).await.unwrap());
    assert!(!store.create_site(site("third")).await.unwrap());
    let store = past("k:aaaaaaaaaaaa");
    store.identity().await.unwrap();
    assert!(store.delete_key(Some(&blog()), &key_id('a')).await.unwrap());
    assert!(!store.delete_key(Some(&blog()), &key_id('a')).await.unwrap());
}
