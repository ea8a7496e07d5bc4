//! Giving a comment the blog's id: `link`.

use moderato::domain::Refusal;
use moderato::store::{Existing, Outcome};

use crate::everywhere;
use crate::fixture::*;

#[tokio::test]
async fn a_comment_without_the_blogs_id_is_given_one_once() {
    everywhere(async |store| {
        keep(store, &blog(), approved(1)).await;
        let linked = changed(store.link(&blog(), &by_id(1), external("x-1"), at(10)).await.unwrap());
        assert_eq!((linked.version, linked.linked_at), (2, Some(at(10))));
        assert_eq!(store.get(&blog(), &by_external("x-1")).await.unwrap(), Some(linked.clone()));
        let again = store.link(&blog(), &by_id(1), external("x-1"), at(11)).await.unwrap();
        assert_eq!(again, Outcome::Already(Box::new(linked.clone())));
        let another = store.link(&blog(), &by_id(1), external("x-2"), at(12)).await.unwrap();
        assert_eq!(another, Outcome::Refused(Refusal::HasExternalId, Box::new(linked.clone())));
        let recalled = store.recall(&blog(), &ask(None, Some("x-1"))).await.unwrap().existing;
        assert_eq!(recalled, Some(Existing::ByExternalId { comment: Box::new(linked) }));
    })
    .await;
}

#[tokio::test]
async fn an_id_that_another_comment_has_is_taken() {
    everywhere(async |store| {
        keep(store, &blog(), named(approved(1), "x-1")).await;
        keep(store, &blog(), approved(2)).await;
        let outcome = store.link(&blog(), &by_id(2), external("x-1"), at(10)).await.unwrap();
        assert_eq!(outcome, Outcome::ExternalIdTaken(id(1)));
        assert_eq!(store.get(&blog(), &by_id(2)).await.unwrap().unwrap().version, 1);
        keep(store, &other(), approved(3)).await;
        changed(store.link(&other(), &by_id(3), external("x-1"), at(10)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_id_of_an_erased_comment_stays_taken() {
    everywhere(async |store| {
        keep(store, &blog(), named(approved(1), "x-1")).await;
        keep(store, &blog(), approved(2)).await;
        assert!(store.erase(&blog(), &by_id(1), at(5)).await.unwrap());
        let outcome = store.link(&blog(), &by_id(2), external("x-1"), at(10)).await.unwrap();
        assert_eq!(outcome, Outcome::ExternalIdTaken(id(1)));
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_is_not_there_is_not_linked() {
    everywhere(async |store| {
        keep(store, &other(), approved(1)).await;
        assert_eq!(store.link(&blog(), &by_id(1), external("x-1"), at(1)).await.unwrap(), Outcome::NotFound);
    })
    .await;
}
