//! What decisions teach: numbered, once, in the step that decides, and kept until it was learnt.

use futures_util::future::join_all;
use moderato::domain::DecisionAction::{Approve, Reopen};
use moderato::domain::{Action, Comment, EventId, Lesson, Reason, SiteId, Tally, Taught};
use moderato::store::{Error, Outcome, Record, Recorded, Store};

use crate::editing::edit;
use crate::everywhere;
use crate::fixture::*;

/// What a site's lessons say: the number, the first place, and what is taught now in place of what was before.
async fn taught(store: &dyn Store, site: &SiteId) -> Vec<(u64, u16, Lesson, Lesson)> {
    let said =
        |Taught { number, teaching }: &Taught| (*number, teaching.features.places()[0], teaching.was, teaching.now);
    let lessons = store.lessons(site, 0, 1_000).await.unwrap();
    let newest = store.recall(site, &ask(None, None)).await.unwrap().taught;
    assert_eq!(lessons.last().map_or(0, |last| last.number), newest);
    lessons.iter().map(said).collect()
}

/// An old comment that a person approved before it came here.
pub fn approved_before(n: u32) -> Comment {
    let mut comment = Comment { version: 2, ..featured(approved(n), &[n as u16]) };
    comment.decisions.push(wish(Approve, 5).decision);
    comment.counted.iter_mut().for_each(|counted| counted.tally = Tally { approved: 1, ..counted.tally });
    comment
}

