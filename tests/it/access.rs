//! Who may call what: no key, wrong keys, missing scopes, other sites.

use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};
use crate::contract::{CONTRACT, Described};

const SCOPES: [&str; 4] = ["submit", "read", "moderate", "admin"];

/// An author whom nobody knows.
const NOBODY: &str = "0f8fad5bd9cb469fa16570867728950e";

/// The operation's path in a site, with this comment, key and author.
fn path_in(site: &str, one: &Described<'_>, (comment, key, author): (&str, &str, &str)) -> String {
    let path = one.path.replace("{site}", site).replace("{comment}", comment);
    path.replace("{key}", key).replace("{author}", author).replace("{list}", "domains").replace("{entry}", ENTRY)
}

/// The id of `shop.example` in the list of domains.
const ENTRY: &str = "9d63250c75a6f308421220ee";

/// The operation's example as its body.
fn example(one: &Described<'_>) -> Option<Value> {
    one.operation.pointer("/requestBody/content/application~1json/example").cloned()
}

#[test]
fn without_a_valid_key_nothing_but_the_public_pages_answers() {
    TestApp::run(async |app| {
        let mistyped = app.key.replace("mod_", "mod_a");
        let foreign = "mod_abcdefgh2345_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_3f7a2b1c";
        let needs_key =
            |one: &&Described<'_>| !["public", "nearby"].iter().any(|scope| one.operation["x-scope"] == *scope);
        for one in CONTRACT.operations().iter().filter(needs_key) {
            let path = path_in("demo", one, ("ext:1", "abcdefgh2345", NOBODY));
            let call = || app.call(&one.method, &path).without("authorization");
            let challenge = call().send().await.problem(401, "no_key");
            assert_eq!(challenge.header("www-authenticate"), "Bearer realm=\"moderato\"");
            for header in
                [&format!("Bearer {mistyped}"), &format!("Bearer {foreign}"), "Basic YTpi", "Bearer", "Bearer é"]
            {
                call().header("authorization", header).send().await.problem(401, "wrong_key");
            }
            app.pass(60);
        }
    });
}

#[test]
fn every_operation_takes_the_scopes_that_are_described_and_no_other() {
    TestApp::run(async |app| {
        for one in CONTRACT.operations() {
            let (kind, scopes) = match one.operation["x-scope"].as_str().unwrap().split_once(' ') {
                Some((kind, scopes)) => (kind, scopes.split('|').collect::<Vec<_>>()),
                None => continue,
            };
            for scope in SCOPES {
                let key = app.key_of("demo", &[scope]).await;
                // What does not exist is found missing after the scopes were looked at.
                let path = path_in("demo", &one, ("ext:none", "abcdefgh2345", NOBODY));
                let call = app.call(&one.method, &path).key(&key);
                let call = if let Some(body) = example(&one) { call.json(&body) } else { call };
                let answer = call.send().await;
                let may = kind != "operator" && scopes.contains(&scope);
                let by_source = one.operation["tags"][0] == "decisions" && scope == "submit";
                assert!(
                    by_source || may == (answer.status != 403),
                    "{} {path} with {scope}: {}",
                    one.method,
                    answer.status
                );
                if kind == "operator" {
                    answer.problem(403, "operator_only");
                }
            }
        }
    });
}

#[test]
fn another_site_is_like_one_that_never_was() {
    TestApp::run(async |app| {
        let other = app.second_site("other").await;
        let comment = app.submit(&with(&submission("Mine."), json!({"external_id": "1"}))).await;
        let entry = json!({"value": "shop.example", "action": "hold"});
        assert_eq!(app.post("lists/domains/entries", &entry).send().await.expect(200).body["ids"], json!([ENTRY]));
        let [id, author] = ["/id", "/author/id"].map(|at| comment.pointer(at).and_then(Value::as_str).unwrap());
        let key_id = app.key.split('_').nth(1).unwrap();
        let told = |mut body: Value| {
            body["instance"] = Value::Null;
            body
        };
        for one in
            CONTRACT.operations().iter().filter(|one| one.operation["x-scope"].as_str().unwrap().starts_with("site"))
        {
            for name in [id, "ext:1"] {
                let send = async |site: &str, key: &str, name: &str| {
                    let call = app.call(&one.method, &path_in(site, one, (name, key_id, author))).key(key);
                    let call = if let Some(body) = example(one) { call.json(&body) } else { call };
                    call.send().await
                };
                let foreign = send("demo", &other, name).await.problem(404, "unknown_site");
                let never = send("never-was", &other, name).await.problem(404, "unknown_site");
                assert_eq!(told(foreign.body), told(never.body), "{}", one.path);
                let never = send("never-was", &app.operator, name).await.problem(404, "unknown_site");
                let foreign = send("demo", &other, name).await;
                assert_eq!(told(foreign.body), told(never.body), "{}", one.path);
                // Its own site knows neither the comment nor the key nor the author nor the entry.
                if ["{comment}", "{key}", "{author}", "{entry}"].iter().any(|thing| one.path.contains(thing)) {
                    let foreign = send("other", &other, name).await.expect(404);
                    let never = send("other", &other, "ext:never").await.expect(404);
                    assert_eq!(told(foreign.body), told(never.body), "{}", one.path);
                }
            }
        }
        assert_eq!(app.get(&path_of(&comment)).send().await.expect(200).body, comment);
    });
}

