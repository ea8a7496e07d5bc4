//! Many submissions at once.

use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, submission, with};
use crate::broken::{Broken, PANIC};

fn batch(verb: &str, submissions: &[Value]) -> Value {
    json!({"do": verb, "submissions": submissions})
}

#[test]
fn each_submission_of_a_batch_has_its_own_result() {
    TestApp::run(async |app| {
        let taken = app.submit(&with(&submission("First."), json!({"external_id": "1"}))).await;
        let all = [
            submission("Second."),
            json!({"post": {"id": "1"}, "author": {"role": "king"}}),
            submission(SPAM),
            with(&submission("First."), json!({"external_id": "1"})),
            with(&submission("Other."), json!({"external_id": "1"})),
            json!(7),
        ];
        let answer = app.post("comments/batch", &batch("submit", &all)).send().await.expect(200);
        let results = answer.body["results"].as_array().unwrap();
        let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [201, 422, 201, 201, 409, 422]);
        assert_eq!(results[1]["problem"]["errors"][0]["field"], "/author/role");
        assert_eq!(results[1]["problem"]["errors"][1]["field"], "/content");
        assert_eq!(results[2]["comment"]["status"], "rejected");
        assert_eq!((&results[3]["replayed"], &results[3]["comment"]["id"]), (&json!(true), &taken["id"]));
        assert_eq!(results[4]["problem"]["comment"], taken["id"]);
        assert_eq!(app.get("comments").send().await.ids().len(), 3);
    });
}

#[test]
fn a_batch_can_be_checked_only() {
    TestApp::run(async |app| {
        let answer = app.post("comments/batch", &batch("check", &[submission("Hm."), submission(SPAM)])).send().await;
        let answer = answer.expect(200);
        assert_eq!(answer.body["results"][0]["status"], 200);
        assert_eq!(answer.body["results"][1]["verdict"]["action"], "reject");
        assert!(app.get("comments").send().await.ids().is_empty());
    });
}

#[test]
fn a_batch_with_a_key_can_be_sent_again() {
    TestApp::run(async |app| {
        let all = [submission("One."), submission("Two.")];
        let send =
            async || app.post("comments/batch", &batch("submit", &all)).header("idempotency-key", "k").send().await;
        let (first, second) = (send().await.expect(200), send().await.expect(200));
        for place in 0..2 {
            assert_eq!(second.body["results"][place]["replayed"], true);
            assert_eq!(second.body["results"][place]["comment"], first.body["results"][place]["comment"]);
        }
        assert_eq!(app.get("comments").send().await.ids().len(), 2);
    });
}

#[test]
fn a_batch_has_limits() {
    TestApp::run(async |app| {
        let by = |n| json!({"author": {"email": format!("{n}@mail.example")}, "post": {"id": format!("{}", n / 50)}});
        let hundred: Vec<_> = (0..100).map(|n| with(&submission(&format!("Comment {n}.")), by(n))).collect();
        let too_many: Vec<_> = (0..101).map(|_| submission("Again.")).collect();
        let answer = app.post("comments/batch", &batch("submit", &hundred)).send().await.expect(200);
        assert!(answer.body["results"].as_array().unwrap().iter().all(|result| result["status"] == 201));
        let cases = [
            (batch("submit", &too_many), "/submissions", "out_of_range"),
            (batch("submit", &[]), "/submissions", "out_of_range"),
            (batch("publish", &[submission("x")]), "/do", "unknown_value"),
            (json!({"do": "check"}), "/submissions", "missing"),
            (json!({"do": "check", "submissions": {}}), "/submissions", "wrong_type"),
        ];
        for (body, field, code) in cases {
            let answer = app.post("comments/batch", &body).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())]);
        }
        let large = batch("check", &vec![submission(&"x".repeat(60_000)); 60]);
        app.post("comments/batch", &large).send().await.expect(200);
        let larger = batch("check", &vec![submission(&"x".repeat(60_000)); 75]);
        app.post("comments/batch", &larger).send().await.problem(413, "too_large");
    });
}

#[test]
fn one_that_panics_leaves_the_others_their_results() {
    TestApp::run_over(Broken::empty_sites(), async |app| {
        let all = [submission("One."), with(&submission("Two."), json!({"external_id": PANIC})), json!(7)];
        let answer = app.post("comments/batch", &batch("submit", &all)).key(&app.operator).send().await.expect(200);
        let results = answer.body["results"].as_array().unwrap();
        let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [503, 500, 422]);
        assert_eq!(results[1]["problem"]["type"], "urn:moderato:problem:internal");
    });
}

#[test]
fn a_batch_is_worked_on_a_part_at_a_time() {
    let store = Broken::empty_sites();
    TestApp::run_over(store.clone(), async |app| {
        let all = batch("check", &vec![submission("Hello."); 100]);
        app.post("comments/batch", &all).key(&app.operator).send().await.expect(200);
    });
    let most = store.most_at_once.load(Relaxed);
    assert!((2..=16).contains(&most), "{most} at once");
}
