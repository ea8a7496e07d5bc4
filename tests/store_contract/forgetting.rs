//! Authors: how one stands, how their comments are listed, and how one is forgotten.

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{
    AuthorId, AuthorStanding, Comment, Counts, EventId, Filter, HistoryKind, ListQuery, Parent, Sort, Tally,
};
use moderato::store::{Error, Forgotten, Recall, Store};

use crate::everywhere;
use crate::fixture::*;

const NOBODY: Forgotten = Forgotten { comments: 0, tombstones: 0, more: false };

#[tokio::test]
async fn an_author_stands_by_what_is_kept_and_what_is_remembered() {
    everywhere(async |store| {
        assert_eq!(store.author(&blog(), author(1), at(9)).await.unwrap(), None);
        let of_mail = [(HistoryKind::Mail, 1, None)];
        keep(store, &blog(), by_author(counted_in(held(3), &of_mail), 1)).await;
        keep(store, &blog(), by_author(counted_in(approved(7), &of_mail), 1)).await;
        keep(store, &blog(), by_author(approved(8), 2)).await;
        changed(store.decide(&blog(), &by_id(7), wish(Approve, 9), None).await.unwrap());
        let expected = AuthorStanding {
            counts: Counts { approved: 1, held: 1, rejected: 0, open: 1 },
            first_at: Some(at(3)),
            last_at: Some(at(7)),
            remembered: Tally { seen: 2, approved: 1, ..Tally::default() },
        };
        assert_eq!(store.author(&blog(), author(1), at(10)).await.unwrap(), Some(expected));
        // What is kept no longer is remembered, and then it is not.
        store.expire(&blog(), &KEEP, on(100)).await.unwrap();
        let rest = store.author(&blog(), author(1), on(100)).await.unwrap().unwrap();
        assert_eq!((rest.counts.approved, rest.last_at, rest.remembered.seen), (0, Some(at(3)), 2));
        assert_eq!(store.author(&other(), author(1), at(10)).await.unwrap(), None);
        assert_eq!(store.author(&nowhere(), author(1), at(10)).await, Err(Error::UnknownSite));
    })
    .await;
}

