//! How a comment stands, as its author is told by the token of its submission.

use data_encoding::BASE64URL_NOPAD;
use moderato::store::Error;
use serde_json::{Value, json};

use crate::app::{Answer, SPAM, TestApp, path_of, submission, with};
use crate::broken::Broken;

/// What the token of an answer tells now, without a key.
async fn told(app: &TestApp, token: &str) -> Answer {
    app.get(&format!("/v1/status/{token}")).without("authorization").send().await
}

/// Submits and answers the whole comment and its token.
async fn submitted(app: &TestApp, body: &Value) -> (Value, String) {
    let comment = app.post("comments", body).send().await.expect(201).body;
    let token = comment["status_token"].as_str().unwrap().to_owned();
    (comment, token)
}

async fn status_of(app: &TestApp, token: &str) -> Value {
    let answer = told(app, token).await.expect(200);
    assert_eq!((answer.header("cache-control"), answer.header("access-control-allow-origin")), ("no-store", "*"));
    answer.body
}

fn is(status: &str, reason: &str) -> Value {
    json!({"status": status, "reason": reason})
}

#[test]
fn what_is_taken_in_is_answered_with_a_token_and_nothing_else_is() {
    TestApp::run(async |app| {
        let body = with(&submission("Hello."), json!({"external_id": "1"}));
        let (comment, token) = submitted(app, &body).await;
        assert_eq!(comment.get("status_url"), None);
        let again = app.post("comments", &body).send().await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body["status_token"]), ("true", &json!(token)));
        let batch = json!({"do": "submit", "submissions": [body, submission("Another one."), {}]});
        let results = app.post("comments/batch", &batch).send().await.expect(200).body["results"].clone();
        assert_eq!(results[0]["comment"]["status_token"], json!(token));
        assert_eq!(status_of(app, results[1]["comment"]["status_token"].as_str().unwrap()).await, is("held", "review"));
        assert_eq!(results[2]["problem"]["status"], 422);
        for shown in [app.get(&path_of(&comment)), app.get("comments"), app.get("events")] {
            let shown = shown.send().await.expect(200);
            assert!(!String::from_utf8(shown.bytes).unwrap().contains("status_token"));
        }
        let decided = app.call("POST", &format!("{}/approve", path_of(&comment))).send().await.expect(200);
        assert_eq!(decided.body.get("status_token"), None);
    });
}

#[test]
fn where_to_ask_is_told_once_somebody_has_said_where_the_outside_reaches_us() {
    TestApp::run_with("public_url = \"https://blog.example/moderato/\"", "", async |app| {
        let (comment, token) = submitted(app, &submission("Hello.")).await;
        assert_eq!(comment["status_url"], format!("https://blog.example/moderato/v1/status/{token}"));
        let batch = json!({"do": "submit", "submissions": [submission("Another one.")]});
        let results = app.post("comments/batch", &batch).send().await.expect(200).body["results"].clone();
        let url = results[0]["comment"]["status_url"].as_str().unwrap();
        assert!(url.starts_with("https://blog.example/moderato/v1/status/"), "{url}");
        // The router knows nothing of the path.
        assert_eq!(status_of(app, &token).await, is("held", "review"));
    });
}

#[test]
fn a_comment_is_followed_through_everything_that_becomes_of_it() {
    TestApp::run(async |app| {
        let (comment, token) = submitted(app, &submission("Hello.")).await;
        let path = path_of(&comment);
        assert_eq!(status_of(app, &token).await, is("held", "review"));
        let steps = [
            ("approve", json!({"status": "published"})),
            ("reject", is("declined", "review")),
            ("reopen", is("held", "review")),
            ("approve", json!({"status": "published"})),
        ];
        for (verb, expected) in steps {
            let version = app.get(&path).send().await.expect(200).header("etag").to_owned();
            let decided = app.post(&format!("{path}/{verb}"), &json!({"actor": "Ana"})).header("if-match", &version);
            decided.send().await.expect(200);
            assert_eq!(status_of(app, &token).await, expected, "{verb}");
        }
        app.call("POST", &format!("{path}/withdraw")).send().await.expect(200);
        assert_eq!(status_of(app, &token).await, is("declined", "review"));
        app.call("DELETE", &path).send().await.expect(204);
        told(app, &token).await.problem(404, "unknown_status");
    });
}

