//! Comments come in: outcomes, retries, old comments, checks.

use serde_json::json;

use crate::app::{START, TestApp, path_of, submission, with};

#[test]
fn a_comment_is_approved_held_or_rejected_and_the_answer_says_so() {
    TestApp::run(async |app| {
        let approved = app.approved_comment().await;
        let held = app.held_comment().await;
        let rejected = app.rejected_comment().await;
        for (comment, status, review) in
            [(approved, "approved", "done"), (held, "held", "open"), (rejected, "rejected", "done")]
        {
            assert_eq!((&comment["status"], &comment["review"]["state"]), (&json!(status), &json!(review)));
            assert_eq!(
                (&comment["site"], &comment["version"], &comment["decisions"]),
                (&json!("demo"), &json!(1), &json!([]))
            );
            let again = app.get(&path_of(&comment)).send().await.expect(200);
            assert_eq!(again.body, comment);
        }
    });
}

#[test]
fn the_answer_names_place_and_version_and_gives_back_what_was_sent() {
    TestApp::run(async |app| {
        let sent = json!({
            "external_id": "a/ä 1", "post": {"id": "1047", "url": "https://blog.example/a", "title": "A", "tags": ["x", "y"],
                "published_at": "2016-09-28T02:00:00+02:00", "excerpt": "E", "language": "en",
                "commenting": {"mode": "open", "until": "2027-01-01T00:00:00Z"}},
            "parent": {"external_id": "7", "author": {"name": "Bo"}, "content": "Hm."},
            "kind": "review", "created_at": "2016-09-29T10:03:00Z", "format": "markdown", "content": "Good *indeed*.",
            "author": {"name": "Ana", "email": "ana@mail.example", "url": "https://ana.example", "role": "member",
                "record": {"approved": 3, "rejected": 0, "since": "2015-01-01T00:00:00Z"},
                "account": {"provider": "github", "id": "88", "verified": true}},
            "client": {"ip": "::ffff:203.0.113.7", "user_agent": "UA", "referrer": "https://blog.example/"},
            "form": {"honeypot": "", "seconds": 41.5},
            "mention": {"source": "https://a.example/", "target": "https://blog.example/a", "verified": true}
        });
        let answer = app.post("comments", &sent).send().await.expect(201);
        let id = answer.body["id"].as_str().unwrap();
        assert_eq!(answer.header("location"), format!("/v1/sites/demo/comments/{id}"));
        assert_eq!(answer.header("etag"), "\"1\"");
        for name in ["external_id", "parent", "kind", "format", "content", "form", "mention"] {
            assert_eq!(answer.body[name], sent[name], "{name}");
        }
        assert_eq!(answer.body["client"]["ip"], "203.0.113.7");
        assert_eq!(answer.body["post"]["published_at"], "2016-09-28T00:00:00.000Z");
        assert_eq!(answer.body["author"]["record"]["approved"], 3);
        assert_eq!(answer.body["author"]["account"], sent["author"]["account"]);
        assert_eq!(answer.body["created_at"], "2016-09-29T10:03:00.000Z");
        assert_eq!(answer.body["received_at"], START);
        app.get("comments/ext:a%2F%C3%A4%201").send().await.expect(200);
    });
}

#[test]
fn a_header_of_any_length_gets_nobody_refused() {
    TestApp::run(async |app| {
        let long = "é".repeat(5_000);
        let sent = with(
            &submission("Good indeed."),
            json!({"client": {"user_agent": long, "referrer": long}, "form": {"honeypot": long}}),
        );
        let comment = app.submit(&sent).await;
        assert_eq!(comment["client"]["user_agent"], "é".repeat(1_024));
        assert_eq!(comment["client"]["referrer"], "é".repeat(2_048));
        assert_eq!(comment["form"]["honeypot"], "é".repeat(1_024));
        assert_eq!(comment["verdict"]["decided_by"], "certain");
    });
}

#[test]
fn a_comment_from_the_future_was_written_when_it_came() {
    TestApp::run(async |app| {
        let comment = app.submit(&with(&submission("Hello."), json!({"created_at": "2031-01-01T00:00:00Z"}))).await;
        assert_eq!(comment["created_at"], START);
    });
}

#[test]
fn the_same_submission_again_is_answered_with_the_comment_as_it_is_now() {
    TestApp::run(async |app| {
        let cases = [
            (submission("By key."), Some("key-1")),
            (with(&submission("By id."), json!({"external_id": "1"})), None),
            (with(&submission("By both."), json!({"external_id": "2"})), Some("key-2")),
        ];
        for (body, key) in cases {
            let send = async || {
                let call = app.post("comments", &body);
                let call = if let Some(key) = key { call.header("idempotency-key", key) } else { call };
                call.send().await.expect(201)
            };
            let first = send().await;
            assert_eq!(first.header("idempotency-replayed"), "");
            let path = path_of(&first.body);
            app.post(&format!("{path}/reject"), &json!({"reason": "off_topic"})).send().await.expect(200);
            let second = send().await;
            assert_eq!(second.header("idempotency-replayed"), "true");
            assert_eq!(second.header("etag"), "\"2\"");
            assert_eq!((&second.body["id"], &second.body["status"]), (&first.body["id"], &json!("rejected")));
            assert_eq!(
                app.get("comments?post=1047").send().await.ids().iter().filter(|id| path.ends_with(*id)).count(),
                1
            );
        }
    });
}

