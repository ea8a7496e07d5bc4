//! What becomes of one damaged record on disk: it is named, it hides no other, and it can be erased.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{AuthorId, Counts, EventId, Filter, HistoryKind, ListQuery, Parent, Sort, Status};
use moderato::store::{self, Error, Expired, Forgotten, Settings, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::audit::audit;
use crate::fixture::*;

/// Ways a record goes bad: content that no longer fits its checksum, bytes that are no record, a lost checksum.
const DAMAGES: [&str; 3] = [
    "UPDATE comments SET packed = replace(packed, 'number 2', 'number 9') WHERE external_id = 'x-2'",
    "UPDATE comments SET packed = 'Comment number 2' WHERE external_id = 'x-2'",
    "UPDATE comments SET crc = -1 WHERE external_id = 'x-2'",
];

#[tokio::test]
async fn a_damaged_record_is_named_not_shown() {
    for damage in DAMAGES {
        let directory = damaged(damage).await;
        let store = opened(directory.path());
        for name in [by_id(2), by_external("x-2")] {
            let got = store.get(&blog(), &name).await.unwrap_err();
            let decided = store.decide(&blog(), &name, wish(Approve, 9), None).await.unwrap_err();
            for refused in [got, decided] {
                let Error::Damaged(why) = refused else { panic!("{damage}: {refused}") };
                assert!(why.contains(&id(2).to_string()) && !why.contains("number"), "{why}");
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_record_hides_no_other_from_a_list() {
    for damage in DAMAGES {
        let directory = damaged(damage).await;
        let store = opened(directory.path());
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
            assert_eq!((seen, damaged), (vec![id(1), id(3)], vec![id(2)]), "{damage}: {query:?}");
        }
    }
}

#[tokio::test]
async fn a_damaged_comment_can_be_erased_and_all_but_its_history_is_right_again() {
    for (damage, name) in DAMAGES.into_iter().flat_map(|damage| [(damage, by_id(2)), (damage, by_external("x-2"))]) {
        let directory = damaged(damage).await;
        let store = opened(directory.path());
        assert!(store.erase(&blog(), &name, at(20)).await.unwrap());
        assert!(!store.erase(&blog(), &name, at(21)).await.unwrap());
        assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
        let counts = Counts { held: 2, open: 2, ..Counts::default() };
        assert_eq!(store.counts(&blog()).await.unwrap(), counts);
        let last = store.events(&blog(), EventId::default(), 10).await.unwrap().pop().unwrap();
        assert_eq!((last.change.as_str(), last.comment, last.version), ("comment.erased", id(2), 3));
        drop(store);
        let faults = audit(&file(&directory)).unwrap_err();
        assert!(faults.iter().all(|fault| fault.contains("history mail")), "{faults:?}");
    }
}

#[tokio::test]
async fn damaged_records_stall_no_step_of_retention() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    for n in 1..=240 {
        let mut comment = approved(n);
        comment.submission.client.ip = "203.0.113.7".parse().ok();
        keep(&*store, &blog(), comment).await;
    }
    // The oldest are damaged, more than a step has room for; then come some whose columns are wrong.
    let behind = Connection::open(file(&directory)).unwrap();
    assert_eq!(
        behind.execute("UPDATE comments SET packed = 'x' WHERE written_at < ?1", [at(121).millis()]).unwrap(),
        120
    );
    let stale = "UPDATE comments SET status = 'rejected', received_at = 0 WHERE written_at > ?1";
    assert_eq!(behind.execute(stale, [at(220).millis()]).unwrap(), 20);
    let (mut cut, mut purged) = (0, 0);
    for days in [1, 8, 20, 95] {
        for step in 0.. {
            assert!(step < 10, "there is no end to it on day {days}");
            let done = store.expire(&blog(), &KEEP, on(days)).await.unwrap();
            (cut, purged) = (cut + done.addresses, purged + done.purged);
            if !done.more {
                break;
            }
        }
        let counts = store.counts(&blog()).await.unwrap();
        assert_eq!(counts.approved, if days < 90 { 240 } else { 120 }, "day {days}");
    }
    // Those of wrong columns were looked at once before their time, the damaged ones once in vain.
    assert_eq!((cut, purged), (120 + 20 + 120, 120));
    assert_eq!(store.expire(&blog(), &KEEP, on(96)).await.unwrap(), Expired::default());
    for n in 1..=120 {
        assert!(store.erase(&blog(), &by_id(n), on(96)).await.unwrap());
    }
    drop(store);
    assert_eq!(audit(&file(&directory)).unwrap().tombstones, 240);
}

#[tokio::test]
async fn damaged_tombstones_stall_neither_retention_nor_forgetting() {
    for forget in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let store = opened(directory.path());
        settle(&*store).await;
        for n in 1..=2 {
            keep(&*store, &blog(), by_author(counted_in(approved(n), &[(HistoryKind::Mail, 1, None)]), 1)).await;
        }
        assert_eq!(store.expire(&blog(), &KEEP, on(91)).await.unwrap().purged, 2);
        let behind = Connection::open(file(&directory)).unwrap();
        let damage = "UPDATE tombstones SET counted = '[{}]', version = -5, status = 'odd' WHERE id = ?1";
        behind.execute(damage, [id(1).as_bytes()]).unwrap();
        assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap().len(), 2);
        let readable = "UPDATE tombstones SET version = 2, status = 'approved' WHERE id = ?1";
        behind.execute(readable, [id(1).as_bytes()]).unwrap();
        if forget {
            keep(&*store, &blog(), by_author(held(3), 1)).await;
            let done = store.forget(&blog(), AuthorId::new([1; 16]), on(92)).await.unwrap();
            assert_eq!(done, Forgotten { comments: 1, tombstones: 2, more: false });
            drop(store);
            assert_eq!(audit(&file(&directory)).unwrap().tombstones, 3);
        } else {
            assert_eq!(store.expire(&blog(), &KEEP, on(500)).await.unwrap().tombstones, 2);
            assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_damaged_reply_does_not_keep_what_it_answers_from_being_erased() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    keep(&*store, &blog(), held(1)).await;
    let mut reply = held(2);
    let content = Some("What the other said.".to_owned().try_into().unwrap());
    reply.submission.parent = Some(Parent { id: Some(id(1)), external_id: None, author_name: None, content });
    keep(&*store, &blog(), reply).await;
    Connection::open(file(&directory))
        .unwrap()
        .execute("UPDATE comments SET crc = 1 WHERE parent IS NOT NULL", [])
        .unwrap();
    assert!(store.erase(&blog(), &by_id(1), at(9)).await.unwrap());
    assert!(store.erase(&blog(), &by_id(2), at(9)).await.unwrap());
    drop(store);
    assert_eq!(audit(&file(&directory)).unwrap().tombstones, 2);
}

/// A closed store of three held comments on one post, the second linked (so at version 2) and then damaged so.
async fn damaged(damage: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    keep(&*store, &blog(), held(1)).await;
    keep(&*store, &blog(), counted_in(held(2), &[(HistoryKind::Mail, 1, None)])).await;
    keep(&*store, &blog(), held(3)).await;
    changed(store.link(&blog(), &by_id(2), external("x-2"), at(5)).await.unwrap());
    drop(store);
    audit(&file(&directory)).unwrap();
    let connection = Connection::open(file(&directory)).unwrap();
    assert_eq!(connection.execute(damage, []).unwrap(), 1, "{damage}");
    directory
}

fn opened(data: &Path) -> Arc<dyn Store> {
    store::open(&Settings::embedded(), data, &Clock::System).unwrap()
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("moderato.db")
}
