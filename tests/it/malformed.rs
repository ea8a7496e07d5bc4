//! Requests that are not right: which status, which field, which code.

use serde_json::{Value, json};

use crate::app::{TestApp, submission, with};

#[test]
fn a_body_that_is_no_json_is_refused_with_the_place() {
    TestApp::run(async |app| {
        let bodies: [&[u8]; 12] = [
            b"",
            b"{",
            b"{\"a\": 1,}",
            b"{} {}",
            b"\xef\xbb\xbf{}",
            b"{\"a\": NaN}",
            b"{'a': 1}",
            b"\xff\xfe{\0}\0",
            b"{\"content\": \"\\ud800\"}",
            b"{\"content\": \"\xff\"}",
            b"[1e400]",
            b"{\"a\": 01}",
        ];
        for body in bodies {
            let answer = app.call("POST", "comments").text(body).send().await.problem(400, "invalid_json");
            assert!(answer.body["detail"].as_str().unwrap().contains("line 1 column"), "{}", answer.body);
        }
    });
}

#[test]
fn a_field_that_is_not_right_is_named() {
    let deep = (0..16).fold(json!(1), |inner, _| json!([inner]));
    let post = |members: Value| json!({"post": with(&json!({"id": "1"}), members)});
    let author = |members: Value| json!({ "author": members });
    let long = |characters: usize| "ä".repeat(characters);
    let cases = [
        (json!({"contnet": "x"}), "/contnet", "unknown_field"),
        (json!({"status": "approved"}), "/status", "unknown_field"),
        (json!({"site": "other"}), "/site", "unknown_field"),
        (json!({"id": "1"}), "/id", "unknown_field"),
        (json!({"verdict": {"score": -100}}), "/verdict", "unknown_field"),
        (author(json!({"id": "1"})), "/author/id", "unknown_field"),
        (json!({"a/b~c": 1}), "/a~1b~0c", "unknown_field"),
        (json!({"content": null}), "/content", "missing"),
        (json!({"content": 7}), "/content", "wrong_type"),
        (json!({"content": long(32_769)}), "/content", "too_long"),
        (json!({"post": null}), "/post", "missing"),
        (json!({"post": {}}), "/post/id", "missing"),
        (json!({"post": []}), "/post", "wrong_type"),
        (json!({"post": {"id": ""}}), "/post/id", "empty"),
        (json!({"post": {"id": 7}}), "/post/id", "wrong_type"),
        (json!({"post": {"id": long(256)}}), "/post/id", "too_long"),
        (post(json!({"url": long(2_049)})), "/post/url", "too_long"),
        (post(json!({"tags": vec!["t"; 51]})), "/post/tags", "too_many"),
        (post(json!({"tags": ["t", long(101)]})), "/post/tags/1", "too_long"),
        (post(json!({"tags": ["t", 1]})), "/post/tags/1", "wrong_type"),
        (post(json!({"excerpt": long(4_097)})), "/post/excerpt", "too_long"),
        (post(json!({"published_at": "2016-09-28"})), "/post/published_at", "invalid_time"),
        (post(json!({"commenting": {"mode": "shut"}})), "/post/commenting/mode", "unknown_value"),
        (post(json!({"commenting": {}})), "/post/commenting/mode", "missing"),
        (json!({"author": null}), "/author", "missing"),
        (json!({"author": "Ana"}), "/author", "wrong_type"),
        (author(json!({"name": long(246)})), "/author/name", "too_long"),
        (author(json!({"email": long(255)})), "/author/email", "too_long"),
        (author(json!({"url": long(2_049)})), "/author/url", "too_long"),
        (author(json!({"role": "king"})), "/author/role", "unknown_value"),
        (author(json!({"role": {"staff": null}})), "/author/role", "wrong_type"),
        (author(json!({"record": {"approved": -1}})), "/author/record/approved", "wrong_type"),
        (author(json!({"record": {"approved": 4_294_967_296_u64}})), "/author/record/approved", "wrong_type"),
        (author(json!({"account": {"provider": "x"}})), "/author/account/id", "missing"),
        (author(json!({"account": {"provider": "X Y", "id": "1"}})), "/author/account/provider", "invalid_slug"),
        (
            author(json!({"account": {"provider": "x", "id": "1", "verified": "yes"}})),
            "/author/account/verified",
            "wrong_type",
        ),
        (json!({"external_id": ""}), "/external_id", "empty"),
        (json!({"external_id": long(256)}), "/external_id", "too_long"),
        (json!({"kind": "Comment!"}), "/kind", "invalid_slug"),
        (json!({"format": "word"}), "/format", "unknown_value"),
        (json!({"created_at": 1_475_143_380}), "/created_at", "wrong_type"),
        (json!({"created_at": "29.9.2016"}), "/created_at", "invalid_time"),
        (json!({"client": {"ip": "203.0.113.7:80"}}), "/client/ip", "invalid_ip"),
        (json!({"client": {"ip": "unknown"}}), "/client/ip", "invalid_ip"),
        (json!({"form": {"seconds": -0.1}}), "/form/seconds", "out_of_range"),
        (json!({"form": {"seconds": "fast"}}), "/form/seconds", "wrong_type"),
        (json!({"parent": {"id": "88"}}), "/parent/id", "invalid_id"),
        (json!({"mention": {"source": "https://a.example"}}), "/mention/target", "missing"),
        (json!({"decided": {"action": "hold", "by": "person"}}), "/decided/action", "unknown_value"),
        (json!({"decided": {"action": "approve", "by": "person", "reason": "spam"}}), "/decided/reason", "not_allowed"),
        (json!({"form": deep}), &format!("/form{}", "/0".repeat(15)), "too_deep"),
    ];
    TestApp::run(async |app| {
        for (members, field, code) in &cases {
            let body = with(&submission("Hello."), members.clone());
            for path in ["comments", "comments/check"] {
                let answer = app.post(path, &body).send().await.problem(422, "invalid");
                assert_eq!(answer.faults(), [((*field).to_owned(), (*code).to_owned())], "{members}");
                assert!(answer.bytes.len() < 2_000, "the answer repeats what was sent: {members}");
            }
        }
        assert!(app.get("comments").send().await.ids().is_empty());
    });
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    TestApp::run(async |app| {
        let cases = [
            (r#"{"post": {"id": "1"}, "author": {}, "content": "a", "content": "b"}"#, "/content"),
            (r#"{"post": {"id": "1", "\u0069d": "2"}, "author": {}, "content": "a"}"#, "/post/id"),
        ];
        for (body, field) in cases {
            let answer = app.call("POST", "comments").text(body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), "duplicate_key".to_owned())]);
        }
    });
}

