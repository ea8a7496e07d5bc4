//! Lists: every order, every condition, pages that hold while comments come in.

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{
    Campaign, Comment, Content, DecidedBy, Filter, Group, HistoryKind, Hit, HitMode, Keep, ListQuery, MAX_READ,
    MAX_READ_BYTES, Needle, Position, Reason, RuleId, Sort, Status, Worth,
};
use moderato::store::Store;

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn each_order_is_what_it_says_and_equal_keys_go_by_id() {
    everywhere(async |store| {
        for (n, written) in [(1, 10), (2, 5), (3, 10), (4, 7)] {
            keep(store, &blog(), written_at(held(n), written)).await;
        }
        assert_eq!(list(store, sorted(Sort::Newest)).await, [3, 1, 4, 2]);
        assert_eq!(list(store, sorted(Sort::Oldest)).await, [2, 4, 1, 3]);
        // The review's priority, not the time of writing; two of one priority go by id.
        assert_eq!(list(store, sorted(Sort::Priority)).await, [1, 2, 3, 4]);
    })
    .await;
}

#[tokio::test]
async fn the_queue_is_the_open_reviews_by_priority() {
    everywhere(async |store| {
        let scored = |n: u32, score: i32| {
            let mut comment = held(n);
            comment.verdict.score = score;
            comment.review =
                moderato::domain::Review::open(moderato::domain::ReviewWhy::Held, at(i64::from(n)), &comment.verdict);
            comment
        };
        for comment in [scored(1, 95), scored(2, 60), scored(3, 99), approved(4), rejected(5)] {
            keep(store, &blog(), comment).await;
        }
        assert_eq!(list(store, sorted(Sort::Priority)).await, [2, 1, 3]);
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 9), None).await.unwrap());
        changed(store.withdraw(&blog(), &by_id(3), at(9)).await.unwrap());
        assert_eq!(list(store, sorted(Sort::Priority)).await, [2]);
        assert_eq!(list(store, filtered(|filter| filter.review_open = Some(true))).await, [2]);
        assert_eq!(list(store, filtered(|filter| filter.review_open = Some(false))).await, [5, 4, 3, 1]);
    })
    .await;
}

