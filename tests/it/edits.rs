//! Edits: what becomes of a comment that says something else, by who says so and what it brings.

use serde_json::{Value, json};

use crate::app::{Answer, SPAM, TestApp, path_of, submission, with};

async fn edit(app: &TestApp, comment: &Value, body: &Value) -> Answer {
    app.call("PATCH", &path_of(comment)).json(body).send().await
}

/// The author's new text.
fn by_author(text: &str) -> Value {
    json!({"edited_by": "author", "content": text})
}

async fn approve(app: &TestApp, comment: &Value) -> Value {
    app.post(&format!("{}/approve", path_of(comment)), &json!({"actor": "ben"})).send().await.expect(200).body
}

/// A comment without a link that a person approved.
async fn approved_by_a_person(app: &TestApp) -> Value {
    let comment = app.submit(&submission("Thank you for this report, I was there too.")).await;
    approve(app, &comment).await
}

fn standing(answer: &Answer) -> (&str, &str, u64) {
    let (status, review) = (&answer.body["status"], &answer.body["review"]["state"]);
    (status.as_str().unwrap(), review.as_str().unwrap(), answer.body["version"].as_u64().unwrap())
}

async fn last_event(app: &TestApp) -> Value {
    app.get("events").send().await.expect(200).body["items"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn an_approved_comment_whose_words_are_mended_stays_approved() {
    TestApp::run(async |app| {
        let comment = approved_by_a_person(app).await;
        app.pass(60);
        let mended = edit(app, &comment, &by_author("Thank you for this report; I was there, too.")).await.expect(200);
        assert_eq!(standing(&mended), ("approved", "done", 3));
        assert_eq!(mended.header("etag"), "\"3\"");
        assert_eq!(mended.body["content"], "Thank you for this report; I was there, too.");
        assert_eq!(
            (&mended.body["edited_by"], &mended.body["edited_at"]),
            (&json!("author"), &mended.body["changed_at"])
        );
        assert_eq!(mended.body["decisions"], comment["decisions"]);
        let event = last_event(app).await;
        assert_eq!((&event["type"], &event["edited_by"]), (&json!("comment.edited"), &json!("author")));
        assert_eq!((&event["version"], &event["status"]), (&json!(3), &json!("approved")));
    });
}

#[test]
fn an_approved_comment_that_gains_a_link_is_judged_like_a_new_one() {
    TestApp::run(async |app| {
        let comment = approved_by_a_person(app).await;
        let link = "Thank you for this report, I was there too. See http://pills.example/buy";
        let held = edit(app, &comment, &by_author(link)).await.expect(200);
        assert_eq!(standing(&held), ("held", "open", 3));
        assert_eq!(held.body["verdict"]["action"], "hold");
        let kept = app.get(&path_of(&comment)).send().await.expect(200);
        assert_eq!(kept.body, held.body);
        // The person's word on the old text stays on record, and is in nobody's way.
        assert_eq!(held.body["decisions"], comment["decisions"]);
        let again = approve(app, &comment).await;
        assert_eq!((&again["status"], &again["version"]), (&json!("approved"), &json!(4)));
        let spam = &format!("{} http://casino.example/", SPAM);
        let rejected = edit(app, &comment, &by_author(spam)).await.expect(200);
        assert_eq!(standing(&rejected), ("rejected", "done", 5));
        let refused = json!({"actor": "cem", "reason": "spam"});
        app.post(&format!("{}/reject", path_of(&comment)), &refused).send().await.expect(200);
    });
}

#[test]
fn a_contact_and_a_website_are_something_new_too() {
    TestApp::run(async |app| {
        let edits = [
            json!({"edited_by": "author", "content": "Thank you. Write me on WhatsApp +1 (202) 555-0143"}),
            json!({"edited_by": "author", "author": {"url": "http://pills.example/"}}),
        ];
        for body in edits {
            let comment = approved_by_a_person(app).await;
            assert_eq!(standing(&edit(app, &comment, &body).await.expect(200)), ("held", "open", 3), "{body}");
            app.call("DELETE", &path_of(&comment)).send().await.expect(204);
        }
    });
}

#[test]
fn what_a_person_approved_is_held_at_most_for_its_words() {
    TestApp::run(async |app| {
        let comment = approved_by_a_person(app).await;
        let held = edit(app, &comment, &by_author(SPAM)).await.expect(200);
        assert_eq!(held.body["verdict"]["action"], "reject");
        assert_eq!(standing(&held), ("held", "open", 3));
    });
}

#[test]
fn what_the_machine_rejected_is_judged_anew() {
    TestApp::run(async |app| {
        approved_by_a_person(app).await;
        let comment = app.rejected_comment().await;
        let plain = edit(app, &comment, &by_author("I read about it elsewhere too.")).await.expect(200);
        assert_eq!(standing(&plain), ("approved", "done", 2));
        // Put back by a person, it waits for one.
        app.post(&format!("{}/reopen", path_of(&comment)), &json!({})).send().await.expect(200);
        let waits = edit(app, &comment, &by_author("I read about it elsewhere, too.")).await.expect(200);
        assert_eq!(standing(&waits), ("held", "open", 4));
    });
}

#[test]
fn what_a_person_rejected_its_author_cannot_edit_but_staff_can() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let spam = json!({"actor": "ben", "reason": "spam"});
        app.post(&format!("{}/reject", path_of(&comment)), &spam).send().await.expect(200);
        let refused = edit(app, &comment, &by_author("Harmless.")).await.problem(409, "rejected_by_person");
        assert_eq!(refused.body["current"]["decision"]["actor"], "ben");
        let done = edit(app, &comment, &json!({"edited_by": "staff", "content": "Removed."})).await.expect(200);
        assert_eq!(standing(&done), ("rejected", "done", 3));
        assert_eq!(done.body["edited_by"], "staff");
    });
}

