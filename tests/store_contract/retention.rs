//! `expire`: what is kept no longer goes, in small steps, and the rest stays as it was.

use std::net::IpAddr;

use moderato::domain::DecisionAction::{Approve, Reopen};
use moderato::domain::{
    Comment, CommentId, Counts, EventId, Filter, HeldExpires, HistoryKind, Keep, ListQuery, Reason, Review, Status,
};
use moderato::store::{Error, Expired, Store};

use crate::everywhere;
use crate::fixture::*;

const NOTHING: Expired =
    Expired { rejected: 0, purged: 0, addresses: 0, tombstones: 0, events: 0, lessons: 0, more: false };

#[tokio::test]
async fn held_comments_wait_on_or_are_rejected() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(held(1), &[(HistoryKind::Mail, 1, None)])).await;
        let late = at(1 + 30 * DAY);
        assert_eq!(store.expire(&blog(), &KEEP, on(400)).await.unwrap(), Expired { events: 1, ..NOTHING });
        let rejecting = Keep { held_expires: HeldExpires::Reject, ..KEEP };
        // So old it must be, and older.
        assert_eq!(store.expire(&blog(), &rejecting, late).await.unwrap(), NOTHING);
        let late = late.plus_millis(1);
        let done = store.expire(&blog(), &rejecting, late).await.unwrap();
        assert_eq!(done, Expired { rejected: 1, ..NOTHING });
        let comment = store.get(&blog(), &by_id(1)).await.unwrap().unwrap();
        assert_eq!((comment.status, comment.review), (Status::Rejected, Review::Done));
        assert_eq!((comment.version, comment.changed_at, comment.times_expired()), (2, late, 1));
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts { rejected: 1, ..Counts::default() });
        assert_eq!(told(store).await, [("comment.expired", 2)]);
        assert_eq!(remembered(store, 1, 40).await, (1, 0), "it teaches nothing");
        // It is now as old as its rejection.
        assert_eq!(store.expire(&blog(), &rejecting, at(1 + 44 * DAY)).await.unwrap(), NOTHING);
    })
    .await;
}

#[tokio::test]
async fn what_waits_and_what_was_withdrawn_go_in_the_order_of_their_last_change() {
    everywhere(async |store| {
        for n in [1, 2, 9] {
            keep(store, &blog(), held(n)).await;
        }
        changed(store.withdraw(&blog(), &by_id(2), at(5)).await.unwrap());
        let rejecting = Keep { held_expires: HeldExpires::Reject, ..KEEP };
        let done = store.expire(&blog(), &rejecting, on(31)).await.unwrap();
        assert_eq!((done.rejected, done.purged), (2, 1));
        let events = store.events(&blog(), EventId::default(), 1_000).await.unwrap();
        let ended: Vec<CommentId> = events.iter().rev().take(3).map(|event| event.comment).collect();
        assert_eq!(ended, [id(9), id(2), id(1)]);
    })
    .await;
}

#[tokio::test]
async fn whom_nobody_decided_can_be_reopened_by_whoever_reopened_it_before() {
    everywhere(async |store| {
        let rejecting = Keep { held_expires: HeldExpires::Reject, rejected: 0, ..KEEP };
        keep(store, &blog(), approved(1)).await;
        changed(store.decide(&blog(), &by_id(1), wish(Reopen, 10), None).await.unwrap());
        for (days, times) in [(31, 1), (70, 2)] {
            assert_eq!(store.expire(&blog(), &rejecting, on(days)).await.unwrap().rejected, 1);
            let again = wish(Reopen, days * DAY + 10);
            let comment = changed(store.decide(&blog(), &by_id(1), again, None).await.unwrap());
            assert!(comment.review.is_open());
            assert_eq!((comment.status, comment.times_expired()), (Status::Held, times));
        }
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 71 * DAY), None).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn each_status_has_its_time_counted_from_the_last_change() {
    everywhere(async |store| {
        keep(store, &blog(), approved(1)).await;
        keep(store, &blog(), rejected(2)).await;
        keep(store, &blog(), held(3)).await;
        changed(store.withdraw(&blog(), &by_id(3), at(5)).await.unwrap());
        // Rejected on the tenth day, approved on the day after: young in each state.
        keep(store, &blog(), held(4)).await;
        changed(store.decide(&blog(), &by_id(4), reject_as(Reason::Spam, 10 * DAY), None).await.unwrap());
        let mut left = vec![id(1), id(2), id(3), id(4)];
        for (days, goes) in
            [(14, None), (16, Some(2)), (24, None), (26, Some(4)), (29, None), (31, Some(3)), (91, Some(1))]
        {
            let done = store.expire(&blog(), &KEEP, on(days)).await.unwrap();
            assert_eq!(done.purged, usize::from(goes.is_some()), "day {days}");
            left.retain(|kept| goes.map(id) != Some(*kept));
            assert_eq!(ids(store, Filter::default()).await, left, "day {days}");
        }
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts::default());
    })
    .await;
}

