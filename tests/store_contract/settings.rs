//! What a site overrides, the version of its settings, and when keys were used.

use moderato::domain::{SiteOverrides, SiteSettings};
use moderato::store::{Error, Recall, Store};
use serde_json::json;

use crate::everywhere;
use crate::fixture::*;

fn overrides(hold_at: u64) -> SiteOverrides {
    SiteOverrides(json!({"hold_at": hold_at, "rules": {"rate": {"mode": "off"}}}).as_object().unwrap().clone())
}

/// The version as a submission is told of it.
async fn recalled(store: &dyn Store) -> u64 {
    let ask = Recall { idempotency: None, external_id: None, history: Vec::new(), now: at(0) };
    store.recall(&blog(), &ask).await.unwrap().settings_version
}

#[tokio::test]
async fn overrides_are_replaced_whole_and_each_change_raises_the_version() {
    everywhere(async |store| {
        let first = store.settings(&blog()).await.unwrap();
        assert_eq!(first.overrides, SiteOverrides::default());
        assert_eq!(recalled(store).await, first.version);
        let second = store.override_policy(&blog(), overrides(40), None).await.unwrap().unwrap();
        assert_eq!(second, SiteSettings { version: first.version + 1, overrides: overrides(40) });
        assert_eq!(store.settings(&blog()).await.unwrap(), second);
        assert_eq!(recalled(store).await, second.version);
        let again = store.override_policy(&blog(), overrides(40), Some(first.version)).await.unwrap();
        assert_eq!(again, Ok(second.clone()), "a lost answer's retry");
        let late = store.override_policy(&blog(), overrides(41), Some(first.version)).await.unwrap();
        assert_eq!(late, Err(second.clone()));
        let third = store.override_policy(&blog(), SiteOverrides::default(), Some(second.version)).await.unwrap();
        assert_eq!(third.unwrap().version, second.version + 1);
        assert_eq!(store.settings(&other()).await.unwrap().overrides, SiteOverrides::default());
        assert_eq!(store.settings(&nowhere()).await, Err(Error::UnknownSite));
        assert_eq!(store.override_policy(&nowhere(), overrides(1), None).await, Err(Error::UnknownSite));
    })
    .await;
}

#[tokio::test]
async fn keys_that_come_and_go_raise_the_version_of_their_site() {
    everywhere(async |store| {
        let version = async |site| store.settings(&site).await.unwrap().version;
        let (mine, others) = (version(blog()).await, version(other()).await);
        store.create_key(api_key('c', Some("blog"))).await.unwrap();
        assert_eq!(version(blog()).await, mine + 1);
        store.create_key(api_key('c', Some("blog"))).await.unwrap();
        assert_eq!(version(blog()).await, mine + 1, "the same again");
        assert!(!store.delete_key(Some(&other()), &key_id('c')).await.unwrap());
        assert!(store.delete_key(Some(&blog()), &key_id('c')).await.unwrap());
        assert!(!store.delete_key(Some(&blog()), &key_id('c')).await.unwrap());
        store.create_key(api_key('d', None)).await.unwrap();
        assert_eq!((version(blog()).await, version(other()).await), (mine + 2, others));
    })
    .await;
}

#[tokio::test]
async fn the_last_use_of_a_key_only_grows() {
    everywhere(async |store| {
        let mut key = api_key('c', Some("blog"));
        key.expires_at = Some(at(1_000));
        store.create_key(key.clone()).await.unwrap();
        assert_eq!(store.key(&key.id).await.unwrap(), Some(key.clone()));
        let version = store.settings(&blog()).await.unwrap().version;
        store.note_uses(vec![(key.id.clone(), at(60)), (key_id('z'), at(60))]).await.unwrap();
        store.note_uses(vec![(key.id.clone(), at(30))]).await.unwrap();
        assert_eq!(store.key(&key.id).await.unwrap().unwrap().last_used_at, Some(at(60)));
        store.create_key(key.clone()).await.unwrap();
        assert_eq!(store.key(&key.id).await.unwrap().unwrap().last_used_at, Some(at(60)), "made again by a retry");
        assert_eq!(store.settings(&blog()).await.unwrap().version, version, "using it changes nothing");
    })
    .await;
}
