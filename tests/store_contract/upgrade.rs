//! Databases that earlier versions wrote.

use moderato::clock::Clock;
use moderato::domain::{
    AuthorId, Campaign, Comment, CommentRef, Filter, HistoryKind, ListQuery, Parent, Review, SiteSettings,
};
use moderato::store::{self, Settings};
use rusqlite::Connection;

use crate::audit::audit;
use crate::fixture::*;

#[tokio::test]
async fn a_database_of_schema_1_is_brought_up_to_date_with_what_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let old = Connection::open(directory.path().join("moderato.db")).unwrap();
    old.execute_batch(include_str!("../../src/store/embedded/schema_1.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO meta (one, store_id, secret) VALUES (1, 'old', zeroblob(32));
         INSERT INTO sites (id, name, created_at) VALUES ('blog', 'Blog', 0);
         INSERT INTO keys (id, site, name, scopes, hash, created_at)
             VALUES ('aaaaaaaaaaaa', 1, 'a key', '[\"submit\"]', zeroblob(32), 7);",
    )
    .unwrap();
    old.pragma_update(None, "application_id", 0x4d64_7274).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    assert_eq!(store.identity().await.unwrap().unwrap().store_id, "old");
    assert_eq!(store.settings(&blog()).await.unwrap(), SiteSettings::default());
    let key = store.key(&key_id('a')).await.unwrap().unwrap();
    assert_eq!((key.created_at.millis(), key.expires_at, key.last_used_at), (7, None, None));
    keep(&*store, &blog(), held(1)).await;
}

#[tokio::test]
async fn a_filled_database_of_schema_2_learns_the_age_of_what_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("moderato.db");
    let old = Connection::open(&file).unwrap();
    old.execute_batch(include_str!("../../src/store/embedded/schema_1.sql")).unwrap();
    old.execute_batch(include_str!("../../src/store/embedded/schema_2.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO meta (one, store_id, secret) VALUES (1, 'old', zeroblob(32));
         INSERT INTO sites (id, name, created_at, held) VALUES ('blog', 'Blog', 0, 3);",
    )
    .unwrap();
    let entries = [(HistoryKind::Account, 1, None), (HistoryKind::Mail, 2, None), (HistoryKind::Text, 3, Some(4))];
    let mut first = by_author(counted_in(held(1), &entries), 1);
    first.received_at = at(700);
    first.changed_at = at(900);
    first.submission.client.ip = "203.0.113.7".parse().ok();
    let mut second = held(2);
    let content = Some("What the other said.".to_owned().try_into().unwrap());
    second.submission.parent =
        Some(Parent { id: None, external_id: Some(external("x-1")), author_name: None, content });
    for comment in [&first, &second] {
        write_schema_2(&old, comment, &serde_json::to_string(comment).unwrap());
    }
    // Damaged: what is no JSON any more, and what is, but not that of a comment.
    write_schema_2(&old, &held(3), "{\"id\":");
    write_schema_2(
        &old,
        &held(4),
        "{\"changed_at\":\"x\",\"received_at\":1.5,\"submission\":[],\"k\":[1,\"x\",{\"k\":1}]}",
    );
    old.execute("INSERT INTO tombstones VALUES (1, zeroblob(16), 'x-9', 'held', 2, 1, 1, 1, '[]')", []).unwrap();
    old.pragma_update(None, "application_id", 0x4d64_7274).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    drop(old);
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    for comment in [&first, &second] {
        assert_eq!(store.get(&blog(), &CommentRef::Id(comment.id)).await.unwrap().as_ref(), Some(comment));
    }
    let by_mail = Filter { author: Some(AuthorId::new([2; 16])), ..Filter::default() };
    let by_text = Filter { campaign: Campaign::of(&entry(HistoryKind::Text, 3)), ..Filter::default() };
    for filter in [by_mail, by_text] {
        let listed = store.list(&blog(), &ListQuery { filter, limit: 10, ..ListQuery::default() }).await.unwrap();
        assert_eq!(listed.items, [first.clone()]);
    }
    assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap()[0].external_id, Some(external("x-9")));
    drop(store);
    let faults = audit(&file).unwrap_err();
    assert!(!faults.iter().any(|fault| fault.contains(": column ")), "{faults:?}");
    let ages: Vec<(i64, i64)> = Connection::open(&file)
        .unwrap()
        .prepare("SELECT changed_at, received_at FROM comments ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let millis = |seconds: i64| at(seconds).millis();
    let second = (millis(2), millis(2));
    assert_eq!(ages, [(millis(900), millis(700)), second, (millis(3), millis(3)), (millis(4), millis(4))]);
}

/// Writes a comment's row as the program did that knew schema 2.
fn write_schema_2(old: &Connection, comment: &Comment, packed: &str) {
    let Review::Open { priority, .. } = comment.review else { panic!("it is not held") };
    let insert = "INSERT INTO comments (site, id, status, post, author, written_at, priority, crc, packed)
                  VALUES (1, ?1, 'held', 'post-1', ?2, ?3, ?4, ?5, ?6)";
    let author = comment.author_id.map(|author| *author.as_bytes());
    let crc = crc32fast::hash(packed.as_bytes());
    old.execute(insert, (comment.id.as_bytes(), author, comment.written_at.millis(), priority, crc, packed)).unwrap();
}
