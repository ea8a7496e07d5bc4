//! How long what is kept: from the policy to what is left, by a clock that a test moves.

use std::time::Duration;

use moderato::store::{Error, Expired};
use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, path_of, submission, with};
use crate::broken::Broken;
use crate::log::{keep_log, whole_log};

/// What the site `demo` overrides of `policy.keep`.
async fn keep(app: &TestApp, own: Value) {
    app.call("PUT", "policy").json(&json!({ "keep": own })).send().await.expect(200);
}

/// The kinds of all events of the feed.
async fn events(app: &TestApp) -> Vec<String> {
    let feed = app.get("events?limit=500").send().await.expect(200);
    feed.body["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// A comment by an author of its own under an id of the blog's.
fn named(external: &str, text: &str) -> Value {
    let author = json!({"name": "Ana", "email": format!("{external}@mail.example")});
    with(&submission(text), json!({"external_id": external, "author": author}))
}

#[test]
fn times_are_set_per_site_and_those_that_cannot_be_are_told_with_their_limits() {
    TestApp::run(async |app| {
        let own = json!({"keep": {"held": 0, "held_expires": "reject", "approved": 36500}});
        let put = app.call("PUT", "policy").json(&own).send().await.expect(200);
        assert_eq!(put.body["values"]["keep.held_expires"], json!({"value": "reject", "origin": "site"}));
        assert_eq!(put.body["values"]["keep.rejected"], json!({"value": 15, "origin": "default"}));
        let days = "must be a whole number of days from 0 to 36500 (0: for ever), not";
        let cases = [
            (json!({"held": 36501}), format!("/keep/held {days} 36501.")),
            (json!({"rejected": -1}), format!("/keep/rejected {days} -1.")),
            (json!({"approved": 4_294_967_296_u64}), format!("/keep/approved {days} 4294967296.")),
            (json!({"addresses": "thirty"}), format!("/keep/addresses {days} the text \"thirty\".")),
            (json!({"tombstones": 1.5}), format!("/keep/tombstones {days} 1.5.")),
            (json!({"held_expires": "drop"}), "/keep/held_expires must be 'keep' or 'reject', not 'drop'.".to_owned()),
        ];
        for (own, detail) in cases {
            let answer = app.call("PUT", "policy").json(&json!({ "keep": own })).send().await.problem(422, "invalid");
            assert_eq!(answer.body["detail"], detail);
        }
        let two = json!({"keep": {"held": 36501, "tombstones": 40000}});
        let answer = app.call("PUT", "policy").json(&two).send().await.problem(422, "invalid");
        let fields: Vec<_> = answer.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["/keep/held", "/keep/tombstones"]);
        let unknown = json!({"keep": {"events": 1}});
        let answer = app.call("PUT", "policy").json(&unknown).send().await.problem(422, "invalid");
        assert_eq!(answer.faults()[0].1, "unknown_field");
        assert_eq!(app.get("policy").send().await.body["overrides"], put.body["overrides"]);
    });
}

#[test]
fn as_shipped_a_held_comment_waits_for_as_long_as_it_takes() {
    TestApp::run(async |app| {
        let held = app.held_comment().await;
        app.pass_days(10_000);
        assert_eq!(app.expire("demo").await.rejected, 0);
        assert_eq!(app.get("comments?review=open").send().await.ids(), [held["id"].as_str().unwrap()]);
    });
}

#[test]
fn a_comment_goes_step_by_step_from_held_to_nothing() {
    TestApp::run(async |app| {
        keep(app, json!({"held_expires": "reject"})).await;
        let body = named("a-1", "I wrote about it at http://ana.example/post.");
        let held = app.submit(&body).await;
        assert_eq!(held["status"], "held");
        let path = path_of(&held);

        app.pass_days(29);
        assert_eq!(app.expire("demo").await.rejected, 0);
        app.pass_days(1);
        assert_eq!(app.expire("demo").await.rejected, 1);
        let expired = app.get(&path).send().await.expect(200);
        let state = (&expired.body["status"], &expired.body["review"], &expired.body["version"]);
        assert_eq!(state, (&json!("rejected"), &json!({"state": "done"}), &json!(2)));
        assert_eq!(expired.body["expired_at"], expired.body["changed_at"]);
        assert!(app.get("comments?review=open").send().await.ids().is_empty());
        assert_eq!(events(app).await.last().unwrap(), "comment.expired");
        // A person may still decide it.
        let reopened = app.post(&format!("{path}/reopen"), &json!({})).send().await.expect(200);
        assert_eq!((&reopened.body["status"], &reopened.body["version"]), (&json!("held"), &json!(3)));
        app.pass_days(30);
        assert_eq!(app.expire("demo").await.rejected, 1);
        assert_eq!(app.get(&path).send().await.expect(200).body["version"], 4);

        app.pass_days(15);
        assert_eq!(app.expire("demo").await.purged, 1);
        assert_eq!(events(app).await.last().unwrap(), "comment.purged");
        for name in [path.as_str(), "comments/ext:a-1"] {
            app.get(name).send().await.problem(404, "unknown_comment");
        }
        for list in ["comments", "comments?external_id=a-1", "comments?status=rejected"] {
            assert!(app.get(list).send().await.ids().is_empty(), "{list}");
        }
        let counts = app.get("/v1/sites/demo").send().await.body["counts"].clone();
        assert_eq!(counts, json!({"approved": 0, "held": 0, "rejected": 0, "open": 0}));
        let late = app.post("comments", &body).send().await.problem(410, "erased");
        assert_eq!(late.body["comment"], held["id"]);

        app.pass_days(399);
        let kept = app.expire("demo").await;
        assert_eq!((kept.tombstones, kept.events), (0, 2), "the feed forgets after 30 days");
        assert!(events(app).await.is_empty());
        app.pass_days(1);
        assert_eq!(app.expire("demo").await.tombstones, 1);
        let again = app.post("comments", &body).send().await.expect(201);
        assert_ne!(again.body["id"], held["id"]);
    });
}

#[test]
fn what_was_decided_goes_after_its_own_time_and_each_site_has_its_own() {
    TestApp::run(async |app| {
        let other = app.second_site("other").await;
        let elsewhere = "/v1/sites/other/comments";
        app.post(elsewhere, &submission(SPAM)).key(&other).send().await.expect(201);
        let own = json!({"keep": {"rejected": 0, "addresses": 0}});
        app.call("PUT", "/v1/sites/other/policy").key(&other).json(&own).send().await.expect(200);
        let (approved, rejected) = (app.approved_comment().await, app.rejected_comment().await);
        app.pass_days(15);
        assert_eq!((app.expire("demo").await.purged, app.expire("other").await.purged), (1, 0));
        app.get(&path_of(&rejected)).send().await.expect(404);
        app.pass_days(74);
        assert_eq!(app.expire("demo").await.purged, 0);
        // A change makes it young again.
        app.call("PUT", &format!("{}/external", path_of(&approved))).json(&json!({"external_id": "9"})).send().await;
        app.pass_days(2);
        assert_eq!(app.expire("demo").await.purged, 0);
        app.pass_days(88);
        assert_eq!(app.expire("demo").await.purged, 1);
        app.get("comments/ext:9").send().await.expect(404);
        app.pass_days(10_000);
        assert_eq!(app.expire("other").await.purged, 0);
        assert_eq!(app.get(elsewhere).key(&other).send().await.ids().len(), 1);
    });
}

#[test]
fn an_address_is_cut_to_its_network_and_nothing_else_changes() {
    TestApp::run(async |app| {
        let cases = [
            ("203.0.113.77", "203.0.113.0/24", "203.0.113.0/25"),
            ("2001:db8:7:8::9", "2001:db8:7::/48", "2001:db8:7:8::/64"),
            ("10.1.2.3", "10.1.2.0/24", "10.1.2.3/32"),
        ];
        let from = |ip: &str| with(&named(&format!("from-{ip}"), "Hello there."), json!({"client": {"ip": ip}}));
        for (ip, ..) in cases {
            app.submit(&from(ip)).await;
        }
        app.pass_days(6);
        assert_eq!(app.expire("demo").await, Expired::default());
        app.pass_days(1);
        let told = events(app).await;
        let list = async |net: &str| app.get(&format!("comments?ip={net}")).send().await.expect(200).ids();
        for (ip, network, part) in cases {
            let path = format!("comments/ext:from-{ip}");
            let before = app.get(&path).send().await.expect(200);
            assert_eq!(before.body["client"]["ip"], ip);
            for net in [ip, network, part] {
                assert_eq!(list(net).await.len(), 1, "{net}");
            }
        }
        assert_eq!(app.expire("demo").await, Expired { addresses: 3, ..Expired::default() });
        for (ip, network, part) in cases {
            let path = format!("comments/ext:from-{ip}");
            let cut = app.get(&path).send().await.expect(200);
            assert_eq!((&cut.body["client"]["ip"], cut.header("etag")), (&json!(network), "\"1\""));
            assert!(!String::from_utf8_lossy(&cut.bytes).contains(&format!("\"{ip}\"")));
            assert_eq!(list(network).await.len(), 1, "{network}");
            for none in [ip, part] {
                assert!(list(none).await.is_empty(), "{none}");
            }
            // A late retry brings the address again, and is still the same comment.
            let mut retry = app.post("comments", &from(ip)).send().await.expect(201);
            retry.body.as_object_mut().unwrap().remove("status_token");
            assert_eq!((retry.header("idempotency-replayed"), &retry.body), ("true", &cut.body));
        }
        assert_eq!(app.expire("demo").await, Expired::default(), "once is enough");
        assert_eq!(events(app).await, told, "nobody is told");
    });
}

#[test]
fn whom_people_trust_they_trust_when_the_comment_is_gone() {
    TestApp::run(async |app| {
        let text = "What a careful report, thank you.";
        let first = app.submit(&submission(text)).await;
        assert_eq!(first["verdict"]["decided_by"], "first_comment");
        app.post(&format!("{}/approve", path_of(&first)), &json!({})).send().await.expect(200);
        let key = first["author"]["id"].as_str().unwrap();
        app.pass_days(90);
        assert_eq!(app.expire("demo").await.purged, 1);
        let shown = app.get(&format!("authors/{key}")).send().await.expect(200).body;
        let none = json!({"approved": 0, "held": 0, "rejected": 0, "open": 0});
        let remembered = json!({"comments": 1, "approved": 1, "spam": 0, "abuse": 0});
        assert_eq!(shown, json!({"key": key, "comments": none, "remembered": remembered}));
        let second = app.submit(&submission("I read the next one too.")).await;
        assert_eq!(second["status"], "approved");
        let stranger =
            with(&submission("I read the next one too, twice."), json!({"author": {"email": "x@mail.example"}}));
        assert_eq!(app.submit(&stranger).await["status"], "held");
        // Forgotten, they are a stranger like any other.
        let gone = app.call("DELETE", &format!("authors/{key}")).send().await.expect(200);
        assert_eq!(gone.body, json!({"comments": 1}));
        assert_eq!(app.submit(&submission("I read the third one too.")).await["status"], "held");
    });
}

#[test]
fn where_nobody_knows_what_a_site_wants_nothing_expires() {
    TestApp::run(async |app| {
        let own = json!({"hold_at": 90, "keep": {"rejected": 365}});
        app.call("PUT", "policy").json(&own).send().await.expect(200);
        app.rejected_comment().await;
        app.pass_days(20);
        let set = |values: &'static str| {
            move |policy: &mut toml::Table| policy.extend(values.parse::<toml::Table>().unwrap())
        };
        app.reload(set("hold_at = 10\nreject_at = 80")).await.unwrap();
        assert_eq!(app.expire("demo").await, Expired::default());
        app.pass_days(346);
        assert_eq!(app.expire("demo").await, Expired::default());
        app.call("PUT", "policy").json(&json!({"keep": {"rejected": 365}})).send().await.expect(200);
        assert_eq!(app.expire("demo").await.purged, 1);
    });
}