#[test]
fn the_staffs_edit_is_stored_and_leaves_the_status() {
    TestApp::run(async |app| {
        let link = json!({"edited_by": "staff", "content": "See http://pills.example/buy", "format": "markdown",
            "author": {"name": "A.", "url": "http://pills.example/"}});
        for comment in [approved_by_a_person(app).await, app.held_comment().await] {
            let done = edit(app, &comment, &link).await.expect(200);
            assert_eq!(done.body["status"], comment["status"]);
            assert_eq!(done.body["review"], comment["review"]);
            assert_eq!((&done.body["format"], &done.body["author"]["name"]), (&json!("markdown"), &json!("A.")));
            assert_eq!(done.body["author"]["email"], comment["author"]["email"]);
            let gone = edit(app, &comment, &json!({"edited_by": "staff", "author": {"url": ""}})).await.expect(200);
            assert_eq!((&gone.body["author"]["url"], &gone.body["author"]["name"]), (&json!(""), &json!("A.")));
        }
    });
}

#[test]
fn lists_find_what_a_comment_says_now() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let found = async |query: &str| app.get(&format!("comments?{query}")).send().await.expect(200).ids().len();
        assert_eq!((found("host=ana.example").await, found("q=wrote").await), (1, 1));
        edit(app, &comment, &by_author("Now there are herrings: http://fish.example/")).await.expect(200);
        assert_eq!((found("host=ana.example").await, found("q=wrote").await), (0, 0));
        assert_eq!((found("host=fish.example").await, found("q=herrings").await), (1, 1));
    });
}

#[test]
fn a_comment_is_no_duplicate_of_itself_and_no_reason_to_trust_itself() {
    TestApp::run(async |app| {
        let text = "We went there on the second of May, and it rained all the day.";
        let body = with(&submission(text), json!({"author": {"name": "Guest"}}));
        let comment = approve(app, &app.submit(&body).await).await;
        // Another name makes a nameless author another one; the text that is counted is its own.
        let renamed = json!({"edited_by": "author", "author": {"name": "Guest of May"}});
        let after = edit(app, &comment, &renamed).await.expect(200);
        let hits = after.body["verdict"]["hits"].as_array().unwrap();
        assert!(hits.iter().all(|hit| hit["group"] == "learned"), "{hits:?}");
        assert_eq!(standing(&after), ("approved", "done", 3));
        let comment = approved_by_a_person(app).await;
        let linked = edit(app, &comment, &by_author("Thank you, http://pills.example/")).await.expect(200);
        let rules = linked.body["verdict"]["hits"].as_array().unwrap().iter();
        let rules: Vec<&str> = rules.map(|hit| hit["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&"new_author_with_link") && !rules.contains(&"author_approved_before"), "{rules:?}");
    });
}

#[test]
fn the_same_edit_again_changes_nothing_and_a_stale_one_is_refused() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let body = by_author("Nothing to see.");
        let send = |version: &'static str, body: Value| {
            app.call("PATCH", &path_of(&comment)).json(&body).header("if-match", version).send()
        };
        send("\"2\"", body.clone()).await.problem(412, "version_mismatch");
        let done = send("\"1\"", body.clone()).await.expect(200);
        // A retry after a lost answer.
        assert_eq!(send("\"1\"", body).await.expect(200).body, done.body);
        let current = send("\"1\"", by_author("Something to see.")).await.problem(412, "version_mismatch");
        assert_eq!(current.body["current"]["version"], 2);
        assert_eq!(send("W/\"2\"", by_author("Something to see.")).await.expect(200).body["version"], 3);
    });
}

