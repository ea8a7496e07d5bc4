//! What the log says of a request, and what it never says.

use std::io::Write;
use std::sync::{Mutex, Once, PoisonError};

use moderato::store::Error;
use serde_json::{Value, json};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::app::{SPAM, TestApp, submission, with};
use crate::broken::{Broken, PANIC};

/// Everything that any test logs, as JSON.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The same as text.
static TEXT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log(&'static Mutex<Vec<u8>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps the log from now on, for all tests of this process.
pub fn keep_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // As shipped, and of Moderato itself whatever anybody may ever switch on.
        let level = Targets::new().with_default(Level::INFO).with_target("actix_server", Level::WARN);
        let level = level.with_target("moderato", Level::TRACE);
        let json = tracing_subscriber::fmt::layer().json().with_writer(|| Log(&LOG));
        let text = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Log(&TEXT));
        tracing_subscriber::registry().with(level).with(json).with(text).init();
    });
}

/// The whole log, as JSON and as text.
pub fn whole_log() -> String {
    let text =
        |log: &Mutex<Vec<u8>>| String::from_utf8(log.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap();
    text(&LOG) + &text(&TEXT)
}

/// The whole log as text, and the access line of this request.
fn log_of(request: &str) -> (String, Value) {
    let text = String::from_utf8(LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].clone());
    let line = lines.find(|line| line["request"] == request && line["message"] == "request");
    let line = line.unwrap();
    drop(lines);
    (text, line)
}

#[test]
fn an_access_line_is_short_whatever_is_sent() {
    keep_log();
    TestApp::run(async |app| {
        let method = "LONG".repeat(1_000);
        app.call(&method, "/livez").header("x-request-id", "log-6").send().await.expect(405);
        app.get("/livez").header("x-request-id", "log-7").send().await.expect(200);
        assert_eq!(log_of("log-6").1["method"], "other");
        for request in ["log-6", "log-7"] {
            let ms = log_of(request).1["ms"].to_string();
            assert!(ms.split('.').nth(1).is_none_or(|decimals| decimals.len() <= 3), "{ms}");
        }
    });
}

#[test]
fn a_submission_is_logged_with_its_verdict_and_without_content_or_people() {
    keep_log();
    TestApp::run(async |app| {
        let body = with(
            &submission(&format!("canary-content {SPAM}")),
            json!({
                "external_id": "canary-external", "client": {"ip": "198.51.100.123", "user_agent": "canary-agent"},
                "author": {"name": "canary-name", "email": "canary-mail@mail.example", "url": "https://canary-url.example"}
            }),
        );
        let answer = app.post("comments", &body).header("x-request-id", "log-1").send().await.expect(201);
        let path = "comments/ext:canary-external?fields=public";
        app.get(path).header("x-request-id", "log-2").send().await.expect(200);
        app.get("comments?q=canary-q&ip=198.51.100.124").header("x-request-id", "log-3").send().await.expect(200);
        app.get("/canary-path").header("x-request-id", "log-4").send().await.expect(404);
        app.get("/v1/sites/canary-site/keys").header("x-request-id", "log-5").send().await.expect(404);
        let token = answer.body["status_token"].as_str().unwrap();
        app.get(&format!("/v1/status/{token}")).header("x-request-id", "log-9").send().await.expect(200);
        app.get("/v1/status/canary-token").header("x-request-id", "log-10").send().await.expect(404);
        let line = log_of("log-1").1;
        assert_eq!((&line["method"], &line["status"], &line["site"]), (&json!("POST"), &json!(201), &json!("demo")));
        assert_eq!(line["route"], "/v1/sites/{site}/comments");
        assert_eq!((&line["comment"], &line["action"]), (&answer.body["id"], &json!("reject")));
        for number in ["ms", "score", "screening_us", "store_us"] {
            assert!(line[number].is_number(), "{number}: {line}");
        }
        assert!(line["rules"].as_str().is_some_and(|rules| !rules.is_empty()) && line["decided_by"].is_string());
        assert_eq!(log_of("log-2").1["route"], "/v1/sites/{site}/comments/{comment}");
        assert_eq!(log_of("log-4").1["route"], "none");
        assert!(log_of("log-5").1.get("site").is_none());
        for status in ["log-9", "log-10"] {
            assert_eq!(log_of(status).1["route"], "/v1/status/{token}");
        }
        let text = log_of("log-10").0;
        for hidden in ["canary", "198.51.100", "mod_", "GTUBE", token] {
            assert!(!text.contains(hidden), "{hidden}");
        }
    });
}

/// A submission whose every field that takes a text of the caller's holds a canary.
fn canary(number: usize) -> Value {
    json!({
        "external_id": format!("canary-external-{number}"),
        "post": {
            "id": "canary-post", "url": "https://canary-post.example/1", "title": "canary-title", "tags": ["canary-tag"],
            "excerpt": "canary-excerpt", "published_at": "2026-11-01T00:00:00Z", "language": "en"
        },
        "parent": {"external_id": "canary-parent", "author": {"name": "canary-parent-name"}, "content": "canary-parent-content"},
        "kind": "canary-kind",
        "author": {
            "name": "canary-name", "email": "canary-mail@mail.example", "url": "https://canary-url.example/",
            "account": {"provider": "canary-provider", "id": "canary-account", "verified": true}
        },
        "content": format!("canary-content {SPAM} http://canary-link.example/ canary@mail.example"),
        "client": {"ip": "198.51.100.123", "user_agent": "canary-agent", "referrer": "https://canary-referrer.example/"},
        "form": {"honeypot": "canary-honeypot", "seconds": 1.5}
    })
}

