//! Tombstones: what is left of a comment that is kept no longer, until that goes too.

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{EventId, HistoryKind, Keep, Reason, Status, Tombstone};
use moderato::store::{Existing, Outcome, Recall, Recorded, Store};

use crate::everywhere;
use crate::fixture::*;

const ENTRIES: [(HistoryKind, u8, Option<u32>); 2] = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 1, Some(7))];

#[tokio::test]
async fn a_purged_comment_keeps_its_ids_taken_and_what_it_taught() {
    everywhere(async |store| {
        let entry = keyed(named(by_author(counted_in(held(1), &ENTRIES), 1), "x-1"), 1);
        store.record(&blog(), entry.clone()).await.unwrap();
        changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 5), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &Keep { rejected: 5, ..KEEP }, on(6)).await.unwrap().purged, 1);
        for name in [by_id(1), by_external("x-1")] {
            assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
            assert_eq!(store.decide(&blog(), &name, wish(Approve, 9), None).await.unwrap(), Outcome::NotFound);
        }
        let gone = || Existing::Erased(id(1));
        for retry in [entry, new(named(held(2), "x-1")), keyed(held(2), 1), new(held(1))] {
            assert_eq!(store.record(&blog(), retry).await.unwrap(), Recorded::Existing(gone()));
        }
        assert_eq!(store.recall(&blog(), &ask(Some(1), Some("x-1"))).await.unwrap().existing, Some(gone()));
        assert_eq!(remembered(store, 1, 16).await, (1, 1));
        assert_eq!(members(store).await, [7]);
        let tombstone = store.tombstones(&blog(), None, 10).await.unwrap().pop().unwrap();
        assert_eq!((tombstone.id, tombstone.status, tombstone.version), (id(1), Status::Rejected, 3));
        assert_eq!((tombstone.received_at, tombstone.erased_at), (at(1), on(6)));
        assert_eq!(tombstone.counted.len(), 2);
        let last = store.events(&blog(), EventId::default(), 10).await.unwrap().pop().unwrap();
        assert_eq!((last.change.as_str(), last.version, last.status), ("comment.purged", 3, Status::Rejected));
        assert_eq!(last.external_id, Some(external("x-1")));
    })
    .await;
}

#[tokio::test]
async fn a_tombstone_that_goes_takes_back_what_it_was_counted_in_and_frees_its_ids() {
    everywhere(async |store| {
        keep(store, &blog(), named(by_author(counted_in(approved(1), &ENTRIES), 1), "x-1")).await;
        keep(store, &blog(), by_author(counted_in(held(2), &ENTRIES), 1)).await;
        assert_eq!(store.expire(&blog(), &KEEP, on(91)).await.unwrap().purged, 1);
        assert_eq!(remembered(store, 1, 92).await, (2, 0));
        // The tombstone is as old as the going, not as the comment.
        let keep_less = Keep { tombstones: 20, ..KEEP };
        assert_eq!(store.expire(&blog(), &keep_less, on(111)).await.unwrap().tombstones, 0);
        keep(store, &blog(), received(held(3), 111 * DAY)).await;
        assert_eq!(store.expire(&blog(), &keep_less, on(112)).await.unwrap().tombstones, 1);
        assert_eq!(remembered(store, 1, 112).await, (1, 0));
        assert_eq!(members(store).await, [7], "the other comment's");
        assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap(), []);
        keep(store, &blog(), named(approved(4), "x-1")).await;
    })
    .await;
}

#[tokio::test]
async fn a_tombstone_outlives_the_keys_that_name_its_comment() {
    everywhere(async |store| {
        keep(store, &blog(), approved(1)).await;
        let brief = Keep { approved: 1, tombstones: 1, ..KEEP };
        assert_eq!(store.expire(&blog(), &brief, on(2)).await.unwrap().purged, 1);
        assert_eq!(store.expire(&blog(), &brief, on(5)).await.unwrap().tombstones, 0);
        assert_eq!(store.expire(&blog(), &brief, on(5).plus_millis(1)).await.unwrap().tombstones, 1);
        keep(store, &blog(), received(held(2), 6 * DAY)).await;
    })
    .await;
}

#[tokio::test]
async fn tombstones_come_in_the_order_of_their_ids_page_by_page() {
    everywhere(async |store| {
        for n in 1..=5 {
            keep(store, &blog(), approved(n)).await;
        }
        for n in [4, 2, 5, 1] {
            assert!(store.erase(&blog(), &by_id(n), at(10)).await.unwrap());
        }
        let first = store.tombstones(&blog(), None, 3).await.unwrap();
        assert_eq!(first.iter().map(|tombstone| tombstone.id).collect::<Vec<_>>(), [id(1), id(2), id(4)]);
        let rest = store.tombstones(&blog(), Some(id(4)), 3).await.unwrap();
        assert_eq!(rest.iter().map(|tombstone| tombstone.id).collect::<Vec<_>>(), [id(5)]);
        assert_eq!(store.tombstones(&other(), None, 3).await.unwrap(), []);
        assert!(store.tombstones(&nowhere(), None, 3).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_tombstone_from_elsewhere_is_buried_once_and_only_where_its_ids_are_free() {
    everywhere(async |store| {
        keep(store, &blog(), named(approved(1), "x-1")).await;
        let of = |n: u32, name: Option<&str>| {
            let comment = name.map_or_else(|| approved(n), |name| named(approved(n), name));
            Tombstone::of_erased(&comment, at(50))
        };
        let taken = [of(1, None), of(2, Some("x-1"))];
        for tombstone in taken {
            assert!(!store.bury(&blog(), tombstone).await.unwrap());
        }
        let free = of(3, Some("x-3"));
        assert!(store.bury(&blog(), free.clone()).await.unwrap());
        assert!(!store.bury(&blog(), free.clone()).await.unwrap());
        assert!(!store.bury(&blog(), of(4, Some("x-3"))).await.unwrap());
        assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap(), std::slice::from_ref(&free));
        assert_eq!(store.record(&blog(), new(named(held(5), "x-3"))).await.unwrap(), {
            Recorded::Existing(Existing::Erased(id(3)))
        });
        assert!(store.bury(&other(), free).await.unwrap());
        assert!(store.bury(&nowhere(), of(9, None)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn what_a_buried_tombstone_is_counted_in_is_counted_until_it_goes() {
    everywhere(async |store| {
        let purged = Tombstone::of_purged(&by_author(counted_in(approved(1), &ENTRIES), 1), at(50));
        assert!(store.bury(&blog(), purged).await.unwrap());
        assert_eq!((remembered(store, 1, 1).await, members(store).await), ((1, 0), vec![7]));
        assert_eq!(store.expire(&blog(), &KEEP, on(402)).await.unwrap().tombstones, 1);
        assert_eq!((remembered(store, 1, 1).await, members(store).await), ((0, 0), vec![]));
    })
    .await;
}

/// The members of the text's entry.
async fn members(store: &dyn Store) -> Vec<u32> {
    let ask = Recall { history: vec![entry(HistoryKind::Text, 1)], ..ask(None, None) };
    store.recall(&blog(), &ask).await.unwrap().history.text.members
}
