//! A service whose store is away at its start, later, or not as it must be.

use std::time::Duration;

use moderato::clock::Stopwatch;
use serde_json::{Value, json};

use super::{OPERATOR, Redis, call, comment, expect, is_ready, until};
use crate::serving::Serving;

/// The store is away: the process lives, says why it is not ready, and refuses what needs the store, soon.
fn refuses(serving: &Serving) {
    expect(call(serving, "GET", "/livez", &Value::Null), 200);
    let not_ready = expect(call(serving, "GET", "/readyz", &Value::Null), 503);
    assert_eq!(not_ready["type"], "urn:moderato:problem:not_ready");
    assert!(not_ready["parts"][0]["advice"].as_str().unwrap().contains("reached"), "{not_ready}");
    let calls = [
        ("POST", "/v1/sites/demo/comments", comment("Hello.")),
        ("GET", "/v1/sites/demo/comments", Value::Null),
        ("POST", "/v1/sites/demo/comments/ext:1/approve", Value::Null),
        ("GET", "/v1/sites/demo/events", Value::Null),
        ("GET", "/v1/sites", Value::Null),
        ("DELETE", "/v1/sites/demo", Value::Null),
    ];
    for (method, path, body) in calls {
        let asked = Stopwatch::start();
        let (head, body) = call(serving, method, path, &body);
        assert!(head.starts_with("http/1.1 503 ") && head.contains("\r\nretry-after: "), "{method} {path}: {head}");
        assert_eq!(body["type"], "urn:moderato:problem:unavailable");
        assert!(asked.elapsed() < Duration::from_secs(6), "{method} {path}: {:?}", asked.elapsed());
    }
}

#[test]
fn a_service_starts_without_redis_serves_once_it_is_there_and_lives_through_its_absence() {
    let (mut redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
    let serving = redis.serve(folder.path());
    assert!(serving.line("data").contains("until it is there"), "{}", serving.lines);
    refuses(&serving);
    assert!(!folder.path().join("data").exists(), "nothing begins without the store");

    redis.come();
    let first =
        || call(&serving, "POST", "/v1/sites/demo/comments", &comment("Thank you.")).0.starts_with("http/1.1 201 ");
    let took = until("the first verdict", first);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(is_ready(&serving));
    let keys = std::fs::read_to_string(folder.path().join("data/first-keys.txt")).unwrap();
    let key = keys.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap().to_owned();
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201 "));

    redis.go();
    refuses(&serving);
    redis.come();
    let took = until("a verdict after the absence", first);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201 "), "the keys are those of the first start");
    let ran = serving.stop().ends(0);
    assert!(!ran.err.contains("mod_") && !ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn callers_over_their_quota_are_told_so_while_the_store_is_away() {
    let (redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
    let quota = "{ count = 1, seconds = 3600, burst = 3 }";
    let url = redis.url();
    let settings =
        [("MODERATO__STORE__URL", &*url), ("MODERATO__AUTH__OPERATOR_KEY", OPERATOR), ("MODERATO__LIMITS__KEY", quota)];
    let serving = Serving::start_with(folder.path(), &settings);
    for _ in 0..3 {
        expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 503);
    }
    let refused = expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 429);
    assert_eq!(refused["limit"]["name"], "key");
}

#[test]
fn readiness_names_what_redis_lacks_in_one_word_with_the_lines_to_paste() {
    let (redis, folder) = (Redis::start_with(&["--maxmemory-policy", "allkeys-lru"]), tempfile::tempdir().unwrap());
    let serving = redis.serve(folder.path());
    let not_ready = expect(call(&serving, "GET", "/readyz", &Value::Null), 503);
    let part = &not_ready["parts"][0];
    assert_eq!((&part["part"], &part["reason"]), (&json!("store"), &json!("eviction")), "{not_ready}");
    assert!(part["advice"].as_str().unwrap().contains("CONFIG SET maxmemory-policy noeviction"), "{part}");
    expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 503);
    assert_eq!(redis.cli(&["DBSIZE"]).trim(), "0", "nothing begins in a store that is not as it must be");
    redis.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    until("the service", || is_ready(&serving));
    expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 201);
}