#[test]
fn what_another_process_was_told_holds_before_anything_goes() {
    TestApp::run(async |app| {
        app.rejected_comment().await;
        let beside = app.another_process().await;
        app.pass_days(20);
        beside.override_policy(json!({"keep": {"rejected": 21}})).await;
        assert_eq!(app.expire("demo").await, Expired::default());
        beside.override_policy(json!({"keep": {"rejected": 20}})).await;
        assert_eq!(app.expire("demo").await.purged, 1);
    });
}

#[test]
fn the_house_is_kept_in_all_sites_and_all_of_it() {
    TestApp::run(async |app| {
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let other = app.second_site("other").await;
        app.post("/v1/sites/other/comments", &submission(SPAM)).key(&other).send().await.expect(201);
        // More than one step's.
        for chunk in 0..3 {
            let one = |n: u32| with(&submission(SPAM), json!({"external_id": format!("{chunk}-{n}")}));
            let batch = json!({"do": "submit", "submissions": (0..70).map(one).collect::<Vec<_>>()});
            app.post("comments/batch", &batch).send().await.expect(200);
        }
        app.pass_days(16);
        // By the newest comment the clock is right.
        app.submit(&submission("Hello.")).await;
        let metric = async |name: &str| {
            let text = app.get("/metrics").key(&app.operator).send().await.expect(200).bytes;
            let text = String::from_utf8(text).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix(name).map(str::trim).map(str::to_owned));
            line.map_or(0.0, |value| value.parse::<f64>().unwrap())
        };
        let last = "moderato_housekeeping_last_timestamp_seconds";
        assert_eq!(metric(last).await, 0.0);
        let until_done = async { while metric(last).await == 0.0 {} };
        let done = async {
            tokio::select! {
                () = app.service.keep_house() => {}
                () = until_done => {}
            }
        };
        tokio::time::timeout(Duration::from_secs(60), done).await.expect("the house is kept within a minute");
        assert_eq!(metric("moderato_expired_total{what=\"purged\"}").await, 211.0);
        assert_eq!(metric("moderato_comments{status=\"rejected\"}").await, 0.0);
        assert_eq!(metric(last).await, app.clock.now().millis() as f64 / 1e3);
    });
}

#[test]
fn a_site_that_fails_is_counted_and_the_next_one_has_its_turn() {
    keep_log();
    TestApp::run_over(Broken::empty_sites(), async |app| {
        app.service.expire_all().await;
        let log = whole_log();
        for site in ["one", "two"] {
            let told = |line: &&str| line.contains("\"ERROR\"") && line.contains(&format!("\"site\":\"{site}\""));
            assert_eq!(log.lines().filter(told).count(), 1, "{site}");
        }
        let text = app.get("/metrics").key(&app.operator).send().await.expect(200).bytes;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("moderato_housekeeping_failures_total 2\n"), "{text}");
    });
    TestApp::run_over(Broken::store(Error::Unavailable("away".to_owned())), async |app| {
        app.service.expire_all().await;
        let text = app.get("/metrics").key(&app.operator).send().await.expect(200).bytes;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("moderato_housekeeping_failures_total 1\n"), "{text}");
        assert!(text.contains("moderato_housekeeping_last_timestamp_seconds 0.0\n"), "{text}");
    });
}
