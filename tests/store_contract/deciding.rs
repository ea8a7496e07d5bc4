//! What people decide: `decide`, by the table of `Comment::decide`, and under an idempotency key.

use moderato::domain::DecisionAction::{Approve, Reject, Reopen};
use moderato::domain::{Reason, Refusal, Status};
use moderato::store::{Idempotency, Outcome, Recorded, Store};

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn a_decision_changes_status_queue_counts_and_version_together() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let comment = changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), None).await.unwrap());
        assert_eq!((comment.status, comment.version, comment.review.is_open()), (Status::Approved, 2, false));
        assert_eq!(comment.changed_at, at(10));
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap(), Some(comment));
        let counts = store.counts(&blog()).await.unwrap();
        assert_eq!((counts.approved, counts.held, counts.open), (1, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn deciding_what_the_machine_decided_is_a_change_that_leaves_the_status() {
    everywhere(async |store| {
        keep(store, &blog(), approved(1)).await;
        let comment = changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), None).await.unwrap());
        assert_eq!((comment.status, comment.version, comment.decisions.len()), (Status::Approved, 2, 1));
    })
    .await;
}

#[tokio::test]
async fn whoever_decides_otherwise_without_knowing_is_refused_and_told() {
    everywhere(async |store| {
        decided(store).await;
        let second = of_actor(wish(Reject, 20), "ben");
        let Outcome::Refused(refusal, comment) = store.decide(&blog(), &by_id(1), second, None).await.unwrap() else {
            panic!("it was not refused");
        };
        assert_eq!((refusal, comment.version), (Refusal::DecidedOtherwise, 2));
        assert_eq!(&*comment.decisions[0].actor, "ana");
        assert_eq!(store.get(&blog(), &by_id(1)).await.unwrap().unwrap(), *comment);
    })
    .await;
}

#[tokio::test]
async fn whoever_names_the_version_can_overrule_but_not_a_version_that_is_past() {
    everywhere(async |store| {
        decided(store).await;
        let stale = if_match(of_actor(wish(Reject, 20), "ben"), 1);
        let outcome = store.decide(&blog(), &by_id(1), stale, None).await.unwrap();
        assert!(matches!(outcome, Outcome::Refused(Refusal::VersionMismatch, _)), "{outcome:?}");
        let current = if_match(of_actor(wish(Reject, 20), "ben"), 2);
        let comment = changed(store.decide(&blog(), &by_id(1), current, None).await.unwrap());
        assert_eq!((comment.status, comment.version), (Status::Rejected, 3));
    })
    .await;
}

