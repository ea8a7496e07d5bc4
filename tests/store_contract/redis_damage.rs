//! What becomes of damaged values in Redis: each is named, hides no other, and can be erased or made anew.

use std::path::Path;
use std::sync::Arc;

use ::redis::{Commands, Connection};
use moderato::clock::Clock;
use moderato::domain::DecisionAction::Approve;
use moderato::domain::{
    AuthorId, Counts, EventId, Filter, HistoryKind, KeyId, ListQuery, Sort, Status, Timestamp, Totals,
};
use moderato::store::{self, Error, Existing, Expired, Forgotten, Recall, Recorded, Settings, Store};

use crate::audit_redis::audit;
use crate::fixture::*;
use crate::redis::{Lent, Server, shared_redis};

/// Ways a record goes bad: content that no longer fits its checksum, bytes that are no record, a lost end, nothing left of it.
const DAMAGES: [fn(Vec<u8>) -> Vec<u8>; 4] = [
    |mut record| {
        record[40] ^= 0x10;
        record
    },
    |_| b"Comment number 2".to_vec(),
    |record| record[..record.len() - 5].to_vec(),
    |_| Vec::new(),
];

struct House {
    store: Arc<dyn Store>,
    lent: Lent<Server>,
}

impl House {
    /// An empty store with its two sites.
    async fn new() -> Self {
        let lent = shared_redis();
        let settings = Settings { prefix: lent.prefix.clone(), ..Settings::at(&lent.url) };
        let store = store::open(&settings, Path::new("/nowhere"), &Clock::System).unwrap();
        settle(&*store).await;
        Self { store, lent }
    }

    /// Three held comments on one post, the second linked (so at version 2) and then damaged so.
    async fn damaged(damage: fn(Vec<u8>) -> Vec<u8>) -> Self {
        let house = Self::new().await;
        keep(&*house.store, &blog(), held(1)).await;
        let second = by_author(counted_in(held(2), &[(HistoryKind::Mail, 1, None)]), 3);
        keep(&*house.store, &blog(), second).await;
        keep(&*house.store, &blog(), held(3)).await;
        changed(house.store.link(&blog(), &by_id(2), external("x-2"), at(5)).await.unwrap());
        house.audit().unwrap();
        let key = house.key(&format!("c:{}", id(2)));
        let record: Vec<u8> = house.behind().get(&key).unwrap();
        let _: () = house.behind().set(&key, damage(record)).unwrap();
        house
    }

    fn behind(&self) -> Connection {
        ::redis::Client::open(self.lent.url.as_str()).unwrap().get_connection().unwrap()
    }

    /// The key of a name of the site `blog`.
    fn key(&self, name: &str) -> String {
        format!("{}:{{blog}}:{name}", self.lent.prefix)
    }

    fn spoil(&self, name: &str, value: &[u8]) {
        let key = self.key(name);
        assert!(self.behind().exists::<_, bool>(&key).unwrap(), "{name} is there");
        let _: () = self.behind().set(key, value).unwrap();
    }

    fn audit(&self) -> Result<crate::audit::Summary, Vec<String>> {
        audit(&[self.lent.servers.port], &self.lent.prefix)
    }

    /// All comments of a list and all damaged ones, read one by one.
    async fn walk(
        &self,
        filter: Filter,
        sort: Sort,
    ) -> (Vec<moderato::domain::CommentId>, Vec<moderato::domain::CommentId>) {
        let mut query = ListQuery { filter, sort, after: None, limit: 1 };
        let (mut seen, mut damaged) = (Vec::new(), Vec::new());
        loop {
            let page = self.store.list(&blog(), &query).await.unwrap();
            seen.extend(page.items.into_iter().map(|comment| comment.id));
            damaged.extend(page.damaged);
            query.after = page.next;
            if page.next.is_none() {
                seen.sort();
                return (seen, damaged);
            }
        }
    }

    /// Retention until it is done; how many comments and how many tombstones went.
    async fn expire(&self, now: Timestamp) -> (usize, usize) {
        let (mut purged, mut tombstones) = (0, 0);
        for step in 0.. {
            assert!(step < 10, "there is no end to it");
            let done = self.store.expire(&blog(), &KEEP, now).await.unwrap();
            (purged, tombstones) = (purged + done.purged, tombstones + done.tombstones);
            if !done.more {
                break;
            }
        }
        (purged, tombstones)
    }
}

fn filters() -> [(Filter, Sort); 4] {
    let post = Filter { post: Some("post-1".to_owned()), ..Filter::default() };
    let held = Filter { status: Some(Status::Held), ..Filter::default() };
    [(Filter::default(), Sort::Priority), (Filter::default(), Sort::Oldest), (post, Sort::Oldest), (held, Sort::Newest)]
}

