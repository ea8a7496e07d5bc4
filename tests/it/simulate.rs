//! A draft of a policy, tried on the comments that people have decided.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use moderato::domain::SiteOverrides;
use moderato::service::simulate::{Draft, Simulation};
use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};

/// Held by its score: it has a phrase that most comments do without.
const PHRASE: &str = "The second part was new to me. Feel free to visit my homepage, too.";

/// Nothing speaks against it.
const PLAIN: &str = "I have read this twice and still wonder about the ending.";

/// A comment of an author of its own.
fn by(name: &str, content: &str) -> Value {
    with(&submission(content), json!({"author": {"name": name, "email": format!("{name}@mail.example")}}))
}

async fn decided(app: &TestApp, comment: Value, decision: &str, body: Value) -> Value {
    let comment = app.submit(&comment).await;
    app.post(&format!("{}/{decision}", path_of(&comment)), &body).send().await.expect(200);
    comment
}

async fn simulate(app: &TestApp, policy: Value) -> Value {
    let simulated = app.post("policy/simulate", &json!({"policy": policy})).send().await.expect(200).body;
    assert_eq!(
        simulated["comments"],
        json!(simulated["replayed"].as_u64().unwrap() + simulated["screened_again"].as_u64().unwrap())
    );
    simulated
}

async fn put_policy(app: &TestApp, own: Value) {
    app.call("PUT", "policy").json(&own).send().await.expect(200);
}

/// Overrides by which rules alone decide, these among them.
fn by_rules(own: Value) -> Value {
    json!({"first_comment": "screen", "rules": with(&json!({"learned_spam": {"mode": "off"}}), own)})
}

/// How many of a confusion's rows are approved, held and rejected.
fn row(confusion: &Value, name: &str) -> [u64; 3] {
    ["approve", "hold", "reject"].map(|action| confusion[name][action].as_u64().unwrap())
}

#[test]
fn a_draft_is_measured_against_what_people_decided() {
    TestApp::run(async |app| {
        let spam = with(&by("eve", PHRASE), json!({"external_id": "88123"}));
        let spam = decided(app, spam, "reject", json!({"reason": "spam"})).await;
        let honest = "Ana has it right, and all of you are wrong. Feel free to visit my homepage for the rest.";
        decided(app, by("ana", honest), "approve", json!({})).await;
        let plain = decided(app, by("ben", PLAIN), "approve", json!({})).await;
        decided(app, by("kim", "You are all fools, and so is the author."), "reject", json!({"reason": "abuse"})).await;
        // Of these nobody has decided, or has again to decide.
        app.submit(&by("joe", "Somebody should answer that question.")).await;
        let reopened = decided(app, by("lea", "This is what I meant, more or less."), "approve", json!({})).await;
        app.post(&format!("{}/reopen", path_of(&reopened)), &json!({})).send().await.expect(200);

        let before = app.get("policy").send().await.expect(200);
        let simulated = simulate(app, json!({"first_comment": "screen", "hold_at": 60})).await;
        assert_eq!((&simulated["comments"], &simulated["replayed"]), (&json!(4), &json!(4)), "{simulated}");
        let (now, draft) = (&simulated["now"], &simulated["draft"]);
        assert_eq!([row(now, "approved"), row(now, "spam"), row(now, "other")], [[0, 2, 0], [0, 1, 0], [0, 1, 0]]);
        assert_eq!(
            [row(draft, "approved"), row(draft, "spam"), row(draft, "other")],
            [[2, 0, 0], [1, 0, 0], [1, 0, 0]]
        );
        let figures =
            |confusion: &Value| ["published", "disturbed", "lost"].map(|name| confusion[name].as_u64().unwrap());
        assert_eq!((figures(now), figures(draft)), ([0, 2, 0], [1, 0, 0]));
        assert_eq!(simulated["flips"], json!({"hold->approve": {"approved": 2, "spam": 1, "other": 1}}));
        let by_change = json!([
            {"key": "first_comment", "flips": 4, "better": 2, "worse": 1},
            {"key": "hold_at", "flips": 2, "better": 1, "worse": 1},
        ]);
        assert_eq!(simulated["by_change"], by_change);
        // What would be worse comes first.
        let examples = simulated["examples"].as_array().unwrap();
        assert_eq!((&examples[0]["id"], &examples[0]["external_id"]), (&spam["id"], &json!("88123")));
        assert_eq!(examples[0]["decided"], "spam");
        assert_eq!(examples[0]["now"], json!({"action": "hold", "score": 50, "decided_by": "score"}));
        assert_eq!(examples[0]["draft"], json!({"action": "approve", "score": 50, "decided_by": "score"}));
        assert_eq!(examples[0]["because"], json!([{"key": "hold_at"}, {"key": "first_comment"}]));
        let of_plain = examples.iter().find(|example| example["id"] == plain["id"]).unwrap();
        assert_eq!(of_plain["because"], json!([{"key": "first_comment"}]));

        // Nothing is told of what comments say or of who wrote them, and nothing was changed.
        let told = simulated.to_string();
        assert!(["mail.example", "homepage", "eve"].iter().all(|word| !told.contains(word)), "{told}");
        let after = app.get("policy").send().await.expect(200);
        assert!(before.body == after.body && after.body["policy_version"] == now["policy_version"]);
        let put = app.call("PUT", "policy").json(&json!({"first_comment": "screen", "hold_at": 60})).send().await;
        assert_eq!(put.expect(200).body["policy_version"], draft["policy_version"]);
    });
}