#[test]
fn something_else_than_an_object_is_refused() {
    TestApp::run(async |app| {
        for body in ["null", "[]", "7", "\"text\"", "true"] {
            let answer = app.call("POST", "comments").text(body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(String::new(), "wrong_type".to_owned())], "{body}");
        }
    });
}

#[test]
fn an_array_is_no_object_wherever_one_is_expected() {
    TestApp::run(async |app| {
        let held = app.held_comment().await;
        let path = crate::app::path_of(&held);
        let one = submission("Hello.");
        let member = |name: &str, array: Value| with(&one, json!({ name: array }));
        let author = |name: &str, array: Value| with(&one, json!({"author": { name: array }}));
        let in_order = json!([null, {"id": "1"}, null, null, null, {}, "x", null, null, null, null, null]);
        let bodies = [
            ("comments", in_order.clone(), ""),
            ("comments", member("post", json!(["1", null, null, null, null, null, null, null])), "/post"),
            ("comments", member("post", json!({"id": "1", "commenting": ["open", null]})), "/post/commenting"),
            ("comments", member("parent", json!([null, null, null, null])), "/parent"),
            ("comments", member("parent", json!({"author": ["Ana"]})), "/parent/author"),
            ("comments", member("author", json!(["Ana", null, null, null, null, null])), "/author"),
            ("comments", author("record", json!([1, 2, null])), "/author/record"),
            ("comments", author("account", json!(["x", "1", true])), "/author/account"),
            ("comments", member("client", json!([null, null, null])), "/client"),
            ("comments", member("form", json!([null, 1.5])), "/form"),
            ("comments", member("mention", json!(["a", "b", true])), "/mention"),
            ("comments", member("decided", json!(["approve", null, "person", null, null])), "/decided"),
            ("comments/check", in_order.clone(), ""),
            ("comments/batch", json!(["check", [one]]), ""),
            (&format!("{path}/reject"), json!(["spam", "n", "site", "arr", null]), ""),
            ("keys", json!(["n", ["read"]]), ""),
            ("/v1/sites", json!(["arrsite", "n"]), ""),
        ];
        let told = |fault: &Value| (fault["field"].clone(), fault["code"].clone(), fault["detail"].clone());
        let expected = |field: &str| (json!(field), json!("wrong_type"), json!("must be an object"));
        for (path, body, field) in bodies {
            let answer = app.post(path, &body).key(&app.operator).send().await.problem(422, "invalid");
            assert_eq!(told(&answer.body["errors"][0]), expected(field), "{path} {body}");
        }
        for (method, path, body) in
            [("PUT", format!("{path}/external"), json!(["88"])), ("PATCH", "/v1/sites/demo".to_owned(), json!(["n"]))]
        {
            let answer = app.call(method, &path).json(&body).key(&app.operator).send().await.problem(422, "invalid");
            assert_eq!(told(&answer.body["errors"][0]), expected(""), "{path}");
        }
        let batch = json!({"do": "check", "submissions": [in_order, member("form", json!([null, 1.5]))]});
        let answer = app.post("comments/batch", &batch).send().await.expect(200);
        for (place, field) in ["", "/form"].into_iter().enumerate() {
            let problem = &answer.body["results"][place]["problem"];
            assert_eq!(told(&problem["errors"][0]), expected(field), "{problem}");
        }
    });
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    TestApp::run(async |app| {
        let body = json!({"post": {"id": ""}, "author": {"role": "king"}, "client": {"ip": "x"}});
        let answer = app.post("comments", &body).send().await.problem(422, "invalid");
        let fields: Vec<_> = answer.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["/post/id", "/author/role", "/content", "/client/ip"]);
    });
}

