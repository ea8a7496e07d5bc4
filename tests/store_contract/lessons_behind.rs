//! What becomes of lessons and snapshots where something behind the store goes wrong: a number, a record, an answer is lost.

use std::path::Path;
use std::sync::Arc;

use ::redis::Commands;
use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::Reason;
use moderato::store::{self, Record, Recorded, Repaired, Settings, Store};
use rusqlite::Connection;

use crate::fixture::*;
use crate::learning::{numbers, snapshot, teach};
use crate::lessons::approved_before;
use crate::redis::{DURABLE, Lent, Server, shared_redis, shared_valkey};
use crate::redis_sites::forgetful;
use crate::{audit, audit_redis};

/// A thing done to the site `blog` behind the store.
#[derive(Clone, Copy)]
enum Deed {
    /// The number of the newest lesson becomes this; 0: it is lost.
    Number(u64),
    /// This lesson can no longer be read.
    Spoil(u64),
    /// The snapshot no longer agrees with its checksum.
    SpoilModel,
}

struct Behind {
    store: Arc<dyn Store>,
    deed: Box<dyn Fn(Deed)>,
    audit: Box<dyn Fn() -> Result<audit::Summary, Vec<String>>>,
}

impl Behind {
    fn does(&self, deed: Deed) {
        (self.deed)(deed);
    }

    async fn taught(&self) -> u64 {
        self.store.recall(&blog(), &ask(None, None)).await.unwrap().taught
    }
}

/// Runs a behaviour on one store of each kind.
async fn behind_each(behaviour: impl AsyncFn(&Behind)) {
    let in_valkey = shared_valkey().as_ref().map(in_redis);
    for behind in [on_disk(), in_redis(&shared_redis())].into_iter().chain(in_valkey) {
        settle(&*behind.store).await;
        behaviour(&behind).await;
    }
}

fn on_disk() -> Behind {
    let directory = tempfile::tempdir().unwrap();
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    let file = directory.path().join("moderato.db");
    let audited = file.clone();
    let deed = move |deed| {
        let (_directory, sql) = (
            &directory,
            match deed {
                Deed::Number(number) => format!("UPDATE sites SET taught = {number} WHERE id = 'blog'"),
                Deed::Spoil(3) => "UPDATE lessons SET crc = -1 WHERE number = 3".to_owned(),
                Deed::Spoil(number) => {
                    format!("UPDATE lessons SET packed = replace(packed, '\"f\"', '\"g\"') WHERE number = {number}")
                }
                Deed::SpoilModel => "UPDATE models SET crc = -1".to_owned(),
            },
        );
        assert_eq!(Connection::open(&file).unwrap().execute(&sql, []).unwrap(), 1, "{sql}");
    };
    Behind { store, deed: Box::new(deed), audit: Box::new(move || audit::audit(&audited)) }
}

fn in_redis(lent: &Lent<Server>) -> Behind {
    let settings = Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) };
    let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
    let (port, prefix, url) = (lent.servers.port, lent.prefix.clone(), lent.url.clone());
    let audited = prefix.clone();
    let deed = move |deed| {
        let mut behind = ::redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
        let key = |name: &str| format!("{prefix}:{{blog}}:{name}");
        match deed {
            Deed::Number(0) => behind.del(key("n")).unwrap(),
            Deed::Number(number) => behind.set(key("n"), number).unwrap(),
            Deed::Spoil(number) => {
                let log: Vec<(String, Vec<Vec<u8>>)> = behind.xrange_all(key("n:log")).unwrap();
                let () = behind.del(key("n:log")).unwrap();
                for (id, fields) in log {
                    let mut add = ::redis::cmd("XADD");
                    add.arg(key("n:log")).arg(&id).arg("a").arg(&fields[1]).arg("l");
                    add.arg(if id == format!("{number}-0") { b"spoilt" } else { fields[3].as_slice() });
                    let _: String = add.query(&mut behind).unwrap();
                }
            }
            Deed::SpoilModel => behind.append(key("m"), "0").unwrap(),
        }
    };
    Behind { store, deed: Box::new(deed), audit: Box::new(move || audit_redis::audit(&[port], &audited)) }
}

#[tokio::test]
async fn a_number_that_was_lost_or_is_too_small_is_found_again_by_the_next_lesson() {
    behind_each(async |behind| {
        let store = &*behind.store;
        teach(store, &blog(), (1..=3, 10)).await;
        for (lost, next) in [(0, 4), (1, 5)] {
            behind.does(Deed::Number(lost));
            assert_eq!(behind.taught().await, lost);
            teach(store, &blog(), (next..=next, 10)).await;
            assert_eq!(behind.taught().await, u64::from(next));
        }
        assert_eq!(numbers(store, 0).await, [1, 2, 3, 4, 5]);
        (behind.audit)().unwrap();
    })
    .await;
}

