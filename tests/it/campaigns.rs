//! Campaigns: reworded copies, contacts and texts of several authors, found while they come in, named and listed.

use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};

/// Copies of one letter: other names, numbers, links, and a few other words.
const COPIES: [&str; 4] = [
    "I want to thank Doctor Harry for what he did in my life. My husband left me for another woman 3 years ago and after \
     I wrote to http://harry.example/a he came back to me within 48 hours, crying and begging me to forgive him.",
    "I want to thank Doctor Harry for what he did in my LIFE. My husband left me for another woman 5 years ago and after \
     I wrote to http://peter.example/b he came back to me within 24 hours, crying and begging me to forgive him!!",
    "I want to thank Doctor Peter for what he did in my life. My husband left me for another woman 2 years ago and after \
     I wrote to him he came back to me within 72 hours, crying and begging me to forgive him.",
    "I want to thank Doctor Harry for wh\u{430}t he did in my life. My husband left me for another woman 7 years ago and after \
     I wrote to http://jones.example/c he came back to me within 12 hours, crying and begging me to forgive him.",
];

/// A guest's comment: each of another address and name, on another page.
fn guest(n: usize, content: &str) -> Value {
    with(
        &submission(content),
        json!({
            "post": {"id": format!("post-{n}")},
            "author": {"name": format!("Guest {n}"), "email": format!("guest-{n}@mail.example")},
            "client": {"ip": format!("203.0.{n}.9")},
        }),
    )
}

/// The hit of a rule, if it fired.
fn hit<'a>(comment: &'a Value, rule: &str) -> Option<&'a Value> {
    comment["verdict"]["hits"].as_array().unwrap().iter().find(|hit| hit["rule"] == rule)
}

async fn listed(app: &TestApp, campaign: &Value) -> Vec<String> {
    let path = format!("comments?campaign={}", campaign.as_str().unwrap());
    app.get(&path).send().await.expect(200).ids().iter().map(ToString::to_string).collect()
}

#[test]
fn the_third_reworded_copy_is_held_and_names_its_campaign() {
    TestApp::run(async |app| {
        app.call("PUT", "policy").json(&json!({"first_comment": "screen"})).send().await.expect(200);
        let mut ids = Vec::new();
        for (n, copy) in COPIES.iter().enumerate().take(2) {
            app.pass(60);
            let comment = app.submit(&guest(n, copy)).await;
            assert_eq!(hit(&comment, "near_duplicate"), None);
            ids.push(comment["id"].as_str().unwrap().to_owned());
        }
        app.pass(60);
        let third = app.submit(&guest(2, COPIES[2])).await;
        assert_eq!(third["status"], "held");
        let found = hit(&third, "near_duplicate").unwrap();
        assert_eq!(found["message"], "2 other authors posted much the same text.");
        let campaign = &found["campaign"];
        assert!(campaign.as_str().unwrap().starts_with("near-"), "{campaign}");
        ids.push(third["id"].as_str().unwrap().to_owned());
        ids.reverse();
        assert_eq!(listed(app, campaign).await, ids);
        // Whoever is erased is in no campaign any more.
        app.call("DELETE", &format!("comments/{}", ids[1])).send().await.expect(204);
        assert_eq!(listed(app, campaign).await, [&*ids[0], &*ids[2]]);
        let held = app.get(&format!("comments?status=held&campaign={}", campaign.as_str().unwrap())).send().await;
        assert_eq!(held.expect(200).ids(), [&*ids[0]]);
    });
}

#[test]
fn a_copy_of_what_a_person_rejected_as_spam_counts_twice_and_of_what_was_approved_nothing() {
    TestApp::run(async |app| {
        let first = app.submit(&guest(0, COPIES[0])).await;
        let path = format!("{}/reject", path_of(&first));
        app.post(&path, &json!({"reason": "spam", "actor": "ana"})).send().await.expect(200);
        app.pass(60);
        let copy = app.submit(&guest(3, COPIES[3])).await;
        let found = hit(&copy, "near_duplicate").unwrap();
        assert_eq!(found["message"], "Much the same text of another author was rejected as spam before.");
        assert_eq!(found["points"], 100);
        for (comment, version) in [(&first, "\"2\""), (&copy, "\"1\"")] {
            let path = format!("{}/approve", path_of(comment));
            app.post(&path, &json!({"actor": "ana"})).header("if-match", version).send().await.expect(200);
        }
        app.pass(60);
        assert_eq!(hit(&app.submit(&guest(1, COPIES[1])).await, "near_duplicate"), None);
    });
}

#[test]
fn an_authors_own_corrections_are_no_campaign() {
    TestApp::run(async |app| {
        for copy in COPIES {
            app.pass(3_600);
            let comment = app.submit(&guest(7, copy)).await;
            assert_eq!(hit(&comment, "near_duplicate"), None);
        }
    });
}

#[test]
fn a_shared_contact_and_an_exact_copy_name_their_campaigns_too() {
    TestApp::run(async |app| {
        let contact = |n: usize| guest(n, &format!("{} WhatsApp +1 (202) 555-0143", ["Ask", "Write", "Call"][n]));
        let mut last = Value::Null;
        for n in 0..3 {
            app.pass(60);
            last = app.submit(&contact(n)).await;
        }
        let campaign = &hit(&last, "campaign").unwrap()["campaign"];
        assert!(campaign.as_str().unwrap().starts_with("handle-"), "{campaign}");
        assert_eq!(listed(app, campaign).await.len(), 3);
        for n in 4..6 {
            app.pass(60);
            last = app.submit(&guest(n, COPIES[0])).await;
        }
        let campaign = &hit(&last, "duplicate_text").unwrap()["campaign"];
        assert!(campaign.as_str().unwrap().starts_with("text-"), "{campaign}");
        assert_eq!(listed(app, campaign).await.len(), 2);
    });
}

#[test]
fn what_is_no_campaign_is_told_so() {
    TestApp::run(async |app| {
        for query in ["campaign=", "campaign=near", "campaign=mail-0123456789abcdef", "campaign=near-0123456789ABCDEF"]
        {
            let problem = app.get(&format!("comments?{query}")).send().await.expect(422).body;
            assert_eq!(problem["errors"][0]["code"], "invalid_campaign", "{query}: {problem}");
        }
        let none = app.get("comments?campaign=near-0123456789abcdef").send().await.expect(200);
        assert_eq!(none.ids().len(), 0);
    });
}
