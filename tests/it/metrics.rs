//! What monitors read: that the numbers move, what no label tells, and who may read.

use std::collections::BTreeMap;

use moderato::service::Reload;
use moderato::store::Error;
use serde_json::json;

use crate::app::{Answer, SPAM, TestApp, path_of, submission, with};
use crate::broken::Broken;

const OPEN: &str = "open_to = [\"127.0.0.1\"]";

/// The samples by name and labels.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(app: &TestApp) -> Self {
        Self::read(&app.get("/metrics").key(&app.operator).send().await.expect(200))
    }

    fn read(answer: &Answer) -> Self {
        let text = std::str::from_utf8(&answer.bytes).unwrap();
        assert!(text.ends_with("\n# EOF\n"), "{text}");
        let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.rsplit_once(' ').unwrap());
        let samples = samples.map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
        let mut found = BTreeMap::new();
        for (name, value) in samples {
            assert!(found.insert(name.clone(), value).is_none(), "{name} stands twice");
        }
        Self(found)
    }

    /// A sample's value; 0 where nothing was counted.
    fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    #[track_caller]
    fn has(&self, expected: &[(&str, f64)]) {
        for (name, value) in expected {
            assert_eq!(self.get(name), *value, "{name} in {:#?}", self.0);
        }
    }
}

#[test]
fn submissions_checks_and_replays_are_counted() {
    TestApp::run(async |app| {
        let spam = with(&submission(SPAM), json!({"client": {"ip": "198.51.100.7"}}));
        for _ in 0..2 {
            app.post("comments", &spam).header("idempotency-key", "1").send().await.expect(201);
        }
        app.post("comments/check", &spam).send().await.expect(200);
        app.approved_comment().await;
        let batch = json!({"do": "submit", "submissions": [submission("One."), {"content": "no post"}]});
        app.post("comments/batch", &batch).send().await.expect(200);
        app.post("comments", &json!({"content": 1})).send().await.expect(422);
        Scrape::of(app).await.has(&[
            ("moderato_submissions_total{action=\"reject\",decided_by=\"certain\"}", 1.0),
            ("moderato_submissions_total{action=\"approve\",decided_by=\"role\"}", 1.0),
            ("moderato_submissions_total{action=\"hold\",decided_by=\"first_comment\"}", 1.0),
            ("moderato_submissions_without_address_total", 2.0),
            ("moderato_replays_total", 1.0),
            ("moderato_checks_total{action=\"reject\"}", 1.0),
            ("moderato_rule_hits_total{rule=\"gtube\",action=\"reject\"}", 1.0),
            ("moderato_screening_seconds_count", 4.0),
            ("moderato_store_seconds_count{verb=\"recall\"}", 5.0),
            ("moderato_store_seconds_count{verb=\"record\"}", 3.0),
            ("moderato_http_requests_total{method=\"POST\",route=\"/v1/sites/{site}/comments\",status=\"201\"}", 3.0),
            ("moderato_http_requests_total{method=\"POST\",route=\"/v1/sites/{site}/comments\",status=\"422\"}", 1.0),
            ("moderato_http_request_seconds_count{route=\"/v1/sites/{site}/comments\"}", 4.0),
            ("moderato_http_requests_in_flight", 1.0),
        ]);
    });
}

#[test]
fn decisions_are_counted_where_they_changed_something() {
    TestApp::run(async |app| {
        let held = path_of(&app.held_comment().await);
        let spam = json!({"reason": "spam", "actor": "ana"});
        for _ in 0..2 {
            app.post(&format!("{held}/reject"), &spam).send().await.expect(200);
        }
        app.post(&format!("{held}/approve"), &json!({"actor": "ben"})).send().await.expect(409);
        let told = json!({"source": "site", "actor": "ana"});
        app.post(&format!("{}/approve", path_of(&app.held_comment().await)), &told).send().await.expect(200);
        let scrape = Scrape::of(app).await;
        scrape.has(&[
            ("moderato_decisions_total{action=\"reject\",reason=\"spam\",source=\"api\"}", 1.0),
            ("moderato_decisions_total{action=\"approve\",reason=\"none\",source=\"site\"}", 1.0),
            ("moderato_store_seconds_count{verb=\"decide\"}", 4.0),
        ]);
        assert_eq!(scrape.0.keys().filter(|name| name.starts_with("moderato_decisions_total")).count(), 2);
    });
}