#[tokio::test]
async fn zero_is_for_ever() {
    everywhere(async |store| {
        let for_ever =
            Keep { held: 0, held_expires: HeldExpires::Reject, rejected: 0, approved: 0, addresses: 0, tombstones: 0 };
        for comment in [approved(1), rejected(2), held(3), from(approved(4), "203.0.113.7"), held(5), approved(6)] {
            keep(store, &blog(), comment).await;
        }
        changed(store.withdraw(&blog(), &by_id(5), at(9)).await.unwrap());
        assert!(store.erase(&blog(), &by_id(6), at(9)).await.unwrap());
        let done = store.expire(&blog(), &for_ever, on(36_000)).await.unwrap();
        assert_eq!(done, Expired { events: 8, ..NOTHING });
        assert_eq!(ids(store, Filter::default()).await.len(), 5);
        assert_eq!(store.tombstones(&blog(), None, 10).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn addresses_are_cut_to_their_networks_and_nobody_is_told() {
    everywhere(async |store| {
        let addresses = [
            ("203.0.113.7", "203.0.113.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            ("::ffff:203.0.113.9", "203.0.113.0"),
            ("10.1.2.3", "10.1.2.0"),
            ("198.51.100.0", "198.51.100.0"),
        ];
        for (n, (whole, _)) in (1..).zip(addresses) {
            keep(store, &blog(), from(approved(n), whole)).await;
        }
        keep(store, &blog(), approved(6)).await;
        let before = told(store).await;
        assert_eq!(store.expire(&blog(), &KEEP, on(6)).await.unwrap(), NOTHING);
        assert_eq!(store.expire(&blog(), &KEEP, on(7)).await.unwrap(), Expired { addresses: 5, ..NOTHING });
        assert_eq!(store.expire(&blog(), &KEEP, on(9)).await.unwrap(), NOTHING);
        for (n, (_, cut)) in (1..).zip(addresses) {
            let comment = store.get(&blog(), &by_id(n)).await.unwrap().unwrap();
            assert_eq!(comment.submission.client.ip, cut.parse().ok());
            assert!(comment.address_is_cut && !comment.has_whole_address());
            assert_eq!((comment.version, comment.changed_at), (1, at(i64::from(n))));
        }
        assert_eq!(told(store).await, before);
        let of = async |net: &str| ids(store, Filter { ip: net.parse().ok(), ..Filter::default() }).await;
        assert_eq!(of("203.0.113.0/24").await, [id(1), id(3)]);
        assert_eq!(of("203.0.113.7/32").await, []);
        assert_eq!(of("2001:db8:1::/48").await, [id(2)]);
    })
    .await;
}

#[tokio::test]
async fn an_address_goes_by_when_the_comment_came_in_not_by_its_last_change() {
    everywhere(async |store| {
        keep(store, &blog(), from(held(1), "203.0.113.7")).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 7 * DAY), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, on(8)).await.unwrap().addresses, 1);
        // A change afterwards brings nothing back.
        let comment = changed(store.decide(&blog(), &by_id(1), wish(Reopen, 9 * DAY), None).await.unwrap());
        assert!(comment.address_is_cut);
        assert_eq!(store.expire(&blog(), &KEEP, on(10)).await.unwrap(), NOTHING);
    })
    .await;
}

#[tokio::test]
async fn a_step_does_a_hundred_and_says_whether_there_is_more() {
    everywhere(async |store| {
        for n in 1..=250 {
            keep(store, &blog(), from(approved(n), "203.0.113.7")).await;
        }
        let mut steps = Vec::new();
        loop {
            let done = store.expire(&blog(), &KEEP, on(100)).await.unwrap();
            steps.push((done.purged, done.events, done.more));
            if !done.more {
                break;
            }
        }
        assert_eq!(steps, [(100, 100, true), (100, 100, true), (50, 50, false)]);
        assert_eq!(ids(store, Filter::default()).await, []);
        // The oldest went first, and the feed tells of each.
        let events = store.events(&blog(), EventId::default(), 1_000).await.unwrap();
        let gone: Vec<_> = events.iter().map(|event| (event.change.as_str(), event.comment)).collect();
        let expected: Vec<_> = (1..=250).map(|n| ("comment.purged", id(n))).collect();
        assert_eq!(gone, expected);
    })
    .await;
}

#[tokio::test]
async fn addresses_are_cut_a_hundred_a_step() {
    everywhere(async |store| {
        for n in 1..=150 {
            keep(store, &blog(), from(held(n), "203.0.113.7")).await;
        }
        let first = store.expire(&blog(), &KEEP, on(20)).await.unwrap();
        assert_eq!(first, Expired { addresses: 100, more: true, ..NOTHING });
        assert_eq!(store.expire(&blog(), &KEEP, on(20)).await.unwrap(), Expired { addresses: 50, ..NOTHING });
    })
    .await;
}

#[tokio::test]
async fn events_go_after_thirty_days_and_readers_go_on_at_the_oldest_kept() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        keep(store, &blog(), held(2)).await;
        let read_to = store.events(&blog(), EventId::default(), 1).await.unwrap()[0].id;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 20 * DAY), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, on(29)).await.unwrap().events, 0);
        assert_eq!(store.expire(&blog(), &KEEP, on(30)).await.unwrap().events, 2);
        for after in [EventId::default(), read_to] {
            let events = store.events(&blog(), after, 10).await.unwrap();
            let seen: Vec<_> = events.iter().map(|event| (event.change.as_str(), event.version)).collect();
            assert_eq!(seen, [("comment.decided", 2)]);
        }
        // Ids go on growing when none is left.
        assert_eq!(store.expire(&blog(), &KEEP, on(60)).await.unwrap().events, 1);
        keep(store, &blog(), held(3)).await;
        assert!(store.events(&blog(), read_to, 10).await.unwrap()[0].id > read_to);
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_goes_back_expires_nothing_and_breaks_nothing() {
    everywhere(async |store| {
        let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::Text, 1, Some(1))];
        keep(store, &blog(), counted_in(held(1), &entries)).await;
        // Two years ahead for a while, in which the first comment's period is dropped.
        let ahead = received(counted_in(received(held(2), 730 * DAY), &entries), 730 * DAY);
        keep(store, &blog(), ahead).await;
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 40), None).await.unwrap());
        let nothing = store.expire(&blog(), &KEEP, at(50)).await.unwrap();
        assert_eq!(nothing, NOTHING);
        assert!(store.erase(&blog(), &by_id(2), at(60)).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, on(100)).await.unwrap().purged, 1);
        assert_eq!(store.expire(&blog(), &KEEP, on(-100)).await.unwrap(), NOTHING);
    })
    .await;
}