#[tokio::test]
async fn a_damaged_record_is_named_not_shown_and_hides_no_other() {
    for damage in DAMAGES {
        let house = House::damaged(damage).await;
        for name in [by_id(2), by_external("x-2")] {
            let got = house.store.get(&blog(), &name).await.unwrap_err();
            let decided = house.store.decide(&blog(), &name, wish(Approve, 9), None).await.unwrap_err();
            for refused in [got, decided] {
                let Error::Damaged(why) = refused else { panic!("{refused}") };
                assert!(why.contains(&id(2).to_string()) && !why.contains("number"), "{why}");
            }
        }
        for (filter, sort) in filters() {
            assert_eq!(house.walk(filter, sort).await, (vec![id(1), id(3)], vec![id(2)]), "{sort:?}");
        }
    }
}

#[tokio::test]
async fn a_damaged_comment_can_be_erased_and_repair_mends_its_history() {
    for (damage, name) in DAMAGES.into_iter().flat_map(|damage| [(damage, by_id(2)), (damage, by_external("x-2"))]) {
        let house = House::damaged(damage).await;
        let store = &house.store;
        assert!(store.erase(&blog(), &name, at(20)).await.unwrap());
        assert!(!store.erase(&blog(), &name, at(21)).await.unwrap());
        assert_eq!(store.get(&blog(), &name).await.unwrap(), None);
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts { held: 2, open: 2, ..Counts::default() });
        let last = store.events(&blog(), EventId::default(), 10).await.unwrap().pop().unwrap();
        assert_eq!((last.change.as_str(), last.comment, last.version), ("comment.erased", id(2), 3));
        assert_eq!(store.tombstones(&blog(), None, 9).await.unwrap()[0].external_id, Some(external("x-2")));
        house.audit().unwrap_err();
        assert_eq!(store.repair(&blog()).await.unwrap().history, 1);
        house.audit().unwrap();
    }
}

#[tokio::test]
async fn retention_passes_over_damaged_comments_once() {
    let house = House::new().await;
    for n in 1..=130 {
        keep(&*house.store, &blog(), approved(n)).await;
        // The oldest are damaged, more than a step has room for.
        if n <= 110 {
            house.spoil(&format!("c:{}", id(n)), b"x");
        }
    }
    assert_eq!(house.expire(on(95)).await, (20, 0));
    assert_eq!(house.store.expire(&blog(), &KEEP, on(96)).await.unwrap(), Expired::default());
    assert_eq!(house.store.counts(&blog()).await.unwrap().approved, 110);
    for n in 1..=110 {
        assert!(house.store.erase(&blog(), &by_id(n), on(96)).await.unwrap());
    }
    house.store.repair(&blog()).await.unwrap();
    assert_eq!(house.audit().unwrap().tombstones, 130);
}

/// Two tombstones of one author, the first damaged so.
async fn with_tombstones(damage: fn(Vec<u8>) -> Vec<u8>) -> House {
    let house = House::new().await;
    for n in 1..=2 {
        let taught = counted_in(named(approved(n), &format!("x-{n}")), &[(HistoryKind::Mail, 1, None)]);
        keep(&*house.store, &blog(), by_author(taught, 1)).await;
    }
    assert_eq!(house.expire(on(91)).await, (2, 0));
    let key = house.key(&format!("t:{}", id(1)));
    let record: Vec<u8> = house.behind().get(&key).unwrap();
    let _: () = house.behind().set(&key, damage(record)).unwrap();
    house
}

#[tokio::test]
async fn a_damaged_tombstone_is_listed_by_what_is_known_and_its_comment_stays_gone() {
    for damage in DAMAGES {
        let house = with_tombstones(damage).await;
        let listed = house.store.tombstones(&blog(), None, 10).await.unwrap();
        assert_eq!(listed.iter().map(|left| left.id).collect::<Vec<_>>(), [id(1), id(2)]);
        let [lost, whole] = &listed[..] else { unreachable!() };
        assert_eq!(
            (&lost.external_id, lost.status, lost.version),
            (&Some(external("x-1")), whole.status, whole.version)
        );
        assert_eq!((lost.erased_at, &lost.counted), (whole.erased_at, &Vec::new()));
        assert_eq!(house.store.tombstones(&blog(), None, 1).await.unwrap(), std::slice::from_ref(lost));
        assert_eq!(house.store.get(&blog(), &by_external("x-1")).await.unwrap(), None);
        assert_eq!(house.store.repair(&blog()).await.unwrap().damaged, [id(1)]);
        // Erasing it writes it anew, once.
        assert!(house.store.erase(&blog(), &by_external("x-1"), on(92)).await.unwrap());
        assert!(!house.store.erase(&blog(), &by_external("x-1"), on(92)).await.unwrap());
        assert_eq!(house.store.repair(&blog()).await.unwrap().damaged, []);
        assert_eq!(house.audit().unwrap().tombstones, 2);
    }
}