#[test]
fn cursors_retries_and_feeds_stay_in_their_site() {
    TestApp::run(async |app| {
        let other = app.second_site("other").await;
        let body = with(&submission("Both say this."), json!({"external_id": "1"}));
        let mine = app.post("comments", &body).header("idempotency-key", "k").send().await.expect(201);
        app.submit(&submission("Another one.")).await;
        let path = "/v1/sites/other/comments";
        let theirs = app.post(path, &body).header("idempotency-key", "k").key(&other).send().await.expect(201);
        assert_ne!(theirs.body["id"], mine.body["id"]);
        assert_eq!(theirs.header("idempotency-replayed"), "");
        for sort in ["newest", "oldest"] {
            let page = app.get(&format!("comments?limit=1&sort={sort}")).send().await.expect(200);
            let cursor = page.body["next"].as_str().unwrap();
            let list = app.get(&format!("{path}?sort={sort}&cursor={cursor}")).key(&other).send().await.expect(200);
            assert!(list.body["items"].as_array().unwrap().iter().all(|item| item["site"] == "other"));
        }
        let feed = app.get("/v1/sites/other/events").key(&other).send().await.expect(200);
        assert!(feed.body["items"].as_array().unwrap().iter().all(|event| event["comment"] == theirs.body["id"]));
        app.call("DELETE", "/v1/sites/other").key(&app.operator).send().await.expect(204);
        app.get(path).key(&other).send().await.problem(401, "wrong_key");
        app.get(path).key(&app.operator).send().await.problem(404, "unknown_site");
    });
}

#[test]
fn a_key_has_an_end_and_shows_when_it_was_last_used() {
    TestApp::run(async |app| {
        let body = json!({"name": "for a month", "scopes": ["read"], "expires_at": "2026-12-22T20:00:00Z"});
        let made = app.post("keys", &body).send().await.expect(201).body;
        assert_eq!(made["expires_at"], "2026-12-22T20:00:00.000Z");
        let key = made["key"].as_str().unwrap();
        let shown = async || {
            let keys = app.get("keys").send().await.expect(200).body["items"].as_array().unwrap().clone();
            keys.into_iter().find(|shown| shown["id"] == made["id"]).unwrap()
        };
        assert_eq!(shown().await["last_used_at"], Value::Null);
        app.pass(90);
        app.get("comments").key(key).send().await.expect(200);
        assert_eq!(shown().await["last_used_at"], "2026-11-22T20:01:30.000Z");
        app.pass(59);
        app.get("comments").key(key).send().await.expect(200);
        assert_eq!(shown().await["last_used_at"], "2026-11-22T20:01:30.000Z", "to the minute");
        app.pass(1);
        app.get("comments").key(key).send().await.expect(200);
        assert_eq!(shown().await["last_used_at"], "2026-11-22T20:02:30.000Z");
        app.pass(30 * 24 * 60 * 60 - 151);
        app.get("comments").key(key).send().await.expect(200);
        app.pass(1);
        let expired = app.get("comments").key(key).send().await.problem(401, "wrong_key");
        assert_eq!(expired.body["detail"], "The key expired at 2026-12-22T20:00:00.000Z.");
        for wrong in [json!("tomorrow"), json!(5), json!("2026-12-22")] {
            let body = json!({"name": "x", "scopes": ["read"], "expires_at": wrong});
            let answer = app.post("keys", &body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults()[0].0, "/expires_at");
        }
    });
}

#[test]
fn a_key_is_rotated_with_two_that_live() {
    TestApp::run(async |app| {
        let body = json!({"name": "second", "scopes": ["submit", "read", "moderate", "admin"]});
        let second = app.post("keys", &body).send().await.expect(201).body;
        let second = second["key"].as_str().unwrap();
        app.get("comments").send().await.expect(200);
        app.get("comments").key(second).send().await.expect(200);
        let first = app.key.split('_').nth(1).unwrap();
        app.call("DELETE", &format!("keys/{first}")).key(second).send().await.expect(204);
        app.get("comments").send().await.problem(401, "wrong_key");
        app.get("comments").key(second).send().await.expect(200);
    });
}