#[test]
fn a_decision_that_makes_no_sense_is_refused() {
    TestApp::run(async |app| {
        let cases = [
            ("approve", json!({"reason": "spam"}), "/reason", "not_allowed"),
            ("reopen", json!({"reason": "spam"}), "/reason", "not_allowed"),
            ("reject", json!({"reason": "ugly"}), "/reason", "unknown_value"),
            ("reject", json!({"note": "x".repeat(1_025)}), "/note", "too_long"),
            ("reject", json!({"source": "import"}), "/source", "unknown_value"),
            ("reject", json!({"actor": ""}), "/actor", "empty"),
            ("reject", json!({"at": "2026-01-01T00:00:00Z"}), "/at", "not_allowed"),
            ("reject", json!({"source": "site", "at": "today"}), "/at", "invalid_time"),
            ("reject", json!({"status": "approved"}), "/status", "unknown_field"),
            ("reject", json!([]), "", "wrong_type"),
        ];
        let comment = app.held_comment().await;
        for (verb, body, field, code) in cases {
            let path = format!("{}/{verb}", crate::app::path_of(&comment));
            let answer = app.post(&path, &body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())], "{verb} {body}");
        }
    });
}

#[test]
fn a_header_that_is_not_right_is_named() {
    TestApp::run(async |app| {
        let comment = app.held_comment().await;
        let path = format!("{}/approve", crate::app::path_of(&comment));
        let long = "k".repeat(256);
        let cases = [
            ("Idempotency-Key", "", "invalid_key"),
            ("Idempotency-Key", "two words", "invalid_key"),
            ("Idempotency-Key", "schlüssel", "invalid_key"),
            ("Idempotency-Key", &long, "invalid_key"),
            ("If-Match", "*", "invalid_version"),
            ("If-Match", "\"1\", \"2\"", "invalid_version"),
            ("If-Match", "\"-1\"", "invalid_version"),
        ];
        for (name, value, code) in cases {
            let answer = app.call("POST", &path).header(name, value).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(format!("header:{name}"), code.to_owned())], "{value}");
        }
        let twice = app.call("POST", &path).header("Idempotency-Key", "a").header("Idempotency-Key", "b").send().await;
        assert_eq!(twice.problem(422, "invalid").faults()[0].1, "repeated");
        let longest = "k".repeat(255);
        app.call("POST", &path).header("Idempotency-Key", &longest).send().await.expect(200);
    });
}
