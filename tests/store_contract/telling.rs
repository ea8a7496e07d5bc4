//! The feed: `events` and `feed_changes`.

use std::time::Duration;

use moderato::domain::DecisionAction::{Approve, Reject, Reopen};
use moderato::domain::{Action, Event, EventChange, EventId, Reason, Source, Status};
use moderato::store::{Record, Store};

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn every_change_is_told_once_in_order() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 5), None).await.unwrap());
        changed(store.link(&blog(), &by_id(1), external("x-1"), at(6)).await.unwrap());
        changed(store.withdraw(&blog(), &by_id(1), at(7)).await.unwrap());
        assert!(store.erase(&blog(), &by_id(1), at(8)).await.unwrap());
        let events = all(store).await;
        let told: Vec<_> = events.iter().map(|event| (event.change.clone(), event.version, event.at)).collect();
        let decided = EventChange::Decided {
            decision: Reject,
            reason: Some(Reason::Spam),
            source: Source::Api,
            actor: "ana".to_owned(),
        };
        assert_eq!(
            told,
            [
                (EventChange::Submitted { action: Action::Hold, score: 60 }, 1, at(1)),
                (decided, 2, at(5)),
                (EventChange::Linked, 3, at(6)),
                (EventChange::Withdrawn, 4, at(7)),
                (EventChange::Erased, 5, at(8)),
            ]
        );
        assert_eq!((events[0].status, events[1].status), (Status::Held, Status::Rejected));
        assert_eq!((&events[1].external_id, &events[2].external_id), (&None, &Some(external("x-1"))));
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    everywhere(async |store| {
        store.record(&blog(), keyed(named(held(1), "x-1"), 1)).await.unwrap();
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 5), None).await.unwrap());
        let before = all(store).await;
        store.record(&blog(), keyed(held(2), 1)).await.unwrap();
        store.record(&blog(), new(named(held(2), "x-1"))).await.unwrap();
        store.decide(&blog(), &by_id(1), wish(Approve, 6), None).await.unwrap();
        store.decide(&blog(), &by_id(1), of_actor(wish(Reject, 6), "ben"), None).await.unwrap();
        store.decide(&blog(), &by_id(9), wish(Approve, 6), None).await.unwrap();
        store.link(&blog(), &by_id(1), external("x-2"), at(6)).await.unwrap();
        assert!(!store.erase(&blog(), &by_id(9), at(6)).await.unwrap());
        assert_eq!(all(store).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_old_comment_comes_in_silently_and_its_changes_are_told() {
    everywhere(async |store| {
        let silent = Record { announced: false, ..new(approved(1)) };
        store.record(&blog(), silent).await.unwrap();
        assert_eq!(all(store).await, []);
        changed(store.decide(&blog(), &by_id(1), wish(Reopen, 5), None).await.unwrap());
        assert_eq!(all(store).await.iter().map(|event| event.version).collect::<Vec<_>>(), [2]);
    })
    .await;
}

#[tokio::test]
async fn ids_grow_also_within_a_millisecond_and_when_the_clock_goes_back() {
    everywhere(async |store| {
        for (n, second) in [(1, 50), (2, 50), (3, 20), (4, 60)] {
            let comment = moderato::domain::Comment { received_at: at(second), ..approved(n) };
            let written_at = comment.written_at.min(comment.received_at);
            keep(store, &blog(), moderato::domain::Comment { written_at, ..comment }).await;
        }
        let events = all(store).await;
        let millis = |second| u64::try_from(at(second).millis()).unwrap();
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let wanted = [(millis(50), 0), (millis(50), 1), (millis(50), 2), (millis(60), 0)];
        assert_eq!(ids, wanted.map(|(millis, number)| EventId { millis, number }));
        assert_eq!(events[2].at, at(20));
    })
    .await;
}

#[tokio::test]
async fn the_feed_is_read_in_pages_from_any_place() {
    everywhere(async |store| {
        for n in 1..=7 {
            keep(store, &blog(), approved(n)).await;
        }
        let whole = all(store).await;
        let (mut read, mut after) = (Vec::new(), EventId::default());
        loop {
            let page = store.events(&blog(), after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 3);
            after = last.id;
            read.extend(page);
        }
        assert_eq!(read, whole);
        assert_eq!(store.events(&blog(), after, 3).await.unwrap(), []);
        let far = EventId { millis: u64::MAX, number: u64::MAX };
        assert_eq!(store.events(&blog(), far, 3).await.unwrap(), []);
        let between = EventId { number: whole[0].id.number + 5, ..whole[0].id };
        assert_eq!(store.events(&blog(), between, 10).await.unwrap(), whole[1..]);
    })
    .await;
}

#[tokio::test]
async fn a_site_hears_of_its_own_comments_only() {
    everywhere(async |store| {
        keep(store, &blog(), approved(1)).await;
        keep(store, &other(), approved(2)).await;
        assert_eq!(all(store).await.iter().map(|event| event.comment).collect::<Vec<_>>(), [id(1)]);
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_for_the_feed_is_woken() {
    everywhere(async |store| {
        let mut changes = store.feed_changes();
        changes.mark_unchanged();
        keep(store, &blog(), approved(1)).await;
        tokio::time::timeout(Duration::from_secs(5), changes.changed()).await.expect("nobody was woken").unwrap();
        assert_eq!(all(store).await.len(), 1);
    })
    .await;
}

async fn all(store: &dyn Store) -> Vec<Event> {
    store.events(&blog(), EventId::default(), 1_000).await.unwrap()
}
