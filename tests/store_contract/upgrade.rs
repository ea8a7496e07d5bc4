//! Databases that earlier versions wrote.

use moderato::domain::SiteSettings;
use moderato::store::{self, Settings};
use rusqlite::Connection;

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
    let store = store::open(&Settings { url: "sqlite:".to_owned() }, directory.path()).unwrap();
    assert_eq!(store.identity().await.unwrap().unwrap().store_id, "old");
    assert_eq!(store.settings(&blog()).await.unwrap(), SiteSettings::default());
    let key = store.key(&key_id('a')).await.unwrap().unwrap();
    assert_eq!((key.created_at.millis(), key.expires_at, key.last_used_at), (7, None, None));
    keep(&*store, &blog(), held(1)).await;
}
