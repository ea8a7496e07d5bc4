//! The store's identity, its sites and their keys.

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{Comment, Counts, EventId, ListQuery, Review, ReviewWhy, Sort, Totals};
use moderato::store::{Error, Identity, Recorded, Seed};

use crate::fixture::*;
use crate::{benches, everywhere};

#[tokio::test]
async fn an_empty_store_has_no_identity_and_is_settled_once() {
    for (_, bench) in benches() {
        let store = &bench.store;
        assert_eq!(store.identity().await.unwrap(), None);
        assert_eq!(store.sites().await.unwrap(), []);
        let first = store.settle(seed()).await.unwrap();
        assert_eq!(first, seed().identity);
        let identity = Identity { store_id: "store-2".to_owned(), secret: [8; 32] };
        let late = Seed { identity, site: site("late"), keys: vec![api_key('z', Some("late"))] };
        assert_eq!(store.settle(late).await.unwrap(), first);
        assert_eq!(store.identity().await.unwrap(), Some(first));
        assert_eq!(store.sites().await.unwrap(), [site("blog")]);
        assert_eq!(store.keys(Some(&blog())).await.unwrap(), [api_key('a', Some("blog"))]);
        assert_eq!(store.keys(None).await.unwrap(), [api_key('b', None)]);
        assert_eq!(store.key(&key_id('z')).await.unwrap(), None);
    }
}

