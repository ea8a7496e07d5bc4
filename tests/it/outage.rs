//! The store is away, full or damaged: what callers are told, and what they are not.

use moderato::store::Error;
use serde_json::json;

use crate::app::{TestApp, submission};
use crate::broken::Broken;

#[test]
fn what_needs_the_store_says_when_it_is_away_and_nothing_of_the_inside() {
    let inside = "disk /dev/sda1 at 10.1.2.3";
    let cases = [
        (Error::Unavailable(inside.to_owned()), 503, "unavailable"),
        (Error::Full(inside.to_owned()), 503, "full"),
        (Error::Damaged(inside.to_owned()), 500, "internal"),
    ];
    for (error, status, code) in cases {
        TestApp::run_over(Broken::store(error), async |app| {
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
    TestApp::run_over(Broken::store(Error::Unavailable("away".to_owned())), async |app| {
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
        TestApp::run_over(Broken::store(error), async |app| {
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
    TestApp::run_over(Broken::store(Error::UnknownSite), async |app| {
        // The store's watch on its feed is what panics here.
        app.get("events").key(&app.operator).send().await.problem(500, "internal");
        app.get("/livez").send().await.expect(200);
    });
}