#[test]
fn an_edit_can_be_sent_again_under_its_key() {
    TestApp::run(async |app| {
        let (comment, other) = (app.held_comment().await, app.held_comment().await);
        let send = async |comment: &Value, text: &str| {
            let call = app.call("PATCH", &path_of(comment)).json(&by_author(text));
            call.header("idempotency-key", "e").send().await
        };
        assert_eq!(send(&comment, "One.").await.expect(200).header("idempotency-replayed"), "");
        edit(app, &comment, &by_author("Two.")).await.expect(200);
        let again = send(&comment, "One.").await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.body["content"]), ("true", &json!("Two.")));
        send(&comment, "Three.").await.problem(422, "idempotency_mismatch");
        send(&other, "One.").await.problem(422, "idempotency_mismatch");
        app.call("DELETE", &path_of(&comment)).send().await.expect(204);
        send(&comment, "One.").await.problem(410, "erased");
    });
}

#[test]
fn what_is_withdrawn_gone_or_elsewhere_cannot_be_edited() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        app.post(&format!("{}/withdraw", path_of(&comment)), &json!({})).send().await.expect(200);
        edit(app, &comment, &by_author("Still here.")).await.problem(409, "withdrawn");
        app.call("DELETE", &path_of(&comment)).send().await.expect(204);
        edit(app, &comment, &by_author("Still here.")).await.problem(404, "unknown_comment");
        let key = app.second_site("other").await;
        let path = format!("/v1/sites/other/{}", path_of(&app.held_comment().await));
        app.call("PATCH", &path).json(&by_author("Mine.")).key(&key).send().await.problem(404, "unknown_comment");
    });
}

#[test]
fn an_edit_says_who_and_what_and_nothing_else() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let cases = [
            (json!({}), vec![("/edited_by", "missing"), ("", "missing")]),
            (json!({"edited_by": "author"}), vec![("", "missing")]),
            (json!({"edited_by": "author", "author": {"name": null}}), vec![("", "missing")]),
            (json!({"edited_by": "reader", "content": "x"}), vec![("/edited_by", "unknown_value")]),
            (json!({"edited_by": "staff", "content": "x", "status": "approved"}), vec![("/status", "unknown_field")]),
            (
                json!({"edited_by": "staff", "author": {"email": "b@mail.example"}}),
                vec![("/author/email", "unknown_field")],
            ),
            (json!({"edited_by": "staff", "format": "word"}), vec![("/format", "unknown_value")]),
            (json!({"edited_by": "staff", "content": "x".repeat(65_537)}), vec![("/content", "too_long")]),
        ];
        for (body, faults) in cases {
            let refused = edit(app, &comment, &body).await.problem(422, "invalid");
            let told = refused.faults();
            let told: Vec<_> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
            assert_eq!(told, faults, "{body}");
        }
        let key = app.key_of("demo", &["read", "moderate"]).await;
        let call = app.call("PATCH", &path_of(&comment)).json(&by_author("x")).key(&key);
        call.send().await.problem(403, "missing_scope");
    });
}

#[test]
fn an_edit_and_a_decision_at_once_are_both_there_in_the_end() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let path = format!("{}/approve", path_of(&comment));
        let (edited, approved) = tokio::join!(edit_of(app, &comment), app.post(&path, &json!({})).send());
        edited.expect(200);
        approved.expect(200);
        let now = app.get(&path_of(&comment)).send().await.expect(200);
        assert_eq!((&now.body["version"], &now.body["content"]), (&json!(3), &json!("Only words.")));
    });
}

async fn edit_of(app: &TestApp, comment: &Value) -> Answer {
    edit(app, comment, &by_author("Only words.")).await
}
