//! What the log says of a request, and what it never says.

use std::io::Write;
use std::sync::{Mutex, Once, PoisonError};

use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, submission, with};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Everything that any test logs.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps the log from now on, for all tests of this process.
fn keep_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Log).init());
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
        let (text, line) = log_of("log-1");
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
        for hidden in ["canary", "198.51.100", "mod_", "GTUBE"] {
            assert!(!text.contains(hidden), "{hidden}");
        }
    });
}