#[tokio::test]
async fn decisions_and_imports_teach_and_nothing_else_does() {
    everywhere(async |store| {
        keep(store, &blog(), featured(held(1), &[7, 70, 700])).await;
        keep(store, &blog(), held(2)).await;
        assert_eq!(taught(store, &blog()).await, []);
        let spam = reject_as(Reason::Spam, 10);
        changed(store.decide(&blog(), &by_id(1), spam.clone(), None).await.unwrap());
        // Again, by somebody else too, and one that nobody has looked at.
        assert!(matches!(store.decide(&blog(), &by_id(1), spam.clone(), None).await.unwrap(), Outcome::Already(_)));
        changed(store.decide(&blog(), &by_id(1), of_actor(spam.clone(), "ben"), None).await.unwrap());
        changed(store.decide(&blog(), &by_id(2), spam, None).await.unwrap());
        changed(store.decide(&blog(), &by_id(1), wish(Reopen, 20), None).await.unwrap());
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 30), None).await.unwrap());
        changed(
            store.edit(&blog(), &by_id(1), edit("other words", 5, Action::Approve, (&[], 40)), None).await.unwrap(),
        );
        changed(store.withdraw(&blog(), &by_id(1), at(50)).await.unwrap());
        let old = Record { announced: false, ..new(approved_before(3)) };
        let told = store.events(&blog(), EventId::default(), 100).await.unwrap();
        assert_eq!(store.record(&blog(), old).await.unwrap(), Recorded::New);
        assert_eq!(store.events(&blog(), EventId::default(), 100).await.unwrap(), told, "it came in silence");
        assert!(store.erase(&blog(), &by_id(1), at(60)).await.unwrap());
        let expected = [
            (1, 7, Lesson::Nothing, Lesson::Spam),
            (2, 7, Lesson::Spam, Lesson::Nothing),
            (3, 7, Lesson::Nothing, Lesson::Honest),
            (4, 3, Lesson::Nothing, Lesson::Honest),
        ];
        assert_eq!(taught(store, &blog()).await, expected);
        let some = store.lessons(&blog(), 1, 2).await.unwrap();
        assert_eq!(some.iter().map(|taught| taught.number).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(some[0].teaching.features.places(), [7, 70, 700], "erasing took nothing back");
        for nothing in [(0, 0), (4, 9), (u64::MAX, 9)] {
            assert_eq!(store.lessons(&blog(), nothing.0, nothing.1).await.unwrap(), []);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_repeated_teaches_once() {
    everywhere(async |store| {
        let record = Record { announced: false, ..keyed(named(approved_before(1), "x-1"), 1) };
        assert_eq!(store.record(&blog(), record.clone()).await.unwrap(), Recorded::New);
        for again in [record.clone(), Record { idempotency: None, ..record.clone() }] {
            assert!(matches!(store.record(&blog(), again).await.unwrap(), Recorded::Existing(_)));
        }
        let unnamed = Record { idempotency: None, ..new(approved_before(2)) };
        for _ in 0..2 {
            assert_eq!(store.record(&blog(), unnamed.clone()).await.unwrap(), Recorded::New);
        }
        keep(store, &blog(), featured(held(3), &[3])).await;
        let key = idempotency(3, &fingerprint(3));
        let decide =
            async || store.decide(&blog(), &by_id(3), reject_as(Reason::Spam, 10), Some(key.clone())).await.unwrap();
        changed(decide().await);
        assert!(matches!(decide().await, Outcome::Replayed { .. }));
        let numbers: Vec<_> = taught(store, &blog()).await.iter().map(|lesson| (lesson.0, lesson.1)).collect();
        assert_eq!(numbers, [(1, 1), (2, 2), (3, 3)]);
    })
    .await;
}

#[tokio::test]
async fn many_who_decide_at_once_are_numbered_without_gaps_for_all_readers() {
    everywhere(async |store| {
        const MANY: u32 = 60;
        for n in 1..=MANY {
            keep(store, &blog(), featured(held(n), &[n as u16])).await;
        }
        let decide = async |n: u32| {
            changed(store.decide(&blog(), &by_id(n), reject_as(Reason::Spam, 100), None).await.unwrap());
        };
        let read = async |limit: usize| {
            let mut read: Vec<Taught> = Vec::new();
            while read.len() < MANY as usize {
                let after = read.last().map_or(0, |last| last.number);
                read.extend(store.lessons(&blog(), after, limit).await.unwrap());
                tokio::task::yield_now().await;
            }
            read
        };
        let ((), reads) =
            tokio::join!(async { drop(join_all((1..=MANY).map(decide)).await) }, join_all([1, 7, 100].map(read)),);
        for read in &reads {
            assert_eq!(read, &reads[0]);
            let numbers: Vec<u64> = read.iter().map(|taught| taught.number).collect();
            assert_eq!(numbers, (1..=u64::from(MANY)).collect::<Vec<_>>());
        }
        let mut places: Vec<u16> = reads[0].iter().map(|taught| taught.teaching.features.places()[0]).collect();
        places.sort_unstable();
        assert_eq!(places, (1..=MANY as u16).collect::<Vec<_>>(), "each of them once");
    })
    .await;
}

#[tokio::test]
async fn no_site_learns_from_another_and_one_that_is_made_again_begins_anew() {
    everywhere(async |store| {
        for n in [1, 2] {
            keep(store, &other(), featured(held(n), &[n as u16])).await;
            changed(store.decide(&other(), &by_id(n), wish(Approve, 10), None).await.unwrap());
        }
        assert_eq!(taught(store, &other()).await.len(), 2);
        assert_eq!(taught(store, &blog()).await, []);
        assert_eq!(store.lessons(&nowhere(), 0, 9).await, Err(Error::UnknownSite));
        assert!(store.delete_site(&other()).await.unwrap());
        assert_eq!(store.lessons(&other(), 0, 9).await, Err(Error::UnknownSite));
        assert!(store.create_site(site("other")).await.unwrap());
        assert_eq!(taught(store, &other()).await, []);
        keep(store, &other(), featured(held(3), &[3])).await;
        changed(store.decide(&other(), &by_id(3), wish(Approve, 10), None).await.unwrap());
        assert_eq!(taught(store, &other()).await, [(1, 3, Lesson::Nothing, Lesson::Honest)]);
    })
    .await;
}
