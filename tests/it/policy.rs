//! A site's policy: shown with its origins, overridden, in force at once, and swapped whole.

use serde_json::{Value, json};

use crate::app::{TestApp, submission, with};

/// A comment that passes but for being its author's first.
fn first(n: usize) -> Value {
    with(&submission("I read this twice."), json!({"author": {"email": format!("{n}@mail.example")}}))
}

#[test]
fn a_policy_is_shown_with_where_each_value_comes_from() {
    TestApp::run(async |app| {
        let shown = app.get("policy").send().await.expect(200);
        assert_eq!(shown.body["overrides"], json!({}));
        assert_eq!(shown.body["values"]["hold_at"], json!({"value": 50, "origin": "default"}));
        assert_eq!(shown.body["values"]["kinds.trackback"], json!({"value": "reject", "origin": "default"}));
        let own = json!({"hold_at": 40, "kinds": {"webmention": "hold"}, "rules": {"link_count": {"points": 7}}});
        let put = app.call("PUT", "policy").json(&own).send().await.expect(200);
        assert_eq!(put.body["overrides"], own);
        assert_eq!(put.body["values"]["hold_at"], json!({"value": 40, "origin": "site"}));
        assert_eq!(put.body["values"]["kinds.webmention"], json!({"value": "hold", "origin": "site"}));
        assert_eq!(put.body["values"]["kinds.trackback"], json!({"value": "reject", "origin": "default"}));
        assert_eq!(put.body["values"]["rules.link_count.points"], json!({"value": 7, "origin": "site"}));
        assert_eq!(put.body["values"]["rules.link_count.mode"]["origin"], "default");
        assert_ne!(put.body["policy_version"], shown.body["policy_version"]);
        let again = app.get("policy").send().await.expect(200);
        assert_eq!((again.body.clone(), again.header("etag")), (put.body.clone(), put.header("etag")));
        let rules = app.get("/v1/rules").send().await.expect(200);
        let rule = rules.body["items"].as_array().unwrap().iter().find(|rule| rule["id"] == "link_count").unwrap();
        assert_eq!(rule["points"], 7, "the site's own rules are shown as it has set them");
    });
}

#[test]
fn what_a_site_overrides_holds_at_its_next_comment_and_nowhere_else() {
    TestApp::run(async |app| {
        let other = app.second_site("other").await;
        assert_eq!(app.submit(&first(1)).await["verdict"]["decided_by"], "first_comment");
        app.call("PUT", "policy").json(&json!({"first_comment": "screen"})).send().await.expect(200);
        let approved = app.submit(&first(2)).await;
        assert_eq!(approved["status"], "approved");
        let path = "/v1/sites/other/comments";
        let elsewhere = app.post(path, &first(2)).key(&other).send().await.expect(201);
        assert_eq!(elsewhere.body["status"], "held");
        assert_ne!(approved["verdict"]["policy_version"], elsewhere.body["verdict"]["policy_version"]);
        app.call("PUT", "policy").json(&json!({"premoderate_all": true})).send().await.expect(200);
        assert_eq!(app.submit(&first(3)).await["verdict"]["decided_by"], "post");
        app.call("PUT", "policy").json(&json!({})).send().await.expect(200);
        assert_eq!(app.submit(&first(4)).await["verdict"]["decided_by"], "first_comment");
    });
}

#[test]
fn two_processes_on_one_store_judge_alike() {
    TestApp::run(async |app| {
        let beside = app.another_process().await;
        assert_eq!(app.submit(&first(1)).await["verdict"]["decided_by"], "first_comment");
        beside.override_policy(json!({"first_comment": "screen"})).await;
        assert_eq!(app.submit(&first(2)).await["status"], "approved");
    });
}

#[test]
fn a_change_from_an_older_version_is_refused() {
    TestApp::run(async |app| {
        let put = async |own: Value, version: &str| {
            app.call("PUT", "policy").json(&own).header("If-Match", version).send().await
        };
        let etag = app.get("policy").send().await.expect(200).header("etag").to_owned();
        let changed = put(json!({"hold_at": 40}), &etag).await.expect(200);
        put(json!({"hold_at": 45}), &etag).await.problem(412, "settings_changed");
        put(json!({"hold_at": 40}), &etag).await.expect(200);
        let weak = format!("W/{}", changed.header("etag"));
        put(json!({"hold_at": 45}), &weak).await.expect(200);
        assert_eq!(app.get("policy").send().await.body["overrides"], json!({"hold_at": 45}));
    });
}

