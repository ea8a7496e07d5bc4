//! `repair`: whatever is derived from the records is made anew, and nothing else is touched.

use std::path::Path;
use std::sync::Arc;

use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{EventId, HistoryKind, Parent, Reason};
use moderato::store::{self, Error, Repaired, Settings, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::audit::audit;
use crate::everywhere;
use crate::fixture::*;

/// Ways the derived data go bad, each with what is corrected: rows, counts, history, members, feed or lessons.
const TAMPERINGS: [(&str, [usize; 5]); 29] = [
    ("UPDATE sites SET held = held + 1 WHERE id = 'blog'", [0, 1, 0, 0, 0]),
    ("UPDATE sites SET open = 0, approved = 7 WHERE id = 'blog'", [0, 1, 0, 0, 0]),
    ("UPDATE sites SET event_millis = 0 WHERE id = 'blog'", [0, 0, 0, 0, 1]),
    ("UPDATE sites SET taught = 0 WHERE id = 'blog'", [0, 0, 0, 0, 1]),
    ("UPDATE comments SET priority = NULL", [2, 0, 0, 0, 0]),
    ("UPDATE comments SET priority = priority + 1", [2, 0, 0, 0, 0]),
    ("UPDATE comments SET status = 'approved'", [3, 0, 0, 0, 0]),
    ("UPDATE comments SET post = 'other'", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET author = NULL", [3, 0, 0, 0, 0]),
    ("UPDATE comments SET mail = zeroblob(16)", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET parent = 'ext:y'", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET external_id = 'x-9' WHERE external_id = 'x-1'", [1, 0, 0, 0, 0]),
    ("UPDATE comments SET external_id = NULL", [2, 0, 0, 0, 0]),
    ("UPDATE comments SET id = zeroblob(16) WHERE n = 1", [1, 0, 0, 0, 0]),
    ("UPDATE comments SET written_at = 0", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET received_at = 0", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET changed_at = 9223372036854775807, address = 0", [4, 0, 0, 0, 0]),
    ("UPDATE comments SET address = 1", [3, 0, 0, 0, 0]),
    ("DELETE FROM campaigns", [2, 0, 0, 0, 0]),
    ("UPDATE campaigns SET campaign = 'near-0000000000000000'", [2, 0, 0, 0, 0]),
    ("UPDATE campaigns SET written_at = 0, site = 9", [2, 0, 0, 0, 0]),
    (
        "INSERT INTO campaigns SELECT site, 'near-0000000000000000', written_at, id, n FROM comments WHERE n = 3",
        [1, 0, 0, 0, 0],
    ),
    ("UPDATE history SET seen = seen + 1", [0, 0, 3, 0, 0]),
    ("DELETE FROM history", [0, 0, 3, 0, 0]),
    ("INSERT INTO history SELECT site, kind, hash, period - 90, 1, 0, 0, 0 FROM history", [0, 0, 3, 0, 0]),
    (
        "INSERT INTO history SELECT site, 'account', hash, period, 1, 0, 0, 0 FROM history WHERE kind = 'mail'",
        [0, 0, 2, 0, 0],
    ),
    ("UPDATE members SET uses = 9", [0, 0, 0, 2, 0]),
    ("DELETE FROM members", [0, 0, 0, 2, 0]),
    ("INSERT INTO members SELECT site, kind, hash, member + 100, 1 FROM members WHERE member = 3", [0, 0, 0, 1, 0]),
];

#[tokio::test]
async fn whatever_is_derived_is_right_again_and_a_second_repair_corrects_nothing() {
    let sound = filled().await;
    let whole = audit(&file(&sound)).unwrap();
    for (change, expected) in TAMPERINGS {
        let directory = tempfile::tempdir().unwrap();
        std::fs::copy(file(&sound), file(&directory)).unwrap();
        assert!(Connection::open(file(&directory)).unwrap().execute(change, []).unwrap() > 0, "{change}");
        audit(&file(&directory)).expect_err(change);
        let store = opened(directory.path());
        let first = store.repair(&blog()).await.unwrap();
        let Repaired { rows, counts, history, members, feed, lessons, .. } = first;
        assert_eq!([rows, counts, history, members, feed + lessons], expected, "{change}");
        assert_eq!((first.comments, first.tombstones, &first.damaged), (4, 2, &Vec::new()), "{change}");
        let second = store.repair(&blog()).await.unwrap();
        assert_eq!(second, Repaired { comments: 4, tombstones: 2, ..Repaired::default() }, "{change}");
        // The other site is repaired by itself.
        store.repair(&other()).await.unwrap();
        drop(store);
        assert_eq!(audit(&file(&directory)), Ok(whole), "{change}");
    }
}

#[tokio::test]
async fn damaged_records_are_told_and_left_as_they_are() {
    let directory = filled().await;
    let behind = Connection::open(file(&directory)).unwrap();
    behind.execute("UPDATE comments SET packed = 'x' WHERE external_id = 'x-2'", []).unwrap();
    behind.execute("UPDATE tombstones SET counted = 'x' WHERE id = ?1", [id(5).as_bytes()]).unwrap();
    drop(behind);
    let store = opened(directory.path());
    let first = store.repair(&blog()).await.unwrap();
    assert_eq!((first.comments, first.tombstones, &first.damaged), (3, 1, &vec![id(2), id(5)]));
    assert_eq!(store.counts(&blog()).await.unwrap().held, 2);
    let second = store.repair(&blog()).await.unwrap();
    assert_eq!((second.corrected(), &second.damaged), (0, &first.damaged));
    // What a damaged comment was counted in is taken back, so that its erasure leaves a sound store.
    assert!(store.erase(&blog(), &by_id(2), on(100)).await.unwrap());
    store.expire(&blog(), &KEEP, on(500)).await.unwrap();
    drop(store);
    audit(&file(&directory)).unwrap();
}

#[tokio::test]
async fn a_sound_store_has_nothing_to_repair() {
    everywhere(async |store| {
        let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 2, Some(3))];
        keep(store, &blog(), counted_in(held(1), &entries)).await;
        let before = store.events(&blog(), EventId::default(), 10).await.unwrap();
        let repaired = store.repair(&blog()).await.unwrap();
        assert_eq!(repaired, Repaired { comments: 1, ..Repaired::default() });
        assert_eq!(store.events(&blog(), EventId::default(), 10).await.unwrap(), before);
        assert_eq!(store.repair(&nowhere()).await, Err(Error::UnknownSite));
    })
    .await;
}