#[test]
fn the_reason_is_the_screenings_only_where_the_screening_decided() {
    let links = "One http://a.example/1 http://b.example/2 http://c.example/3 http://d.example/4 http://e.example/5";
    let wording = "Great post! Feel free to visit my homepage: http://casino.example/";
    let decided = json!({"action": "reject", "reason": "spam", "by": "machine"});
    let cases = [
        (links, json!({}), is("held", "links")),
        (wording, json!({}), is("held", "wording")),
        (SPAM, json!({}), is("declined", "review")),
        ("Nothing.", json!({"form": {"honeypot": "x"}}), is("declined", "review")),
        ("Nothing.", json!({"kind": "trackback"}), is("declined", "review")),
        ("Nothing.", json!({}), json!({"status": "published"})),
        (links, json!({"post": {"id": "1", "commenting": {"mode": "premoderate"}}}), is("held", "review")),
        (wording, json!({"decided": decided}), is("declined", "review")),
    ];
    TestApp::run(async |app| {
        app.reload(|policy| drop(policy.insert("first_comment".to_owned(), "screen".into()))).await.unwrap();
        for (number, (text, parts, expected)) in cases.into_iter().enumerate() {
            let author = json!({"author": {"name": "Ana", "email": format!("a{number}@mail.example")}});
            let body = with(&with(&submission(text), author), parts);
            let (comment, token) = submitted(app, &body).await;
            assert_eq!(status_of(app, &token).await, expected, "{comment:#}");
        }
        let flood = with(&submission("I agree."), json!({"client": {"ip": "203.0.113.7"}}));
        for number in 0..4 {
            let (comment, token) = submitted(app, &flood).await;
            let expected = if number < 3 { json!({"status": "published"}) } else { is("held", "rate") };
            assert_eq!(status_of(app, &token).await, expected, "{comment:#}");
            if number == 3 {
                // Once a person has looked, it is no longer for its number.
                app.post(&format!("{}/reject", path_of(&comment)), &json!({"reason": "spam"})).send().await.expect(200);
                assert_eq!(status_of(app, &token).await, is("declined", "review"));
            }
        }
    });
}

#[test]
fn a_token_that_was_changed_anywhere_is_unknown() {
    TestApp::run(async |app| {
        let other = app.second_site("demo-2").await;
        let call = app.post("/v1/sites/demo-2/comments", &submission("Hello.")).key(&other).send().await.expect(201);
        let of_other = call.body["status_token"].as_str().unwrap().to_owned();
        let (_, token) = submitted(app, &submission("Hello.")).await;
        app.reconfigure(|it| it.limits.enabled = false).await;
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        let never = told(app, "never").await.problem(404, "unknown_status");
        assert_eq!((never.header("cache-control"), never.header("access-control-allow-origin")), ("no-store", "*"));
        let is_unknown = async |bytes: &[u8], at: &str| {
            let answer = told(app, &BASE64URL_NOPAD.encode(bytes)).await;
            assert_eq!((answer.status, &answer.body["detail"]), (404, &never.body["detail"]), "{at}");
        };
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                is_unknown(&changed, &format!("byte {place}, bit {bit}")).await;
            }
        }
        for length in 1..bytes.len() {
            is_unknown(&bytes[..length], &format!("{length} bytes")).await;
        }
        // Under the name of another site, and with what proves another comment.
        let others = BASE64URL_NOPAD.decode(of_other.as_bytes()).unwrap();
        is_unknown(&[&bytes[..], b"-2"].concat(), "a site with a longer name").await;
        is_unknown(&others[..others.len() - 2], "a site with a shorter name").await;
        is_unknown(&[&bytes[..17], &others[17..]].concat(), "the proof of another comment").await;
        for wrong in [format!("{token}="), format!("{token}A"), token.to_uppercase(), "%FF".to_owned()] {
            told(app, &wrong).await.problem(404, "unknown_status");
        }
        assert_eq!(status_of(app, &token).await, is("held", "review"));
        assert_eq!(status_of(app, &of_other).await, is("held", "review"));
        app.call("DELETE", "/v1/sites/demo-2").key(&app.operator).send().await.expect(204);
        let gone = told(app, &of_other).await.problem(404, "unknown_status");
        assert_eq!(gone.body["detail"], never.body["detail"]);
        TestApp::run_beside(async |elsewhere| {
            told(elsewhere, &token).await.problem(404, "unknown_status");
        })
        .await;
    });
}

#[test]
fn one_address_asks_so_often_and_no_more() {
    TestApp::run_with("trusted_proxies = [\"127.0.0.1\"]", "", async |app| {
        let (_, token) = submitted(app, &submission("Hello.")).await;
        let ask = async |from: &str| {
            let call = app.get(&format!("/v1/status/{token}")).without("authorization");
            call.header("x-forwarded-for", from).send().await
        };
        for number in 0..60 {
            ask(&format!("2001:db8:1:2::{number:x}")).await.expect(200);
        }
        let refused = ask("2001:db8:1:2::ffff").await.problem(429, "over_limit");
        assert_eq!((&refused.body["limit"]["name"], refused.header("retry-after")), (&json!("public"), "1"));
        assert_eq!(refused.header("ratelimit"), "\"public\";r=0;t=1");
        assert_eq!((refused.header("cache-control"), refused.header("access-control-allow-origin")), ("no-store", "*"));
        ask("2001:db8:1:3::1").await.expect(200);
        ask("203.0.113.7").await.expect(200);
        app.pass(1);
        ask("2001:db8:1:2::1").await.expect(200);
        // Whoever guesses pays alike.
        for _ in 0..60 {
            app.get("/v1/status/guess").header("x-forwarded-for", "203.0.113.8").send().await.expect(404);
        }
        let guess = app.get("/v1/status/guess").header("x-forwarded-for", "203.0.113.8");
        guess.send().await.problem(429, "over_limit");
    });
}

#[test]
fn while_the_store_is_away_nobody_is_told_that_a_comment_is_gone() {
    TestApp::run_over(Broken::store(Error::Unavailable("away".to_owned())), async |app| {
        let id = "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d".parse().unwrap();
        let token = app.service.status_token(&"demo".parse().unwrap(), id).unwrap();
        let answer = told(app, &token).await.problem(503, "unavailable");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        told(app, "never").await.problem(404, "unknown_status");
    });
}
