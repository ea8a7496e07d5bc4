//! What becomes of one damaged record on Redis: it is named, it hides no other, and it can be erased.

use std::path::Path;
use std::sync::Arc;

use ::redis::{Commands, Connection};
use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{AuthorId, Counts, EventId, Filter, HistoryKind, ListQuery, Sort, Status};
use moderato::store::{self, Error, Expired, Forgotten, Settings, Store};

use crate::audit_redis::audit;
use crate::fixture::*;
use crate::redis::Server;

/// Ways a record goes bad: content that no longer fits its checksum, bytes that are no record, nothing left of it.
const DAMAGES: [fn(Vec<u8>) -> Vec<u8>; 4] = [
    |record| String::from_utf8(record).unwrap().replace("number 2", "number 9").into_bytes(),
    |_| b"Comment number 2".to_vec(),
    |record| record[..record.len() - 5].to_vec(),
    |_| Vec::new(),
];

#[tokio::test]
async fn a_damaged_record_is_named_not_shown_and_hides_no_other() {
    for damage in DAMAGES {
        let (_server, store) = damaged(damage).await;
        for name in [by_id(2), by_external("x-2")] {
            let got = store.get(&blog(), &name).await.unwrap_err();
            let decided = store.decide(&blog(), &name, wish(Approve, 9), None).await.unwrap_err();
            for refused in [got, decided] {
                let Error::Damaged(why) = refused else { panic!("{refused}") };
                assert!(why.contains(&id(2).to_string()) && !why.contains("number"), "{why}");
            }
        }
        let post = Filter { post: Some("post-1".to_owned()), ..Filter::default() };
        let held = Filter { status: Some(Status::Held), ..Filter::default() };
        for (filter, sort) in [(Filter::default(), Sort::Priority), (post, Sort::Oldest), (held, Sort::Newest)] {
            let mut query = ListQuery { filter, sort, after: None, limit: 1 };
            let (mut seen, mut damaged) = (Vec::new(), Vec::new());
            loop {
                let page = store.list(&blog(), &query).await.unwrap();
                seen.extend(page.items.into_iter().map(|comment| comment.id));
                damaged.extend(page.damaged);
                query.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
            seen.sort();
            assert_eq!((seen, damaged), (vec![id(1), id(3)], vec![id(2)]), "{query:?}");
        }
    }
}

#[tokio::test]
async fn a_damaged_comment_is_told_by_repair_and_can_be_erased() {
    for (damage, name) in DAMAGES.into_iter().flat_map(|damage| [(damage, by_id(2)), (damage, by_external("x-2"))]) {
        let (server, store) = damaged(damage).await;
        assert!(store.erase(&blog(), &name, at(20)).await.unwrap());
        assert!(!store.erase(&blog(), &name, at(21)).await.unwrap());
        assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts { held: 2, open: 2, ..Counts::default() });
        let last = store.events(&blog(), EventId::default(), 10).await.unwrap().pop().unwrap();
        assert_eq!((last.change.as_str(), last.comment, last.version), ("comment.erased", id(2), 3));
        assert_eq!(store.tombstones(&blog(), None, 9).await.unwrap()[0].external_id, Some(external("x-2")));
        let faults = audit(&[server.port], "mod").unwrap_err();
        assert!(faults.iter().all(|fault| fault.contains("h:m:")), "{faults:?}");
        assert_eq!(store.repair(&blog()).await.unwrap().history, 1);
        audit(&[server.port], "mod").unwrap();
    }
    for damage in DAMAGES {
        let (server, store) = damaged(damage).await;
        let first = store.repair(&blog()).await.unwrap();
        assert_eq!((first.comments, &first.damaged, first.rows, first.counts), (2, &vec![id(2)], 0, 0));
        assert_eq!(store.counts(&blog()).await.unwrap().held, 3, "it is counted where it stands");
        let second = store.repair(&blog()).await.unwrap();
        assert_eq!((second.corrected(), &second.damaged), (0, &first.damaged));
        // What it was counted in is taken back, so that its erasure leaves a sound store.
        assert!(store.erase(&blog(), &by_id(2), at(30)).await.unwrap());
        audit(&[server.port], "mod").unwrap();
    }
}

