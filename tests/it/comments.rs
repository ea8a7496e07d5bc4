//! Single comments: shown, linked, withdrawn, erased.

use serde_json::json;

use crate::app::{TestApp, path_of, submission, with};

#[test]
fn a_comment_is_found_by_our_id_and_by_the_blogs() {
    TestApp::run(async |app| {
        let comment = app.submit(&with(&submission("Hello."), json!({"external_id": "88/1 ü%"}))).await;
        let by_ours = app.get(&path_of(&comment)).send().await.expect(200);
        let by_theirs = app.get("comments/ext:88%2F1%20%C3%BC%25").send().await.expect(200);
        assert_eq!(by_ours.body, by_theirs.body);
        let nothing = [
            "comments/ext:88",
            "comments/ext:",
            "comments/88",
            "comments/%ff",
            "comments/check2",
            "comments/ext:%00",
            "comments/00000000-0000-7000-8000-000000000000",
        ];
        for path in nothing {
            app.get(path).send().await.problem(404, "unknown_comment");
        }
    });
}

#[test]
fn a_comment_that_the_caller_has_is_not_sent_again() {
    TestApp::run(async |app| {
        let path = path_of(&app.held_comment().await);
        for (tag, status) in
            [("\"1\"", 304), ("W/\"1\"", 304), ("\"7\", \"1\"", 304), ("*", 304), ("\"2\"", 200), ("x", 200)]
        {
            let answer = app.get(&path).header("if-none-match", tag).send().await.expect(status);
            assert_eq!(answer.header("etag"), "\"1\"");
        }
    });
}

#[test]
fn what_readers_may_not_see_is_left_out_of_public_fields() {
    TestApp::run(async |app| {
        let secrets = json!({
            "author": {"name": "Ana", "email": "secret-mail@mail.example", "account": {"provider": "x", "id": "secret-account"},
                "record": {"approved": 7123}},
            "parent": {"external_id": "open-parent", "author": {"name": "secret-parent"}, "content": "secret-words"},
            "client": {"ip": "203.0.113.77", "user_agent": "secret-agent"}, "form": {"honeypot": "secret-honey"},
            "decided": {"action": "reject", "by": "person", "actor": "secret-actor", "reason": "off_topic"}
        });
        let comment = app.submit(&with(&submission("Open words."), secrets)).await;
        let path = path_of(&comment);
        app.post(
            &format!("{path}/reject"),
            &json!({"note": "secret-note", "actor": "secret-judge", "reason": "abuse"}),
        )
        .header("if-match", "\"2\"")
        .send()
        .await
        .expect(200);
        for path in [format!("{path}?fields=public"), "comments?fields=public".to_owned()] {
            let answer = app.get(&path).send().await.expect(200);
            let text = String::from_utf8(answer.bytes).unwrap();
            assert!(text.contains("Open words.") && text.contains("\"Ana\"") && text.contains("open-parent"), "{text}");
            for hidden in [
                "secret",
                "203.0.113.77",
                "7123",
                "verdict",
                "reason",
                "abuse",
                "off_topic",
                comment["author"]["id"].as_str().unwrap(),
            ] {
                assert!(!text.contains(hidden), "{hidden}: {text}");
            }
        }
    });
}

#[test]
fn nothing_of_our_bookkeeping_is_shown() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        for inner in ["fingerprint", "k", "counted", "history", "author_id", "hosts"] {
            assert!(comment.get(inner).is_none(), "{inner}: {comment}");
        }
        assert!(comment["review"].get("priority").is_none(), "{comment}");
    });
}

#[test]
fn a_comment_gets_the_blogs_id_once_it_exists() {
    TestApp::run(async |app| {
        let (one, two) = (app.held_comment().await, app.held_comment().await);
        let link = async |comment: &serde_json::Value, id: &str| {
            let path = format!("{}/external", path_of(comment));
            app.call("PUT", &path).json(&json!({"external_id": id})).send().await
        };
        let linked = link(&one, "88").await.expect(200);
        assert_eq!((&linked.body["external_id"], &linked.body["version"]), (&json!("88"), &json!(2)));
        assert_eq!(link(&one, "88").await.expect(200).header("etag"), "\"2\"");
        assert_eq!(link(&one, "89").await.problem(409, "has_external_id").body["current"]["version"], 2);
        assert_eq!(link(&two, "88").await.problem(409, "external_id_taken").body["comment"], one["id"]);
        app.get("comments/ext:88").send().await.expect(200);
        app.call("PUT", "comments/ext:99/external")
            .json(&json!({"external_id": "1"}))
            .send()
            .await
            .problem(404, "unknown_comment");
    });
}

#[test]
fn a_withdrawn_comment_leaves_the_queue_and_cannot_be_decided() {
    TestApp::run(async |app| {
        let path = path_of(&app.held_comment().await);
        let gone = app.call("POST", &format!("{path}/withdraw")).send().await.expect(200);
        assert_eq!((&gone.body["status"], &gone.body["review"]["state"]), (&json!("held"), &json!("done")));
        assert!(gone.body["withdrawn_at"].is_string());
        assert!(app.get("comments?review=open").send().await.ids().is_empty());
        let again = app.call("POST", &format!("{path}/withdraw")).send().await.expect(200);
        assert_eq!(again.body, gone.body);
        for verb in ["approve", "reject", "reopen"] {
            let refused = app.call("POST", &format!("{path}/{verb}")).send().await.problem(409, "withdrawn");
            assert_eq!(refused.body["current"]["version"], 2);
        }
    });
}

#[test]
fn an_erased_comment_is_gone() {
    TestApp::run(async |app| {
        let path = path_of(&app.held_comment().await);
        app.call("DELETE", &path).send().await.expect(204);
        app.get(&path).send().await.problem(404, "unknown_comment");
        app.call("DELETE", &path).send().await.problem(404, "unknown_comment");
        for verb in ["approve", "reject", "reopen", "withdraw"] {
            app.call("POST", &format!("{path}/{verb}")).send().await.problem(404, "unknown_comment");
        }
        assert!(app.get("comments").send().await.ids().is_empty());
        assert_eq!(app.get("/v1/sites/demo").send().await.body["counts"]["held"], 0);
    });
}