/// The texts in a value, each with its JSON Pointer.
fn texts(value: &Value, at: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![at],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, item)| texts(item, format!("{at}/{i}"))).collect()
        }
        Value::Object(members) => members.iter().flat_map(|(name, one)| texts(one, format!("{at}/{name}"))).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn no_field_of_a_submission_is_logged_whatever_becomes_of_it() {
    keep_log();
    let sends = async |app: &TestApp, key: &str, expected: u16| {
        let good = canary(0);
        let call = |body: &Value| {
            let call = app.post("comments", body).key(key).header("idempotency-key", "canary-idempotency");
            call.header("user-agent", "canary-caller").header("x-forwarded-for", "198.51.100.124")
        };
        call(&good).send().await.expect(expected);
        // The same again, and another one under its name.
        call(&good).send().await;
        call(&with(&good, json!({"content": "canary-other"}))).send().await;
        app.post("comments/check", &good).key(key).send().await;
        let batch = json!({"do": "submit", "submissions": [canary(1), {"canary-field": 1}]});
        app.post("comments/batch", &batch).key(key).send().await;
        let decision = json!({"actor": "canary-actor", "note": "canary-note", "reason": "canary-reason"});
        app.post("comments/ext:canary-external-0/reject", &decision).key(key).send().await;
        app.post("comments/ext:canary-external-0/approve", &json!({"actor": "canary-actor"})).key(key).send().await;
        // Each field too long, then of another type, then the whole cut short.
        for pointer in texts(&good, String::new()) {
            for wrong in [json!("canary ".repeat(12_000)), json!({"canary-member": "canary"})] {
                let mut body = good.clone();
                *body.pointer_mut(&pointer).unwrap() = wrong;
                let status = call(&body).send().await.status;
                assert!(status >= 400, "{pointer}");
            }
        }
        let text = good.to_string();
        app.call("POST", "comments").key(key).text(&text[..text.len() / 2]).send().await;
        app.call("DELETE", "comments/ext:canary-external-0").key(key).send().await;
    };
    TestApp::run(async |app| sends(app, &app.key, 201).await);
    let failures = [
        (Error::Unavailable("away".to_owned()), 503),
        (Error::Full("full".to_owned()), 503),
        (Error::Damaged("damaged".to_owned()), 500),
    ];
    for (error, status) in failures {
        TestApp::run_over(Broken::store(error), async |app| {
            sends(app, &app.operator, status).await;
            let panics = with(&canary(2), json!({"external_id": PANIC}));
            app.post("comments", &panics).key(&app.operator).header("x-request-id", "log-8").send().await.expect(500);
        });
    }
    let (json, line) = log_of("log-8");
    assert_eq!(line["status"], 500);
    let text = String::from_utf8(TEXT.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap();
    for (format, log) in [("json", json), ("text", text)] {
        assert!(log.contains("log-8") && log.contains("a handler panicked"), "{format}");
        for hidden in ["canary", "198.51.100", "127.0.0.1", "mod_", "GTUBE"] {
            // The store's own address is the operator's to read, and may be the caller's as well: both are this machine.
            let is_of_the_store = |line: &str| hidden == "127.0.0.1" && line.contains("moderato::store::redis::link");
            let line = log.lines().find(|line| line.contains(hidden) && !is_of_the_store(line));
            assert!(line.is_none(), "{format}: {hidden} in {line:?}");
        }
    }
}

#[test]
fn a_request_is_logged_with_the_trace_it_belongs_to() {
    keep_log();
    TestApp::run(async |app| {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let header = format!("00-{trace}-{parent}-01");
        let call = |id: &str| app.get("/livez").header("x-request-id", id);
        call("trace-1").header("traceparent", &header).send().await.expect(200);
        call("trace-2").send().await.expect(200);
        call("trace-3").header("traceparent", &header).header("traceparent", &header).send().await.expect(200);
        call("trace-4").header("traceparent", &header.to_uppercase()).send().await.expect(200);
        // A refused one is traced like any other.
        let refused = app.get("comments").without("authorization").header("x-request-id", "trace-5");
        refused.header("traceparent", &header).send().await.expect(401);
        for request in ["trace-1", "trace-5"] {
            let line = log_of(request).1;
            assert_eq!((&line["trace_id"], &line["parent_id"]), (&json!(trace), &json!(parent)), "{line}");
        }
        for request in ["trace-2", "trace-3", "trace-4"] {
            let line = log_of(request).1;
            assert!(line.get("trace_id").is_none() && line.get("parent_id").is_none(), "{line}");
        }
    });
}