#[tokio::test]
async fn retention_passes_over_damaged_comments_once() {
    let (server, store) = opened().await;
    let mut connection = connected(&server);
    for n in 1..=130 {
        keep(&*store, &blog(), approved(n)).await;
        // The oldest are damaged, more than a step has room for.
        if n <= 110 {
            let _: () = connection.set(format!("mod:{{blog}}:c:{}", id(n)), "x").unwrap();
        }
    }
    let mut purged = 0;
    for step in 0.. {
        assert!(step < 10, "there is no end to it");
        let done = store.expire(&blog(), &KEEP, on(95)).await.unwrap();
        purged += done.purged;
        if !done.more {
            break;
        }
    }
    assert_eq!(purged, 20);
    assert_eq!(store.expire(&blog(), &KEEP, on(96)).await.unwrap(), Expired::default());
    assert_eq!(store.counts(&blog()).await.unwrap().approved, 110);
    for n in 1..=110 {
        assert!(store.erase(&blog(), &by_id(n), on(96)).await.unwrap());
    }
    assert_eq!(audit(&[server.port], "mod").unwrap().tombstones, 130);
}

#[tokio::test]
async fn damaged_tombstones_stall_neither_retention_nor_forgetting() {
    for forget in [true, false] {
        let (server, store) = opened().await;
        for n in 1..=2 {
            let taught = counted_in(named(approved(n), &format!("x-{n}")), &[(HistoryKind::Mail, 1, None)]);
            keep(&*store, &blog(), by_author(taught, 1)).await;
        }
        assert_eq!(store.expire(&blog(), &KEEP, on(91)).await.unwrap().purged, 2);
        let _: () = connected(&server).set(format!("mod:{{blog}}:t:{}", id(1)), "x").unwrap();
        let ids: Vec<_> = store.tombstones(&blog(), None, 10).await.unwrap().iter().map(|left| left.id).collect();
        assert_eq!(ids, [id(1), id(2)]);
        assert_eq!(store.repair(&blog()).await.unwrap().damaged, [id(1)]);
        if forget {
            keep(&*store, &blog(), by_author(received(held(3), 91 * DAY), 1)).await;
            let done = store.forget(&blog(), AuthorId::new([1; 16]), on(92)).await.unwrap();
            assert_eq!(done, Forgotten { comments: 1, tombstones: 2, more: false });
            assert_eq!(audit(&[server.port], "mod").unwrap().tombstones, 3);
        } else {
            assert_eq!(store.expire(&blog(), &KEEP, on(500)).await.unwrap().tombstones, 2);
            assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap(), []);
            audit(&[server.port], "mod").unwrap();
        }
    }
}

/// A store of three held comments on one post, the second linked (so at version 2) and then damaged so.
async fn damaged(damage: fn(Vec<u8>) -> Vec<u8>) -> (Server, Arc<dyn Store>) {
    let (server, store) = opened().await;
    keep(&*store, &blog(), held(1)).await;
    keep(&*store, &blog(), by_author(counted_in(held(2), &[(HistoryKind::Mail, 1, None)]), 3)).await;
    keep(&*store, &blog(), held(3)).await;
    changed(store.link(&blog(), &by_id(2), external("x-2"), at(5)).await.unwrap());
    audit(&[server.port], "mod").unwrap();
    let (mut connection, key) = (connected(&server), format!("mod:{{blog}}:c:{}", id(2)));
    let record: Vec<u8> = connection.get(&key).unwrap();
    let _: () = connection.set(&key, damage(record)).unwrap();
    (server, store)
}

async fn opened() -> (Server, Arc<dyn Store>) {
    let server = Server::start(&[]);
    let store = store::open(&Settings::at(&server.url()), Path::new("/nowhere"), &Clock::System).unwrap();
    settle(&*store).await;
    (server, store)
}

fn connected(server: &Server) -> Connection {
    ::redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}
