//! Two sites × every operation × every scope, made from `openapi.yaml`: a new operation is covered as soon as it is described.

mod assignment;
pub mod requests;

use std::collections::BTreeMap;

use moderato::http;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, path_of, submission, with};
use crate::contract::{CONTRACT, Described};
use requests::{Request, Things};

const SCOPES: [&str; 4] = ["submit", "read", "moderate", "admin"];

/// Stands in everything that belongs to the site `demo`, and nowhere else.
const CANARY: &str = "canary";

/// The site `demo` with comments of every kind, decisions, a key and a name, all marked.
async fn furnished(app: &TestApp) -> Things {
    let marked = |text: &str, external: &str| {
        let author = json!({"name": "Ana canary", "email": "canary@mail.example", "url": "https://canary.example"});
        let parts = json!({
            "author": author, "external_id": external, "client": {"ip": "203.0.113.9", "user_agent": "canary"},
            "post": {"id": "canary-post", "title": "canary", "url": "https://canary.example/post"}
        });
        with(&submission(&format!("{CANARY} {text} https://canary.example/link")), parts)
    };
    let call = app.post("comments", &marked("first", "a-1")).header("idempotency-key", "key-of-demo");
    let first = call.send().await.expect(201);
    let second = app.submit(&marked("second", "a-2")).await;
    let wish = json!({"reason": "spam", "note": "canary note", "actor": "canary moderator"});
    app.post(&format!("{}/reject", path_of(&second)), &wish).send().await.expect(200);
    let staff = with(&marked("third", "a-3"), json!({"author": {"name": "canary", "role": "staff"}}));
    app.submit(&staff).await;
    let key = app.post("keys", &json!({"name": "canary", "scopes": ["read"]})).send().await.expect(201);
    let entry = json!({"value": "canary that nobody wrote", "action": "hold"});
    let entry = app.post("lists/phrases/entries", &entry).send().await.expect(200);
    app.call("PATCH", "/v1/sites/demo").json(&json!({"name": "canary"})).key(&app.operator).send().await.expect(200);
    let page = app.get("comments?limit=1&sort=newest").send().await.expect(200);
    let feed = app.get("events?limit=1").send().await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let values = BTreeMap::from([
        ("key", text(&key.body["id"])),
        ("list", "phrases".to_owned()),
        ("entry", text(&entry.body["ids"][0])),
        ("cursor", text(&page.body["next"])),
        ("after", text(&feed.body["next"])),
        ("token", text(&first.body["status_token"])),
        ("author", text(&first.body["author"]["id"])),
        ("external_id", "a-1".to_owned()),
        ("post", "canary-post".to_owned()),
        ("ip", "203.0.113.9".to_owned()),
        ("host", "canary.example".to_owned()),
        ("q", CANARY.to_owned()),
        ("since", "2026-01-01T00:00:00Z".to_owned()),
        ("until", "2027-01-01T00:00:00Z".to_owned()),
        ("rule", "link_count".to_owned()),
        ("If-Match", first.header("etag").to_owned()),
        ("If-None-Match", first.header("etag").to_owned()),
        ("Idempotency-Key", "key-of-demo".to_owned()),
    ]);
    Things { comments: vec![text(&first.body["id"]), "ext:a-1".to_owned(), text(&second["id"])], values }
}

/// The same requests about things that never were.
fn unknown(things: &Things) -> Things {
    let mut values = things.values.clone();
    values.insert("key", "aaaaaaaaaaaa".to_owned());
    values.insert("entry", "a".repeat(24));
    let never = ["019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d", "ext:never", "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5e"];
    Things { comments: never.map(str::to_owned).to_vec(), values }
}

/// All that the site `demo` has to show.
async fn state(app: &TestApp) -> Vec<Value> {
    let mut all = Vec::new();
    for path in
        ["/v1/sites/demo", "comments?limit=100&sort=oldest", "events?limit=500", "keys", "lists/phrases/entries"]
    {
        let shown = app.get(path).send().await.expect(200).body;
        assert!(path == "events?limit=500" || shown.to_string().contains(CANARY), "{path} bears no mark: {shown}");
        all.push(shown);
    }
    all
}

/// What an answer tells, without what every answer has of its own.
fn told(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    // `connection` speaks of the request: it is closed if the rest of its body was still under way when it was refused.
    let own = ["x-request-id", "date", "connection"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut body = answer.body.clone();
    if let Some(instance) = body.get_mut("instance") {
        *instance = Value::Null;
    }
    (answer.status, headers.collect(), body)
}

/// Panics where an answer has something of the site `demo` in it.
fn betrays_nothing(answer: &Answer, things: &Things, at: &str) {
    let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.bytes));
    let named = things.comments.iter().chain(["key", "author", "entry"].map(|name| &things.values[name]));
    for secret in named.map(String::as_str).chain([CANARY]) {
        assert!(!text.contains(secret), "{at} betrays {secret}: {text}");
    }
}

/// Who may call an operation, as the service's own table says: the kind of access and its scopes.
fn access(one: &Described<'_>) -> (String, Vec<String>) {
    let table = http::operations();
    let route = table.iter().find(|route| route.method == one.method && route.path == one.path);
    let words = &route.unwrap_or_else(|| panic!("{} {} is no route", one.method, one.path)).access;
    let (kind, scopes) = words.split_once(' ').unwrap_or((words, ""));
    (kind.to_owned(), scopes.split('|').map(str::to_owned).collect())
}

/// Whether an operation of this kind asks nobody on this machine for a key.
fn needs_no_key(kind: &str) -> bool {
    matches!(kind, "public" | "nearby")
}