#[test]
fn edits_are_counted_where_they_changed_something() {
    TestApp::run(async |app| {
        let held = path_of(&app.held_comment().await);
        for content in ["Only words.", "Only words.", "Other words."] {
            let body = json!({"edited_by": "staff", "content": content});
            app.call("PATCH", &held).json(&body).send().await.expect(200);
        }
        let scrape = Scrape::of(app).await;
        scrape.has(&[
            ("moderato_edits_total{edited_by=\"staff\",status=\"held\"}", 2.0),
            ("moderato_store_seconds_count{verb=\"edit\"}", 3.0),
        ]);
    });
}

#[test]
fn the_queue_is_as_long_and_as_old_as_it_is() {
    TestApp::run(async |app| {
        Scrape::of(app).await.has(&[("moderato_queue_length", 0.0), ("moderato_queue_oldest_seconds", 0.0)]);
        let first = app.held_comment().await;
        app.pass(90);
        app.held_comment().await;
        app.pass(5);
        app.rejected_comment().await;
        app.second_site("other").await;
        Scrape::of(app).await.has(&[
            ("moderato_sites", 2.0),
            ("moderato_queue_length", 2.0),
            ("moderato_queue_oldest_seconds", 95.0),
            ("moderato_comments{status=\"held\"}", 2.0),
            ("moderato_comments{status=\"rejected\"}", 1.0),
            ("moderato_comments{status=\"approved\"}", 0.0),
        ]);
        app.post(&format!("{}/approve", path_of(&first)), &json!({})).send().await.expect(200);
        Scrape::of(app).await.has(&[("moderato_queue_length", 1.0), ("moderato_queue_oldest_seconds", 5.0)]);
    });
}