#[tokio::test]
async fn damaged_tombstones_stall_neither_retention_nor_forgetting() {
    for damage in DAMAGES {
        let house = with_tombstones(damage).await;
        keep(&*house.store, &blog(), by_author(received(held(3), 91 * DAY), 1)).await;
        let done = house.store.forget(&blog(), AuthorId::new([1; 16]), on(92)).await.unwrap();
        assert_eq!(done, Forgotten { comments: 1, tombstones: 2, more: false });
        house.store.repair(&blog()).await.unwrap();
        assert_eq!(house.audit().unwrap().tombstones, 3);

        let house = with_tombstones(damage).await;
        assert_eq!(house.expire(on(500)).await, (0, 2));
        assert_eq!(house.store.tombstones(&blog(), None, 10).await.unwrap(), []);
        house.store.repair(&blog()).await.unwrap();
        assert_eq!(house.audit().unwrap().tombstones, 0);
    }
}

#[tokio::test]
async fn a_damaged_tombstone_that_goes_frees_its_external_id_at_once_or_by_repair() {
    for is_told in [true, false] {
        let house = with_tombstones(|_| b"x".to_vec()).await;
        if !is_told {
            let _: usize =
                ::redis::cmd("XTRIM").arg(house.key("e")).arg("MAXLEN").arg(0).query(&mut house.behind()).unwrap();
        }
        assert_eq!(house.expire(on(500)).await, (0, 2));
        let anew = async |n| house.store.record(&blog(), new(named(held(n), "x-1"))).await.unwrap();
        if !is_told {
            assert_eq!(anew(3).await, Recorded::Existing(Existing::Erased(id(1))));
            house.store.repair(&blog()).await.unwrap();
        }
        assert_eq!(anew(4).await, Recorded::New);
    }
}

#[tokio::test]
async fn a_damaged_entry_of_the_history_or_of_a_use_refuses_no_comment() {
    let values: [&[u8]; 6] = [
        b"",
        b"\xff\xfe\x00",
        b"|||;;::,,",
        b"700:1,0|7",
        b"685:4294967295,1,1,1;686:4294967295,9,9,9|99999999999:1;x:y",
        b"99999999999999999999:99999999999999999999,1,1,1|99999999999999999999:99999999999999999999",
    ];
    for value in values {
        let house = House::new().await;
        let taught =
            |n| by_author(counted_in(held(n), &[(HistoryKind::Mail, 1, None), (HistoryKind::Text, 2, Some(3))]), 1);
        house.store.record(&blog(), keyed(taught(1), 1)).await.unwrap();
        house.spoil(&format!("h:m:{}", "01".repeat(16)), value);
        house.spoil(&format!("h:t:{}", "02".repeat(16)), value);
        let used: Vec<String> = house.behind().keys(house.key("i:*")).unwrap();
        assert_eq!(used.len(), 1);
        let _: () = house.behind().set(&used[0], value).unwrap();
        let history = vec![entry(HistoryKind::Mail, 1), entry(HistoryKind::Text, 2)];
        let recalled = house.store.recall(&blog(), &Recall { history, ..ask(Some(1), None) }).await.unwrap();
        assert_eq!(recalled.existing, None, "what the key was used for is lost");
        house.store.recall(&blog(), &ask(None, None)).await.unwrap();
        house.store.author(&blog(), AuthorId::new([1; 16]), at(5)).await.unwrap();
        keep(&*house.store, &blog(), taught(2)).await;
        assert!(house.store.erase(&blog(), &by_id(1), at(9)).await.unwrap());
        assert_eq!(house.walk(Filter::default(), Sort::Priority).await, (vec![id(2)], vec![]));
        house.store.repair(&blog()).await.unwrap();
        assert_eq!(remembered(&*house.store, 1, 0).await, (1, 0));
        let _: () = house.behind().del(&used).unwrap();
        house.audit().unwrap();
    }
}

#[tokio::test]
async fn a_damaged_api_key_opens_nothing_hides_no_other_and_can_be_deleted() {
    let anothers = serde_json::to_vec(&api_key('c', None)).unwrap();
    for value in [b"spoilt".as_slice(), b"{\"id\":", b"", b"\xff", &anothers] {
        let house = House::new().await;
        let store = &house.store;
        for letter in ['c', 'd'] {
            store.create_key(api_key(letter, Some("blog"))).await.unwrap();
        }
        store.note_uses(vec![(key_id('c'), at(1)), (key_id('d'), at(1))]).await.unwrap();
        house.spoil("k:cccccccccccc", value);
        house.spoil("u:dddddddddddd", b"never");
        let refused = store.key(&key_id('c')).await.unwrap_err();
        assert!(matches!(&refused, Error::Damaged(why) if why.contains("cccccccccccc")), "{refused}");
        store.note_uses(vec![(key_id('c'), at(60)), (key_id('d'), at(60))]).await.unwrap();
        let ids =
            async || -> Vec<KeyId> { store.keys(Some(&blog())).await.unwrap().into_iter().map(|key| key.id).collect() };
        assert_eq!(ids().await, [key_id('a'), key_id('d')]);
        assert_eq!(store.key(&key_id('d')).await.unwrap().unwrap().last_used_at, Some(at(60)));
        assert!(!store.delete_key(Some(&other()), &key_id('c')).await.unwrap());
        assert!(store.delete_key(Some(&blog()), &key_id('c')).await.unwrap());
        assert!(!store.delete_key(Some(&blog()), &key_id('c')).await.unwrap());
        assert_eq!(store.key(&key_id('c')).await.unwrap(), None);
        assert_eq!(ids().await, [key_id('a'), key_id('d')]);
        house.audit().unwrap();
    }
}

