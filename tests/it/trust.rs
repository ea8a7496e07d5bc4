//! What is remembered of people and places, told by what the next comment's verdict names.

use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};

const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.9";

/// Ana's comment from this address.
fn ana(text: &str, ip: &str) -> Value {
    with(&submission(text), json!({"client": {"ip": ip}}))
}

async fn judged(app: &TestApp, body: &Value) -> Value {
    app.post("comments/check", body).send().await.expect(200).body
}

/// The rules that a verdict names, with their points.
/// What the rules said, and not what the learner made of it.
fn hits(verdict: &Value) -> Vec<(String, i64)> {
    let hits = verdict["hits"].as_array().unwrap().iter().filter(|hit| hit["group"] != "learned");
    hits.map(|hit| (hit["rule"].as_str().unwrap().to_owned(), hit["points"].as_i64().unwrap())).collect()
}

async fn points(app: &TestApp, rule: &str, body: &Value) -> Option<i64> {
    hits(&judged(app, body).await).into_iter().find(|(name, _)| name == rule).map(|(_, points)| points)
}

/// Submits and has a person decide; the limits do not count it.
async fn decided(app: &TestApp, body: &Value, verb: &str, reason: Option<&str>) -> Value {
    app.pass(600);
    let comment = app.submit(body).await;
    let decision = json!({"actor": "ben", "reason": reason});
    app.post(&format!("{}/{verb}", path_of(&comment)), &decision).send().await.expect(200).body
}

#[test]
fn harmless_comments_earn_no_trust_in_links() {
    TestApp::run(async |app| {
        for text in ["What a fine report.", "I was there on Monday.", "Who took the pictures?"] {
            decided(app, &ana(text, HOME), "approve", None).await;
        }
        assert_eq!(points(app, "author_approved_before", &ana("Thank you.", HOME)).await, Some(-40));
        // Typed from elsewhere, it is half of that.
        assert_eq!(points(app, "author_approved_before", &ana("Thank you.", ELSEWHERE)).await, Some(-20));
        let link =
            judged(app, &ana("Thank you for that, I wrote about the same at http://pills.example/ once.", HOME)).await;
        assert_eq!(hits(&link), [("link_count".to_owned(), 12)]);
        let website = json!({"name": "Ana", "email": "ana@mail.example", "url": "http://pills.example/"});
        let with_website = with(&ana("Thank you.", HOME), json!({ "author": website }));
        assert_eq!(points(app, "author_approved_before", &with_website).await, None);
    });
}

#[test]
fn trust_in_links_takes_approved_links_and_more_than_a_typed_address() {
    TestApp::run(async |app| {
        const RULE: &str = "author_links_approved";
        let next = |ip: &str| ana("And http://notes.example/next", ip);
        decided(app, &ana("See http://notes.example/1", HOME), "approve", None).await;
        assert_eq!(points(app, RULE, &next(HOME)).await, None);
        decided(app, &ana("See http://other.example/2", HOME), "approve", None).await;
        assert_eq!(points(app, RULE, &next(HOME)).await, Some(-30));
        assert_eq!(points(app, RULE, &ana("No link.", HOME)).await, None);
        for stranger in [next(ELSEWHERE), submission("And http://notes.example/next")] {
            assert_eq!(points(app, RULE, &stranger).await, None);
        }
        // The website that came with them shows the same.
        let owner = json!({"name": "Ben", "email": "ben@mail.example", "url": "https://ben.example/"});
        let ben = |text: &str, ip: &str| with(&ana(text, ip), json!({ "author": owner }));
        for (text, ip) in [("See http://notes.example/3", HOME), ("See http://notes.example/4", ELSEWHERE)] {
            decided(app, &ben(text, ip), "approve", None).await;
        }
        assert_eq!(points(app, RULE, &ben("See http://notes.example/5", "192.0.2.77")).await, Some(-30));
        // One that was spam ends it.
        decided(app, &ana("See http://pills.example/", HOME), "reject", Some("spam")).await;
        assert_eq!(points(app, RULE, &next(HOME)).await, None);
    });
}

#[test]
fn a_verified_account_keeps_its_trust_wherever_it_is() {
    TestApp::run(async |app| {
        let by = |verified: bool, text: &str, ip: &str| {
            let account = json!({"provider": "github", "id": "ana-7", "verified": verified});
            with(&ana(text, ip), json!({"author": {"name": "Ana", "account": account}}))
        };
        for text in ["See http://notes.example/1", "See http://notes.example/2"] {
            decided(app, &by(true, text, HOME), "approve", None).await;
        }
        let next = "I wrote down what I saw there at http://notes.example/3 today.";
        let expected = [("link_count", 12), ("author_links_approved", -30), ("account_verified", -5)];
        let expected = expected.map(|(rule, points)| (rule.to_owned(), points));
        assert_eq!(hits(&judged(app, &by(true, next, ELSEWHERE)).await), expected);
        let unverified = hits(&judged(app, &by(false, next, ELSEWHERE)).await);
        let expected = [("link_count", 12), ("new_author_with_link", 10)];
        assert_eq!(unverified, expected.map(|(rule, points)| (rule.to_owned(), points)));
        decided(app, &by(true, "Buy pills.", HOME), "reject", Some("spam")).await;
        assert_eq!(points(app, "account_verified", &by(true, next, ELSEWHERE)).await, None);
    });
}

