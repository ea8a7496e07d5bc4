//! Keeping comments, and finding out that one came before: `record`, `recall`, `get`.

use moderato::domain::{CommentRef, Status};
use moderato::store::{Error, Existing, Recall, Recorded};

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn a_kept_comment_is_found_by_either_id_as_it_came() {
    everywhere(async |store| {
        let comment = named(by_author(held(1), 3), "x-1");
        keep(store, &blog(), comment.clone()).await;
        for name in [by_id(1), by_external("x-1")] {
            assert_eq!(store.get(&blog(), &name).await.unwrap().as_ref(), Some(&comment));
        }
        assert_eq!(store.get(&blog(), &by_id(2)).await.unwrap(), None);
        assert_eq!(store.get(&blog(), &by_external("x-2")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_comment_keeps_the_status_and_the_review_it_came_with() {
    everywhere(async |store| {
        for (comment, status, open) in [
            (approved(1), Status::Approved, false),
            (held(2), Status::Held, true),
            (rejected(3), Status::Rejected, false),
        ] {
            let name = CommentRef::Id(comment.id);
            keep(store, &blog(), comment).await;
            let kept = store.get(&blog(), &name).await.unwrap().unwrap();
            assert_eq!((kept.status, kept.review.is_open(), kept.version), (status, open, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn a_known_key_writes_nothing_and_names_its_comment_as_it_is_now() {
    everywhere(async |store| {
        assert_eq!(store.record(&blog(), keyed(held(1), 9)).await.unwrap(), Recorded::New);
        let decided = changed(
            store.decide(&blog(), &by_id(1), wish(moderato::domain::DecisionAction::Approve, 5), None).await.unwrap(),
        );
        let known = Existing::ByKey { comment: Box::new(decided), fingerprint: fingerprint(1) };
        assert_eq!(store.record(&blog(), keyed(held(2), 9)).await.unwrap(), Recorded::Existing(known.clone()));
        assert_eq!(store.get(&blog(), &by_id(2)).await.unwrap(), None);
        assert_eq!(store.recall(&blog(), &ask(Some(9), None)).await.unwrap().existing, Some(known));
        assert_eq!(store.counts(&blog()).await.unwrap().approved, 1);
    })
    .await;
}

#[tokio::test]
async fn a_known_external_id_writes_nothing_and_names_its_comment() {
    everywhere(async |store| {
        let first = named(held(1), "x-1");
        keep(store, &blog(), first.clone()).await;
        let known = Existing::ByExternalId { comment: Box::new(first) };
        let again = store.record(&blog(), keyed(named(held(2), "x-1"), 9)).await.unwrap();
        assert_eq!(again, Recorded::Existing(known.clone()));
        assert_eq!(store.recall(&blog(), &ask(None, Some("x-1"))).await.unwrap().existing, Some(known));
        // Not even its key was kept.
        assert_eq!(store.recall(&blog(), &ask(Some(9), None)).await.unwrap().existing, None);
    })
    .await;
}

#[tokio::test]
async fn a_new_key_of_the_same_submission_is_remembered_with_the_comment_that_has_its_external_id() {
    everywhere(async |store| {
        let first = named(held(1), "x-1");
        store.record(&blog(), keyed(first.clone(), 1)).await.unwrap();
        let retry = moderato::domain::Comment { fingerprint: fingerprint(1), ..named(held(2), "x-1") };
        let known = Existing::ByExternalId { comment: Box::new(first.clone()) };
        assert_eq!(store.record(&blog(), keyed(retry, 2)).await.unwrap(), Recorded::Existing(known));
        let known = Existing::ByKey { comment: Box::new(first), fingerprint: fingerprint(1) };
        assert_eq!(store.record(&blog(), keyed(held(3), 2)).await.unwrap(), Recorded::Existing(known));
        assert_eq!(store.counts(&blog()).await.unwrap().held, 1);
    })
    .await;
}

#[tokio::test]
async fn external_ids_are_compared_to_the_last_byte() {
    everywhere(async |store| {
        for (n, name) in (1..).zip(["a", "A", "a ", "a\0", "a\0b", "ä", "a\u{308}"]) {
            keep(store, &blog(), named(approved(n), name)).await;
            let kept = store.get(&blog(), &by_external(name)).await.unwrap().unwrap();
            assert_eq!(kept.id, id(n), "{name:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_wins_over_an_external_id_that_is_known_too() {
    everywhere(async |store| {
        store.record(&blog(), keyed(named(approved(1), "x-1"), 1)).await.unwrap();
        store.record(&blog(), keyed(named(approved(2), "x-2"), 2)).await.unwrap();
        let recalled = store.recall(&blog(), &ask(Some(1), Some("x-2"))).await.unwrap();
        assert!(matches!(recalled.existing, Some(Existing::ByKey { comment, .. }) if comment.id == id(1)));
        let recorded = store.record(&blog(), keyed(named(approved(3), "x-2"), 1)).await.unwrap();
        assert!(matches!(recorded, Recorded::Existing(Existing::ByKey { comment, .. }) if comment.id == id(1)));
    })
    .await;
}

#[tokio::test]
async fn an_expired_key_is_unknown_and_can_be_used_again() {
    everywhere(async |store| {
        store.record(&blog(), keyed(approved(1), 1)).await.unwrap();
        let known_at = async |seconds| {
            let ask = Recall { now: at(seconds), ..ask(Some(1), None) };
            store.recall(&blog(), &ask).await.unwrap().existing.is_some()
        };
        assert!(known_at(999_999).await);
        assert!(!known_at(1_000_000).await);
        let late = moderato::domain::Comment { received_at: at(1_000_000), ..approved(2) };
        let mut entry = keyed(late, 1);
        if let Some(idempotency) = &mut entry.idempotency {
            idempotency.expires_at = at(2_000_000);
        }
        assert_eq!(store.record(&blog(), entry).await.unwrap(), Recorded::New);
        let recalled = store.recall(&blog(), &Recall { now: at(1_000_001), ..ask(Some(1), None) }).await.unwrap();
        assert!(matches!(recalled.existing, Some(Existing::ByKey { comment, .. }) if comment.id == id(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_submissions_under_one_key_at_once_one_is_kept() {
    everywhere(async |store| {
        let record = async |n| store.record(&blog(), keyed(held(n), 1)).await.unwrap();
        let answers = together(50, record).await;
        let new = answers.iter().filter(|answer| **answer == Recorded::New).count();
        assert_eq!((new, store.counts(&blog()).await.unwrap().held), (1, 1));
        let Some(Existing::ByKey { comment, .. }) = store.recall(&blog(), &ask(Some(1), None)).await.unwrap().existing
        else {
            panic!("the key is unknown");
        };
        let same = |answer: &&Recorded| match answer {
            Recorded::New => true,
            Recorded::Existing(Existing::ByKey { comment: named, .. }) => named.id == comment.id,
            _ => false,
        };
        assert_eq!(answers.iter().filter(same).count(), 50);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_submissions_under_one_external_id_at_once_one_is_kept() {
    everywhere(async |store| {
        let record = async |n| store.record(&blog(), new(named(held(n), "x"))).await.unwrap();
        let answers = together(50, record).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Recorded::New).count(), 1);
        assert_eq!(store.counts(&blog()).await.unwrap().held, 1);
    })
    .await;
}

#[tokio::test]
async fn keys_and_external_ids_of_two_sites_have_nothing_to_do_with_each_other() {
    everywhere(async |store| {
        for (site, n) in [(blog(), 1), (other(), 2)] {
            let entry = keyed(named(held(n), "x-1"), 1);
            assert_eq!(store.record(&site, entry).await.unwrap(), Recorded::New);
            assert_eq!(store.get(&site, &by_external("x-1")).await.unwrap().unwrap().id, id(n));
        }
        assert_eq!(store.get(&other(), &by_id(1)).await.unwrap(), None);
        assert_eq!(store.get(&blog(), &by_id(2)).await.unwrap(), None);
        // Not even when both have a comment of the same id, as after an import of one site's export into another.
        keep(store, &other(), approved(1)).await;
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap().unwrap().status, Status::Held);
    })
    .await;
}

#[tokio::test]
async fn the_same_call_again_after_a_lost_answer_changes_nothing() {
    everywhere(async |store| {
        let entry = new(held(1));
        assert_eq!(store.record(&blog(), entry.clone()).await.unwrap(), Recorded::New);
        assert_eq!(store.record(&blog(), entry).await.unwrap(), Recorded::New);
        assert_eq!(store.counts(&blog()).await.unwrap().held, 1);
        let impostor = moderato::domain::Comment { id: id(1), ..held(2) };
        assert!(matches!(store.record(&blog(), new(impostor)).await, Err(Error::Damaged(_))));
    })
    .await;
}

#[tokio::test]
async fn an_empty_question_is_answered_with_nothing() {
    everywhere(async |store| {
        let recalled = store.recall(&blog(), &ask(Some(1), Some("x-1"))).await.unwrap();
        assert_eq!(recalled.existing, None);
        assert_eq!(recalled.history, Default::default());
    })
    .await;
}

/// Asks for the numbers 1 to `count`, all at once.
pub async fn together<T>(count: u32, call: impl AsyncFn(u32) -> T) -> Vec<T> {
    let mut calls: Vec<_> = (1..=count).map(|n| Box::pin(call(n))).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(move |context| {
        calls.retain_mut(|call| match call.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if calls.is_empty() { std::task::Poll::Ready(std::mem::take(&mut answers)) } else { std::task::Poll::Pending }
    })
    .await
}