#[test]
fn a_draft_of_what_is_in_force_changes_nothing() {
    TestApp::run(async |app| {
        decided(app, by("eve", PHRASE), "reject", json!({"reason": "spam"})).await;
        let own = json!({"first_comment": "screen", "rules": {"blocked_phrase": {"points": 70}}});
        put_policy(app, own.clone()).await;
        let same = simulate(app, own).await;
        assert_eq!((&same["now"], &same["flips"], &same["by_change"]), (&same["draft"], &json!({}), &json!([])));
        // A draft is all that the site would override: what it leaves out is the deployment's again.
        let without = simulate(app, json!({})).await;
        assert_ne!(without["now"]["policy_version"], without["draft"]["policy_version"]);
    });
}

#[test]
fn points_are_weighed_anew_and_rules_that_did_not_run_are_run() {
    TestApp::run(async |app| {
        put_policy(app, by_rules(json!({"blocked_phrase": {"mode": "off"}}))).await;
        let comment = decided(app, by("eve", PHRASE), "reject", json!({"reason": "spam"})).await;
        assert_eq!(comment["status"], "approved");
        let on = simulate(app, by_rules(json!({}))).await;
        assert_eq!((&on["replayed"], &on["screened_again"]), (&json!(0), &json!(1)));
        assert_eq!(on["flips"], json!({"approve->hold": {"approved": 0, "spam": 1, "other": 0}}));
        // Beside it, the base model takes nothing off a comment that the rules hold.
        let because = json!({"key": "rules.blocked_phrase", "now": 0, "draft": 50});
        assert_eq!(on["examples"][0]["because"][0], because);
        assert_eq!(on["by_change"][0], json!({"key": "rules.blocked_phrase", "flips": 1, "better": 1, "worse": 0}));
        // Other phrases are looked for, under whatever name they are disguised.
        let phrases = with(&by_rules(json!({})), json!({"phrases": ["the second part"]}));
        assert_eq!(simulate(app, phrases).await["draft"]["published"], 0);

        put_policy(app, by_rules(json!({}))).await;
        let held =
            decided(app, by("ana", "I say it here: feel free to visit my homepage."), "approve", json!({})).await;
        assert_eq!(held["verdict"]["decided_by"], "score");
        let rules = by_rules(json!({"blocked_phrase": {"points": 20}}));
        let fewer = simulate(app, rules).await;
        let because = json!([{"key": "rules.blocked_phrase", "now": 50, "draft": 20}]);
        let of_held = fewer["examples"].as_array().unwrap().iter().find(|example| example["id"] == held["id"]);
        assert_eq!(of_held.unwrap()["because"], because);
        // The one that was judged without the rule needs it run; the other one has its numbers.
        assert_eq!((&fewer["replayed"], &fewer["screened_again"]), (&json!(1), &json!(1)));
    });
}

#[test]
fn an_edited_comment_is_judged_as_it_is_now() {
    TestApp::run(async |app| {
        let comment = decided(app, by("ana", PLAIN), "approve", json!({})).await;
        let edit = json!({"edited_by": "staff", "content": PHRASE});
        app.call("PATCH", &path_of(&comment)).json(&edit).send().await.expect(200);
        let simulated = simulate(app, json!({"first_comment": "screen"})).await;
        assert_eq!((row(&simulated["draft"], "approved"), &simulated["replayed"]), ([0, 1, 0], &json!(1)));
    });
}

