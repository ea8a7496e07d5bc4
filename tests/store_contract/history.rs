//! What is remembered of authors and texts, as `recall` tells it.

use moderato::domain::DecisionAction::{Approve, Reopen};
use moderato::domain::{
    Bucket, Campaign, Comment, History, HistoryKind, KEPT_PERIODS, MAX_MEMBERS, Past, Period, Reason, Tally, Timestamp,
};
use moderato::store::{Recall, Store};

use crate::everywhere;
use crate::fixture::*;

const MAIL: (HistoryKind, u8, Option<u32>) = (HistoryKind::Mail, 1, None);

#[tokio::test]
async fn submissions_are_counted_where_the_comment_says() {
    everywhere(async |store| {
        let entries = [MAIL, (HistoryKind::MailNet, 1, None), (HistoryKind::Text, 9, Some(44))];
        for n in 1..=3 {
            keep(store, &blog(), counted_in(held(n), &entries)).await;
        }
        let history = recalled(store, at(10)).await;
        let seen = Tally { seen: 3, ..Tally::default() };
        assert_eq!(history.mail, past(&[(at(1), seen)], &[]));
        let campaign = Campaign::of(&entry(HistoryKind::Text, 9));
        assert_eq!(history.text, Past { campaign, ..past(&[(at(1), seen)], &[44]) });
        // Decisions only.
        assert_eq!(history.mail_net, Past::default());
        assert_eq!(history.account, Past::default());
    })
    .await;
}

#[tokio::test]
async fn of_a_kind_with_several_keys_each_has_its_place_with_members_and_campaign() {
    everywhere(async |store| {
        let near = |hash: u8, member: u32| (HistoryKind::Near, hash, Some(member));
        keep(store, &blog(), counted_in(held(1), &[near(1, 5), near(2, 5)])).await;
        keep(store, &blog(), counted_in(held(2), &[near(2, 6), near(3, 6)])).await;
        changed(store.decide(&blog(), &by_id(2), reject_as(Reason::Spam, 3), None).await.unwrap());
        let keys = [9, 2, 3].map(|hash| entry(HistoryKind::Near, hash));
        let question = Recall { history: keys.to_vec(), ..ask(None, None) };
        let near = async || store.recall(&blog(), &question).await.unwrap().history.near;
        let tally = |seen: u32| Tally { seen, spam: 1, ..Tally::default() };
        let known = |place: usize, seen: u32, members: &[u32]| Past {
            campaign: Campaign::of(&keys[place]),
            ..past(&[(at(1), tally(seen))], members)
        };
        assert_eq!(near().await, [Past::default(), known(1, 2, &[5, 6]), known(2, 1, &[6])]);
        assert!(store.erase(&blog(), &by_id(2), at(9)).await.unwrap());
        let left =
            Past { campaign: Campaign::of(&keys[1]), ..past(&[(at(1), Tally { seen: 1, ..Tally::default() })], &[5]) };
        assert_eq!(near().await, [Past::default(), left, Past::default()]);
    })
    .await;
}

#[tokio::test]
async fn a_lesson_is_added_and_the_one_it_replaces_is_taken_back() {
    everywhere(async |store| {
        let entries = [MAIL, (HistoryKind::MailNet, 1, None), (HistoryKind::Text, 9, Some(44))];
        keep(store, &blog(), counted_in(held(1), &entries)).await;
        let sums = async || {
            let history = recalled(store, at(10)).await;
            [&history.mail, &history.mail_net, &history.text].map(|past| {
                let Tally { seen, approved, spam, abuse } = past.total(at(10));
                (seen, approved, spam, abuse)
            })
        };
        changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 2), None).await.unwrap());
        assert_eq!(sums().await, [(1, 0, 1, 0), (0, 0, 1, 0), (1, 0, 1, 0)]);
        let overrule = if_match(of_actor(wish(Approve, 3), "ben"), 2);
        changed(store.decide(&blog(), &by_id(1), overrule, None).await.unwrap());
        assert_eq!(sums().await, [(1, 1, 0, 0), (0, 1, 0, 0), (1, 1, 0, 0)]);
        let abuse = if_match(reject_as(Reason::Abuse, 4), 3);
        changed(store.decide(&blog(), &by_id(1), abuse, None).await.unwrap());
        assert_eq!(sums().await, [(1, 0, 0, 1), (0, 0, 0, 1), (1, 0, 0, 0)]);
        changed(store.decide(&blog(), &by_id(1), wish(Reopen, 5), None).await.unwrap());
        assert_eq!(sums().await, [(1, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 0)]);
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_comment_teaches_nothing() {
    everywhere(async |store| {
        keep(store, &blog(), counted_in(held(1), &[MAIL])).await;
        changed(store.decide(&blog(), &by_id(1), reject_as(Reason::Spam, 2), None).await.unwrap());
        changed(store.withdraw(&blog(), &by_id(1), at(3)).await.unwrap());
        assert_eq!(recalled(store, at(10)).await.mail.total(at(10)), Tally { seen: 1, ..Tally::default() });
    })
    .await;
}

