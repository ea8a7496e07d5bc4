//! A site's own lists decide: at the very next comment, in every way they can, until their end, and for no other site.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::app::{TestApp, submission, with};

/// Puts one entry into a list of the site `demo`; the answer is its id.
async fn put(app: &TestApp, list: &str, entry: Value) -> String {
    let put = app.post(&format!("lists/{list}/entries"), &entry).send().await.expect(200).body;
    put["ids"][0].as_str().unwrap().to_owned()
}

async fn take_out(app: &TestApp, list: &str, id: &str) {
    app.call("DELETE", &format!("lists/{list}/entries/{id}")).send().await.expect(204);
}

/// A comment by somebody whom nobody has seen, with these members of its own.
fn comment(members: Value) -> Value {
    static AUTHORS: AtomicU64 = AtomicU64::new(0);
    let number = AUTHORS.fetch_add(1, Ordering::Relaxed);
    let author = json!({"name": "Ana", "email": format!("{number}@mail.example")});
    with(&with(&submission("I read this twice."), json!({"author": author})), members)
}

/// What was said of it: the status, what decided, and the hits.
async fn said(app: &TestApp, body: &Value) -> (String, String, Vec<Value>) {
    let kept = app.submit(body).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hits = kept["verdict"]["hits"].as_array().unwrap().clone();
    (text(&kept["status"]), text(&kept["verdict"]["decided_by"]), hits)
}

async fn decided(app: &TestApp, body: &Value) -> (String, String) {
    let (status, decided_by, _) = said(app, body).await;
    (status, decided_by)
}

fn by(status: &str, decided_by: &str) -> (String, String) {
    (status.to_owned(), decided_by.to_owned())
}

/// Every list and match with something that it finds, the rule that says so, and where.
fn cases() -> Vec<(&'static str, Value, Value, &'static str, Value)> {
    let phrase = |value: &str, kind: &str| json!({"value": value, "match": kind});
    let text = |content: &str| json!({"content": content});
    let place = |start: usize, excerpt: &str| json!([{"field": "content", "start": start, "end": start + excerpt.len(), "excerpt": excerpt}]);
    let mail = json!({"author": {"name": "Ana", "email": "spammer@bulk.example"}});
    let whole_mail = json!([{"field": "author.email", "start": 0, "end": 20, "excerpt": "spammer@bulk.example"}]);
    vec![
        (
            "phrases",
            phrase("cheap pills", "word"),
            text("Get CHEAP  pills, quick"),
            "blocked_phrase",
            place(4, "CHEAP  pills"),
        ),
        ("phrases", phrase("免费", "substring"), text("今天免费送"), "blocked_phrase", place(6, "免费")),
        ("phrases", phrase("c?sin*", "wildcard"), text("All casinos here"), "blocked_phrase", place(4, "casin")),
        (
            "phrases",
            phrase(r"\bbuy\s+(now|today)\b", "regex"),
            text("You can Buy Today here"),
            "blocked_phrase",
            place(8, "Buy Today"),
        ),
        (
            "domains",
            json!({"value": "shop.example"}),
            text("It is at http://www.shop.example/x for all"),
            "link_owner_blocked",
            place(9, "http://www.shop.example/x"),
        ),
        (
            "addresses",
            json!({"value": "203.0.113.7"}),
            json!({"client": {"ip": "203.0.113.7"}}),
            "ip_blocked",
            json!([]),
        ),
        (
            "addresses",
            json!({"value": "2001:db8::/32"}),
            json!({"client": {"ip": "2001:db8:7::1"}}),
            "ip_blocked",
            json!([]),
        ),
        ("mails", json!({"value": "Spammer@bulk.example"}), mail.clone(), "author_mail_blocked", whole_mail.clone()),
        ("mails", json!({"value": "bulk.example"}), mail, "author_mail_blocked", whole_mail),
    ]
}

async fn unlimited(app: &TestApp) {
    app.reconfigure(|configuration| configuration.limits.enabled = false).await;
}

