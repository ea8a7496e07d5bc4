//! People decide: confirmations, changes of mind, two at once, what the blog tells.

use serde_json::{Value, json};

use crate::app::{Answer, TestApp, path_of, submission};

async fn decide(app: &TestApp, comment: &Value, verb: &str, body: Value) -> Answer {
    app.post(&format!("{}/{verb}", path_of(comment)), &body).send().await
}

#[test]
fn a_decision_changes_the_status_and_closes_the_review() {
    TestApp::run(async |app| {
        for (verb, status, review) in [("approve", "approved", "done"), ("reject", "rejected", "done")] {
            let comment = app.held_comment().await;
            let done = decide(app, &comment, verb, json!({"note": "n", "actor": "Ben"})).await.expect(200);
            assert_eq!((&done.body["status"], &done.body["review"]["state"]), (&json!(status), &json!(review)));
            assert_eq!((&done.body["applied"], done.header("etag")), (&json!(true), "\"2\""));
            let kept = &done.body["decisions"][0];
            assert_eq!(
                (&kept["action"], &kept["actor"], &kept["source"]),
                (&json!(verb), &json!("Ben"), &json!("api"))
            );
        }
    });
}

#[test]
fn a_decision_needs_no_body_and_is_signed_with_the_key() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let path = format!("{}/approve", path_of(&comment));
        let done = app.call("POST", &path).send().await.expect(200);
        let key = app.key.split('_').nth(1).unwrap();
        assert_eq!(done.body["decisions"][0]["actor"], format!("key:{key}"));
    });
}

#[test]
fn deciding_what_the_machine_decided_is_a_confirmation() {
    TestApp::run(async |app| {
        for (comment, verb) in [(app.approved_comment().await, "approve"), (app.rejected_comment().await, "reject")] {
            let done = decide(app, &comment, verb, json!({})).await.expect(200);
            assert_eq!((&done.body["status"], &done.body["version"]), (&comment["status"], &json!(2)));
        }
    });
}

#[test]
fn the_same_wish_by_the_same_actor_again_changes_nothing() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let wish = json!({"reason": "spam", "actor": "Ben"});
        let first = decide(app, &comment, "reject", wish.clone()).await.expect(200);
        let second = decide(app, &comment, "reject", wish).await.expect(200);
        assert_eq!(first.body, second.body);
        let by_another = decide(app, &comment, "reject", json!({"reason": "spam", "actor": "Cem"})).await.expect(200);
        assert_eq!(by_another.body["version"], 3);
        assert_eq!(app.get("events").send().await.body["items"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn who_decides_otherwise_unawares_is_told_who_decided_what() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        decide(app, &comment, "approve", json!({"actor": "Ben"})).await.expect(200);
        let refused = decide(app, &comment, "reject", json!({"actor": "Cem"})).await.problem(409, "decided_otherwise");
        assert_eq!(refused.body["comment"], comment["id"]);
        let current = &refused.body["current"];
        assert_eq!((&current["version"], &current["status"]), (&json!(2), &json!("approved")));
        assert_eq!((&current["decision"]["action"], &current["decision"]["actor"]), (&json!("approve"), &json!("Ben")));
        let path = format!("{}/reject", path_of(&comment));
        let wish = json!({"actor": "Cem"});
        for stale in ["\"1\"", "\"3\"", "W/\"1\""] {
            let refused =
                app.post(&path, &wish).header("if-match", stale).send().await.problem(412, "version_mismatch");
            assert_eq!(refused.body["current"], *current);
        }
        let done = app.post(&path, &wish).header("if-match", "\"2\"").send().await.expect(200);
        assert_eq!((&done.body["status"], &done.body["version"]), (&json!("rejected"), &json!(3)));
    });
}

#[test]
fn reopening_is_always_possible() {
    TestApp::run(async |app| {
        for comment in [app.approved_comment().await, app.rejected_comment().await] {
            decide(app, &comment, "approve", json!({"actor": "Ben"})).await;
            let open = decide(app, &comment, "reopen", json!({"actor": "Cem"})).await.expect(200);
            assert_eq!((&open.body["status"], &open.body["review"]["state"]), (&json!("held"), &json!("open")));
            let again = decide(app, &comment, "reopen", json!({"actor": "Dan"})).await.expect(200);
            assert_eq!(again.body["version"], open.body["version"]);
            let done = decide(app, &comment, "reject", json!({"actor": "Dan"})).await.expect(200);
            assert_eq!(done.body["status"], "rejected");
        }
    });
}

