//! The store is away, full or damaged: what callers are told, and what they are not.

use std::sync::Arc;

use async_trait::async_trait;
use moderato::domain::{
    ApiKey, Comment, CommentRef, Counts, DecisionRequest, Event, EventId, ExternalId, KeyId, ListQuery, Page, Site,
    SiteId, SiteName, Timestamp,
};
use moderato::store::{Error, Idempotency, Identity, Outcome, Recall, Recalled, Record, Recorded, Seed, Store};
use serde_json::json;
use tokio::sync::watch;

use crate::app::{TestApp, submission};

/// A store that knows who it is, and answers everything else with this error.
struct Broken(Error);

impl Broken {
    fn fail<T>(&self) -> Result<T, Error> {
        Err(self.0.clone())
    }
}

#[test]
fn what_needs_the_store_says_when_it_is_away_and_nothing_of_the_inside() {
    let inside = "disk /dev/sda1 at 10.1.2.3";
    let cases = [
        (Error::Unavailable(inside.to_owned()), 503, "unavailable"),
        (Error::Full(inside.to_owned()), 503, "full"),
        (Error::Damaged(inside.to_owned()), 500, "internal"),
    ];
    for (error, status, code) in cases {
        TestApp::run_over(Arc::new(Broken(error)), async |app| {
            let calls = [
                app.post("comments", &submission("Hello.")),
                app.post("comments/check", &submission("Hello.")),
                app.get("comments"),
                app.get("comments/ext:1"),
                app.call("POST", "comments/ext:1/approve"),
                app.call("DELETE", "comments/ext:1"),
                app.get("events"),
                app.get("/v1/sites"),
                app.post("/v1/sites", &json!({"id": "new"})),
            ];
            for call in calls {
                let answer = call.key(&app.operator).send().await.problem(status, code);
                assert_eq!(answer.header("retry-after"), if status == 503 { "1" } else { "" });
                assert!(!String::from_utf8(answer.bytes).unwrap().contains("sda1"));
            }
        });
    }
}

#[test]
fn a_key_that_cannot_be_looked_up_is_not_called_wrong() {
    TestApp::run_over(Arc::new(Broken(Error::Unavailable("away".to_owned()))), async |app| {
        let key = "mod_abcdefgh2345_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_";
        let checksum = crc32fast::hash(key.trim_end_matches('_').as_bytes());
        app.get("comments").key(&format!("{key}{checksum:08x}")).send().await.problem(503, "unavailable");
    });
}

#[test]
fn a_service_without_its_store_lives_but_is_not_ready_and_says_what_to_do() {
    let cases = [
        (Error::Unavailable("inside".to_owned()), "reached"),
        (Error::Full("inside".to_owned()), "free space"),
        (Error::Damaged("inside".to_owned()), "backup"),
    ];
    for (error, advice) in cases {
        TestApp::run_over(Arc::new(Broken(error)), async |app| {
            app.get("/livez").send().await.expect(200);
            let answer = app.get("/readyz").send().await.problem(503, "not_ready");
            let part = &answer.body["parts"][0];
            assert_eq!((&part["part"], &part["ready"]), (&json!("store"), &json!(false)));
            assert!(part["advice"].as_str().unwrap().contains(advice), "{part}");
            assert!(!answer.body.to_string().contains("inside"));
        });
    }
}

#[test]
fn a_panic_is_answered_and_the_service_goes_on() {
    TestApp::run_over(Arc::new(Broken(Error::UnknownSite)), async |app| {
        // The store's watch on its feed is what panics here.
        app.get("events").key(&app.operator).send().await.problem(500, "internal");
        app.get("/livez").send().await.expect(200);
    });
}

#[async_trait]
impl Store for Broken {
    async fn identity(&self) -> Result<Option<Identity>, Error> {
        Ok(Some(Identity { store_id: "broken".to_owned(), secret: [0; 32] }))
    }

    async fn settle(&self, _: Seed) -> Result<Identity, Error> {
        self.fail()
    }

    async fn health(&self) -> Result<(), Error> {
        self.fail()
    }

    async fn recall(&self, _: &SiteId, _: &Recall) -> Result<Recalled, Error> {
        self.fail()
    }

    async fn record(&self, _: &SiteId, _: Record) -> Result<Recorded, Error> {
        self.fail()
    }

    async fn decide(
        &self,
        _: &SiteId,
        _: &CommentRef,
        _: DecisionRequest,
        _: Option<Idempotency>,
    ) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn link(&self, _: &SiteId, _: &CommentRef, _: ExternalId, _: Timestamp) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn withdraw(&self, _: &SiteId, _: &CommentRef, _: Timestamp) -> Result<Outcome, Error> {
        self.fail()
    }

    async fn erase(&self, _: &SiteId, _: &CommentRef, _: Timestamp) -> Result<bool, Error> {
        self.fail()
    }

    async fn get(&self, _: &SiteId, _: &CommentRef) -> Result<Option<Comment>, Error> {
        self.fail()
    }

    async fn list(&self, _: &SiteId, _: &ListQuery) -> Result<Page<Comment>, Error> {
        self.fail()
    }

    async fn events(&self, _: &SiteId, _: EventId, _: usize) -> Result<Vec<Event>, Error> {
        self.fail()
    }

    fn feed_changes(&self) -> watch::Receiver<u64> {
        assert!(self.0 != Error::UnknownSite, "a panic, on purpose");
        watch::channel(0).1
    }

    async fn create_site(&self, _: Site) -> Result<bool, Error> {
        self.fail()
    }

    async fn site(&self, _: &SiteId) -> Result<Option<Site>, Error> {
        self.fail()
    }

    async fn counts(&self, _: &SiteId) -> Result<Counts, Error> {
        self.fail()
    }

    async fn sites(&self) -> Result<Vec<Site>, Error> {
        self.fail()
    }

    async fn rename_site(&self, _: &SiteId, _: SiteName) -> Result<Site, Error> {
        self.fail()
    }

    async fn delete_site(&self, _: &SiteId) -> Result<bool, Error> {
        self.fail()
    }

    async fn create_key(&self, _: ApiKey) -> Result<(), Error> {
        self.fail()
    }

    async fn key(&self, _: &KeyId) -> Result<Option<ApiKey>, Error> {
        self.fail()
    }

    async fn keys(&self, _: Option<&SiteId>) -> Result<Vec<ApiKey>, Error> {
        self.fail()
    }

    async fn delete_key(&self, _: Option<&SiteId>, _: &KeyId) -> Result<bool, Error> {
        self.fail()
    }
}