#[test]
fn another_submission_under_a_known_name_is_refused() {
    TestApp::run(async |app| {
        let body = with(&submission("One."), json!({"external_id": "1"}));
        let first = app.post("comments", &body).header("idempotency-key", "k").send().await.expect(201);
        let other = submission("Two.");
        let refused = app.post("comments", &other).header("idempotency-key", "k").send().await;
        refused.problem(422, "idempotency_mismatch");
        let other = with(&other, json!({"external_id": "1"}));
        let refused = app.post("comments", &other).send().await.problem(409, "external_id_taken");
        assert_eq!(refused.body["comment"], first.body["id"]);
        let path = format!("{}/approve", path_of(&first.body));
        let refused = app.call("POST", &path).header("idempotency-key", "k").send().await;
        refused.problem(422, "idempotency_mismatch");
    });
}

#[test]
fn what_was_erased_does_not_come_back() {
    TestApp::run(async |app| {
        let body = with(&submission("One."), json!({"external_id": "1"}));
        let first = app.post("comments", &body).header("idempotency-key", "k").send().await.expect(201);
        app.call("DELETE", &path_of(&first.body)).send().await.expect(204);
        for key in [None, Some("k"), Some("new")] {
            let call = app.post("comments", &body);
            let call = if let Some(key) = key { call.header("idempotency-key", key) } else { call };
            let refused = call.send().await.problem(410, "erased");
            assert_eq!(refused.body["comment"], first.body["id"]);
        }
    });
}

#[test]
fn an_idempotency_key_is_kept_for_72_hours() {
    TestApp::run(async |app| {
        let send = async |content: &str| {
            app.post("comments", &submission(content)).header("idempotency-key", "k").send().await
        };
        let first = send("One.").await.expect(201);
        app.pass(72 * 3600 - 1);
        assert_eq!(send("One.").await.expect(201).body["id"], first.body["id"]);
        app.pass(1);
        let other = send("Two.").await.expect(201);
        assert_eq!(other.header("idempotency-replayed"), "");
        assert_ne!(other.body["id"], first.body["id"]);
    });
}

#[test]
fn an_old_comment_comes_in_as_it_was_decided_and_is_announced_to_nobody() {
    TestApp::run(async |app| {
        let by_person = json!({"action": "reject", "reason": "spam", "by": "person", "actor": "Benno", "at": "2016-09-30T00:00:00Z"});
        let by_machine = json!({"action": "approve", "by": "machine"});
        let cases = [(by_person, "rejected", 1), (by_machine, "approved", 0)];
        for (decided, status, decisions) in cases {
            let old = with(&submission("Old."), json!({"decided": decided, "created_at": "2016-09-29T10:03:00Z"}));
            let comment = app.submit(&old).await;
            assert_eq!((&comment["status"], &comment["review"]), (&json!(status), &json!({"state": "done"})));
            assert_eq!(comment["decisions"].as_array().unwrap().len(), decisions);
            assert_eq!(comment["version"], 1 + decisions);
        }
        assert_eq!(app.get("events").send().await.body["items"], json!([]));
    });
}

#[test]
fn what_was_decided_in_the_future_was_decided_now() {
    TestApp::run(async |app| {
        let decided = json!({"action": "reject", "by": "person", "actor": "Benno", "at": "2031-01-01T00:00:00Z"});
        let comment = app.submit(&with(&submission("Old."), json!({"decided": decided}))).await;
        assert_eq!(comment["decisions"][0]["at"], START);
    });
}

#[test]
fn a_check_leaves_nothing_behind() {
    TestApp::run(async |app| {
        let body = with(&submission("Is this good?"), json!({"external_id": "1"}));
        let verdict = app.post("comments/check", &body).send().await.expect(200).body;
        assert!(verdict["action"].is_string());
        assert_eq!(app.get("comments").send().await.body, json!({"items": [], "next": null}));
        assert_eq!(app.get("events").send().await.body["items"], json!([]));
        app.get("comments/ext:1").send().await.problem(404, "unknown_comment");
        assert_eq!(app.submit(&body).await["verdict"], verdict);
    });
}

#[test]
fn a_key_that_came_with_a_retry_by_external_id_names_the_comment_from_then_on() {
    TestApp::run(async |app| {
        let body = with(&submission("Hello."), json!({"external_id": "xb"}));
        let first = app.submit(&body).await;
        let again = app.post("comments", &body).header("idempotency-key", "kb").send().await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &first["id"]));
        let other = app.post("comments", &submission("Something else.")).header("idempotency-key", "kb");
        other.send().await.problem(422, "idempotency_mismatch");
    });
}
