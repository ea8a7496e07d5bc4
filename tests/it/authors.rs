//! Authors: how they are found, how they stand, what is handed out of them.

use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, path_of, submission, with};

/// A submission by this author.
fn by(author: Value, text: &str) -> Value {
    with(&submission(text), json!({ "author": author }))
}

/// The key that a lookup finds.
async fn key_of(app: &TestApp, known: Value) -> String {
    let found = app.post("authors/lookup", &known).send().await.expect(200);
    found.body["key"].as_str().unwrap().to_owned()
}

#[test]
fn an_author_is_found_by_what_somebody_knows_of_them() {
    TestApp::run(async |app| {
        let account = json!({"provider": "github", "id": "Ana-7", "verified": true});
        let guest = app.submit(&by(json!({"email": "  Guest@Mail.Example "}), "One.")).await;
        let signed_in = app.submit(&by(json!({"email": "ana@mail.example", "account": account}), "Two.")).await;
        let with_id = with(&by(json!({"email": "guest@mail.example"}), "Three."), json!({"external_id": "a/7"}));
        app.submit(&with_id).await;
        let id = |comment: &Value| comment["author"]["id"].as_str().unwrap().to_owned();
        let cases = [
            (json!({"email": "guest@mail.example"}), id(&guest)),
            (json!({"email": "\tGUEST@mail.example\n", "account": null, "comment": null}), id(&guest)),
            (json!({"comment": guest["id"]}), id(&guest)),
            (json!({"comment": "ext:a/7"}), id(&guest)),
            (json!({"account": {"provider": "github", "id": "Ana-7"}}), id(&signed_in)),
            (json!({"account": {"provider": "github", "id": "Ana-7", "verified": false}}), id(&signed_in)),
            (json!({"comment": signed_in["id"]}), id(&signed_in)),
        ];
        for (known, key) in cases {
            assert_eq!(key_of(app, known.clone()).await, key, "{known}");
        }
        // The address of somebody who signed in is a name of its own, under which the same comment is found.
        let by_mail = key_of(app, json!({"email": "ana@mail.example"})).await;
        assert_ne!(by_mail, id(&signed_in));
        for key in [by_mail, id(&signed_in)] {
            let list = app.get(&format!("comments?author={key}")).send().await.expect(200);
            assert_eq!(list.ids(), [signed_in["id"].as_str().unwrap()]);
            let shown = app.get(&format!("authors/{key}")).send().await.expect(200);
            assert_eq!((&shown.body["key"], &shown.body["comments"]["held"]), (&json!(key), &json!(1)));
        }
    });
}

#[test]
fn whom_nobody_knows_is_not_found_and_a_lookup_that_is_none_is_refused() {
    TestApp::run(async |app| {
        let other = app.second_site("other").await;
        let nameless = app.submit(&by(json!({"name": "Somebody"}), "Hello.")).await;
        let known = app.submit(&submission("Hello.")).await;
        let nobody = [
            (json!({"email": "nobody@mail.example"}), "unknown_author"),
            (json!({"account": {"provider": "github", "id": "nobody"}}), "unknown_author"),
            (json!({"account": {"provider": "x", "id": "ana@mail.example"}}), "unknown_author"),
            (json!({"comment": nameless["id"]}), "unknown_author"),
            (json!({"comment": "ext:never"}), "unknown_comment"),
            (json!({"comment": "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d"}), "unknown_comment"),
        ];
        for (known, code) in nobody {
            let answer = app.post("authors/lookup", &known).send().await.problem(404, code);
            let told = answer.body["detail"].as_str().unwrap().contains("gave neither account nor e-mail");
            assert_eq!(told, known["comment"] == nameless["id"], "{known}: {}", answer.body);
        }
        for foreign in [json!({"email": "ana@mail.example"}), json!({"comment": known["id"]})] {
            app.post("authors/lookup", &foreign).send().await.expect(200);
            let path = "/v1/sites/other/authors/lookup";
            assert_eq!(app.post(path, &foreign).key(&other).send().await.status, 404, "{foreign}");
        }
        let wrong = [
            (json!({}), "", "one_of"),
            (json!({"email": null}), "", "one_of"),
            (json!({"email": "ana@mail.example", "comment": "ext:1"}), "", "one_of"),
            (json!({"email": " \t"}), "/email", "empty"),
            (json!({"email": "a".repeat(255)}), "/email", "too_long"),
            (json!({"email": 7}), "/email", "wrong_type"),
            (json!({"account": {"provider": "github"}}), "/account/id", "missing"),
            (json!({"account": {"provider": "Git Hub", "id": "1"}}), "/account/provider", "invalid_slug"),
            (json!({"account": ["github", "1"]}), "/account", "wrong_type"),
            (json!({"comment": "88123"}), "/comment", "invalid_id"),
            (json!({"key": "0f8fad5bd9cb469fa16570867728950e"}), "/key", "unknown_field"),
        ];
        for (known, field, code) in wrong {
            let answer = app.post("authors/lookup", &known).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())], "{known}");
        }
        for key in ["nobody", "0f8fad5bd9cb469fa16570867728950e", "0F8FAD5BD9CB469FA16570867728950E"] {
            for (method, path) in [("GET", ""), ("GET", "/export"), ("DELETE", "")] {
                app.call(method, &format!("authors/{key}{path}")).send().await.problem(404, "unknown_author");
            }
        }
    });
}