#[test]
fn every_list_with_every_match_and_action_decides_the_very_next_comment() {
    TestApp::run(async |app| {
        unlimited(app).await;
        for (list, value, members, rule, evidence) in cases() {
            for (action, status) in [("hold", "held"), ("reject", "rejected"), ("approve", "approved")] {
                let id = put(app, list, with(&value, json!({"action": action, "note": "Seen before."}))).await;
                let (found, decided_by, hits) = said(app, &comment(members.clone())).await;
                assert_eq!((found.as_str(), decided_by.as_str()), (status, "list"), "{value} {action}");
                let hit = hits.iter().find(|hit| hit["rule"] == rule).unwrap();
                let message = hit["message"].as_str().unwrap();
                let told = format!("in the site's list of {list}: {action} (entry {id}, \"Seen before.\").");
                assert!(message.ends_with(&told), "{message}");
                assert!(!message.contains("203.0.113"), "{message}");
                assert_eq!((&hit["points"], shown(&hit["evidence"])), (&json!(0), evidence.clone()), "{value}");
                take_out(app, list, &id).await;
            }
            let id = put(app, list, with(&value, json!({"action": {"points": 55}}))).await;
            let (_, decided_by, hits) = said(app, &comment(members.clone())).await;
            assert_eq!(decided_by, "score", "{value}");
            assert_eq!(hits.iter().find(|hit| hit["rule"] == rule).unwrap()["points"], 55, "{value}");
            take_out(app, list, &id).await;
            let (_, decided_by, hits) = said(app, &comment(members.clone())).await;
            assert_ne!(decided_by, "list");
            assert!(!hits.iter().any(|hit| hit["rule"] == rule), "{value}: {hits:?}");
        }
    });
}

/// Evidence with its span in two numbers.
fn shown(evidence: &Value) -> Value {
    let places = evidence.as_array().unwrap().iter();
    let place = |it: &Value| {
        let span = &it["span"];
        json!({"field": it["field"], "start": span["start"], "end": span["end"], "excerpt": it["excerpt"]})
    };
    places.map(place).collect()
}

#[test]
fn an_entry_ends_at_its_moment_and_comes_back_when_it_is_renewed() {
    TestApp::run(async |app| {
        unlimited(app).await;
        let entry = |end: &str| json!({"value": "twice", "action": "reject", "expires_at": end});
        put(app, "phrases", entry("2026-11-22T20:10:00Z")).await;
        app.pass(9 * 60 + 59);
        assert_eq!(decided(app, &comment(json!({}))).await, by("rejected", "list"));
        app.pass(1);
        assert_eq!(decided(app, &comment(json!({}))).await, by("held", "first_comment"));
        put(app, "phrases", entry("2026-11-22T21:00:00Z")).await;
        assert_eq!(decided(app, &comment(json!({}))).await, by("rejected", "list"));
    });
}

#[test]
fn lists_speak_after_the_role_and_before_everything_else() {
    TestApp::run(async |app| {
        unlimited(app).await;
        let trap = json!({"form": {"honeypot": "filled"}});
        let trackback = json!({"kind": "trackback"});
        let staff = json!({"author": {"name": "Ed", "role": "staff"}});
        let closed = json!({"post": {"id": "1", "commenting": {"mode": "closed"}}});
        for (action, status) in [("hold", "held"), ("approve", "approved"), ("reject", "rejected")] {
            put(app, "phrases", json!({"value": "read this", "action": action})).await;
            for members in [&trap, &trackback, &closed] {
                let found = decided(app, &comment(members.clone())).await;
                assert_eq!(found, by(status, "list"), "{action}: {members}");
            }
            assert_eq!(decided(app, &comment(staff.clone())).await, by("approved", "role"));
        }
        put(app, "domains", json!({"value": "shop.example", "action": "approve"})).await;
        let both = comment(json!({"content": "I read this at http://shop.example"}));
        assert_eq!(decided(app, &both).await, by("rejected", "list"), "the strictest counts");
        let kept = app.submit(&comment(json!({"content": "I read this at http://shop.example"}))).await;
        assert_eq!(kept["verdict"]["would_pass_without"], json!([["blocked_phrase"]]));
        let listed = app.get("comments?decided_by=list&rule=link_owner_blocked").send().await.expect(200);
        assert_eq!(listed.ids().len(), 2);
        let token = app.post("comments", &comment(json!({}))).send().await.expect(201).body["status_token"].clone();
        let status = app.get(&format!("/v1/status/{}", token.as_str().unwrap())).without("authorization");
        let status = status.send().await.expect(200).body;
        assert_eq!(status["reason"], "review", "nobody outside is told of lists: {status}");
    });
}

