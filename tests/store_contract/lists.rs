//! A site's own lists: entries come, are replaced, go, and each change raises the version of the site's settings.

use moderato::clock::Clock;
use moderato::domain::{EntryId, ListAction, ListEntry, ListName, MAX_ENTRIES, Match, SiteId};
use moderato::store::{self, Error, Listed, Settings, Store};

use crate::everywhere;
use crate::fixture::*;

use ListName::{Addresses, Domains, Mails, Phrases};

fn entry(value: &str, action: ListAction) -> ListEntry {
    let (value, note) = (value.to_owned().try_into().unwrap(), Some("a note".to_owned().try_into().unwrap()));
    ListEntry { value, kind: Match::Word, action, note, expires_at: Some(at(1_000)), created_at: at(1) }
}

fn holding(value: &str) -> ListEntry {
    entry(value, ListAction::Hold)
}

async fn version(store: &dyn Store, site: SiteId) -> u64 {
    store.settings(&site).await.unwrap().version
}

async fn all(store: &dyn Store, site: &SiteId, list: ListName) -> Vec<ListEntry> {
    let found = store.entries(site, list, None, MAX_ENTRIES + 1).await.unwrap();
    assert!(found.iter().all(|(id, entry)| EntryId::of(list, entry) == *id));
    found.into_iter().map(|(_, entry)| entry).collect()
}

#[tokio::test]
async fn an_entry_comes_once_and_is_replaced_by_one_of_its_id() {
    everywhere(async |store| {
        let first = version(store, blog()).await;
        let two = vec![holding("cheap pills"), holding("Καζίνο")];
        let put = store.put_entries(&blog(), Phrases, two.clone()).await.unwrap();
        assert_eq!(put, Listed::In { new: 2, changed: 0 });
        assert_eq!(version(store, blog()).await, first + 1, "one change, however many entries");
        let mut later = two.clone();
        later.iter_mut().for_each(|entry| entry.created_at = at(500));
        let again = store.put_entries(&blog(), Phrases, later).await.unwrap();
        assert_eq!(again, Listed::In { new: 0, changed: 0 });
        assert_eq!(version(store, blog()).await, first + 1, "the same again changes nothing");
        let other_words = ListEntry { created_at: at(500), ..entry(" CHEAP pills", ListAction::Points(-20)) };
        let put = store.put_entries(&blog(), Phrases, vec![other_words.clone(), holding("third")]).await.unwrap();
        assert_eq!(put, Listed::In { new: 1, changed: 1 });
        assert_eq!(version(store, blog()).await, first + 2);
        let mut expected = vec![ListEntry { created_at: at(1), ..other_words }, two[1].clone(), holding("third")];
        expected.sort_by_key(|entry| EntryId::of(Phrases, entry));
        assert_eq!(all(store, &blog(), Phrases).await, expected);
        let twice = vec![holding("fourth"), entry("fourth", ListAction::Reject)];
        let put = store.put_entries(&blog(), Phrases, twice).await.unwrap();
        assert_eq!(put, Listed::In { new: 1, changed: 0 });
        assert!(
            all(store, &blog(), Phrases).await.contains(&entry("fourth", ListAction::Reject)),
            "the last one counts"
        );
    })
    .await;
}

#[tokio::test]
async fn lists_and_sites_know_nothing_of_each_other() {
    everywhere(async |store| {
        let elsewhere = version(store, other()).await;
        for list in ListName::ALL {
            store.put_entries(&blog(), list, vec![holding("shop.example")]).await.unwrap();
        }
        store.put_entries(&other(), Mails, vec![holding("mail.example")]).await.unwrap();
        assert_eq!(version(store, other()).await, elsewhere + 1);
        let id = EntryId::of(Domains, &holding("shop.example"));
        assert!(!store.delete_entry(&other(), Domains, &id).await.unwrap());
        assert!(!store.delete_entry(&blog(), Phrases, &id).await.unwrap());
        let before = version(store, blog()).await;
        assert!(store.delete_entry(&blog(), Domains, &id).await.unwrap());
        assert!(!store.delete_entry(&blog(), Domains, &id).await.unwrap());
        assert_eq!(version(store, blog()).await, before + 1);
        assert_eq!(all(store, &blog(), Domains).await, []);
        assert_eq!(all(store, &blog(), Addresses).await.len(), 1);
        assert_eq!(all(store, &other(), Mails).await, [holding("mail.example")]);
        assert_eq!(store.entries(&nowhere(), Phrases, None, 1).await, Err(Error::UnknownSite));
        assert_eq!(store.put_entries(&nowhere(), Phrases, vec![holding("x")]).await, Err(Error::UnknownSite));
        assert_eq!(store.delete_entry(&nowhere(), Phrases, &id).await, Err(Error::UnknownSite));
    })
    .await;
}