#[test]
fn an_author_stands_as_people_decided() {
    TestApp::run(async |app| {
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let first = app.submit(&submission("The first.")).await;
        app.post(&format!("{}/approve", path_of(&first)), &json!({})).send().await.expect(200);
        app.pass(90);
        let old = json!({"created_at": "2026-11-22T19:00:00Z", "decided": {"action": "approve", "by": "person"}});
        app.submit(&with(&submission("Before the first."), old)).await;
        for (text, reason) in [("Buy this now.", "spam"), ("You fool of a moderator.", "abuse")] {
            let comment = app.submit(&submission(text)).await;
            let wish = json!({ "reason": reason });
            let decided =
                app.post(&format!("{}/reject", path_of(&comment)), &wish).header("if-match", "1").send().await;
            decided.expect(200);
        }
        let last = app.submit(&submission("The last, with http://ana.example in it.")).await;
        app.submit(&by(json!({"email": "ben@mail.example"}), "Of somebody else.")).await;
        let key = key_of(app, json!({"email": "ana@mail.example"})).await;
        let shown = app.get(&format!("authors/{key}")).send().await.expect(200).body;
        let held = u64::from(last["status"] == "held");
        let expected = json!({
            "key": key,
            "comments": {"approved": 2 + (1 - held), "held": held, "rejected": 2, "open": held},
            "first_at": "2026-11-22T19:00:00.000Z",
            "last_at": last["created_at"],
            "remembered": {"comments": 5, "approved": 2, "spam": 1, "abuse": 1}
        });
        assert_eq!(shown, expected);
    });
}

#[test]
fn an_export_has_everything_an_author_wrote_in_the_order_of_writing() {
    TestApp::run(async |app| {
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let mut written = Vec::new();
        for n in 0..7 {
            app.pass(1);
            let text = if n % 3 == 0 { SPAM.to_owned() } else { format!("Comment {n}, see http://ana.example/{n}") };
            let account = json!({"email": "ana@mail.example", "account": {"provider": "x", "id": "7"}});
            let author = if n % 2 == 0 { json!({"email": "Ana@mail.example"}) } else { account };
            let at = format!("2026-11-22T1{}:00:00.000Z", 9 - n);
            let parts = json!({"created_at": at, "client": {"ip": "203.0.113.7"}, "external_id": format!("e-{n}")});
            let comment = app.submit(&with(&by(author, &text), parts)).await;
            written.insert(0, comment["id"].as_str().unwrap().to_owned());
            app.submit(&by(json!({"email": "ben@mail.example"}), &format!("Of another one, {n}."))).await;
        }
        let key = key_of(app, json!({"email": "ana@mail.example"})).await;
        let author = app.get(&format!("authors/{key}")).send().await.expect(200).body;
        for limit in [1, 2, 7, 100] {
            let (mut items, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("authors/{key}/export?limit={limit}{cursor}");
                let page = app.get(&path).send().await.expect(200);
                assert_eq!(page.body["author"], author);
                let new = page.body["items"].as_array().unwrap().clone();
                assert!(new.len() <= limit);
                items.extend(new);
                match page.body["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let ids: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
            assert_eq!(ids, written, "{limit} a page");
            for item in &items {
                assert_eq!(app.get(&path_of(item)).send().await.expect(200).body, *item);
            }
        }
        let newest = app.get("comments?sort=newest&limit=1").send().await.expect(200);
        let cursor = newest.body["next"].as_str().unwrap();
        for (query, field, code) in [
            (format!("cursor={cursor}"), "query:cursor", "other_order"),
            ("limit=101".to_owned(), "query:limit", "out_of_range"),
            ("fields=public".to_owned(), "query:fields", "unknown_parameter"),
        ] {
            let answer = app.get(&format!("authors/{key}/export?{query}")).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())]);
        }
    });
}
