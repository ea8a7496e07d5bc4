//! The ledger: what people said of what rules and learner said.

use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};

/// A comment with more links than honest ones have, from an author of its own.
async fn linked(app: &TestApp, number: usize) -> Value {
    let text = format!("Number {number}: http://a{number}.example http://b{number}.example http://c{number}.example");
    let author = json!({"name": "Reader", "email": format!("reader-{number}@mail.example")});
    app.pass(600);
    app.submit(&with(&submission(&text), json!({ "author": author }))).await
}

async fn decide(app: &TestApp, comment: &Value, verb: &str, reason: Option<&str>) {
    let body = json!({"actor": "ben", "reason": reason});
    app.post(&format!("{}/{verb}", path_of(comment)), &body).send().await.expect(200);
}

async fn stats(app: &TestApp) -> Value {
    app.get("stats").send().await.expect(200).body
}

#[test]
fn agreement_with_each_rule_is_counted_and_taken_back() {
    TestApp::run(async |app| {
        let mut comments = Vec::new();
        for number in 0..5 {
            comments.push(linked(app, number).await);
        }
        assert_eq!(stats(app).await["rules"]["link_count"], json!({"decided": 0, "agreed": 0}));
        for comment in &comments[..3] {
            decide(app, comment, "reject", Some("spam")).await;
        }
        decide(app, &comments[3], "approve", None).await;
        decide(app, &comments[4], "reject", Some("abuse")).await;
        let now = stats(app).await;
        // Wilson's interval of 3 in 4 begins at 0.3006.
        assert_eq!(now["rules"]["link_count"], json!({"decided": 4, "agreed": 3, "lower_bound": 0.3006}));
        assert_eq!(now["lessons"], json!({"spam": 3, "honest": 1}));
        assert_eq!(now["comments"], json!({"approved": 1, "held": 0, "rejected": 4}));
        assert_eq!(now["queue_length"], 0);
        assert!(now["model_version"].as_str().unwrap().ends_with("-4"), "{now}");
        decide(app, &comments[0], "reopen", None).await;
        let now = stats(app).await;
        assert_eq!(now["rules"]["link_count"]["decided"], 3);
        assert_eq!((&now["lessons"], &now["queue_length"]), (&json!({"spam": 2, "honest": 1}), &json!(1)));
    });
}

#[test]
fn trust_is_right_where_people_approve() {
    TestApp::run(async |app| {
        for (text, verb, reason) in [
            ("What a fine report.", "approve", None),
            ("I was there.", "approve", None),
            ("Buy pills.", "reject", Some("spam")),
        ] {
            app.pass(600);
            let comment = app.submit(&submission(text)).await;
            decide(app, &comment, verb, reason).await;
        }
        let trust = &stats(app).await["rules"]["author_approved_before"];
        assert_eq!((&trust["decided"], &trust["agreed"]), (&json!(2), &json!(1)));
    });
}

#[test]
fn the_learner_is_held_to_what_it_said_on_either_side() {
    TestApp::run(async |app| {
        for (number, text) in ["It rained there.", "Who took these?", "I was there too.", "Buy now."].iter().enumerate()
        {
            app.pass(600);
            let comment = app.submit(&submission(text)).await;
            decide(app, &comment, if number < 3 { "approve" } else { "reject" }, (number == 3).then_some("spam")).await;
        }
        let now = stats(app).await;
        let side = |side: &str| now["learner"][side].clone();
        let decided = side("spam")["decided"].as_u64().unwrap() + side("honest")["decided"].as_u64().unwrap();
        let agreed = side("spam")["agreed"].as_u64().unwrap() + side("honest")["agreed"].as_u64().unwrap();
        assert!(decided > 0 && decided <= 4, "{now}");
        let both = &now["rules"]["learned_spam"];
        assert_eq!((&both["decided"], &both["agreed"]), (&json!(decided), &json!(agreed)));
    });
}

#[test]
fn another_sites_decisions_and_the_deployments_rules_have_no_part_in_it() {
    TestApp::run(async |app| {
        let comment = linked(app, 1).await;
        decide(app, &comment, "reject", Some("spam")).await;
        let other = app.second_site("second").await;
        let theirs = app.get("/v1/sites/second/stats").key(&other).send().await.expect(200).body;
        assert_eq!((&theirs["rules"]["link_count"]["decided"], &theirs["lessons"]["spam"]), (&json!(0), &json!(0)));
        let of = |rules: Value| {
            let rules = rules["items"].as_array().unwrap().clone();
            rules.into_iter().find(|rule| rule["id"] == "link_count").unwrap()
        };
        let ours = of(app.get("/v1/rules").send().await.expect(200).body);
        assert_eq!(ours["ledger"]["decided"], 1);
        let general = of(app.get("/v1/rules").key(&app.operator).send().await.expect(200).body);
        assert_eq!(general.get("ledger"), None);
    });
}
