//! The learner: what decisions teach, on every process alike, and what they do not.

use moderato::domain::{CommentId, SiteId};
use moderato::service::Service;
use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};

const SPAM: [&str; 4] = ["casino bonus", "lucky slots", "jackpot spins", "betting tips"];
const HONEST: [&str; 4] = ["bicycle ride", "garden gate", "winter soup", "river walk"];

fn demo() -> SiteId {
    "demo".parse().unwrap()
}

/// A comment of somebody whom nobody has seen, around these words.
fn about(words: &str, number: usize) -> Value {
    let author = json!({"name": format!("Reader {number}"), "email": format!("reader-{number}@mail.example")});
    let text = format!("I tell everybody here of the {words} that I found last week, it was number {number} of all.");
    with(&submission(&text), json!({"author": author, "post": {"id": format!("post-{number}")}}))
}

async fn decide(app: &TestApp, comment: &Value, verb: &str, body: Value) -> Value {
    let body = with(&body, json!({"actor": "ben"}));
    app.post(&format!("{}/{verb}", path_of(comment)), &body).send().await.expect(200).body
}

/// So many comments of both kinds, decided.
async fn teach(app: &TestApp, number: usize) {
    for each in 0..number {
        app.pass(600);
        let spam = app.submit(&about(SPAM[each % 4], each * 2)).await;
        decide(app, &spam, "reject", json!({"reason": "spam"})).await;
        app.pass(600);
        let honest = app.submit(&about(HONEST[each % 4], each * 2 + 1)).await;
        decide(app, &honest, "approve", json!({})).await;
    }
}

fn opinion(verdict: &Value) -> Option<&Value> {
    verdict["hits"].as_array().unwrap().iter().find(|hit| hit["rule"] == "learned_spam")
}

fn points(verdict: &Value) -> i64 {
    opinion(verdict).map_or(0, |hit| hit["points"].as_i64().unwrap())
}

async fn check(app: &TestApp, comment: &Value) -> Value {
    app.post("comments/check", comment).send().await.expect(200).body
}

#[test]
fn what_people_decided_counts_for_the_next_comment_and_says_why() {
    TestApp::run(async |app| {
        let (spam, honest) = (about("casino slots", 901), about("garden soup", 902));
        let before = [points(&check(app, &spam).await), points(&check(app, &honest).await)];
        teach(app, 12).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 24);
        let (spam, honest) = (check(app, &spam).await, check(app, &honest).await);
        assert!(points(&spam) > before[0] + 10, "{before:?} {spam:#}");
        assert!(points(&honest) < before[1] - 10, "{before:?} {honest:#}");
        let told = opinion(&spam).unwrap()["message"].as_str().unwrap();
        assert!(told.starts_with("Resembles spam") && told.contains("\"casino\""), "{told}");
        assert!(opinion(&honest).unwrap()["message"].as_str().unwrap().starts_with("Resembles honest"), "{honest:#}");
        assert!(spam["model_version"].as_str().unwrap().ends_with("-24"), "{spam:#}");
        let sum: i64 =
            spam["groups"].as_object().unwrap().values().map(|group| group["counted"].as_i64().unwrap()).sum();
        assert_eq!(spam["score"], sum);
    });
}

#[test]
fn before_both_kinds_were_decided_a_site_says_nothing_of_its_own() {
    TestApp::run(async |app| {
        let spam = about("casino slots", 901);
        let before = points(&check(app, &spam).await);
        for each in 0..12 {
            app.pass(600);
            let comment = app.submit(&about(SPAM[each % 4], each)).await;
            decide(app, &comment, "reject", json!({"reason": "spam"})).await;
        }
        app.service.catch_up(&demo()).await.unwrap();
        assert_eq!(points(&check(app, &spam).await), before);
    });
}

#[test]
fn abuse_and_other_reasons_teach_nothing() {
    TestApp::run(async |app| {
        teach(app, 6).await;
        app.service.catch_up(&demo()).await.unwrap();
        let before = app.service.learner(&demo()).unwrap();
        for (each, reason) in ["abuse", "off_topic", "duplicate", "other"].into_iter().enumerate() {
            let comment = app.submit(&about("stupid people", 500 + each)).await;
            decide(app, &comment, "reject", json!({ "reason": reason })).await;
        }
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 0);
        assert!(app.service.learner(&demo()).unwrap() == before);
    });
}

#[test]
fn a_decision_that_is_taken_back_is_learnt_the_other_way_round() {
    TestApp::run(async |app| {
        teach(app, 8).await;
        let spam = app.submit(&about("casino slots", 900)).await;
        decide(app, &spam, "approve", json!({})).await;
        app.service.catch_up(&demo()).await.unwrap();
        let misled = points(&check(app, &about("casino slots", 901)).await);
        decide(app, &spam, "reopen", json!({})).await;
        decide(app, &spam, "reject", json!({"reason": "spam"})).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 2);
        assert!(points(&check(app, &about("casino slots", 901)).await) > misled);
        assert_eq!(app.service.learner(&demo()).unwrap().lessons(), (9, 8));
    });
}

