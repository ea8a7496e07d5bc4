//! Sites, keys, rules, health.

use serde_json::json;

use crate::app::{START, TestApp, path_of, submission};

#[test]
fn a_site_is_made_shown_renamed_and_deleted() {
    TestApp::run(async |app| {
        let made = app
            .post("/v1/sites", &json!({"id": "blog-2", "name": "Zweites"}))
            .key(&app.operator)
            .send()
            .await
            .expect(201);
        assert_eq!(made.header("location"), "/v1/sites/blog-2");
        let counts = json!({"approved": 0, "held": 0, "rejected": 0, "open": 0});
        assert_eq!(made.body, json!({"id": "blog-2", "name": "Zweites", "created_at": START, "counts": counts}));
        app.post("/v1/sites", &json!({"id": "blog-2"})).key(&app.operator).send().await.problem(409, "site_exists");
        let renamed =
            app.call("PATCH", "/v1/sites/blog-2").json(&json!({"name": "Zwei"})).key(&app.operator).send().await;
        assert_eq!(renamed.expect(200).body["name"], "Zwei");
        assert_eq!(app.get("/v1/sites").key(&app.operator).send().await.expect(200).ids(), ["blog-2", "demo"]);
        app.call("DELETE", "/v1/sites/blog-2").key(&app.operator).send().await.expect(204);
        for method in ["GET", "PATCH", "DELETE"] {
            let call = app.call(method, "/v1/sites/blog-2").key(&app.operator);
            let call = if method == "PATCH" { call.json(&json!({"name": "x"})) } else { call };
            call.send().await.problem(404, "unknown_site");
        }
        app.call("DELETE", "/v1/sites/demo").key(&app.operator).send().await.problem(409, "last_site");
    });
}

#[test]
fn a_site_counts_its_comments() {
    TestApp::run(async |app| {
        app.approved_comment().await;
        let held = app.held_comment().await;
        app.held_comment().await;
        app.rejected_comment().await;
        app.call("POST", &format!("{}/withdraw", path_of(&held))).send().await.expect(200);
        let site = app.get("/v1/sites/demo").send().await.expect(200);
        assert_eq!(site.body["counts"], json!({"approved": 1, "held": 2, "rejected": 1, "open": 1}));
    });
}

#[test]
fn a_site_without_a_name_is_called_by_its_id() {
    TestApp::run(async |app| {
        let made = app.post("/v1/sites", &json!({"id": "plain"})).key(&app.operator).send().await.expect(201);
        assert_eq!(made.body["name"], "plain");
        let cases = [
            (json!({}), "/id", "missing"),
            (json!({"id": ""}), "/id", "invalid_site"),
            (json!({"id": "No Slug"}), "/id", "invalid_site"),
            (json!({"id": "a", "name": "x".repeat(201)}), "/name", "too_long"),
            (json!({"id": "a", "name": " "}), "/name", "empty"),
        ];
        for (body, field, code) in cases {
            let answer = app.post("/v1/sites", &body).key(&app.operator).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())]);
        }
    });
}

#[test]
fn a_key_is_shown_once_works_and_can_be_revoked() {
    TestApp::run(async |app| {
        let made = app
            .post("keys", &json!({"name": "WordPress", "scopes": ["read", "submit", "read"]}))
            .send()
            .await
            .expect(201);
        assert_eq!(made.body["scopes"], json!(["submit", "read"]));
        assert_eq!(made.header("cache-control"), "no-store");
        let (key, id) = (made.body["key"].as_str().unwrap(), made.body["id"].as_str().unwrap());
        app.post("comments", &submission("Hello.")).key(key).send().await.expect(201);
        app.get("keys").key(key).send().await.problem(403, "missing_scope");
        let listed = app.get("keys").send().await.expect(200);
        assert!(listed.ids().contains(&id.to_owned()));
        assert!(!String::from_utf8(listed.bytes).unwrap().contains("mod_"));
        app.call("DELETE", &format!("keys/{id}")).send().await.expect(204);
        app.post("comments", &submission("Hello.")).key(key).send().await.problem(401, "wrong_key");
        app.call("DELETE", &format!("keys/{id}")).send().await.problem(404, "unknown_key");
        app.call("DELETE", "keys/no-key").send().await.problem(404, "unknown_key");
        let own = app.key.split('_').nth(1).unwrap();
        app.call("DELETE", &format!("keys/{own}")).send().await.problem(409, "key_in_use");
    });
}

#[test]
fn a_key_needs_a_name_and_scopes() {
    TestApp::run(async |app| {
        let cases = [
            (json!({"scopes": ["read"]}), "/name", "missing"),
            (json!({"name": "", "scopes": ["read"]}), "/name", "empty"),
            (json!({"name": "a"}), "/scopes", "missing"),
            (json!({"name": "a", "scopes": []}), "/scopes", "out_of_range"),
            (json!({"name": "a", "scopes": ["read", "root"]}), "/scopes/1", "invalid_scope"),
            (json!({"name": "a", "scopes": ["read"], "site": "other"}), "/site", "unknown_field"),
        ];
        for (body, field, code) in cases {
            let answer = app.post("keys", &body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())], "{body}");
        }
    });
}

#[test]
fn the_rules_are_documented_with_examples() {
    TestApp::run(async |app| {
        let rules = app.get("/v1/rules").send().await.expect(200);
        assert!(!rules.ids().is_empty());
        for rule in rules.body["items"].as_array().unwrap() {
            let is_learner = rule["group"] == "learned";
            assert!(
                !rule["summary"].as_str().unwrap().is_empty()
                    && rule["fires"].as_array().unwrap().is_empty() == is_learner,
                "{rule}"
            );
            for example in rule["fires"].as_array().unwrap() {
                for (list, entries) in example["lists"].as_object().into_iter().flatten() {
                    let path = format!("lists/{list}/entries");
                    app.post(&path, &json!({"entries": entries})).send().await.expect(200);
                }
                let verdict = app.post("comments/check", &example["submission"]).send().await.expect(200).body;
                let fired = verdict["hits"].as_array().unwrap().iter().any(|hit| hit["rule"] == rule["id"]);
                assert!(fired || example["needs_history"] == true || rule["mode"] == "off", "{rule}: {verdict}");
            }
        }
    });
}

#[test]
fn a_service_that_would_take_a_submission_is_ready() {
    TestApp::run(async |app| {
        let live = app.get("/livez").without("authorization").send().await.expect(200);
        assert_eq!(live.body, json!({"live": true}));
        let ready = app.get("/readyz").without("authorization").send().await.expect(200);
        assert_eq!(ready.body, json!({"ready": true, "parts": [{"part": "store", "ready": true}]}));
    });
}
