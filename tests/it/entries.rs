//! A site's own lists: entries are checked, put, shown page by page and taken out.

use serde_json::{Value, json};

use crate::app::TestApp;

const PHRASES: &str = "lists/phrases/entries";

#[test]
fn an_entry_is_put_shown_replaced_and_taken_out() {
    TestApp::run(async |app| {
        let put = async |body: Value| app.post(PHRASES, &body).send().await.expect(200).body;
        let first = put(json!({"value": "Cheap Pills", "action": "hold", "note": null, "match": null})).await;
        assert_eq!((&first["new"], &first["changed"]), (&json!(1), &json!(0)));
        let id = first["ids"][0].as_str().unwrap();
        let shown = app.get(PHRASES).send().await.expect(200).body;
        let made = shown["items"][0]["created_at"].clone();
        let expected = json!({"id": id, "value": "Cheap Pills", "match": "word", "action": "hold", "created_at": made});
        assert_eq!(shown, json!({"items": [expected], "next": null}));
        app.pass(60);
        let other = json!({"value": "cheap pills", "action": {"points": -20}, "note": "why", "expires_at": "2030-01-01T00:00:00Z"});
        let changed = put(other.clone()).await;
        assert_eq!(changed, json!({"new": 0, "changed": 1, "ids": [id]}));
        assert_eq!(put(other).await, json!({"new": 0, "changed": 0, "ids": [id]}));
        let shown = app.get(PHRASES).send().await.expect(200).body;
        let expected = json!({"id": id, "value": "cheap pills", "match": "word", "action": {"points": -20}, "note": "why",
            "expires_at": "2030-01-01T00:00:00.000Z", "created_at": made});
        assert_eq!(shown["items"], json!([expected]));
        app.call("DELETE", &format!("{PHRASES}/{id}")).send().await.expect(204);
        app.call("DELETE", &format!("{PHRASES}/{id}")).send().await.problem(404, "unknown_entry");
        app.call("DELETE", &format!("{PHRASES}/no-id")).send().await.problem(404, "unknown_entry");
        assert_eq!(app.get(PHRASES).send().await.expect(200).body["items"], json!([]));
    });
}

#[test]
fn each_change_raises_the_version_of_the_settings() {
    TestApp::run(async |app| {
        let version = async || app.get("policy").send().await.expect(200).body["settings_version"].as_u64().unwrap();
        let first = version().await;
        let many: Vec<_> = (0..1_000).map(|n| json!({"value": format!("phrase {n}"), "action": "hold"})).collect();
        let put = app.post(PHRASES, &json!({"entries": many})).send().await.expect(200).body;
        assert_eq!((&put["new"], put["ids"].as_array().unwrap().len()), (&json!(1_000), 1_000));
        assert_eq!(version().await, first + 1);
        app.call("DELETE", &format!("{PHRASES}/{}", put["ids"][7].as_str().unwrap())).send().await.expect(204);
        assert_eq!(version().await, first + 2);
        let mut ids = Vec::new();
        let mut page = app.get(&format!("{PHRASES}?limit=400")).send().await.expect(200);
        loop {
            ids.extend(page.ids());
            let Some(next) = page.body["next"].as_str() else { break };
            page = app.get(&format!("{PHRASES}?limit=400&cursor={next}")).send().await.expect(200);
        }
        assert_eq!(ids.len(), 999);
        assert!(ids.is_sorted());
    });
}