#[tokio::test]
async fn a_site_whose_entry_is_damaged_is_served_under_its_id_until_it_is_renamed() {
    let another = serde_json::to_vec(&site("other")).unwrap();
    for value in [b"spoilt".as_slice(), b"{\"id\":\"blog\"", b"", b"\xff", &another] {
        let house = House::new().await;
        let (store, list) = (&house.store, format!("{}:sites", house.lent.prefix));
        keep(&**store, &blog(), held(1)).await;
        keep(&**store, &other(), held(2)).await;
        let _: () = house.behind().hset(&list, "blog", value).unwrap();
        let _: () = house.behind().hset(&list, b"\xff", value).unwrap();
        let sites = store.sites().await.unwrap();
        assert_eq!(sites.iter().map(|site| site.id.clone()).collect::<Vec<_>>(), [blog(), other()]);
        assert_eq!(sites[0].name, site_name("blog"));
        assert_eq!(store.site(&blog()).await.unwrap().as_ref(), Some(&sites[0]));
        let Totals { sites: number, counts, .. } = store.totals().await.unwrap();
        assert_eq!((number, counts.held), (2, 2));
        keep(&**store, &blog(), held(3)).await;
        assert_eq!(store.repair(&blog()).await.unwrap().comments, 2);
        assert!(!store.create_site(site("blog")).await.unwrap());
        store.identity().await.unwrap();
        assert_eq!(store.rename_site(&blog(), site_name("Anew")).await.unwrap().name, site_name("Anew"));
        assert_eq!(store.sites().await.unwrap()[0].name, site_name("Anew"));
        assert!(
            serde_json::from_slice::<moderato::domain::Site>(
                &house.behind().hget::<_, _, Vec<u8>>(&list, "blog").unwrap()
            )
            .is_ok()
        );
    }
}

#[tokio::test]
async fn strange_members_of_indexes_end_no_list_early() {
    let house = House::new().await;
    for n in 1..=6 {
        keep(&*house.store, &blog(), by_author(held(n), 1)).await;
    }
    for n in 5..=6 {
        assert!(house.store.erase(&blog(), &by_id(n), at(9)).await.unwrap());
    }
    let indexes: Vec<String> = house.behind().keys(house.key("*")).unwrap();
    let mut spoilt = 0;
    for index in indexes {
        let kind: String = ::redis::cmd("TYPE").arg(&index).query(&mut house.behind()).unwrap();
        if kind != "zset" || index.ends_with(":k") {
            continue;
        }
        let members: Vec<Vec<u8>> = house.behind().zrange(&index, 0, -1).unwrap();
        // Before and behind every one, too short or too long to be one of ours, and more than a step at the start.
        let strange = members.iter().flat_map(|member| [member[..9].to_vec(), [member, b"?".as_slice()].concat()]);
        let many = (0_u8..=250).map(|n| vec![0, n]);
        for member in strange.chain(many) {
            let _: () = house.behind().zadd(&index, member, 0).unwrap();
        }
        spoilt += 1;
    }
    assert!(spoilt > 6, "{spoilt}");
    for (filter, sort) in filters() {
        assert_eq!(house.walk(filter, sort).await, ((1..=4).map(id).collect(), vec![]), "{sort:?}");
    }
    for limit in 1..=3 {
        let listed = house.store.tombstones(&blog(), None, limit).await.unwrap();
        assert_eq!(listed.len(), limit.min(2));
    }
    let author = AuthorId::new([1; 16]);
    assert_eq!(house.store.author(&blog(), author, at(9)).await.unwrap().unwrap().counts.held, 4);
    assert_eq!(house.store.totals().await.unwrap().oldest_open, Some(at(1)));
    assert_eq!(house.expire(on(500)).await.1, 2);
    assert_eq!(house.store.forget(&blog(), author, on(501)).await.unwrap().comments, 4);
    house.store.repair(&blog()).await.unwrap();
    house.audit().unwrap();
}
