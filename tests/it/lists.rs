//! Lists: every filter, the orders, cursors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, submission, with};

/// Comments that differ in everything that can be asked for; the answer is their external ids by name.
async fn fill(app: &TestApp) {
    let ana = json!({"name": "Ana", "email": "ana@mail.example"});
    let all = [
        with(
            &submission("Plain WORDS of praise, straße."),
            json!({"external_id": "a", "author": {"name": "Ed", "role": "staff"}, "post": {"id": "1"},
                "created_at": "2026-01-01T00:00:00Z", "client": {"ip": "203.0.113.7"}}),
        ),
        with(
            &submission("Look at http://ana.example/post please."),
            json!({"external_id": "b", "author": ana, "post": {"id": "2"}, "created_at": "2026-02-01T00:00:00Z",
                "client": {"ip": "203.0.113.8"}}),
        ),
        with(
            &submission(SPAM),
            json!({"external_id": "c", "author": ana, "post": {"id": "2"}, "created_at": "2026-03-01T00:00:00Z",
                "client": {"ip": "2001:db8::1"}}),
        ),
    ];
    for one in all {
        app.submit(&one).await;
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["external_id"].as_str().unwrap()).collect()
}

#[test]
fn every_filter_keeps_what_it_names() {
    TestApp::run(async |app| {
        fill(app).await;
        let held = app.get("comments/ext:b").send().await.body;
        let author = format!("author={}", held["author"]["id"].as_str().unwrap());
        let spam = app.get("comments/ext:c").send().await.body;
        let rule = format!("rule={}", spam["verdict"]["hits"][0]["rule"].as_str().unwrap());
        let decided_by = format!("decided_by={}", spam["verdict"]["decided_by"].as_str().unwrap());
        let cases = [
            ("", "cba"),
            ("status=approved", "a"),
            ("status=held", "b"),
            ("status=rejected", "c"),
            ("review=open", "b"),
            ("review=done", "ca"),
            ("external_id=b", "b"),
            ("external_id=x", ""),
            ("post=2", "cb"),
            ("post=2&status=held", "b"),
            (&author, "cb"),
            ("author=00000000000000000000000000000000", ""),
            ("ip=203.0.113.7", "a"),
            ("ip=%3A%3Affff%3A203.0.113.7", "a"),
            ("ip=203.0.113.0/24", "ba"),
            ("ip=2001:db8::/32", "c"),
            (&rule, "c"),
            ("rule=no_such_rule", ""),
            ("q=words", "a"),
            ("q=LOOK+at", "b"),
            ("q=xyzzy", ""),
            ("since=2026-02-01T00:00:00Z", "cb"),
            ("until=2026-02-01T00:00:00Z", "a"),
            ("since=2026-02-01T01:00:00%2B01:00&until=2026-03-01T00:00:00Z", "b"),
            ("sort=oldest", "abc"),
            ("sort=newest&status=held", "b"),
            ("host=no.such.example", ""),
        ];
        for (query, expected) in cases {
            let answer = app.get(&format!("comments?{query}")).send().await.expect(200);
            assert_eq!(names(&answer.body).concat(), expected, "{query}");
        }
        let by = app.get(&format!("comments?{decided_by}")).send().await.expect(200);
        assert!(names(&by.body).contains(&"c"));
    });
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    TestApp::run(async |app| {
        for place in 0..7 {
            let text = format!("Number {place} is at http://ana.example/post here.");
            app.submit(&with(&submission(&text), json!({"external_id": place.to_string()}))).await;
            app.pass(60);
        }
        for (query, first) in
            [("sort=newest", "6"), ("sort=oldest", "0"), ("review=open", "0"), ("post=1047&review=open", "6")]
        {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let page = app.get(&format!("comments?{query}&limit=3{cursor}")).send().await.expect(200);
                seen.extend(names(&page.body).iter().map(|name| (*name).to_owned()));
                pages += 1;
                match page.body["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!((seen.len(), seen[0].as_str()), (7, first), "{query}: {seen:?}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 7, "{query}");
            assert!(pages <= 4, "{query}: {pages} pages");
        }
    });
}

#[test]
fn a_cursor_belongs_to_its_order() {
    TestApp::run(async |app| {
        app.held_comment().await;
        app.held_comment().await;
        let newest = app.get("comments?limit=1").send().await.expect(200).body["next"].as_str().unwrap().to_owned();
        for query in ["sort=oldest", "review=open"] {
            let answer = app.get(&format!("comments?{query}&cursor={newest}")).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [("query:cursor".to_owned(), "other_order".to_owned())]);
        }
        app.get(&format!("comments?review=open&sort=newest&cursor={newest}")).send().await.expect(200);
    });
}

#[test]
fn a_question_that_makes_no_sense_is_refused_with_its_parameter() {
    TestApp::run(async |app| {
        let cases = [
            ("status=open", "status", "unknown_value"),
            ("review=maybe", "review", "unknown_value"),
            ("decided_by=luck", "decided_by", "unknown_value"),
            ("external_id=", "external_id", "empty"),
            ("post=", "post", "empty"),
            ("author=ana@mail.example", "author", "invalid_author"),
            ("ip=203.0.113.300", "ip", "invalid_ip"),
            ("host=a%20b", "host", "invalid_host"),
            ("q=a", "q", "out_of_range"),
            ("q=+a+", "q", "out_of_range"),
            ("q=+++", "q", "out_of_range"),
            ("q=%E2%80%8B%E2%80%8B%E2%80%8B", "q", "out_of_range"),
            ("q=a%E2%80%8B%E2%80%8B", "q", "out_of_range"),
            ("since=yesterday", "since", "invalid_time"),
            ("sort=priority", "sort", "not_allowed"),
            ("sort=priority&review=done", "sort", "not_allowed"),
            ("sort=best", "sort", "unknown_value"),
            ("limit=0", "limit", "out_of_range"),
            ("limit=101", "limit", "out_of_range"),
            ("limit=ten", "limit", "out_of_range"),
            ("limit=10&limit=10", "limit", "repeated"),
            ("cursor=bogus", "cursor", "invalid_cursor"),
            ("fields=all", "fields", "unknown_value"),
            ("colour=red", "colour", "unknown_parameter"),
        ];
        for (query, parameter, code) in cases {
            let answer = app.get(&format!("comments?{query}")).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(format!("query:{parameter}"), code.to_owned())], "{query}");
        }
        let both = app.get("comments?status=open&limit=0").send().await.problem(422, "invalid");
        assert_eq!(both.faults().len(), 2);
    });
}

#[test]
fn of_many_faults_the_first_are_listed_and_long_names_are_cut() {
    TestApp::run(async |app| {
        let unknown: Vec<_> = (0..1_000).map(|place| format!("a{place}")).collect();
        let answer = app.get(&format!("comments?{}", unknown.join("&"))).send().await.problem(422, "invalid");
        assert_eq!(answer.faults().len(), 20);
        assert_eq!(answer.body["detail"], "1000 fields are not valid; the first 20 are listed.");
        assert!(answer.bytes.len() < 10_000);
        let answer = app.get(&format!("comments?{}", "ä".repeat(500))).send().await.problem(422, "invalid");
        assert_eq!(answer.faults()[0].0, format!("query:{}", "ä".repeat(58)));
    });
}