#[test]
fn limits_reloads_and_the_process_have_their_numbers() {
    TestApp::run(async |app| {
        let flood = with(&submission("I agree."), json!({"author": {}, "client": {"ip": "203.0.113.7"}}));
        for _ in 0..17 {
            app.post("comments", &flood).send().await;
        }
        app.service.metrics().reloaded(Reload::Applied);
        app.service.metrics().reloaded(Reload::Refused);
        let scrape = Scrape::of(app).await;
        scrape.has(&[
            ("moderato_limited_total{limit=\"address\",outcome=\"held\"}", 12.0),
            ("moderato_limited_total{limit=\"address\",outcome=\"refused\"}", 2.0),
            ("moderato_config_reloads_total{outcome=\"applied\"}", 1.0),
            ("moderato_config_reloads_total{outcome=\"refused\"}", 1.0),
            (&format!("moderato_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1.0),
            ("process_start_time_seconds", 1_795_377_600.0),
        ]);
        assert!(scrape.get("process_resident_memory_bytes") > 1e6, "{:#?}", scrape.0);
    });
}

#[test]
fn what_expires_is_counted_by_what_it_was() {
    TestApp::run(async |app| {
        let own = json!({"keep": {"held_expires": "reject", "tombstones": 3}});
        app.call("PUT", "policy").json(&own).send().await.expect(200);
        for n in 0..2 {
            let from = json!({"external_id": n.to_string(), "client": {"ip": "203.0.113.7"}});
            app.submit(&with(&submission("I wrote about it."), from)).await;
        }
        let total = |what: &str| format!("moderato_expired_total{{what=\"{what}\"}}");
        app.pass_days(30);
        app.service.expire_all().await;
        Scrape::of(app).await.has(&[
            (&total("rejected"), 2.0),
            (&total("addresses"), 2.0),
            (&total("purged"), 0.0),
            (&total("events"), 2.0),
            ("moderato_housekeeping_failures_total", 0.0),
            ("moderato_housekeeping_last_timestamp_seconds", app.clock.now().millis() as f64 / 1e3),
            ("moderato_store_seconds_count{verb=\"expire\"}", 1.0),
        ]);
        app.pass_days(15);
        app.service.expire_all().await;
        app.pass_days(3);
        app.service.expire_all().await;
        let totals = [(&*total("rejected"), 2.0), (&total("purged"), 2.0), (&total("tombstones"), 2.0)];
        Scrape::of(app).await.has(&totals);
    });
}

#[test]
fn a_store_that_is_away_leaves_its_numbers_out_and_is_counted() {
    TestApp::run_over(Broken::store(Error::Unavailable("away".to_owned())), async |app| {
        app.post("comments", &submission("Hello.")).key(&app.operator).send().await.expect(503);
        let scrape = Scrape::of(app).await;
        scrape.has(&[
            ("moderato_store_errors_total{kind=\"unavailable\"}", 2.0),
            ("moderato_store_seconds_count{verb=\"recall\"}", 1.0),
        ]);
        let left_out = |name: &String| name.starts_with("moderato_queue") || name.starts_with("moderato_comments");
        assert!(!scrape.0.keys().any(left_out), "{:#?}", scrape.0);
    });
}

#[test]
fn no_label_tells_of_sites_people_content_keys_or_what_a_caller_chose() {
    TestApp::run(async |app| {
        let key = app.second_site("sparrow-site").await;
        let body = with(
            &submission(&format!("sparrow-content {SPAM} http://sparrow-link.example/")),
            json!({
                "external_id": "sparrow-external", "post": {"id": "sparrow-post"}, "kind": "sparrow-kind",
                "client": {"ip": "198.51.100.123", "user_agent": "sparrow-agent"},
                "author": {"name": "sparrow-name", "email": "sparrow-mail@mail.example", "url": "https://sparrow-url.example"}
            }),
        );
        let path = "/v1/sites/sparrow-site/comments";
        app.post(path, &body).key(&key).header("idempotency-key", "sparrow-key").send().await.expect(201);
        let decision = json!({"actor": "sparrow-actor", "note": "sparrow-note", "reason": "other"});
        app.post(&format!("{path}/ext:sparrow-external/reject"), &decision).key(&key).send().await.expect(200);
        app.get("/v1/sites/sparrow-nowhere/comments?q=sparrow-q").send().await.expect(404);
        app.get("/sparrow-path").send().await.expect(404);
        app.call("SPARROW", path).send().await.expect(405);
        app.get("comments").key("sparrow-wrong").send().await.expect(401);
        app.get("comments").header("x-forwarded-for", "198.51.100.124").send().await.expect(200);
        let answer = app.get("/metrics").key(&app.operator).header("x-request-id", "sparrow-id").send().await;
        let text = String::from_utf8(answer.expect(200).bytes).unwrap();
        for hidden in ["sparrow", "SPARROW", "198.51.100", "127.0.0.1", "mod_", "GTUBE", "demo"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
        for told in [
            "method=\"other\",route=\"/v1/sites/{site}/comments\",status=\"405\"",
            "method=\"GET\",route=\"none\",status=\"404\"",
            "moderato_wrong_keys_total 1",
        ] {
            assert!(text.contains(told), "{told} in {text}");
        }
    });
}

/// What a call without a key brings along, and whether it may read.
type Visitor = (&'static [(&'static str, &'static str)], bool);

/// Sends each visitor.
async fn visits(app: &TestApp, visitors: &[Visitor]) {
    for (headers, may) in visitors {
        let mut call = app.get("/metrics").without("authorization");
        for (name, value) in *headers {
            call = call.header(name, value);
        }
        let answer = call.send().await;
        assert_eq!(answer.status, if *may { 200 } else { 401 }, "{headers:?}");
    }
}

#[test]
fn an_open_network_reads_without_a_key_and_nobody_behind_an_unknown_proxy_does() {
    TestApp::run_with("", OPEN, async |app| {
        let kind = app.get("/metrics").without("authorization").send().await.expect(200);
        assert_eq!(kind.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
        visits(
            app,
            &[
                (&[], true),
                (&[("x-forwarded-for", "127.0.0.1")], false),
                (&[("x-forwarded-for", "")], false),
                (&[("forwarded", "for=127.0.0.1")], false),
                (&[("x-real-ip", "127.0.0.1")], false),
                (&[("via", "1.1 proxy")], false),
                (&[("x-forwarded-proto", "https")], false),
                (&[("cf-connecting-ip", "127.0.0.1")], false),
            ],
        )
        .await;
    });
}

#[test]
fn behind_a_trusted_proxy_the_caller_counts_and_only_the_configured_header_is_read() {
    TestApp::run_with("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]", OPEN, async |app| {
        visits(
            app,
            &[
                (&[], true),
                (&[("x-forwarded-for", "127.0.0.1"), ("via", "1.1 proxy")], true),
                (&[("x-forwarded-for", "127.0.0.1, 10.0.0.1")], true),
                (&[("x-forwarded-for", "203.0.113.9")], false),
                (&[("x-forwarded-for", "127.0.0.1, 203.0.113.9")], false),
                (&[("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "203.0.113.9")], false),
                (&[("x-forwarded-for", "unknown")], false),
                (&[("forwarded", "for=127.0.0.1")], false),
                (&[("x-real-ip", "127.0.0.1")], false),
                (&[("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "127.0.0.1")], true),
            ],
        )
        .await;
    });
    let rfc = "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"forwarded\"";
    TestApp::run_with(rfc, OPEN, async |app| {
        visits(
            app,
            &[
                (&[("forwarded", "for=127.0.0.1;proto=https")], true),
                (&[("forwarded", "for=\"[2001:db8::9]:443\"")], false),
                (&[("x-forwarded-for", "127.0.0.1")], false),
            ],
        )
        .await;
    });
}

#[test]
fn what_calls_show_of_proxies_is_counted_by_depth_and_by_whether_it_is_believed() {
    const XFF: &str = "x-forwarded-for";
    const BEHIND: &[&[(&str, &str)]] = &[
        &[],
        &[(XFF, "203.0.113.9")],
        &[(XFF, "198.51.100.1, 203.0.113.9")],
        &[(XFF, "198.51.100.1"), (XFF, "203.0.113.9")],
        &[(XFF, "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1")],
        &[(XFF, "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1")],
        &[(XFF, "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1")],
        &[(XFF, "unknown")],
        &[("x-real-ip", "203.0.113.9")],
    ];
    let all = async |app: &TestApp| {
        for headers in BEHIND {
            let call = headers.iter().fold(app.get("/livez"), |call, (name, value)| call.header(name, value));
            call.send().await.expect(200);
        }
        let counted = Scrape::of(app).await.0;
        let counted = counted.into_iter().filter_map(|(name, count)| {
            let labels = name.strip_prefix("moderato_http_forwarded_requests_total{")?;
            Some(format!("{} {count}", labels.trim_end_matches('}').replace("\"", "")))
        });
        counted.collect::<Vec<_>>()
    };
    TestApp::run(async |app| {
        let expected =
            ["0 1", "1 2", "2 2", "4 1", "5+ 2"].map(|rest| format!("peer=untrusted,header=ignored,depth={rest}"));
        assert_eq!(all(app).await, expected);
    });
    TestApp::run_with("trusted_proxies = [\"127.0.0.1\"]", OPEN, async |app| {
        // The reading of the metrics is a call without a header too.
        let expected = [
            "absent,depth=0 3",
            "broken,depth=1 1",
            "read,depth=1 1",
            "read,depth=2 2",
            "read,depth=4 1",
            "read,depth=5+ 2",
        ];
        assert_eq!(all(app).await, expected.map(|rest| format!("peer=trusted,header={rest}")));
    });
}

#[test]
fn from_anywhere_else_an_operators_key_is_needed() {
    for open_to in ["open_to = []", "open_to = [\"10.0.0.0/8\", \"::1\"]"] {
        TestApp::run_with("", open_to, async |app| {
            app.get("/metrics").without("authorization").send().await.problem(401, "no_key");
            app.get("/metrics").key("wrong").send().await.problem(401, "wrong_key");
            app.get("/metrics").send().await.problem(403, "operator_only");
            app.get("/metrics").key(&app.operator).send().await.expect(200);
            app.post("/metrics", &json!({})).send().await.problem(405, "method_not_allowed");
        });
    }
}