#[test]
fn a_policy_that_cannot_be_is_refused_with_every_place() {
    TestApp::run(async |app| {
        let deep = json!({"rules": {"too_fast": {"seconds": "three"}}});
        let many: Vec<_> = (0..1_001).map(|n| format!("phrase {n}")).collect();
        let cases = [
            (json!({"hold_att": 40}), "/hold_att"),
            (json!({"hold_at": "40"}), "/hold_at"),
            (json!({"hold_at": null}), "/hold_at"),
            (json!({"hold_at": 4.5}), "/hold_at"),
            (json!({"hold_at": 0}), "/hold_at"),
            (json!({"hold_at": 120}), "/reject_at"),
            (json!({"first_comment": "publish"}), "/first_comment"),
            (json!({"kinds": {"Bad Kind": "hold"}}), "/kinds"),
            (json!({"kinds": {"review": "approve"}}), "/kinds/review"),
            (json!({"phrases": "buy"}), "/phrases"),
            (json!({"phrases": ["fine", "\u{200B}"]}), "/phrases/1"),
            (json!({"phrases": many}), "/phrases"),
            (json!({"phrases": ["x".repeat(201)]}), "/phrases/0"),
            (json!({"domains": ["nonsense"]}), "/domains/0"),
            (json!({"rules": {"link_cuont": {"points": 1}}}), "/rules/link_cuont"),
            (json!({"rules": {"link_count": {"points": 1001}}}), "/rules/link_count/points"),
            (json!({"rules": {"link_count": {"points": -2147483648_i64}}}), "/rules/link_count/points"),
            (json!({"limits": {"post": [{"count": 1, "seconds": 604800, "burst": 793015}]}}), "/limits/post/0/burst"),
            (json!({"rules": {"link_count": {"mode": "maybe"}}}), "/rules/link_count"),
            (deep, "/rules/too_fast/seconds"),
            (json!({"limits": {"address": [{"count": 0, "seconds": 1, "burst": 1}]}}), "/limits/address/0/count"),
            (json!({"limits": {"site": []}}), "/limits"),
            (json!({"enabled": false}), "/enabled"),
            (json!([]), ""),
            (json!("screen"), ""),
        ];
        for (own, place) in cases {
            let answer = app.call("PUT", "policy").json(&own).send().await.problem(422, "invalid");
            let found = answer.faults();
            assert!(found.iter().any(|(field, _)| field.starts_with(place)), "{own}: {found:?}");
            assert!(!place.is_empty() || found == [(String::new(), "wrong_type".to_owned())], "{own}: {found:?}");
        }
        let words = [
            (
                json!({"hold_at": "40"}),
                "/hold_at must be a whole number from -2147483648 to 2147483647, not the text \"40\".",
            ),
            (json!({"first_comment": "publish"}), "/first_comment must be 'hold' or 'screen', not 'publish'."),
            (
                json!({"rules": {"too_fast": {"seconds": -1}}}),
                "/rules/too_fast/seconds must be a whole number from 0 to 65535, not -1.",
            ),
            (json!({"hold_at": 0}), "/hold_at must be at least 1."),
        ];
        for (own, detail) in words {
            let answer = app.call("PUT", "policy").json(&own).send().await.problem(422, "invalid");
            assert_eq!(answer.body["detail"], detail);
        }
        let large = json!({"domains": vec!["a-domain-of-some-length.example"; 3_000]});
        app.call("PUT", "policy").json(&large).send().await.problem(413, "too_large");
        assert_eq!(app.get("policy").send().await.body["overrides"], json!({}), "none of it is in force");
    });
}

#[test]
fn a_new_configuration_is_swapped_whole_and_no_site_stands_in_its_way() {
    TestApp::run(async |app| {
        app.call("PUT", "policy").json(&json!({"hold_at": 90})).send().await.expect(200);
        let set = |values: &'static str| {
            move |policy: &mut toml::Table| policy.extend(values.parse::<toml::Table>().unwrap())
        };
        app.reload(set("first_comment = \"screen\"")).await.unwrap();
        assert_eq!(app.submit(&first(1)).await["status"], "approved");
        let shown = app.get("policy").send().await.expect(200);
        assert_eq!(shown.body["values"]["hold_at"], json!({"value": 90, "origin": "site"}));
        assert_eq!(shown.body["values"]["first_comment"], json!({"value": "screen", "origin": "file"}));
        // What this site overrides contradicts it: its comments are held, and nobody else's.
        let other = app.second_site("other").await;
        app.reload(set("hold_at = 10\nreject_at = 80\nfirst_comment = \"screen\"")).await.unwrap();
        assert_eq!(app.submit(&first(2)).await["verdict"]["decided_by"], "unavailable");
        let elsewhere = app.post("/v1/sites/other/comments", &first(2)).key(&other).send().await.expect(201);
        assert_eq!(elsewhere.body["status"], "approved");
        app.call("PUT", "policy").json(&json!({})).send().await.expect(200);
        assert_eq!(app.submit(&first(3)).await["status"], "approved");
    });
}

#[test]
fn a_site_that_is_made_again_has_nothing_of_the_old_ones_policy() {
    TestApp::run(async |app| {
        let path = "/v1/sites/other/comments";
        let old = app.second_site("other").await;
        let rejects = json!({"kinds": {"comment": "reject"}});
        let put = app.call("PUT", "/v1/sites/other/policy").key(&old).json(&rejects).send().await.expect(200);
        assert_eq!(app.post(path, &first(1)).key(&old).send().await.expect(201).body["status"], "rejected");
        app.call("DELETE", "/v1/sites/other").key(&app.operator).send().await.expect(204);
        app.pass(1);
        let new = app.second_site("other").await;
        // As many changes as the old one has seen.
        app.key_of("other", &["read"]).await;
        assert_eq!(app.post(path, &first(2)).key(&new).send().await.expect(201).body["status"], "held");
        let stale = app.call("PUT", "/v1/sites/other/policy").key(&new).json(&json!({"hold_at": 40}));
        stale.header("If-Match", put.header("etag")).send().await.problem(412, "settings_changed");
    });
}