#[tokio::test]
async fn an_author_is_known_by_account_and_by_e_mail_address() {
    everywhere(async |store| {
        keep(store, &blog(), with_mail(by_author(held(1), 1), 2)).await;
        keep(store, &blog(), by_author(held(2), 2)).await;
        // Whatever gives the same token twice counts once.
        keep(store, &blog(), with_mail(by_author(held(3), 2), 2)).await;
        let held_of = async |n: u8| store.author(&blog(), author(n), at(9)).await.unwrap().unwrap().counts.held;
        assert_eq!((held_of(1).await, held_of(2).await), (1, 3));
        for (n, sort, expected) in [
            (1, Sort::Newest, vec![1]),
            (2, Sort::Newest, vec![3, 2, 1]),
            (2, Sort::Oldest, vec![1, 2, 3]),
            (2, Sort::Priority, vec![1, 2, 3]),
        ] {
            for limit in [1, 2, 10] {
                assert_eq!(listed(store, author(n), sort, limit).await, expected, "{n} {sort:?} {limit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_an_author_merge_account_and_address_in_order() {
    everywhere(async |store| {
        let mut expected = Vec::new();
        for n in 1..=40 {
            let comment = match n % 4 {
                0 => by_author(approved(n), 2),
                1 => with_mail(by_author(approved(n), 1), 2),
                2 => with_mail(by_author(approved(n), 3), 2),
                _ => by_author(approved(n), 1),
            };
            keep(store, &blog(), comment).await;
            if n % 4 != 3 {
                expected.push(n);
            }
        }
        assert_eq!(listed(store, author(2), Sort::Oldest, 7).await, expected);
        expected.reverse();
        assert_eq!(listed(store, author(2), Sort::Newest, 7).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_author_leaves_nothing_that_tells_of_them() {
    everywhere(async |store| {
        let entries = [(HistoryKind::Account, 1, None), (HistoryKind::Mail, 2, None), (HistoryKind::Text, 3, Some(1))];
        keep(store, &blog(), with_mail(by_author(counted_in(approved(1), &entries), 1), 2)).await;
        store.expire(&blog(), &KEEP, on(91)).await.unwrap();
        let late = |n: u32| received(approved(n), 91 * DAY);
        keep(store, &blog(), with_mail(by_author(counted_in(late(2), &entries), 1), 2)).await;
        keep(store, &blog(), by_author(counted_in(late(3), &entries[1..2]), 2)).await;
        keep(store, &blog(), by_author(late(4), 4)).await;
        // By the address: of the account, all that carries the address.
        let forgotten = store.forget(&blog(), author(2), on(92)).await.unwrap();
        assert_eq!(forgotten, Forgotten { comments: 2, tombstones: 1, more: false });
        for n in [1, 2] {
            assert_eq!(store.author(&blog(), author(n), on(92)).await.unwrap(), None);
            assert_eq!(store.forget(&blog(), author(n), on(92)).await.unwrap(), NOBODY);
        }
        let history = [(HistoryKind::Account, 1), (HistoryKind::Mail, 2), (HistoryKind::Text, 3)];
        let history = history.map(|(kind, hash)| entry(kind, hash)).to_vec();
        let ask = Recall { history, now: on(92), ..ask(None, None) };
        assert_eq!(store.recall(&blog(), &ask).await.unwrap().history, Default::default());
        let tombstones = store.tombstones(&blog(), None, 10).await.unwrap();
        assert_eq!(tombstones.len(), 3);
        assert!(tombstones.iter().all(|left| left.counted.is_empty() && left.authors == [None; 2]));
        assert!(store.get(&blog(), &by_id(4)).await.unwrap().is_some());
        let last = store.events(&blog(), EventId::default(), 100).await.unwrap().pop().unwrap();
        assert_eq!(last.change.as_str(), "comment.erased");
    })
    .await;
}

#[tokio::test]
async fn forgetting_an_account_leaves_what_carries_only_the_address() {
    everywhere(async |store| {
        keep(store, &blog(), with_mail(by_author(held(1), 1), 2)).await;
        keep(store, &blog(), by_author(held(2), 2)).await;
        assert_eq!(store.forget(&blog(), author(1), at(9)).await.unwrap().comments, 1);
        assert_eq!(listed(store, author(2), Sort::Oldest, 10).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn replies_no_longer_tell_what_was_said() {
    everywhere(async |store| {
        let by_our_id = |n: u32, of: u32| quoting(held(n), Parent { id: Some(id(of)), ..nothing() });
        let by_theirs =
            |n: u32, name: &str| quoting(held(n), Parent { external_id: Some(external(name)), ..nothing() });
        keep(store, &blog(), by_author(approved(1), 1)).await;
        // The blog names it before it has told us its id.
        keep(store, &blog(), by_theirs(2, "x-1")).await;
        keep(store, &blog(), by_our_id(3, 1)).await;
        keep(store, &blog(), by_our_id(4, 9)).await;
        keep(store, &other(), by_our_id(5, 1)).await;
        changed(store.link(&blog(), &by_id(1), external("x-1"), at(20)).await.unwrap());
        let before = store.events(&blog(), EventId::default(), 100).await.unwrap().len();
        assert_eq!(store.forget(&blog(), author(1), at(30)).await.unwrap().comments, 1);
        for n in [2, 3] {
            let reply = store.get(&blog(), &by_id(n)).await.unwrap().unwrap();
            let parent = reply.submission.parent.unwrap();
            assert_eq!((parent.author_name, parent.content), (None, None), "{n}");
            assert_eq!((reply.version, reply.changed_at), (1, at(i64::from(n))));
        }
        for (site, n) in [(blog(), 4), (other(), 5)] {
            let reply = store.get(&site, &by_id(n)).await.unwrap().unwrap();
            assert!(reply.submission.parent.unwrap().content.is_some(), "{n}");
        }
        assert_eq!(store.events(&blog(), EventId::default(), 100).await.unwrap().len(), before + 1);
    })
    .await;
}

#[tokio::test]
async fn a_reply_to_a_purged_comment_loses_the_quotation_when_its_author_is_forgotten() {
    everywhere(async |store| {
        keep(store, &blog(), by_author(approved(1), 1)).await;
        keep(store, &blog(), quoting(held(2), Parent { id: Some(id(1)), ..nothing() })).await;
        store.expire(&blog(), &KEEP, on(91)).await.unwrap();
        let quotes = async || {
            let reply = store.get(&blog(), &by_id(2)).await.unwrap().unwrap();
            reply.submission.parent.unwrap().content.is_some()
        };
        assert!(quotes().await);
        assert_eq!(store.forget(&blog(), author(1), on(92)).await.unwrap().tombstones, 1);
        assert!(!quotes().await);
    })
    .await;
}

#[tokio::test]
async fn erasing_a_purged_comment_takes_back_what_it_taught_and_what_replies_quote() {
    everywhere(async |store| {
        let taught = counted_in(by_author(approved(1), 1), &[(HistoryKind::Mail, 1, None)]);
        keep(store, &blog(), named(taught, "x-1")).await;
        let by_name = Parent { external_id: Some(external("x-1")), ..nothing() };
        keep(store, &blog(), quoting(held(2), by_name)).await;
        // Nobody wrote it and it taught nothing: only the reply tells of it.
        keep(store, &blog(), approved(3)).await;
        keep(store, &blog(), quoting(held(4), Parent { id: Some(id(3)), ..nothing() })).await;
        assert_eq!(store.expire(&blog(), &KEEP, on(91)).await.unwrap().purged, 2);
        assert_eq!(remembered(store, 1, 92).await, (1, 0));
        let before = store.events(&blog(), EventId::default(), 100).await.unwrap().len();
        for (purged, reply) in [(by_external("x-1"), 2), (by_id(3), 4)] {
            assert!(store.erase(&blog(), &purged, on(92)).await.unwrap());
            let reply = store.get(&blog(), &by_id(reply)).await.unwrap().unwrap();
            let parent = reply.submission.parent.unwrap();
            assert_eq!((parent.author_name, parent.content), (None, None));
            assert!(!store.erase(&blog(), &purged, on(92)).await.unwrap(), "there is no more to erase");
        }
        assert_eq!(remembered(store, 1, 92).await, (0, 0));
        assert_eq!(store.author(&blog(), author(1), on(92)).await.unwrap(), None);
        let tombstones = store.tombstones(&blog(), None, 10).await.unwrap();
        assert_eq!(tombstones.len(), 2, "their ids stay taken");
        assert!(tombstones.iter().all(|left| left.counted.is_empty() && left.authors == [None; 2]));
        assert_eq!(store.events(&blog(), EventId::default(), 100).await.unwrap().len(), before, "it was told already");
    })
    .await;
}

#[tokio::test]
async fn forgetting_goes_in_steps_of_a_hundred() {
    everywhere(async |store| {
        for n in 1..=230 {
            let comment = if n % 2 == 0 { by_author(held(n), 1) } else { with_mail(by_author(held(n), 2), 1) };
            keep(store, &blog(), comment).await;
        }
        let mut steps = Vec::new();
        loop {
            let done = store.forget(&blog(), author(1), at(500)).await.unwrap();
            steps.push(done.comments);
            if !done.more {
                break;
            }
        }
        assert_eq!(steps, [100, 100, 30]);
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts::default());
        assert_eq!(store.forget(&other(), author(1), at(500)).await.unwrap(), NOBODY);
        assert_eq!(store.forget(&nowhere(), author(1), at(500)).await, Err(Error::UnknownSite));
    })
    .await;
}

fn author(n: u8) -> AuthorId {
    AuthorId::new([n; 16])
}

/// The comment of an account, with the token of its e-mail address.
fn with_mail(comment: Comment, mail: u8) -> Comment {
    Comment { mail_id: Some(author(mail)), ..comment }
}

fn nothing() -> Parent {
    Parent { id: None, external_id: None, author_name: None, content: None }
}

/// The comment as a reply that quotes what it answers.
fn quoting(mut comment: Comment, parent: Parent) -> Comment {
    let content = Some("What the other said.".to_owned().try_into().unwrap());
    comment.submission.parent = Some(Parent { author_name: Some(name("Other")), content, ..parent });
    comment
}

/// The numbers of an author's comments, read page by page.
async fn listed(store: &dyn Store, author: AuthorId, sort: Sort, limit: usize) -> Vec<u32> {
    let filter = Filter { author: Some(author), ..Filter::default() };
    let (mut query, mut listed) = (ListQuery { filter, sort, after: None, limit }, Vec::new());
    loop {
        let page = store.list(&blog(), &query).await.unwrap();
        let numbers =
            page.items.iter().map(|comment| u32::try_from((comment.written_at.millis() - at(0).millis()) / 1_000));
        listed.extend(numbers.map(Result::unwrap));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return listed,
        }
    }
}
