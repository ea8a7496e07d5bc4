//! What becomes of one damaged record on disk: it is named, it hides no other, and it can be erased.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{Counts, EventId, Filter, HistoryKind, ListQuery, Sort, Status};
use moderato::store::{self, Error, Settings, Store};
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
    store::open(&Settings { url: "sqlite:".to_owned() }, data).unwrap()
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("moderato.db")
}
