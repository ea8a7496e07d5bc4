//! What was erased is gone from the files as well: from the database at once, from its log soon.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use moderato::clock::Clock;
use moderato::domain::{AuthorId, Comment, HistoryKind, Parent};
use moderato::store::{self, Settings, Store};
use rusqlite::Connection;

use crate::fixture::*;

/// Stands wherever a comment tells of its author.
const CANARY: &str = "canary-7f3a";

#[tokio::test]
async fn erased_content_leaves_the_files_while_the_store_is_open() {
    let (directory, store) = settled().await;
    keep(&*store, &blog(), told(held(1))).await;
    assert!(is_found(directory.path()));
    assert!(store.erase(&blog(), &by_id(1), at(5)).await.unwrap());
    leaves(directory.path());
}

#[tokio::test]
async fn a_forgotten_author_leaves_the_files_also_where_others_quote_them() {
    let (directory, store) = settled().await;
    for n in 1..=120 {
        keep(&*store, &blog(), by_author(told(held(n)), 1)).await;
    }
    let mut reply = held(200);
    let (author_name, content) = (Some(name(CANARY)), Some(CANARY.to_owned().try_into().unwrap()));
    reply.submission.parent = Some(Parent { id: Some(id(1)), external_id: None, author_name, content });
    keep(&*store, &blog(), reply).await;
    while store.forget(&blog(), AuthorId::new([1; 16]), at(500)).await.unwrap().more {}
    leaves(directory.path());
}

#[tokio::test]
async fn what_retention_takes_leaves_the_files() {
    let (directory, store) = settled().await;
    keep(&*store, &blog(), told(approved(1))).await;
    assert_eq!(store.expire(&blog(), &KEEP, on(91)).await.unwrap().purged, 1);
    leaves(directory.path());
}

#[tokio::test]
async fn a_reader_keeps_erased_content_in_the_log_no_longer_than_to_the_next_job_after_it() {
    let (directory, store) = settled().await;
    keep(&*store, &blog(), told(held(1))).await;
    let reader = Connection::open(directory.path().join("moderato.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM comments").unwrap();
    assert!(store.erase(&blog(), &by_id(1), at(5)).await.unwrap());
    // Tried again with every job, also one that finds nothing to do, for as long as the reader is there.
    for _ in 0..3 {
        assert_eq!(store.expire(&blog(), &KEEP, at(60)).await.unwrap(), Default::default());
        std::thread::sleep(Duration::from_millis(20));
        assert!(is_found(directory.path()), "the reader does not see what it saw");
    }
    reader.execute_batch("COMMIT").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(is_found(directory.path()), "nobody had a reason to look at the log");
    assert_eq!(store.expire(&blog(), &KEEP, at(120)).await.unwrap(), Default::default());
    leaves(directory.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_and_readers_do_not_keep_erased_content_in_the_log() {
    let (directory, store) = settled().await;
    keep(&*store, &blog(), told(held(1))).await;
    let mut busy = tokio::task::JoinSet::new();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    for worker in 0..8 {
        let (store, done) = (store.clone(), done.clone());
        busy.spawn(async move {
            for n in 0.. {
                if done.load(std::sync::atomic::Ordering::SeqCst) {
                    return;
                }
                keep(&*store, &blog(), counted_in(held(1_000_000 * (worker + 1) + n), &[(HistoryKind::Mail, 1, None)]))
                    .await;
                store.get(&blog(), &by_id(2)).await.unwrap();
            }
        });
    }
    assert!(store.erase(&blog(), &by_id(1), at(5)).await.unwrap());
    leaves(directory.path());
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    while let Some(ended) = busy.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_was_killed_before_it_emptied_the_log_does_so_at_the_next_start() {
    let (directory, store) = settled().await;
    keep(&*store, &blog(), told(held(1))).await;
    let reader = Connection::open(directory.path().join("moderato.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM comments").unwrap();
    assert!(store.erase(&blog(), &by_id(1), at(5)).await.unwrap());
    // What a process that ended here would have left.
    let left = tempfile::tempdir().unwrap();
    for name in ["moderato.db", "moderato.db-wal"] {
        fs::copy(directory.path().join(name), left.path().join(name)).unwrap();
    }
    assert!(is_found(left.path()));
    let next = opened(left.path());
    next.expire(&blog(), &KEEP, at(60)).await.unwrap();
    leaves(left.path());
}

/// The comment with the canary wherever a person can stand.
fn told(mut comment: Comment) -> Comment {
    comment.submission.content = CANARY.repeat(1_000).try_into().unwrap();
    comment.submission.author.email = Some(format!("{CANARY}@mail.example").try_into().unwrap());
    comment.submission.author.name = Some(name(CANARY));
    comment
}

fn is_found(directory: &Path) -> bool {
    let files = fs::read_dir(directory).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()))
}

/// Waits until the canary is gone; the log is emptied after the answer.
fn leaves(directory: &Path) {
    for _ in 0..500 {
        if !is_found(directory) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("erased content is still in the files");
}

/// A new store on the disk with its sites.
async fn settled() -> (tempfile::TempDir, Arc<dyn Store>) {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(directory.path());
    settle(&*store).await;
    (directory, store)
}

fn opened(data: &Path) -> Arc<dyn Store> {
    store::open(&Settings::embedded(), data, &Clock::System).unwrap()
}