#[test]
fn addresses_that_are_kept_no_longer_are_named_and_not_guessed() {
    TestApp::run(async |app| {
        put_policy(app, json!({"rules": {"ip_blocked": {"mode": "off"}}})).await;
        decided(app, with(&by("eve", PHRASE), json!({"client": {"ip": "203.0.113.7"}})), "approve", json!({})).await;
        let entry = json!({"value": "203.0.113.7", "action": "reject"});
        app.post("lists/addresses/entries", &entry).send().await.expect(200);
        let simulated = simulate(app, json!({})).await;
        assert_eq!(row(&simulated["draft"], "approved"), [0, 0, 1]);
        app.pass_days(8);
        app.expire("demo").await;
        let simulated = simulate(app, json!({})).await;
        assert_eq!(
            (&simulated["comments"], &simulated["skipped"]),
            (&json!(0), &json!({"address_cut": 1, "damaged": 0}))
        );
    });
}

#[test]
fn the_newest_are_taken_and_as_many_named_as_asked_for() {
    TestApp::run(async |app| {
        for n in 0..6 {
            let body = if n < 3 { json!({"reason": "spam"}) } else { json!({}) };
            let content = format!("Number {n} of those who have read all of it.");
            decided(app, by(&format!("n{n}"), &content), if n < 3 { "reject" } else { "approve" }, body).await;
            app.pass(60);
        }
        let body = json!({"policy": {"first_comment": "screen"}, "last": 4, "examples": 2});
        let simulated = app.post("policy/simulate", &body).send().await.expect(200).body;
        assert_eq!((row(&simulated["draft"], "approved"), row(&simulated["draft"], "spam")), ([3, 0, 0], [1, 0, 0]));
        assert_eq!(simulated["examples"].as_array().unwrap().len(), 2);
        let none = json!({"policy": {"first_comment": "screen"}, "examples": 0});
        assert_eq!(app.post("policy/simulate", &none).send().await.expect(200).body["examples"], json!([]));
        let kept = simulate(app, json!({"keep": {"held": 5}, "over_limit": "refuse"})).await;
        assert_eq!(kept["not_simulated"], json!(["keep", "over_limit"]));
    });
}

#[test]
fn a_draft_that_could_not_be_in_force_is_refused_as_there() {
    TestApp::run(async |app| {
        let faults =
            async |body: Value| app.post("policy/simulate", &body).send().await.problem(422, "invalid").faults();
        let policy = json!({"hold_at": 200, "rules": {"link_count": {"points": 5000}, "nonsense": {"mode": "on"}}});
        let put = app.call("PUT", "policy").json(&policy).send().await.problem(422, "invalid").faults();
        let below = |(field, code): (String, String)| (format!("/policy{field}"), code);
        assert!(!put.is_empty());
        assert_eq!(faults(json!({"policy": policy})).await, put.into_iter().map(below).collect::<Vec<_>>());
        let named = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        assert_eq!(faults(json!({})).await, named("/policy", "missing"));
        assert_eq!(faults(json!({"policy": []})).await, named("/policy", "wrong_type"));
        assert_eq!(faults(json!({"policy": {}, "first": 3})).await, named("/first", "unknown_field"));
        for (field, number) in [("last", 0), ("last", 20_001), ("examples", 101)] {
            assert_eq!(faults(json!({"policy": {}, field: number})).await, named(&format!("/{field}"), "out_of_range"));
        }
        app.post("/v1/sites/nowhere/policy/simulate", &json!({"policy": {}}))
            .key(&app.operator)
            .send()
            .await
            .problem(404, "unknown_site");
    });
}

#[test]
fn one_simulation_of_a_site_runs_at_a_time() {
    TestApp::run(async |app| {
        decided(app, by("ana", PLAIN), "approve", json!({})).await;
        let simulation = Simulation { draft: Draft::Overrides(SiteOverrides::default()), last: 10, examples: 0 };
        let site = "demo".parse().unwrap();
        {
            let mut running = pin!(app.service.simulate(&site, &simulation));
            let waits = poll_fn(|context| Poll::Ready(running.as_mut().poll(context).is_pending())).await;
            assert!(waits, "reading takes longer than a moment");
            app.post("policy/simulate", &json!({"policy": {}})).send().await.problem(409, "simulation_running");
        }
        // One that nobody waits for any more is in nobody's way.
        assert_eq!(simulate(app, json!({})).await["comments"], 1);
    });
}

#[test]
fn simulations_are_counted() {
    TestApp::run(async |app| {
        decided(app, by("ana", PLAIN), "approve", json!({})).await;
        simulate(app, json!({})).await;
        let metrics = app.get("/metrics").key(&app.operator).send().await.expect(200);
        let text = std::str::from_utf8(&metrics.bytes).unwrap();
        assert!(text.contains("moderato_simulations_total 1"), "{text}");
        assert!(text.contains("moderato_simulated_comments_total{how=\"replayed\"} 1"), "{text}");
    });
}