#[test]
fn entries_of_one_site_decide_nothing_on_another() {
    TestApp::run(async |app| {
        unlimited(app).await;
        let other = app.second_site("other").await;
        for (list, value) in [("phrases", "twice"), ("mails", "mail.example"), ("addresses", "0.0.0.0/0")] {
            put(app, list, json!({"value": value, "action": "reject"})).await;
        }
        let body = comment(json!({"client": {"ip": "203.0.113.7"}}));
        assert_eq!(decided(app, &body).await, by("rejected", "list"));
        let elsewhere = app.post("/v1/sites/other/comments", &body).key(&other).send().await.expect(201).body;
        assert_eq!(elsewhere["verdict"]["decided_by"], "first_comment");
    });
}

#[test]
fn lists_and_a_policy_of_ones_own_go_together_in_every_process() {
    TestApp::run(async |app| {
        let beside = app.another_process().await;
        unlimited(app).await;
        assert_eq!(decided(app, &comment(json!({}))).await, by("held", "first_comment"));
        beside.put_entry("phrases", json!({"value": "twice", "action": "reject"})).await;
        assert_eq!(decided(app, &comment(json!({}))).await, by("rejected", "list"));
        beside.override_policy(json!({"first_comment": "screen"})).await;
        assert_eq!(decided(app, &comment(json!({}))).await, by("rejected", "list"));
        beside.put_entry("phrases", json!({"value": "twice", "action": "hold"})).await;
        assert_eq!(decided(app, &comment(json!({}))).await, by("held", "list"));
        app.call("PUT", "policy")
            .json(&json!({"rules": {"blocked_phrase": {"mode": "shadow"}}}))
            .send()
            .await
            .expect(200);
        let (status, decided_by, hits) = said(app, &comment(json!({}))).await;
        assert_eq!((status.as_str(), decided_by.as_str()), ("held", "first_comment"));
        assert_eq!((&hits[0]["mode"], &hits[0]["points"]), (&json!("shadow"), &json!(0)));
    });
}

#[test]
fn patterns_that_differ_in_case_alone_are_two() {
    TestApp::run(async |app| {
        let digits = put(app, "phrases", json!({"value": r"x\d+y", "match": "regex", "action": "hold"})).await;
        let others = put(app, "phrases", json!({"value": r"x\D+y", "match": "regex", "action": "reject"})).await;
        assert_ne!(digits, others);
        assert_eq!(decided(app, &comment(json!({"content": "It is x12y."}))).await, by("held", "list"));
        assert_eq!(decided(app, &comment(json!({"content": "It is x--y."}))).await, by("rejected", "list"));
    });
}

#[test]
fn a_thousand_entries_and_more_are_in_force_at_once() {
    TestApp::run(async |app| {
        for thousand in 0..3 {
            let many: Vec<_> =
                (0..1_000).map(|n| json!({"value": format!("phrase {thousand}-{n}"), "action": "hold"})).collect();
            app.post("lists/phrases/entries", &json!({"entries": many})).send().await.expect(200);
        }
        for content in ["It is phrase 0-0 here", "It is phrase 1-500 here", "It is phrase 2-999 here"] {
            assert_eq!(decided(app, &comment(json!({"content": content}))).await, by("held", "list"), "{content}");
        }
        let absent = comment(json!({"content": "It is phrase 3-1 here"}));
        assert_eq!(decided(app, &absent).await, by("held", "first_comment"));
    });
}

#[test]
fn a_regular_expression_too_many_is_refused_by_name() {
    TestApp::run(async |app| {
        let pattern = |n: usize| json!({"value": format!(r"x{n}y+"), "match": "regex", "action": "hold"});
        let many: Vec<_> = (0..499).map(pattern).collect();
        app.post("lists/phrases/entries", &json!({"entries": many})).send().await.expect(200);
        let more = json!({"entries": [pattern(7), pattern(1_000), pattern(1_001)]});
        let answer = app.post("lists/phrases/entries", &more).send().await.problem(422, "invalid");
        assert_eq!(answer.faults(), [("/entries/2/value".to_owned(), "too_large_together".to_owned())]);
        put(app, "phrases", pattern(1_000)).await;
        app.post("lists/phrases/entries", &pattern(1_001)).send().await.problem(422, "invalid");
        assert_eq!(decided(app, &comment(json!({"content": "It is x1000yyy."}))).await, by("held", "list"));
    });
}