#[test]
fn entries_that_cannot_be_are_named_and_nothing_is_written() {
    let long = "x".repeat(501);
    let cases = [
        ("phrases", json!({}), vec![("/value", "missing"), ("/action", "missing")]),
        ("phrases", json!({"value": "\u{200b} ", "action": "hold"}), vec![("/value", "empty")]),
        ("phrases", json!({"value": long, "action": "hold"}), vec![("/value", "too_long")]),
        ("phrases", json!({"value": "(", "match": "regex", "action": "hold"}), vec![("/value", "invalid_regex")]),
        ("phrases", json!({"value": r"\w{5000}", "match": "regex", "action": "hold"}), vec![("/value", "too_large")]),
        ("phrases", json!({"value": "a", "match": "glob", "action": "hold"}), vec![("/match", "unknown_value")]),
        ("phrases", json!({"value": "a", "action": "burn"}), vec![("/action", "wrong_type")]),
        ("phrases", json!({"value": "a", "action": {"points": 1_001}}), vec![("/action", "out_of_range")]),
        (
            "phrases",
            json!({"value": "a", "action": "hold", "expires_at": "2001-01-01T00:00:00Z"}),
            vec![("/expires_at", "in_the_past")],
        ),
        ("phrases", json!({"value": "a", "action": "hold", "id": 1}), vec![("/id", "unknown_field")]),
        ("domains", json!({"value": "https://shop.example/", "action": "hold"}), vec![("/value", "invalid_domain")]),
        ("domains", json!({"value": "a.example", "match": "regex", "action": "hold"}), vec![("/match", "not_allowed")]),
        ("addresses", json!({"value": "203.0.113.0/40", "action": "hold"}), vec![("/value", "invalid_ip")]),
        ("mails", json!({"value": "ana@", "action": "hold"}), vec![("/value", "invalid_mail")]),
        (
            "addresses",
            json!({"entries": [{"value": "203.0.113.7", "action": "hold"}, {"value": "here", "action": "hold"}, {"value": "there", "action": "hold"}]}),
            vec![("/entries/1/value", "invalid_ip"), ("/entries/2/value", "invalid_ip")],
        ),
        ("phrases", json!({"entries": []}), vec![("/entries", "out_of_range")]),
        (
            "phrases",
            json!({"entries": [{"value": "a", "action": "hold"}], "note": "why"}),
            vec![("/note", "not_allowed")],
        ),
    ];
    TestApp::run(async |app| {
        for (list, body, faults) in &cases {
            let path = format!("lists/{list}/entries");
            let answer = app.post(&path, body).send().await.problem(422, "invalid");
            let expected: Vec<_> =
                faults.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect();
            assert_eq!(answer.faults(), expected, "{body}: {}", answer.body);
            assert_eq!(app.get(&path).send().await.expect(200).body["items"], json!([]), "{body}");
        }
        let many: Vec<_> = (0..1_001).map(|n| json!({"value": format!("phrase {n}"), "action": "hold"})).collect();
        let answer = app.post(PHRASES, &json!({"entries": many})).send().await.problem(422, "invalid");
        assert_eq!(answer.body["errors"][0]["detail"], "must have 1 to 1000 items");
    });
}

#[test]
fn a_list_that_is_none_and_a_cursor_that_is_none_are_refused() {
    TestApp::run(async |app| {
        app.get("lists/people/entries").send().await.problem(404, "unknown_list");
        let faults = app.get(&format!("{PHRASES}?cursor=x&limit=1001")).send().await.problem(422, "invalid").faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
        let reader = app.key_of("demo", &["submit", "read", "moderate"]).await;
        app.get(PHRASES).key(&reader).send().await.problem(403, "missing_scope");
    });
}

#[test]
fn a_site_has_room_for_so_many_entries() {
    TestApp::run(async |app| {
        // More requests than a key may send in a minute.
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        for thousand in 0..65 {
            let many: Vec<_> =
                (0..1_000).map(|n| json!({"value": format!("phrase {thousand}-{n}"), "action": "hold"})).collect();
            app.post(PHRASES, &json!({"entries": many})).send().await.expect(200);
        }
        let more = json!({"value": "shop.example", "action": "hold"});
        let answer = app.post("lists/domains/entries", &more).send().await.problem(409, "lists_full");
        let told = "Nothing was written: all lists of the site have 65000 entries; together they may have 65000.";
        assert_eq!(answer.body["detail"], told);
    });
}