#[tokio::test]
async fn other_sites_are_left_alone_and_an_unknown_one_is_named() {
    everywhere(async |store| {
        for site in [blog(), other()] {
            keep(store, &site, from(approved(1), "203.0.113.7")).await;
        }
        assert_eq!(store.expire(&blog(), &KEEP, on(100)).await.unwrap().purged, 1);
        let kept = store.get(&other(), &by_id(1)).await.unwrap().unwrap();
        assert!(kept.has_whole_address());
        assert_eq!(store.events(&other(), EventId::default(), 10).await.unwrap().len(), 1);
        assert_eq!(store.expire(&nowhere(), &KEEP, on(100)).await, Err(Error::UnknownSite));
    })
    .await;
}

/// The comment from this address.
fn from(mut comment: Comment, ip: &str) -> Comment {
    comment.submission.client.ip = Some(ip.parse::<IpAddr>().unwrap());
    comment
}

/// The blog's comments that meet a condition, oldest first.
async fn ids(store: &dyn Store, filter: Filter) -> Vec<moderato::domain::CommentId> {
    let query = ListQuery { filter, limit: 1_000, ..ListQuery::default() };
    let mut ids: Vec<_> = store.list(&blog(), &query).await.unwrap().items.iter().map(|comment| comment.id).collect();
    ids.sort();
    ids
}

/// What the blog's feed tells, with the versions.
async fn told(store: &dyn Store) -> Vec<(&'static str, u64)> {
    let events = store.events(&blog(), EventId::default(), 1_000).await.unwrap();
    events.iter().map(|event| (event.change.as_str(), event.version)).collect()
}
