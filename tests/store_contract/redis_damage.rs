//! What becomes of one damaged record on Redis: it is named, it hides no other, and it can be erased.

use std::path::Path;
use std::sync::Arc;

use ::redis::{Commands, Connection};
use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{Counts, EventId, Filter, HistoryKind, ListQuery, Sort, Status};
use moderato::store::{self, Error, Settings, Store};

use crate::fixture::*;
use crate::redis::{Lent, Server, shared_redis};

/// Ways a record goes bad: content that no longer fits its checksum, bytes that are no record, nothing left of it.
const DAMAGES: [fn(Vec<u8>) -> Vec<u8>; 4] = [
    |mut record| {
        *record.last_mut().unwrap() ^= 1;
        record
    },
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
async fn a_damaged_comment_can_be_erased() {
    for (damage, name) in DAMAGES.into_iter().flat_map(|damage| [(damage, by_id(2)), (damage, by_external("x-2"))]) {
        let (_server, store) = damaged(damage).await;
        assert!(store.erase(&blog(), &name, at(20)).await.unwrap());
        assert!(!store.erase(&blog(), &name, at(21)).await.unwrap());
        assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts { held: 2, open: 2, ..Counts::default() });
        let last = store.events(&blog(), EventId::default(), 10).await.unwrap().pop().unwrap();
        assert_eq!((last.change.as_str(), last.comment), ("comment.erased", id(2)));
        assert_eq!(store.tombstones(&blog(), None, 9).await.unwrap()[0].external_id, Some(external("x-2")));
    }
}

#[tokio::test]
async fn retention_passes_over_damaged_comments_once() {
    let (server, store) = opened().await;
    for n in 1..=130 {
        keep(&*store, &blog(), approved(n)).await;
        // The oldest are damaged, more than a step has room for.
        if n <= 110 {
            spoil(&server, &format!("{{blog}}:c:{}", id(n)), |_| b"x".to_vec());
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
    assert_eq!(store.counts(&blog()).await.unwrap().approved, 110);
    for n in 1..=110 {
        assert!(store.erase(&blog(), &by_id(n), on(96)).await.unwrap());
    }
    assert_eq!(store.counts(&blog()).await.unwrap().approved, 0);
}

#[tokio::test]
async fn a_damaged_entry_of_the_history_is_worth_nothing_and_stops_nobody() {
    for damage in DAMAGES.into_iter().chain([(|_| b"692:x,y|9:".to_vec()) as fn(Vec<u8>) -> Vec<u8>]) {
        let (server, store) = opened().await;
        let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 1, Some(5))];
        keep(&*store, &blog(), counted_in(held(1), &entries)).await;
        for kind in ["m", "t"] {
            spoil(&server, &format!("{{blog}}:h:{kind}:{}", "01".repeat(16)), damage);
        }
        keep(&*store, &blog(), counted_in(held(2), &entries)).await;
        assert!(store.erase(&blog(), &by_id(1), at(20)).await.unwrap());
        assert_eq!(store.counts(&blog()).await.unwrap().held, 1);
        store.repair(&blog()).await.unwrap();
        assert_eq!(store.repair(&blog()).await.unwrap().corrected(), 0);
    }
}

#[tokio::test]
async fn a_damaged_key_and_a_damaged_site_hide_no_others() {
    let (server, store) = opened().await;
    for letter in ['p', 'q'] {
        store.create_key(api_key(letter, Some("blog"))).await.unwrap();
    }
    let keys = store.keys(Some(&blog())).await.unwrap();
    spoil(&server, &format!("{{blog}}:k:{}", keys[0].id), |_| b"{spoilt".to_vec());
    assert_eq!(store.keys(Some(&blog())).await.unwrap(), keys[1..]);
    assert_eq!(store.key(&keys[0].id).await.unwrap(), None);
    store.note_uses(keys.iter().map(|key| (key.id.clone(), at(50))).collect()).await.unwrap();
    assert_eq!(store.key(&keys[1].id).await.unwrap().unwrap().last_used_at, Some(at(50)));
    assert!(store.delete_key(Some(&blog()), &keys[0].id).await.unwrap());
    assert!(!store.delete_key(Some(&blog()), &keys[0].id).await.unwrap());

    let sites = store.sites().await.unwrap();
    let _: () = connected(&server).hset(format!("{}:sites", server.prefix), "spoilt", "{").unwrap();
    assert_eq!(store.sites().await.unwrap(), sites);
    assert_eq!(store.totals().await.unwrap().sites, sites.len() as u64);
}

#[tokio::test]
async fn strangers_in_an_index_end_no_list() {
    let (server, store) = opened().await;
    for n in 1..=3 {
        keep(&*store, &blog(), held(n)).await;
    }
    for index in ["q", "s:held"] {
        let index = format!("{}:{{blog}}:{index}", server.prefix);
        for stranger in ["!", "short", "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"] {
            let _: () = connected(&server).zadd(&index, stranger, 0).unwrap();
        }
    }
    for sort in [Sort::Priority, Sort::Oldest, Sort::Newest] {
        let query = ListQuery { sort, limit: 3, ..ListQuery::default() };
        assert_eq!(store.list(&blog(), &query).await.unwrap().items.len(), 3, "{sort:?}");
    }
}

/// A store of three held comments on one post, the second linked (so at version 2) and then damaged so.
async fn damaged(damage: fn(Vec<u8>) -> Vec<u8>) -> (Lent<Server>, Arc<dyn Store>) {
    let (server, store) = opened().await;
    keep(&*store, &blog(), held(1)).await;
    keep(&*store, &blog(), by_author(counted_in(held(2), &[(HistoryKind::Mail, 1, None)]), 3)).await;
    keep(&*store, &blog(), held(3)).await;
    changed(store.link(&blog(), &by_id(2), external("x-2"), at(5)).await.unwrap());
    spoil(&server, &format!("{{blog}}:c:{}", id(2)), damage);
    (server, store)
}

async fn opened() -> (Lent<Server>, Arc<dyn Store>) {
    let lent = shared_redis();
    let settings = Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) };
    let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
    settle(&*store).await;
    (lent, store)
}

/// Damages the value of this name, which must be there.
fn spoil(server: &Lent<Server>, name: &str, damage: fn(Vec<u8>) -> Vec<u8>) {
    let key = format!("{}:{name}", server.prefix);
    let value: Option<Vec<u8>> = connected(server).get(&key).unwrap();
    let _: () = connected(server).set(&key, damage(value.unwrap_or_else(|| panic!("there is no {name}")))).unwrap();
}

fn connected(server: &Lent<Server>) -> Connection {
    ::redis::Client::open(server.url.as_str()).unwrap().get_connection().unwrap()
}