#[tokio::test]
async fn the_same_wish_of_the_same_actor_again_is_no_change() {
    everywhere(async |store| {
        decided(store).await;
        // Also when it carries the version that held before its first answer was lost.
        for again in [wish(Approve, 20), if_match(wish(Approve, 20), 1)] {
            let outcome = store.decide(&blog(), &by_id(1), again, None).await.unwrap();
            assert!(matches!(&outcome, Outcome::Already(comment) if comment.version == 2), "{outcome:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn two_moderators_of_one_mind_both_count() {
    everywhere(async |store| {
        decided(store).await;
        let second = of_actor(wish(Approve, 20), "ben");
        assert_eq!(changed(store.decide(&blog(), &by_id(1), second, None).await.unwrap()).version, 3);
    })
    .await;
}

#[tokio::test]
async fn what_happened_on_the_blog_counts_if_it_is_newer() {
    everywhere(async |store| {
        decided(store).await;
        let older = on_blog(of_actor(wish(Reject, 9), "admin"));
        let outcome = store.decide(&blog(), &by_id(1), older, None).await.unwrap();
        assert!(matches!(&outcome, Outcome::Outdated(comment) if comment.version == 2), "{outcome:?}");
        let newer = on_blog(of_actor(wish(Reject, 11), "admin"));
        let comment = changed(store.decide(&blog(), &by_id(1), newer, None).await.unwrap());
        assert_eq!((comment.status, comment.version), (Status::Rejected, 3));
    })
    .await;
}

#[tokio::test]
async fn a_later_confirmation_on_the_blog_outdates_what_was_before_it() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let on_blog_by_bob = |request| on_blog(of_actor(request, "bob"));
        changed(store.decide(&blog(), &by_id(1), on_blog_by_bob(wish(Approve, 1)), None).await.unwrap());
        let same = store.decide(&blog(), &by_id(1), on_blog_by_bob(wish(Approve, 1)), None).await.unwrap();
        assert!(matches!(same, Outcome::Already(_)), "{same:?}");
        changed(store.decide(&blog(), &by_id(1), on_blog_by_bob(wish(Approve, 5)), None).await.unwrap());
        let late = store.decide(&blog(), &by_id(1), on_blog_by_bob(wish(Reject, 3)), None).await.unwrap();
        assert!(matches!(&late, Outcome::Outdated(comment) if comment.status == Status::Approved), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn a_reopening_on_the_blog_is_kept_also_where_it_changes_nothing() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let reopened = changed(store.decide(&blog(), &by_id(1), on_blog(wish(Reopen, 5)), None).await.unwrap());
        assert_eq!((reopened.status, reopened.review.is_open()), (Status::Held, true));
        let late = store.decide(&blog(), &by_id(1), on_blog(wish(Approve, 3)), None).await.unwrap();
        assert!(matches!(late, Outcome::Outdated(_)), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn a_record_keeps_the_last_fifty_decisions_and_counts_the_others() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        for n in 1..=60 {
            let request = if n % 2 == 0 { wish(Reopen, n) } else { wish(Approve, n) };
            changed(store.decide(&blog(), &by_id(1), request, None).await.unwrap());
        }
        let comment = store.get(&blog(), &by_id(1)).await.unwrap().unwrap();
        assert_eq!((comment.decisions.len(), comment.earlier_decisions, comment.version), (50, 10, 61));
        assert_eq!(comment.decisions[0].at, at(11));
    })
    .await;
}

#[tokio::test]
async fn the_same_wish_with_a_new_note_is_news() {
    everywhere(async |store| {
        decided(store).await;
        let mut noted = wish(Approve, 20);
        noted.decision.note = Some("look at the link".to_owned().try_into().unwrap());
        assert_eq!(changed(store.decide(&blog(), &by_id(1), noted.clone(), None).await.unwrap()).version, 3);
        let again = store.decide(&blog(), &by_id(1), noted, None).await.unwrap();
        assert!(matches!(again, Outcome::Already(_)), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn reopening_is_always_possible_and_puts_a_comment_back_into_the_queue() {
    everywhere(async |store| {
        decided(store).await;
        let comment = changed(store.decide(&blog(), &by_id(1), of_actor(wish(Reopen, 20), "ben"), None).await.unwrap());
        assert_eq!((comment.status, comment.version, comment.review.is_open()), (Status::Held, 3, true));
        let counts = store.counts(&blog()).await.unwrap();
        assert_eq!((counts.approved, counts.held, counts.open), (0, 1, 1));
        let again = store.decide(&blog(), &by_id(1), of_actor(wish(Reopen, 21), "cleo"), None).await.unwrap();
        assert!(matches!(again, Outcome::Already(_)), "{again:?}");
        // After it, nobody has decided otherwise.
        assert_eq!(changed(store.decide(&blog(), &by_id(1), wish(Reject, 30), None).await.unwrap()).version, 4);
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_comment_is_not_decided() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        changed(store.withdraw(&blog(), &by_id(1), at(10)).await.unwrap());
        for request in [wish(Approve, 20), wish(Reopen, 20), on_blog(wish(Reject, 20))] {
            let outcome = store.decide(&blog(), &by_id(1), request, None).await.unwrap();
            assert!(matches!(outcome, Outcome::Refused(Refusal::Withdrawn, _)), "{outcome:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_is_not_there_is_not_decided() {
    everywhere(async |store| {
        keep(store, &other(), named(held(1), "x-1")).await;
        for name in [by_id(1), by_external("x-1")] {
            assert_eq!(store.decide(&blog(), &name, wish(Approve, 1), None).await.unwrap(), Outcome::NotFound);
        }
        assert_eq!(store.counts(&other()).await.unwrap().held, 1);
    })
    .await;
}

#[tokio::test]
async fn a_decision_under_a_known_key_is_replayed_with_the_comment_as_it_is_now() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let key = || Some(idempotency(1, &fingerprint(77)));
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), key()).await.unwrap());
        let reopened = changed(store.decide(&blog(), &by_id(1), wish(Reopen, 20), None).await.unwrap());
        let again = store.decide(&blog(), &by_id(1), wish(Approve, 10), key()).await.unwrap();
        let replayed = Outcome::Replayed { comment: Box::new(reopened), fingerprint: fingerprint(77), applied: true };
        assert_eq!(again, replayed);
        // Whatever the second request is about: the caller compares fingerprints.
        keep(store, &blog(), held(2)).await;
        let misused = Some(idempotency(1, &fingerprint(78)));
        let outcome = store.decide(&blog(), &by_id(2), wish(Reject, 30), misused).await.unwrap();
        assert_eq!(outcome, replayed);
        assert_eq!(store.get(&blog(), &by_id(2)).await.unwrap().unwrap().version, 1);
    })
    .await;
}

#[tokio::test]
async fn a_replay_says_whether_the_first_request_was_applied() {
    everywhere(async |store| {
        decided(store).await;
        let key = || Some(idempotency(1, &fingerprint(77)));
        let late = || on_blog(wish(Reject, 5));
        let first = store.decide(&blog(), &by_id(1), late(), key()).await.unwrap();
        assert!(matches!(first, Outcome::Outdated(_)), "{first:?}");
        let again = store.decide(&blog(), &by_id(1), late(), key()).await.unwrap();
        assert!(matches!(again, Outcome::Replayed { applied: false, .. }), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn submissions_and_decisions_share_their_keys() {
    everywhere(async |store| {
        store.record(&blog(), keyed(held(1), 1)).await.unwrap();
        let key = Some(idempotency(1, &fingerprint(77)));
        let outcome = store.decide(&blog(), &by_id(1), wish(Approve, 10), key).await.unwrap();
        assert!(
            matches!(outcome, Outcome::Replayed { comment, fingerprint: first, .. } if comment.version == 1 && first == fingerprint(1))
        );
        let key = Some(idempotency(2, &fingerprint(77)));
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), key).await.unwrap());
        assert!(matches!(store.record(&blog(), keyed(held(2), 2)).await.unwrap(), Recorded::Existing(_)));
    })
    .await;
}

#[tokio::test]
async fn a_key_is_kept_with_every_answer_but_a_refusal() {
    everywhere(async |store| {
        decided(store).await;
        let known = async |key| store.recall(&blog(), &ask(Some(key), None)).await.unwrap().existing.is_some();
        let key = |key| Some(idempotency(key, &fingerprint(77)));
        let older = on_blog(of_actor(wish(Reject, 9), "admin"));
        let refused = of_actor(wish(Reject, 20), "ben");
        store.decide(&blog(), &by_id(1), wish(Approve, 20), key(1)).await.unwrap();
        store.decide(&blog(), &by_id(1), older, key(2)).await.unwrap();
        store.decide(&blog(), &by_id(1), refused, key(3)).await.unwrap();
        store.decide(&blog(), &by_id(9), wish(Approve, 20), key(4)).await.unwrap();
        assert_eq!((known(1).await, known(2).await, known(3).await, known(4).await), (true, true, false, false));
    })
    .await;
}

#[tokio::test]
async fn an_expired_key_does_not_replay_a_decision() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        let key = || Some(Idempotency { expires_at: at(100), ..idempotency(1, &fingerprint(77)) });
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), key()).await.unwrap());
        let outcome = store.decide(&blog(), &by_id(1), wish(Reopen, 100), key()).await.unwrap();
        assert_eq!(changed(outcome).version, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moderators_at_once_one_wins_and_the_other_is_told() {
    everywhere(async |store| {
        for n in 1..=20 {
            keep(store, &blog(), held(n)).await;
            let (ana, ben) = (wish(Approve, 100), of_actor(reject_as(Reason::Spam, 100), "ben"));
            let name = by_id(n);
            let blog = blog();
            let (ana, ben) = tokio::join!(store.decide(&blog, &name, ana, None), store.decide(&blog, &name, ben, None));
            let winners = [ana.unwrap(), ben.unwrap()].map(|outcome| match outcome {
                Outcome::Changed(comment) => (true, comment.version),
                Outcome::Refused(Refusal::DecidedOtherwise, comment) => (false, comment.version),
                unexpected => panic!("{unexpected:?}"),
            });
            assert!(winners == [(true, 2), (false, 2)] || winners == [(false, 2), (true, 2)], "{winners:?}");
        }
    })
    .await;
}

/// Comment 1, held, then approved by Ana at second 10.
async fn decided(store: &dyn Store) {
    keep(store, &blog(), held(1)).await;
    changed(store.decide(&blog(), &by_id(1), wish(Approve, 10), None).await.unwrap());
}