#[tokio::test]
async fn an_entry_remembers_sixteen_members_and_no_more() {
    everywhere(async |store| {
        let with_member = |n: u32, member: u32| counted_in(approved(n), &[(HistoryKind::Text, 9, Some(member))]);
        let most = MAX_MEMBERS as u32;
        for n in 1..=most + 1 {
            keep(store, &blog(), with_member(n, 1_000 - n)).await;
        }
        let members = async || recalled(store, at(100)).await.text.members;
        let kept: Vec<u32> = (1..=most).rev().map(|n| 1_000 - n).collect();
        assert_eq!(members().await, kept);
        // The comment that found no room knows it; a known member always has room.
        let overfull = store.get(&blog(), &by_id(most + 1)).await.unwrap().unwrap();
        assert_eq!(overfull.counted[0].member, None);
        keep(store, &blog(), with_member(50, 999)).await;
        assert_eq!(store.get(&blog(), &by_id(50)).await.unwrap().unwrap().counted[0].member, Some(999));
        // Erasing the one without a member makes no room; of two comments of one member, the last takes it along.
        for (n, left) in [(most + 1, MAX_MEMBERS), (50, MAX_MEMBERS), (1, MAX_MEMBERS - 1)] {
            assert!(store.erase(&blog(), &by_id(n), at(100)).await.unwrap());
            assert_eq!(members().await.len(), left, "after comment {n}");
        }
        keep(store, &blog(), with_member(60, 5)).await;
        assert_eq!(members().await.first(), Some(&5));
    })
    .await;
}

#[tokio::test]
async fn periods_older_than_a_year_are_forgotten() {
    everywhere(async |store| {
        const DAY: i64 = 24 * 60 * 60;
        let seen = Tally { seen: 1, ..Tally::default() };
        let periods = i64::from(KEPT_PERIODS);
        let later = |periods: i64| at(periods * 30 * DAY);
        for (n, periods) in [(1, 0), (2, 1), (3, periods)] {
            keep(store, &blog(), counted_in(received(approved(n), later(periods)), &[MAIL])).await;
        }
        let history = recalled(store, later(periods)).await;
        assert_eq!(history.mail, past(&[(later(1), seen), (later(periods), seen)], &[]));
        // What is forgotten can still be decided and erased; neither brings it back.
        changed(store.decide(&blog(), &by_id(1), wish(Approve, periods * 30 * DAY), None).await.unwrap());
        assert!(store.erase(&blog(), &by_id(1), later(periods)).await.unwrap());
        assert_eq!(recalled(store, later(periods)).await, history);
        assert_eq!(recalled(store, later(periods + 1)).await.mail, past(&[(later(periods), seen)], &[]));
    })
    .await;
}

#[tokio::test]
async fn the_history_of_a_site_is_its_own() {
    everywhere(async |store| {
        keep(store, &other(), counted_in(approved(1), &[MAIL])).await;
        assert_eq!(recalled(store, at(10)).await, History::default());
    })
    .await;
}

/// The entries of these tests: hash 1 of every kind, and text 9.
async fn recalled(store: &dyn Store, now: Timestamp) -> History {
    let (mail, net, account) = (HistoryKind::Mail, HistoryKind::MailNet, HistoryKind::Account);
    let history = vec![entry(mail, 1), entry(net, 1), entry(account, 1), entry(HistoryKind::Text, 9)];
    store.recall(&blog(), &Recall { history, now, ..ask(None, None) }).await.unwrap().history
}

fn received(comment: Comment, now: Timestamp) -> Comment {
    Comment { received_at: now, changed_at: now, ..comment }
}

fn past(buckets: &[(Timestamp, Tally)], members: &[u32]) -> Past {
    let bucket = |(moment, tally): &(Timestamp, Tally)| Bucket { period: Period::of(*moment), tally: *tally };
    Past { buckets: buckets.iter().map(bucket).collect(), members: members.to_vec(), campaign: None }
}