#[test]
fn the_blogs_record_counts_until_more_is_known_here() {
    TestApp::run(async |app| {
        let with_record = |text: &str, approved: u32, rejected: u32| {
            let record = json!({"approved": approved, "rejected": rejected, "since": "2019-05-01T00:00:00Z"});
            with(&ana(text, HOME), json!({"author": {"name": "Ana", "email": "ana@mail.example", "record": record}}))
        };
        let unknown = judged(app, &ana("Hello there.", HOME)).await;
        assert_eq!((&unknown["action"], &unknown["decided_by"]), (&json!("hold"), &json!("first_comment")));
        let known = judged(app, &with_record("Hello there.", 2, 0)).await;
        assert_eq!((&known["action"], hits(&known)), (&json!("approve"), vec![("author_approved_before".into(), -40)]));
        let bad = judged(app, &with_record("Hello there.", 0, 2)).await;
        assert_eq!(
            (&bad["decided_by"], hits(&bad)),
            (&json!("first_comment"), vec![("author_rejected_before".into(), 25)])
        );
        // It does not tell links from words: only a long one says half of it for links.
        let link = "I wrote about it at http://notes.example/ today.";
        for (approved, trust) in [(9, None), (10, Some(-20))] {
            let linked = with_record(link, approved, 0);
            assert_eq!(points(app, "author_approved_before", &linked).await, trust);
        }
        for text in ["Buy pills.", "Buy more pills.", "Buy all pills."] {
            decided(app, &ana(text, HOME), "reject", Some("spam")).await;
        }
        let known_better = judged(app, &with_record("Hello there.", 2, 0)).await;
        assert_eq!((&known_better["action"], &known_better["decided_by"]), (&json!("hold"), &json!("score")));
        assert_eq!(points(app, "author_rejected_before", &with_record("Hello there.", 2, 0)).await, Some(50));
        assert_eq!(points(app, "author_rejected_before", &with_record("Hello there.", 4, 0)).await, None);
    });
}

#[test]
fn a_mention_that_the_blog_did_not_find_is_held() {
    TestApp::run(async |app| {
        app.reload(|policy| {
            policy.insert("first_comment".to_owned(), "screen".into());
        })
        .await
        .unwrap();
        let mention = |verified: Value| {
            let pages = json!({"source": "https://other.example/reply", "target": "https://blog.example/aleppo"});
            let pages = if verified.is_null() { pages } else { with(&pages, json!({ "verified": verified })) };
            with(&submission("… as this report says …"), json!({"kind": "pingback", "author": {}, "mention": pages}))
        };
        for (verified, action) in [(json!(true), "approve"), (json!(false), "hold"), (Value::Null, "hold")] {
            let verdict = judged(app, &mention(verified)).await;
            assert_eq!(verdict["action"], action);
            assert_eq!(hits(&verdict).is_empty(), action == "approve");
        }
        let faults =
            |body: Value| async move { app.post("comments", &body).send().await.problem(422, "invalid").faults() };
        let told = faults(with(&mention(Value::Null), json!({"mention": {"target": "x".repeat(2_049)}}))).await;
        let expected = [("/mention/source", "missing"), ("/mention/target", "too_long")];
        assert_eq!(told, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    });
}

#[test]
fn a_network_of_spam_alone_counts_until_somebody_honest_or_some_time_has_passed() {
    TestApp::run(async |app| {
        const RULE: &str = "ip_bad_record";
        let by = |name: &str, text: &str, ip: &str| {
            let author = json!({"name": name, "email": format!("{name}@mail.example")});
            with(&ana(text, ip), json!({ "author": author }))
        };
        let neighbour = || by("eve", "I agree.", "203.0.113.99");
        for (name, text) in [("ann", "Buy pills."), ("bob", "Buy watches."), ("cem", "Buy houses.")] {
            assert_eq!(points(app, RULE, &neighbour()).await, None);
            decided(app, &by(name, text, HOME), "reject", Some("spam")).await;
        }
        assert_eq!(points(app, RULE, &neighbour()).await, Some(25));
        assert_eq!(judged(app, &neighbour()).await["groups"]["client"]["counted"], 25);
        assert_eq!(points(app, RULE, &by("eve", "I agree.", ELSEWHERE)).await, None);
        let honest = decided(app, &by("dan", "It rained there.", HOME), "approve", None).await;
        assert_eq!(points(app, RULE, &neighbour()).await, None);
        app.call("DELETE", &path_of(&honest)).send().await.expect(204);
        assert_eq!(points(app, RULE, &neighbour()).await, Some(25));
        app.pass_days(91);
        assert_eq!(points(app, RULE, &neighbour()).await, None);
    });
}

#[test]
fn what_an_edit_takes_away_is_trusted_no_longer() {
    TestApp::run(async |app| {
        const RULE: &str = "author_links_approved";
        let next = || ana("And http://notes.example/next", HOME);
        let mut last = Value::Null;
        for text in ["See http://notes.example/1", "See http://notes.example/2"] {
            last = decided(app, &ana(text, HOME), "approve", None).await;
        }
        assert_eq!(points(app, RULE, &next()).await, Some(-30));
        let plain = json!({"edited_by": "author", "content": "Never mind."});
        app.call("PATCH", &path_of(&last)).json(&plain).send().await.expect(200);
        assert_eq!(points(app, RULE, &next()).await, None);
    });
}
