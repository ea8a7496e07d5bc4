//! Comments that go: `withdraw` (gone from the blog) and `erase` (gone from here).

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{Event, EventChange, EventId, HistoryKind, ListQuery, Status};
use moderato::store::{Existing, Outcome, Recall, Recorded};

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn a_withdrawn_comment_leaves_the_queue_and_keeps_its_status() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let comment = changed(store.withdraw(&blog(), &by_id(1), at(10)).await.unwrap());
        assert_eq!((comment.status, comment.version, comment.withdrawn_at), (Status::Held, 2, Some(at(10))));
        let counts = store.counts(&blog()).await.unwrap();
        assert_eq!((counts.held, counts.open), (1, 0));
        let again = store.withdraw(&blog(), &by_id(1), at(11)).await.unwrap();
        assert_eq!(again, Outcome::Already(Box::new(comment)));
        assert_eq!(store.withdraw(&blog(), &by_id(2), at(11)).await.unwrap(), Outcome::NotFound);
        assert_eq!(store.withdraw(&other(), &by_id(1), at(11)).await.unwrap(), Outcome::NotFound);
    })
    .await;
}

#[tokio::test]
async fn an_erased_comment_is_reachable_by_no_call() {
    everywhere(async |store| {
        keep(store, &blog(), by_author(named(held(1), "x-1"), 1)).await;
        assert!(store.erase(&blog(), &by_external("x-1"), at(10)).await.unwrap());
        for name in [by_id(1), by_external("x-1")] {
            assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
            assert!(!store.erase(&blog(), &name, at(11)).await.unwrap());
            assert_eq!(store.decide(&blog(), &name, wish(Approve, 11), None).await.unwrap(), Outcome::NotFound);
            assert_eq!(store.withdraw(&blog(), &name, at(11)).await.unwrap(), Outcome::NotFound);
            assert_eq!(store.link(&blog(), &name, external("y"), at(11)).await.unwrap(), Outcome::NotFound);
        }
        let page = store.list(&blog(), &ListQuery { limit: 10, ..ListQuery::default() }).await.unwrap();
        assert_eq!((page.items.len(), page.next), (0, None));
        assert_eq!(store.counts(&blog()).await.unwrap(), Default::default());
    })
    .await;
}

#[tokio::test]
async fn a_late_retry_does_not_bring_an_erased_comment_back() {
    everywhere(async |store| {
        let entry = keyed(named(held(1), "x-1"), 1);
        store.record(&blog(), entry.clone()).await.unwrap();
        assert!(store.erase(&blog(), &by_id(1), at(10)).await.unwrap());
        let erased = || Existing::Erased(id(1));
        for retry in [entry.clone(), new(named(held(2), "x-1")), keyed(held(2), 1), new(held(1))] {
            assert_eq!(store.record(&blog(), retry).await.unwrap(), Recorded::Existing(erased()));
        }
        for (key, external_id) in [(Some(1), None), (None, Some("x-1")), (Some(1), Some("x-1"))] {
            let recalled = store.recall(&blog(), &ask(key, external_id)).await.unwrap();
            assert_eq!(recalled.existing, Some(erased()));
        }
        let key = Some(idempotency(1, &fingerprint(1)));
        let outcome = store.decide(&blog(), &by_id(1), wish(Approve, 11), key).await.unwrap();
        assert_eq!(outcome, Outcome::ReplayedErased(id(1)));
        // In another site the same names are free.
        assert_eq!(store.record(&other(), entry).await.unwrap(), Recorded::New);
    })
    .await;
}

#[tokio::test]
async fn erasing_takes_back_what_was_counted_and_tells_the_feed() {
    everywhere(async |store| {
        let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 2, Some(5))];
        keep(store, &blog(), counted_in(named(held(1), "x-1"), &entries)).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 5), None).await.unwrap());
        assert!(store.erase(&blog(), &by_id(1), at(10)).await.unwrap());
        let history = entries.map(|(kind, hash, _)| entry(kind, hash)).to_vec();
        let recalled = store.recall(&blog(), &Recall { history, ..ask(None, None) }).await.unwrap();
        assert_eq!(recalled.history, Default::default());
        let events = store.events(&blog(), EventId::default(), 10).await.unwrap();
        let Some(Event { change, comment, version, external_id, at: when, .. }) = events.last() else {
            panic!("the feed is empty");
        };
        assert_eq!((change, *comment, *version, *when), (&EventChange::Erased, id(1), 3, at(10)));
        assert_eq!(external_id.as_ref().map(|id| id.as_str()), Some("x-1"));
    })
    .await;
}