/// A closed store that [`fill`] has filled.
async fn filled() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fill(&*opened(directory.path())).await;
    directory
}

/// Keeps four comments of all kinds, an erased one and a purged one, and another site with a comment.
pub async fn fill(store: &dyn Store) {
    settle(store).await;
    let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 2, Some(3))];
    keep(store, &blog(), named(by_author(counted_in(held(1), &entries), 1), "x-1")).await;
    keep(store, &blog(), named(by_author(counted_in(held(2), &[(HistoryKind::Mail, 2, None)]), 1), "x-2")).await;
    let mut third = by_author(approved(3), 1);
    third.submission.client.ip = "203.0.113.7".parse().ok();
    let (author_name, content) = (Some(name("Other")), None);
    third.submission.parent = Some(Parent { id: Some(id(1)), external_id: None, author_name, content });
    keep(store, &blog(), third).await;
    keep(store, &blog(), featured(counted_in(rejected(4), &[(HistoryKind::Text, 2, Some(4))]), &[4, 44])).await;
    keep(store, &blog(), counted_in(approved(5), &entries)).await;
    keep(store, &blog(), approved(6)).await;
    changed(store.decide(&blog(), &by_id(4), reject_as(Reason::Spam, 20), None).await.unwrap());
    let brief = moderato::domain::Keep { rejected: 0, approved: 80, addresses: 0, ..KEEP };
    changed(store.decide(&blog(), &by_id(3), wish(Approve, 79 * DAY), None).await.unwrap());
    assert!(store.erase(&blog(), &by_id(6), at(30)).await.unwrap());
    assert_eq!(store.expire(&blog(), &brief, on(81)).await.unwrap().purged, 1);
    keep(store, &other(), counted_in(held(9), &[(HistoryKind::Account, 9, None)])).await;
}

fn file(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("moderato.db")
}

fn opened(data: &Path) -> Arc<dyn Store> {
    store::open(&Settings::embedded(), data, &Clock::System).unwrap()
}