#[tokio::test]
async fn repair_finds_the_newest_number_by_the_log_or_by_the_snapshot() {
    behind_each(async |behind| {
        let store = &*behind.store;
        teach(store, &blog(), (1..=3, 10)).await;
        let corrected = async || {
            let first = store.repair(&blog()).await.unwrap();
            let again = store.repair(&blog()).await.unwrap();
            assert_eq!(again, Repaired { lessons: 0, ..first.clone() });
            first.lessons
        };
        for lost in [0, 2] {
            behind.does(Deed::Number(lost));
            assert_eq!((corrected().await, behind.taught().await), (1, 3));
            (behind.audit)().unwrap();
        }
        assert!(store.put_model(&blog(), snapshot(3, b"known"), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, on(40)).await.unwrap().lessons, 3);
        behind.does(Deed::Number(0));
        assert_eq!((corrected().await, behind.taught().await), (1, 3));
        teach(store, &blog(), (4..=4, 10)).await;
        assert_eq!(numbers(store, 0).await, [4]);
        (behind.audit)().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_damaged_lesson_is_left_out_and_stops_nobody() {
    behind_each(async |behind| {
        let store = &*behind.store;
        teach(store, &blog(), (1..=5, 10)).await;
        behind.does(Deed::Spoil(2));
        behind.does(Deed::Spoil(3));
        assert_eq!(numbers(store, 0).await, [1, 4, 5]);
        let page = store.lessons(&blog(), 1, 1).await.unwrap();
        assert_eq!(page.iter().map(|taught| taught.number).collect::<Vec<_>>(), [4], "no page ends before the end");
        behind.does(Deed::Spoil(5));
        assert_eq!((numbers(store, 4).await.len(), behind.taught().await), (0, 5));
        teach(store, &blog(), (6..=6, 10)).await;
        assert_eq!(numbers(store, 4).await, [6]);
        assert!(store.put_model(&blog(), snapshot(6, b"known"), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, on(40)).await.unwrap().lessons, 6, "they go as the others do");
    })
    .await;
}

#[tokio::test]
async fn a_damaged_snapshot_is_none_and_covers_nothing() {
    behind_each(async |behind| {
        let store = &*behind.store;
        teach(store, &blog(), (1..=2, 10)).await;
        assert!(store.put_model(&blog(), snapshot(2, b"known"), None).await.unwrap());
        behind.does(Deed::SpoilModel);
        assert_eq!(store.model(&blog()).await.unwrap(), None);
        assert_eq!(store.expire(&blog(), &KEEP, on(40)).await.unwrap().lessons, 0);
        assert!(!store.put_model(&blog(), snapshot(1, b"anew"), Some(2)).await.unwrap());
        assert!(store.put_model(&blog(), snapshot(1, b"anew"), None).await.unwrap());
        assert_eq!(store.model(&blog()).await.unwrap(), Some(snapshot(1, b"anew")));
        assert_eq!(store.expire(&blog(), &KEEP, on(40)).await.unwrap().lessons, 1);
        (behind.audit)().unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_more_than_twenty_thousand_lessons_the_oldest_go_though_nobody_has_learnt_them() {
    behind_each(async |behind| {
        let store = &*behind.store;
        teach(store, &blog(), (1..=3, 10)).await;
        behind.does(Deed::Number(20_000));
        assert_eq!(store.expire(&blog(), &KEEP, at(20)).await.unwrap().lessons, 0, "that is how many there may be");
        teach(store, &blog(), (4..=5, 10)).await;
        assert_eq!(store.expire(&blog(), &KEEP, at(20)).await.unwrap().lessons, 2);
        assert_eq!(numbers(store, 0).await, [3, 20_001, 20_002]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_or_a_snapshot_whose_answer_was_lost_is_written_once() {
    let server = Server::start(&DURABLE);
    let open = |port: u16| {
        let settings = Settings::at(&format!("redis://127.0.0.1:{port}"));
        store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap()
    };
    let direct = open(server.port);
    settle(&*direct).await;
    let past = async |told| {
        let store = open(forgetful(server.port, told));
        store.identity().await.unwrap();
        store
    };
    keep(&*direct, &blog(), featured(held(1), &[1])).await;
    let store = past("\"n\":\"spam\"").await;
    changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 10), None).await.unwrap());
    assert_eq!(numbers(&*direct, 0).await, [1]);
    let store = past("\"n\":\"honest\"").await;
    let old = Record { announced: false, ..new(approved_before(2)) };
    assert_eq!(store.record(&blog(), old).await.unwrap(), Recorded::New);
    assert_eq!(numbers(&*direct, 0).await, [1, 2]);
    let store = past("what was learnt").await;
    assert!(store.put_model(&blog(), snapshot(2, b"what was learnt"), None).await.unwrap());
    assert_eq!(direct.model(&blog()).await.unwrap(), Some(snapshot(2, b"what was learnt")));
    teach(&*direct, &blog(), (3..=3, 20)).await;
    changed(direct.decide(&blog(), &by_id(1), if_match(wish(Approve, 30), 2), None).await.unwrap());
    assert_eq!(numbers(&*direct, 0).await, [1, 2, 3, 4]);
    audit_redis::audit(&[server.port], "mod").unwrap();
}