/// The operations below a site that a key of the site can be enough for.
fn of_sites() -> Vec<Described<'static>> {
    let all = CONTRACT.operations().into_iter();
    all.filter(|one| one.path.starts_with("/v1/sites/{site}") && access(one).0 == "site").collect()
}

/// A key with each scope alone, and one with all.
async fn keys_of(app: &TestApp, site: &str) -> Vec<(Vec<&'static str>, String)> {
    let mut keys = vec![(SCOPES.to_vec(), app.key_of(site, &SCOPES).await)];
    for scope in SCOPES {
        keys.push((vec![scope], app.key_of(site, &[scope]).await));
    }
    keys
}

#[test]
fn to_a_key_of_another_site_a_site_is_one_that_never_was() {
    TestApp::run(async |app| {
        app.second_site("other").await;
        let (things, keys) = (furnished(app).await, keys_of(app, "other").await);
        let before = state(app).await;
        for one in of_sites() {
            for request in Request::all(&one, &things) {
                for (scopes, key) in &keys {
                    let at = format!("{request:?} with {scopes:?}");
                    let foreign = request.send(app, "demo", Some(key)).await;
                    let never = request.send(app, "never-was", Some(key)).await;
                    assert_eq!(foreign.status, 404, "{at}");
                    assert_eq!(told(&foreign), told(&never), "{at}");
                    betrays_nothing(&foreign, &things, &at);
                }
            }
        }
        assert_eq!(state(app).await, before);
    });
}

#[test]
fn what_belongs_to_another_site_is_unknown_in_ones_own() {
    TestApp::run(async |app| {
        let things = furnished(app).await;
        let before = state(app).await;
        for one in of_sites() {
            // Each from a site of its own, in which no name has been used yet.
            let site = one.operation["operationId"].as_str().unwrap().to_lowercase();
            let key = app.second_site(&site).await;
            let never = Request::all(&one, &unknown(&things));
            for (request, never) in Request::all(&one, &things).iter().zip(&never) {
                let at = format!("{request:?}");
                let answer = request.send(app, &site, Some(&key)).await;
                assert!(!matches!(answer.status, 401 | 403), "{at}: {}", answer.status);
                betrays_nothing(&answer, &things, &at);
                if request.is_about_a_thing {
                    assert_eq!(answer.status, 404, "{at}");
                    assert_eq!(told(&answer), told(&never.send(app, &site, Some(&key)).await), "{at}");
                }
            }
        }
        // The answer may repeat the parent's id, as it was sent, but tells nothing of the parent.
        let other = app.second_site("other").await;
        let parent = json!({"parent": {"id": things.comments[0], "external_id": "a-1"}});
        let call = app.post("/v1/sites/other/comments", &with(&submission("An answer."), parent)).key(&other);
        let answer = call.send().await.expect(201);
        assert!(!answer.body.to_string().contains(CANARY), "{}", answer.body);
        assert_eq!(state(app).await, before);
    });
}

#[test]
fn a_key_of_a_site_may_what_the_table_says_and_nothing_else() {
    TestApp::run(async |app| {
        app.second_site("other").await;
        let (mut things, keys) = (furnished(app).await, keys_of(app, "demo").await);
        for one in CONTRACT.operations() {
            let (kind, wanted) = access(&one);
            for (scopes, key) in &keys {
                // Of what may be gone after the call, each has its own.
                let comment = app.held_comment().await["id"].as_str().unwrap().to_owned();
                let spare = app.key_of("demo", &["read"]).await;
                things.values.insert("key", spare.split('_').nth(1).unwrap().to_owned());
                let mut request = Request::bare(&one, &things, &comment);
                let at = format!("{request:?} with {scopes:?}");
                // Where the scope depends on who decided, the blog's own admin did.
                let depends_on_source = wanted.len() > 1;
                if depends_on_source {
                    request.body = request.body.map(|body| with(&body, json!({"source": "site"})));
                }
                let answer = request.send(app, "demo", Some(key)).await;
                match kind.as_str() {
                    "operator" => drop(answer.problem(403, "operator_only")),
                    _ if !needs_no_key(&kind) && !scopes.iter().any(|scope| wanted.iter().any(|one| one == scope)) => {
                        answer.problem(403, "missing_scope");
                    }
                    _ => assert!(!matches!(answer.status, 401 | 403), "{at}: {}", answer.body),
                }
                if depends_on_source && scopes[..] == ["submit"] {
                    request.body = request.body.map(|body| with(&body, json!({"source": "api", "at": null})));
                    request.send(app, "demo", Some(key)).await.problem(403, "missing_scope");
                }
            }
        }
    });
}

#[test]
fn without_a_key_only_what_is_public_answers() {
    TestApp::run(async |app| {
        let things = furnished(app).await;
        let before = state(app).await;
        for one in CONTRACT.operations() {
            let is_public = needs_no_key(&access(&one).0);
            // The form of the demo page is sent without a word in it here, and is not taken.
            let good = if one.path == "/demo" && one.method == "POST" { 422 } else { 200 };
            for request in Request::all(&one, &things) {
                for site in ["demo", "never-was"] {
                    let answer = request.send(app, site, None).await;
                    assert_eq!(answer.status == 401, !is_public, "{request:?}: {}", answer.status);
                    assert!(!is_public || answer.status == good, "{request:?}: {}", answer.status);
                    betrays_nothing(&answer, &things, &format!("{request:?}"));
                }
            }
        }
        assert_eq!(state(app).await, before);
    });
}