#[tokio::test]
async fn every_condition_is_tested_and_all_must_hold() {
    everywhere(async |store| {
        let entries = [(HistoryKind::Near, 7, Some(1)), (HistoryKind::Handle, 8, Some(1))];
        let mut rich = by_author(on_post(named(counted_in(held(1), &entries), "x-1"), "post-9"), 4);
        rich.submission.client.ip = "203.0.113.7".parse().ok();
        rich.hosts = vec!["shop.bad.example".to_owned()];
        rich.verdict.decided_by = DecidedBy::Kind;
        rich.verdict.hits = vec![Hit {
            rule: RuleId::from("many_links".to_owned()),
            group: Group::Links,
            mode: HitMode::On,
            points: 60,
            message: "has many links".to_owned(),
            evidence: Vec::new(),
            campaign: None,
            worth: Worth { times: 2, ..Worth::default() },
        }];
        keep(store, &blog(), rich.clone()).await;
        keep(store, &blog(), by_author(approved(2), 5)).await;
        keep(store, &blog(), rejected(3)).await;
        let conditions: [fn(&mut Filter); 12] = [
            |filter| filter.status = Some(Status::Held),
            |filter| filter.review_open = Some(true),
            |filter| filter.decided_by = Some(DecidedBy::Kind),
            |filter| filter.external_id = Some(external("x-1")),
            |filter| filter.post = Some("post-9".to_owned()),
            |filter| filter.author = Some(moderato::domain::AuthorId::new([4; 16])),
            |filter| filter.campaign = Campaign::of(&entry(HistoryKind::Handle, 8)),
            |filter| filter.ip = "203.0.113.0/24".parse().ok(),
            |filter| filter.host = Some("bad.example".to_owned()),
            |filter| filter.rule = Some("many_links".to_owned()),
            |filter| filter.text = Some(needle("number 1")),
            |filter| filter.until = Some(at(2)),
        ];
        for (number, condition) in conditions.into_iter().enumerate() {
            for sort in [Sort::Newest, Sort::Oldest, Sort::Priority] {
                let query = ListQuery { sort, ..filtered(condition) };
                assert_eq!(list(store, query).await, [1], "condition {number}, {sort:?}");
            }
        }
        assert_eq!(list(store, filtered(|filter| filter.since = Some(at(2)))).await, [3, 2]);
        let all = filtered(|filter| conditions.iter().for_each(|condition| condition(filter)));
        assert_eq!(list(store, all.clone()).await, [1]);
        let none = ListQuery { filter: Filter { status: Some(Status::Approved), ..all.filter }, ..all };
        assert_eq!(list(store, none).await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn pages_hold_while_comments_come_and_go() {
    everywhere(async |store| {
        for n in 1..=9 {
            keep(store, &blog(), written_at(approved(n * 10), i64::from(n))).await;
        }
        for (sort, wanted) in [(Sort::Newest, [90, 80, 70, 60, 50, 40]), (Sort::Oldest, [10, 20, 30, 40, 50, 60])] {
            let first = store.list(&blog(), &ListQuery { limit: 3, ..sorted(sort) }).await.unwrap();
            assert_eq!(numbers(&first.items), wanted[..3]);
            // Before, at and behind the place where the next page begins.
            let noise = if sort == Sort::Newest { [95, 71] } else { [5, 29] };
            for n in noise {
                keep(store, &blog(), written_at(approved(n), i64::from(n / 10))).await;
            }
            let next = ListQuery { limit: 3, after: first.next, ..sorted(sort) };
            let second = store.list(&blog(), &next).await.unwrap();
            assert_eq!(numbers(&second.items), wanted[3..]);
            for n in noise {
                store.erase(&blog(), &by_id(n), at(100)).await.unwrap();
            }
        }
        let after = store.list(&blog(), &ListQuery { limit: 3, ..sorted(Sort::Oldest) }).await.unwrap().next;
        store.erase(&blog(), &by_id(30), at(100)).await.unwrap();
        let next = store.list(&blog(), &ListQuery { limit: 1, after, ..sorted(Sort::Oldest) }).await.unwrap();
        assert_eq!(numbers(&next.items), [40], "the position of an erased comment is still a position");
    })
    .await;
}

#[tokio::test]
async fn the_pages_of_every_index_make_the_whole_and_then_end() {
    everywhere(async |store| {
        for n in 1..=12 {
            let comment = if n % 2 == 0 { held(n) } else { approved(n) };
            let comment = counted_in(by_author(comment, 1), &[(HistoryKind::Near, 1, Some(n))]);
            keep(store, &blog(), written_at(comment, i64::from(n / 3))).await;
        }
        let author = moderato::domain::AuthorId::new([1; 16]);
        let indexes: [ListQuery; 6] = [
            sorted(Sort::Newest),
            filtered(|filter| filter.status = Some(Status::Held)),
            filtered(|filter| filter.post = Some("post-1".to_owned())),
            filtered(|filter| filter.author = Some(author)),
            filtered(|filter| filter.campaign = Campaign::of(&entry(HistoryKind::Near, 1))),
            sorted(Sort::Priority),
        ];
        for query in indexes {
            for sort in [Sort::Newest, Sort::Oldest, query.sort] {
                let query = ListQuery { sort, ..query.clone() };
                let whole = list(store, query.clone()).await;
                assert!(whole.len() >= 6, "{query:?}");
                for limit in [1, 5, 6, 12] {
                    assert_eq!(paged(store, ListQuery { limit, ..query.clone() }).await, whole, "{query:?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_campaign_is_whoever_is_counted_in_its_entry_until_they_go() {
    everywhere(async |store| {
        let campaign = |kind: HistoryKind| filtered(|filter| filter.campaign = Campaign::of(&entry(kind, 1)));
        let shared = |n: u32| {
            let kinds = [HistoryKind::Text, HistoryKind::Near, HistoryKind::Owner, HistoryKind::Handle];
            counted_in(approved(n), &kinds.map(|kind| (kind, 1, Some(n))))
        };
        // More than an entry has room for members: the others belong to it all the same.
        for n in 1..=20 {
            keep(store, &blog(), shared(n)).await;
        }
        keep(store, &blog(), counted_in(held(21), &[(HistoryKind::Mail, 1, None), (HistoryKind::Near, 2, Some(1))]))
            .await;
        keep(store, &other(), shared(22)).await;
        let all: Vec<u32> = (1..=20).rev().collect();
        for kind in [HistoryKind::Text, HistoryKind::Near, HistoryKind::Owner, HistoryKind::Handle] {
            assert_eq!(list(store, campaign(kind)).await, all, "{kind:?}");
        }
        changed(store.decide(&blog(), &by_id(19), reject_as(Reason::Spam, 30), None).await.unwrap());
        changed(store.withdraw(&blog(), &by_id(18), at(31)).await.unwrap());
        assert_eq!(list(store, campaign(HistoryKind::Near)).await, all);
        assert!(store.erase(&blog(), &by_id(20), at(32)).await.unwrap());
        let purging = Keep { rejected: 1, ..KEEP };
        assert_eq!(store.expire(&blog(), &purging, on(3)).await.unwrap().purged, 1);
        for kind in [HistoryKind::Near, HistoryKind::Handle] {
            assert_eq!(list(store, campaign(kind)).await, all[2..], "{kind:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_fills_with_the_last_record_is_the_last() {
    everywhere(async |store| {
        for n in 1..=3 {
            keep(store, &blog(), approved(n)).await;
        }
        let page = store.list(&blog(), &ListQuery { limit: 3, ..sorted(Sort::Newest) }).await.unwrap();
        assert_eq!((page.items.len(), page.next), (3, None));
        let page = store.list(&blog(), &ListQuery { limit: 2, ..sorted(Sort::Newest) }).await.unwrap();
        let position = Some(Position { key: at(2).millis(), id: id(2) });
        assert_eq!((page.items.len(), page.next), (2, position));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_has_read_a_thousand_records_answers_what_it_has() {
    everywhere(async |store| {
        let many = u32::try_from(MAX_READ).unwrap() + 20;
        for n in 1..=many {
            let comment = if n == 7 { named(approved(n), "x-7") } else { approved(n) };
            keep(store, &blog(), on_post(comment, if n == 7 || n == many { "wanted" } else { "post-1" })).await;
        }
        // A condition that no index serves.
        let query = filtered(|filter| filter.text = Some(needle("number 7,")));
        let short = store.list(&blog(), &query).await.unwrap();
        let last = many - u32::try_from(MAX_READ).unwrap() + 1;
        let position = Position { key: at(i64::from(last)).millis(), id: id(last) };
        assert_eq!((short.items.len(), short.next), (0, Some(position)));
        let rest = store.list(&blog(), &ListQuery { after: short.next, ..query }).await.unwrap();
        assert_eq!((numbers(&rest.items), rest.next), (vec![7], None));
        // The post's index reads its own comments only.
        let query = filtered(|filter| filter.post = Some("wanted".to_owned()));
        assert_eq!(list(store, query).await, [many, 7]);
        // So does the blog's id: the one comment it names is found however many are newer.
        let query = filtered(|filter| filter.external_id = Some(external("x-7")));
        for sort in [Sort::Newest, Sort::Oldest] {
            let found = store.list(&blog(), &ListQuery { sort, ..query.clone() }).await.unwrap();
            assert_eq!((numbers(&found.items), found.next), (vec![7], None));
        }
    })
    .await;
}

#[tokio::test]
async fn a_call_stops_early_where_the_comments_are_long() {
    everywhere(async |store| {
        let each = Content::MAX_BYTES;
        let enough = u32::try_from(MAX_READ_BYTES / each).unwrap();
        for n in 1..=enough + 2 {
            keep(store, &blog(), long(approved(n), each)).await;
        }
        let query = filtered(|filter| filter.text = Some(needle("is in none")));
        let short = store.list(&blog(), &query).await.unwrap();
        let position = Position { key: at(3).millis(), id: id(3) };
        assert_eq!((short.items.len(), short.next), (0, Some(position)), "{enough} of {each} bytes were read");
        let rest = store.list(&blog(), &ListQuery { after: short.next, ..query }).await.unwrap();
        assert_eq!((rest.items.len(), rest.next), (0, None));
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_its_own_site_only() {
    everywhere(async |store| {
        keep(store, &other(), by_author(named(held(1), "x-1"), 1)).await;
        keep(store, &blog(), by_author(held(2), 1)).await;
        for sort in [Sort::Newest, Sort::Oldest, Sort::Priority] {
            assert_eq!(list(store, sorted(sort)).await, [2]);
        }
        let author = moderato::domain::AuthorId::new([1; 16]);
        for query in [
            filtered(|filter| filter.post = Some("post-1".to_owned())),
            filtered(|filter| filter.author = Some(author)),
            filtered(|filter| filter.status = Some(Status::Held)),
        ] {
            assert_eq!(list(store, query).await, [2]);
        }
        assert_eq!(list(store, filtered(|filter| filter.external_id = Some(external("x-1")))).await, [0; 0]);
    })
    .await;
}

fn long(mut comment: Comment, bytes: usize) -> Comment {
    comment.submission.content = Content::try_from("x".repeat(bytes)).unwrap();
    comment
}

fn written_at(comment: Comment, seconds: i64) -> Comment {
    let written_at = at(seconds);
    Comment { written_at, received_at: comment.received_at.max(written_at), ..comment }
}

fn needle(text: &str) -> Needle {
    Needle { folded: text.to_owned(), fold: str::to_lowercase }
}

fn sorted(sort: Sort) -> ListQuery {
    ListQuery { sort, limit: 100, ..ListQuery::default() }
}

fn filtered(condition: impl FnOnce(&mut Filter)) -> ListQuery {
    let mut query = sorted(Sort::Newest);
    condition(&mut query.filter);
    query
}

/// The numbers of the comments on the one page that there must be.
async fn list(store: &dyn Store, query: ListQuery) -> Vec<u32> {
    let page = store.list(&blog(), &query).await.unwrap();
    assert_eq!(page.next, None, "{query:?}");
    numbers(&page.items)
}

/// The numbers of the comments on all pages.
async fn paged(store: &dyn Store, mut query: ListQuery) -> Vec<u32> {
    let mut found = Vec::new();
    loop {
        let page = store.list(&blog(), &query).await.unwrap();
        assert!(page.items.len() <= query.limit);
        found.extend(numbers(&page.items));
        if page.next.is_none() {
            return found;
        }
        query.after = page.next;
    }
}

/// The numbers the comments were made of.
fn numbers(comments: &[Comment]) -> Vec<u32> {
    let number = |comment: &Comment| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&comment.id.as_bytes()[12..]);
        u32::from_be_bytes(bytes)
    };
    comments.iter().map(number).collect()
}