#[test]
fn two_processes_and_another_store_learn_the_same() {
    TestApp::run(async |app| {
        let other = app.another_process().await;
        for round in 0..3 {
            teach(app, 3 + round).await;
            // One learns as it goes, the other at the end; a third, over a store of its own, is told the same.
            app.service.catch_up(&demo()).await.unwrap();
        }
        let learner = app.service.learner(&demo()).unwrap();
        assert!(*other.learnt(&demo()).await.1 == *learner);
        TestApp::run_beside(async |beside| {
            for round in 0..3 {
                teach(beside, 3 + round).await;
            }
            beside.service.catch_up(&demo()).await.unwrap();
            assert!(beside.service.learner(&demo()).unwrap() == learner, "the same decisions in the same order");
        })
        .await;
    });
}

#[test]
fn a_process_that_starts_late_begins_with_a_snapshot() {
    TestApp::run(async |app| {
        teach(app, 5).await;
        // Old comments come in bulk.
        let body = |each: usize| {
            let (words, action, reason) = match each % 2 {
                0 => (SPAM[each % 4], "reject", json!("spam")),
                _ => (HONEST[each % 4], "approve", Value::Null),
            };
            let decided = with(&json!({"action": action, "by": "person"}), json!({}));
            let decided = if reason.is_null() { decided } else { with(&decided, json!({ "reason": reason })) };
            with(&about(words, 1_000 + each), json!({ "decided": decided }))
        };
        for batch in 0..5 {
            let comments: Vec<Value> = (0..100).map(|each| body(batch * 100 + each)).collect();
            app.post("comments/batch", &json!({"do": "submit", "comments": comments})).send().await.expect(200);
        }
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 510);
        let learner = app.service.learner(&demo()).unwrap();
        // The snapshot goes up to lesson 500 or a little beyond; what follows is all that is read.
        let late = app.another_process().await;
        let (read, late) = late.learnt(&demo()).await;
        assert!(read < 100, "{read}");
        assert!(*late == *learner);
    });
}

#[test]
fn old_comments_that_machines_decided_teach_nothing() {
    TestApp::run(async |app| {
        let decided = json!({"action": "reject", "reason": "spam", "by": "machine"});
        app.submit(&with(&about("casino bonus", 1), json!({ "decided": decided }))).await;
        let decided = json!({"action": "reject", "reason": "spam", "by": "person"});
        app.submit(&with(&about("casino bonus", 2), json!({ "decided": decided }))).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 1);
    });
}

#[test]
fn the_blogs_own_people_teach_nothing() {
    TestApp::run(async |app| {
        let comment = app.approved_comment().await;
        decide(app, &comment, "reject", json!({"reason": "spam"})).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 0);
    });
}

#[test]
fn what_is_decided_is_learnt_without_being_asked_for() {
    TestApp::run(async |app| {
        let learning = app.service.learn_on();
        let working = async {
            teach(app, 6).await;
            while app.service.learner(&demo()).is_none_or(|learner| learner.lessons() != (6, 6)) {
                tokio::task::yield_now().await;
            }
            // Another process decides; the next submission here shows that there is more to learn.
            let other = app.another_process().await;
            let held = app.submit(&about("casino bonus", 800)).await;
            other.approve(held["id"].as_str().unwrap().parse::<CommentId>().unwrap()).await;
            app.submit(&about("casino bonus", 801)).await;
            while app.service.learner(&demo()).is_none_or(|learner| learner.lessons() != (6, 7)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = learning => panic!("it learns for as long as it is polled"),
            () = working => {}
        }
    });
}

#[test]
fn a_site_of_the_same_name_begins_anew() {
    TestApp::run(async |app| {
        let site: SiteId = "second".parse().unwrap();
        for _ in 0..2 {
            let key = app.second_site("second").await;
            assert_eq!(lessons(&app.service, &site), 0);
            let body = with(&about("casino bonus", 1), json!({"decided": {"action": "approve", "by": "person"}}));
            app.post("/v1/sites/second/comments", &body).key(&key).send().await.expect(201);
            app.service.catch_up(&site).await.unwrap();
            assert_eq!(lessons(&app.service, &site), 1);
            app.call("DELETE", "/v1/sites/second").key(&app.operator).send().await.expect(204);
        }
    });
}

fn lessons(service: &Service, site: &SiteId) -> u64 {
    service.learner(site).map_or(0, |learner| learner.taught())
}

#[test]
fn switched_off_it_neither_speaks_nor_learns_and_in_the_shadow_it_only_learns() {
    TestApp::run(async |app| {
        let learner = |mode: &str| {
            let table = toml::toml! { rules.learned_spam.mode = "on" };
            let mut table = table;
            table["rules"]["learned_spam"]["mode"] = mode.into();
            table
        };
        app.reload(|policy| policy.extend(learner("off"))).await.unwrap();
        teach(app, 2).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 0);
        let off = check(app, &about("casino slots", 901)).await;
        assert_eq!((opinion(&off), &off["model_version"]), (None, &Value::Null));
        app.reload(|policy| policy.extend(learner("shadow"))).await.unwrap();
        teach(app, 6).await;
        assert_eq!(app.service.catch_up(&demo()).await.unwrap(), 12);
        let shadow = check(app, &about("casino slots", 901)).await;
        let hit = opinion(&shadow).unwrap();
        assert_eq!((&hit["points"], &hit["mode"]), (&json!(0), &json!("shadow")));
    });
}