#[tokio::test]
async fn sites_are_made_listed_by_id_and_renamed() {
    everywhere(async |store| {
        assert!(store.create_site(site("a-blog")).await.unwrap());
        let mut taken = site("blog");
        taken.name = site_name("Taken");
        assert!(!store.create_site(taken).await.unwrap());
        let ids: Vec<_> = store.sites().await.unwrap().into_iter().map(|site| site.id.to_string()).collect();
        assert_eq!(ids, ["a-blog", "blog", "other"]);
        let renamed = store.rename_site(&blog(), site_name("My blog ✓")).await.unwrap();
        assert_eq!((renamed.id, &*renamed.name, renamed.created_at), (blog(), "My blog ✓", at(0)));
        assert_eq!(&*store.site(&blog()).await.unwrap().unwrap().name, "My blog ✓");
        assert_eq!(store.site(&nowhere()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_site_takes_everything_along_and_its_name_starts_anew() {
    everywhere(async |store| {
        store.record(&blog(), keyed(named(held(1), "x-1"), 1)).await.unwrap();
        keep(store, &blog(), named(held(2), "x-2")).await;
        store.erase(&blog(), &by_id(2), at(5)).await.unwrap();
        keep(store, &other(), held(3)).await;
        assert!(store.delete_site(&blog()).await.unwrap());
        assert_eq!(store.counts(&blog()).await, Err(Error::UnknownSite));
        assert_eq!(store.key(&key_id('a')).await.unwrap(), None);
        assert!(store.key(&key_id('b')).await.unwrap().is_some());
        assert!(store.create_site(site("blog")).await.unwrap());
        assert_eq!(store.counts(&blog()).await.unwrap(), Counts::default());
        assert_eq!(store.keys(Some(&blog())).await.unwrap(), []);
        assert_eq!(store.events(&blog(), EventId::default(), 10).await.unwrap(), []);
        for entry in [keyed(named(held(1), "x-1"), 1), new(named(held(2), "x-2"))] {
            assert_eq!(store.record(&blog(), entry).await.unwrap(), Recorded::New);
        }
        assert_eq!(store.counts(&other()).await.unwrap().held, 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_site_stays() {
    everywhere(async |store| {
        assert!(store.delete_site(&other()).await.unwrap());
        assert!(!store.delete_site(&blog()).await.unwrap());
        assert!(store.site(&blog()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn counts_follow_every_change() {
    everywhere(async |store| {
        keep(store, &blog(), held(1)).await;
        keep(store, &blog(), held(2)).await;
        keep(store, &blog(), approved(3)).await;
        keep(store, &blog(), rejected(4)).await;
        let counts = async || store.counts(&blog()).await.unwrap();
        assert_eq!(counts().await, Counts { approved: 1, held: 2, rejected: 1, open: 2 });
        changed(store.decide(&blog(), &by_id(1), wish(Approve, 9), None).await.unwrap());
        assert_eq!(counts().await, Counts { approved: 2, held: 1, rejected: 1, open: 1 });
        changed(store.withdraw(&blog(), &by_id(2), at(9)).await.unwrap());
        assert_eq!(counts().await, Counts { approved: 2, held: 1, rejected: 1, open: 0 });
        store.erase(&blog(), &by_id(4), at(9)).await.unwrap();
        assert_eq!(counts().await, Counts { approved: 2, held: 1, rejected: 0, open: 0 });
        assert_eq!(store.counts(&other()).await.unwrap(), Counts::default());
    })
    .await;
}

#[tokio::test]
async fn keys_are_found_by_id_listed_by_age_and_removed_by_their_owner_only() {
    everywhere(async |store| {
        for key in [api_key('d', Some("blog")), api_key('c', Some("blog")), api_key('e', Some("other"))] {
            store.create_key(key).await.unwrap();
        }
        let of = async |site: Option<&_>| {
            store.keys(site).await.unwrap().into_iter().map(|key| key.id.as_str()[..1].to_owned()).collect::<String>()
        };
        assert_eq!(
            (of(Some(&blog())).await, of(Some(&other())).await, of(None).await),
            ("acd".into(), "e".into(), "b".into())
        );
        assert_eq!(store.key(&key_id('e')).await.unwrap(), Some(api_key('e', Some("other"))));
        for owner in [Some(blog()), None] {
            assert!(!store.delete_key(owner.as_ref(), &key_id('e')).await.unwrap());
        }
        assert!(!store.delete_key(Some(&blog()), &key_id('b')).await.unwrap());
        assert!(store.delete_key(Some(&other()), &key_id('e')).await.unwrap());
        assert!(store.delete_key(None, &key_id('b')).await.unwrap());
        assert!(!store.delete_key(None, &key_id('b')).await.unwrap());
        assert_eq!(store.key(&key_id('e')).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_id_is_taken_is_refused_and_the_same_key_again_is_not() {
    everywhere(async |store| {
        store.create_key(api_key('c', Some("blog"))).await.unwrap();
        store.create_key(api_key('c', Some("blog"))).await.unwrap();
        assert!(store.create_key(api_key('c', Some("other"))).await.is_err());
        assert_eq!(store.key(&key_id('c')).await.unwrap(), Some(api_key('c', Some("blog"))));
    })
    .await;
}

#[tokio::test]
async fn every_verb_says_that_a_site_is_unknown() {
    everywhere(async |store| {
        let (site, name) = (nowhere(), by_id(1));
        let unknown = Some(Error::UnknownSite);
        assert_eq!(store.recall(&site, &ask(None, None)).await.err(), unknown);
        assert_eq!(store.record(&site, new(held(1))).await.err(), unknown);
        assert_eq!(store.decide(&site, &name, wish(Approve, 1), None).await.err(), unknown);
        assert_eq!(store.link(&site, &name, external("x"), at(1)).await.err(), unknown);
        assert_eq!(store.withdraw(&site, &name, at(1)).await.err(), unknown);
        assert_eq!(store.erase(&site, &name, at(1)).await.err(), unknown);
        assert_eq!(store.get(&site, &name).await.err(), unknown);
        assert_eq!(store.list(&site, &ListQuery { limit: 1, ..ListQuery::default() }).await.err(), unknown);
        assert_eq!(store.events(&site, EventId::default(), 1).await.err(), unknown);
        assert_eq!(store.counts(&site).await.err(), unknown);
        assert_eq!(store.rename_site(&site, site_name("x")).await.err(), unknown);
        assert_eq!(store.delete_site(&site).await.err(), unknown);
        assert_eq!(store.create_key(api_key('q', Some("nowhere"))).await.err(), unknown);
        assert_eq!(store.keys(Some(&site)).await.err(), unknown);
        assert_eq!(store.delete_key(Some(&site), &key_id('a')).await.err(), unknown);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_works_is_healthy() {
    everywhere(async |store| assert_eq!(store.health().await, Ok(()))).await;
}

#[tokio::test]
async fn all_sites_together_are_counted() {
    everywhere(async |store| {
        let empty = Totals { sites: 2, ..Totals::default() };
        assert_eq!(store.totals().await.unwrap(), empty);
        for comment in [held(5), held(3), approved(1), rejected(2)] {
            keep(store, &blog(), comment).await;
        }
        keep(store, &other(), held(4)).await;
        let totals = store.totals().await.unwrap();
        assert_eq!(totals.counts, Counts { approved: 1, held: 3, rejected: 1, open: 3 });
        assert_eq!((totals.sites, totals.oldest_open), (2, Some(at(3))));
        changed(store.decide(&blog(), &by_id(3), wish(Approve, 9), None).await.unwrap());
        assert_eq!(store.totals().await.unwrap().oldest_open, Some(at(4)));
        changed(store.withdraw(&other(), &by_id(4), at(9)).await.unwrap());
        assert_eq!(store.totals().await.unwrap().oldest_open, Some(at(5)));
        changed(store.decide(&blog(), &by_id(5), wish(Approve, 9), None).await.unwrap());
        let totals = store.totals().await.unwrap();
        assert_eq!((totals.counts.open, totals.oldest_open), (0, None));
    })
    .await;
}

#[tokio::test]
async fn the_oldest_review_is_found_wherever_it_stands_in_the_queue() {
    everywhere(async |store| {
        // Every head start puts later comments before earlier ones: half an hour a comment, a few minutes apart.
        let waiting = |n: u32| {
            let mut comment = held(1_000 + 300 * n);
            comment.verdict.score = 100 - i32::try_from(3 * n).unwrap();
            let since = comment.received_at;
            Comment { review: Review::open(ReviewWhy::Held, since, &comment.verdict), ..comment }
        };
        for n in 1..=20 {
            let site = if n % 2 == 0 { blog() } else { other() };
            keep(store, &site, waiting(n)).await;
        }
        let query = ListQuery { sort: Sort::Priority, limit: 1, ..ListQuery::default() };
        let first = store.list(&blog(), &query).await.unwrap().items.remove(0);
        assert_eq!(first.received_at, waiting(20).received_at);
        assert_eq!(store.totals().await.unwrap().oldest_open, Some(waiting(1).received_at));
    })
    .await;
}