#[tokio::test]
async fn pages_go_through_a_list_once_and_in_order() {
    everywhere(async |store| {
        let entries: Vec<_> = (0..25).map(|n| holding(&format!("phrase {n}"))).collect();
        store.put_entries(&blog(), Phrases, entries.clone()).await.unwrap();
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = store.entries(&blog(), Phrases, after, 10).await.unwrap();
            assert!(page.len() <= 10);
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            ids.extend(page.into_iter().map(|(id, _)| id));
        }
        let mut expected: Vec<_> = entries.iter().map(|entry| EntryId::of(Phrases, entry)).collect();
        expected.sort();
        assert_eq!(ids, expected);
        let from_third = store.entries(&blog(), Phrases, ids[2].before(), 1).await.unwrap();
        assert_eq!(from_third[0].0, ids[2]);
    })
    .await;
}

#[tokio::test]
async fn all_lists_of_a_site_have_at_most_so_many_entries() {
    everywhere(async |store| {
        let numbers: Vec<_> = (0..MAX_ENTRIES - 1).collect();
        for some in numbers.chunks(1_000) {
            let entries = some.iter().map(|n| holding(&format!("phrase {n}"))).collect();
            store.put_entries(&blog(), if some[0] < 30_000 { Phrases } else { Domains }, entries).await.unwrap();
        }
        let before = version(store, blog()).await;
        let too_many = vec![holding("one"), holding("another")];
        let put = store.put_entries(&blog(), Mails, too_many).await.unwrap();
        assert_eq!(put, Listed::Full { there: MAX_ENTRIES - 1 });
        assert_eq!((all(store, &blog(), Mails).await, version(store, blog()).await), (vec![], before));
        let put = store.put_entries(&blog(), Mails, vec![holding("one")]).await.unwrap();
        assert_eq!(put, Listed::In { new: 1, changed: 0 });
        let put = store.put_entries(&blog(), Mails, vec![entry("one", ListAction::Reject)]).await.unwrap();
        assert_eq!(put, Listed::In { new: 0, changed: 1 }, "what is there can still be changed");
        assert!(matches!(
            store.put_entries(&other(), Mails, vec![holding("one")]).await,
            Ok(Listed::In { new: 1, changed: 0 })
        ));
        assert_eq!(
            all(store, &blog(), Phrases).await.len() + all(store, &blog(), Domains).await.len(),
            MAX_ENTRIES - 1
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_site_takes_its_lists_along() {
    everywhere(async |store| {
        store.put_entries(&blog(), Phrases, vec![holding("cheap pills")]).await.unwrap();
        store.put_entries(&other(), Phrases, vec![holding("cheap pills")]).await.unwrap();
        assert!(store.delete_site(&blog()).await.unwrap());
        assert!(store.create_site(site("blog")).await.unwrap());
        assert_eq!(all(store, &blog(), Phrases).await, []);
        assert_eq!(all(store, &other(), Phrases).await.len(), 1);
        let put = store.put_entries(&blog(), Phrases, vec![holding("cheap pills")]).await.unwrap();
        assert_eq!(put, Listed::In { new: 1, changed: 0 });
    })
    .await;
}

#[tokio::test]
async fn repair_leaves_the_lists_as_they_are() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        store.put_entries(&blog(), Phrases, vec![holding("cheap pills")]).await.unwrap();
        let repaired = store.repair(&blog()).await.unwrap();
        assert_eq!((repaired.rows, repaired.counts, repaired.damaged.len()), (0, 0, 0));
        assert_eq!(all(store, &blog(), Phrases).await, [holding("cheap pills")]);
    })
    .await;
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_there() {
    everywhere(async |store| {
        let first = version(store, blog()).await;
        let puts = (0..12).map(|n| async move {
            let entries = vec![holding(&format!("phrase {n}")), entry("fought over", ListAction::Points(n))];
            store.put_entries(&blog(), Phrases, entries).await.unwrap()
        });
        let puts = futures_util::future::join_all(puts).await;
        let new = puts.iter().map(|put| if let Listed::In { new, .. } = put { *new } else { 0 }).sum::<usize>();
        assert_eq!((new, all(store, &blog(), Phrases).await.len()), (13, 13));
        assert_eq!(version(store, blog()).await, first + 12);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_entry_hides_no_other_and_can_be_put_anew() {
    let directory = tempfile::tempdir().unwrap();
    let store = store::open(&Settings::embedded(), directory.path(), &Clock::System).unwrap();
    settle(&*store).await;
    let three = vec![holding("one.example"), holding("two.example"), holding("three.example")];
    store.put_entries(&blog(), Domains, three.clone()).await.unwrap();
    let behind = rusqlite::Connection::open(directory.path().join("moderato.db")).unwrap();
    let flip = "UPDATE list_entries SET packed = replace(packed, 'two.example', 'twp.example')";
    assert_eq!(behind.execute(flip, []).unwrap(), 3);
    let mut left = vec![three[0].clone(), three[2].clone()];
    left.sort_by_key(|entry| EntryId::of(Domains, entry));
    assert_eq!(all(&*store, &blog(), Domains).await, left);
    assert_eq!(store.entries(&blog(), Domains, None, 2).await.unwrap().len(), 2, "it takes no place of a page");
    let put = store.put_entries(&blog(), Domains, vec![three[1].clone()]).await.unwrap();
    assert_eq!(put, Listed::In { new: 0, changed: 1 });
    assert_eq!(all(&*store, &blog(), Domains).await.len(), 3);
}