#[test]
fn what_the_blog_tells_is_taken_over_if_it_is_newer() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        app.pass(100);
        decide(app, &comment, "approve", json!({"actor": "Ben"})).await.expect(200);
        app.pass(100);
        let told = |at: &str| json!({"source": "site", "actor": "Admin", "at": at});
        let older = decide(app, &comment, "reject", told("2026-11-22T20:01:39Z")).await.expect(200);
        assert_eq!((&older.body["applied"], &older.body["status"]), (&json!(false), &json!("approved")));
        let newer = decide(app, &comment, "reject", told("2026-11-22T20:01:41Z")).await.expect(200);
        assert_eq!((&newer.body["applied"], &newer.body["status"]), (&json!(true), &json!("rejected")));
        let future = decide(app, &comment, "approve", told("2030-01-01T00:00:00Z")).await.expect(200);
        assert_eq!(future.body["decisions"][2]["at"], "2026-11-22T20:03:20.000Z");
    });
}

#[test]
fn a_decision_can_be_sent_again_under_its_key() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let path = path_of(&comment);
        let send =
            async |verb: &str| app.call("POST", &format!("{path}/{verb}")).header("idempotency-key", "d").send().await;
        assert_eq!(send("approve").await.expect(200).header("idempotency-replayed"), "");
        decide(app, &comment, "reopen", json!({})).await.expect(200);
        let again = send("approve").await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.body["status"]), ("true", &json!("held")));
        send("reject").await.problem(422, "idempotency_mismatch");
        app.call("DELETE", &path).send().await.expect(204);
        send("approve").await.problem(410, "erased");
    });
}

#[test]
fn of_two_moderators_at_once_one_wins() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let path = path_of(&comment);
        let wish = |verb: &str| app.call("POST", &format!("{path}/{verb}")).header("if-match", "\"1\"").send();
        let (one, two) = tokio::join!(wish("approve"), wish("reject"));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    });
}

#[test]
fn telling_what_the_blog_decided_needs_only_the_scope_to_submit() {
    TestApp::run(async |app| {
        let key = app.key_of("demo", &["submit"]).await;
        for verb in ["approve", "reject", "reopen"] {
            let comment = app.held_comment().await;
            let path = format!("{}/{verb}", path_of(&comment));
            for body in [json!({}), json!({"source": "api"})] {
                app.post(&path, &body).key(&key).send().await.problem(403, "missing_scope");
            }
            app.post(&path, &json!({"source": "site", "actor": "Admin"})).key(&key).send().await.expect(200);
        }
    });
}

#[test]
fn decisions_that_the_record_no_longer_keeps_are_counted() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        for turn in 0..52 {
            let verb = if turn % 2 == 0 { "approve" } else { "reject" };
            let version = format!("\"{}\"", turn + 1);
            let path = format!("{}/{verb}", path_of(&comment));
            let done = app.call("POST", &path).header("if-match", &version).send().await.expect(200);
            let earlier = if turn < 50 { Value::Null } else { json!(turn - 49) };
            assert_eq!(done.body["earlier_decisions"], earlier);
        }
        let kept = app.get(&path_of(&comment)).send().await.expect(200);
        assert_eq!(
            (kept.body["decisions"].as_array().unwrap().len(), &kept.body["earlier_decisions"]),
            (50, &json!(2))
        );
    });
}

#[test]
fn a_repeated_decision_is_answered_as_the_first_time_whatever_name_the_comment_has() {
    TestApp::run(async |app| {
        let mut body = submission("I wrote about it at http://ana.example/post myself.");
        body["external_id"] = json!("88");
        let path = path_of(&app.submit(&body).await);
        app.post(&format!("{path}/approve"), &json!({"actor": "ana"})).send().await.expect(200);
        let late = json!({"source": "site", "actor": "bob", "at": "2020-01-01T00:00:00Z"});
        let reject = |path: &str| app.post(&format!("{path}/reject"), &late).header("idempotency-key", "k");
        let first = reject(&path).send().await.expect(200);
        assert_eq!(first.body["applied"], false);
        for again in [path.as_str(), "comments/ext:88"] {
            let answer = reject(again).send().await.expect(200);
            assert_eq!((&answer.body["applied"], &answer.body["status"]), (&json!(false), &json!("approved")));
            assert_eq!(answer.header("idempotency-replayed"), "true");
        }
        let other = path_of(&app.held_comment().await);
        reject(&other).send().await.problem(422, "idempotency_mismatch");
    });
}
