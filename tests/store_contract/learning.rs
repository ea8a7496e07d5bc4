//! Snapshots of what was learnt, and how long what was taught is kept beside them.

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{MAX_MODEL, ModelSnapshot, SiteId};
use moderato::store::{Error, Store};

use crate::everywhere;
use crate::fixture::*;

pub fn snapshot(taught: u64, bytes: &[u8]) -> ModelSnapshot {
    ModelSnapshot { taught, bytes: bytes.to_vec() }
}

/// Teaches so many lessons, at this second.
pub async fn teach(store: &dyn Store, site: &SiteId, (numbers, seconds): (std::ops::RangeInclusive<u32>, i64)) {
    for n in numbers {
        keep(store, site, featured(held(n), &[n as u16])).await;
        changed(store.decide(site, &by_id(n), wish(Approve, seconds), None).await.unwrap());
    }
}

pub async fn numbers(store: &dyn Store, after: u64) -> Vec<u64> {
    let lessons = store.lessons(&blog(), after, 1_000).await.unwrap();
    lessons.iter().map(|taught| taught.number).collect()
}

#[tokio::test]
async fn of_two_who_write_a_snapshot_of_the_same_one_one_does() {
    everywhere(async |store| {
        teach(store, &blog(), (1..=5, 10)).await;
        assert_eq!(store.model(&blog()).await.unwrap(), None);
        let put = async |taught, bytes: &[u8], expected| {
            store.put_model(&blog(), snapshot(taught, bytes), expected).await.unwrap()
        };
        for expected in [None, Some(3)] {
            let taught = expected.unwrap_or(0) + 2;
            assert!(!put(taught, b"wrong", Some(1)).await && !put(taught, b"wrong", Some(0)).await);
            let (one, another) = tokio::join!(put(taught, b"one", expected), put(taught + 1, b"another", expected));
            assert!(one != another);
            let written = if one { snapshot(taught, b"one") } else { snapshot(taught + 1, b"another") };
            assert_eq!(store.model(&blog()).await.unwrap().as_ref(), Some(&written));
            // Again, because an answer was lost.
            assert!(put(written.taught, &written.bytes, expected).await);
            assert!(put(3, b" \0\xff", Some(written.taught)).await);
            assert_eq!(store.model(&blog()).await.unwrap(), Some(snapshot(3, b" \0\xff")));
        }
        assert!(!put(6, b"of lessons that were never taught", Some(3)).await);
        assert!(put(0, b"", Some(3)).await && put(5, b"", Some(0)).await);
        assert_eq!(store.model(&blog()).await.unwrap(), Some(snapshot(5, b"")));
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_has_a_mebibyte_at_most() {
    everywhere(async |store| {
        let largest: Vec<u8> = (0..MAX_MODEL).map(|n| (n * 7_919 % 251) as u8).collect();
        assert!(store.put_model(&blog(), snapshot(0, &largest), None).await.unwrap());
        let larger = [largest.as_slice(), b"1"].concat();
        let refused = store.put_model(&blog(), snapshot(0, &larger), Some(0)).await;
        assert!(matches!(&refused, Err(Error::Damaged(why)) if why.contains("1048577 bytes")), "{refused:?}");
        assert_eq!(store.model(&blog()).await.unwrap(), Some(snapshot(0, &largest)));
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_is_its_site_s_and_goes_with_it() {
    everywhere(async |store| {
        teach(store, &other(), (1..=2, 10)).await;
        assert!(store.put_model(&other(), snapshot(2, b"known"), None).await.unwrap());
        assert_eq!(store.model(&blog()).await.unwrap(), None);
        assert!(!store.put_model(&blog(), snapshot(2, b"known"), Some(2)).await.unwrap());
        assert_eq!(store.model(&nowhere()).await, Err(Error::UnknownSite));
        assert_eq!(store.put_model(&nowhere(), snapshot(0, b""), None).await, Err(Error::UnknownSite));
        assert!(store.delete_site(&other()).await.unwrap());
        assert!(store.create_site(site("other")).await.unwrap());
        assert_eq!(store.model(&other()).await.unwrap(), None);
        // Who learnt of the old one knows what was never taught here.
        assert!(!store.put_model(&other(), snapshot(2, b"known"), None).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn lessons_go_a_hundred_a_step_once_they_are_old_and_in_the_snapshot() {
    everywhere(async |store| {
        teach(store, &blog(), (1..=130, 10)).await;
        teach(store, &blog(), (131..=132, 2 * DAY)).await;
        let forgotten = async |days: i64| {
            let done = store.expire(&blog(), &KEEP, at(10 + days * DAY).plus_millis(1)).await.unwrap();
            (done.lessons, done.more)
        };
        // Old enough only by a millisecond more, and nobody has learnt them.
        assert_eq!(store.expire(&blog(), &KEEP, at(10 + 29 * DAY)).await.unwrap().lessons, 0);
        assert_eq!(forgotten(31).await.0, 0);
        assert!(store.put_model(&blog(), snapshot(120, b"known"), None).await.unwrap());
        assert_eq!(store.expire(&blog(), &KEEP, at(10 + 30 * DAY)).await.unwrap().lessons, 0);
        assert_eq!(forgotten(30).await, (100, true));
        assert_eq!(numbers(store, 0).await, (101..=132).collect::<Vec<_>>());
        assert_eq!(numbers(store, 50).await[0], 101, "the gap shows");
        assert_eq!(forgotten(31).await.0, 20);
        assert_eq!(forgotten(31).await.0, 0);
        assert!(store.put_model(&blog(), snapshot(132, b"known"), Some(120)).await.unwrap());
        assert_eq!(forgotten(31).await.0, 10, "two are younger");
        assert_eq!(forgotten(32).await.0, 2);
        assert!(numbers(store, 0).await.is_empty());
        assert_eq!(store.recall(&blog(), &ask(None, None)).await.unwrap().taught, 132);
        teach(store, &blog(), (133..=133, 40 * DAY)).await;
        assert_eq!(numbers(store, 132).await, [133]);
    })
    .await;
}
