//! Rate limits: what is over one is held or refused, and says how long to wait.

use moderato::domain::Quota;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, submission, with};

/// A comment from an address, by nobody who can be told from others.
fn from(address: &str) -> Value {
    with(&submission("I agree."), json!({"author": {"name": "Ana"}, "client": {"ip": address}}))
}

async fn submit(app: &TestApp, body: &Value) -> Answer {
    app.post("comments", body).send().await
}

/// Sends it until it is refused: how often it was published or kept by its first comment, held by a limit, and the refusal.
async fn flood(app: &TestApp, body: &Value) -> (usize, usize, Answer) {
    let (mut within, mut over) = (0, 0);
    loop {
        let answer = submit(app, body).await;
        match answer.status {
            201 if answer.body["verdict"]["decided_by"] == "rate" => over += 1,
            201 => within += 1,
            _ => return (within, over, answer.problem(429, "over_limit")),
        }
        assert!(within + over < 1_000);
    }
}

#[test]
fn a_flood_is_held_and_beyond_five_times_the_limit_refused() {
    TestApp::run(async |app| {
        let (within, over, refused) = flood(app, &from("203.0.113.7")).await;
        assert_eq!((within, over), (3, 12));
        assert_eq!(
            refused.body["limit"],
            json!({"name": "address", "count": 5, "seconds": 10, "burst": 15, "retry_after": 2})
        );
        assert_eq!(refused.header("retry-after"), "2");
        assert_eq!(refused.header("ratelimit"), "\"address\";r=0;t=2");
        assert_eq!(refused.header("ratelimit-policy"), "\"address\";q=15;w=30");
        assert_eq!(
            refused.body["detail"],
            "Too many from the commenter's address: 5 in 10 s, 15 at once. Again in 2 s."
        );
        app.pass(2);
        let held = submit(app, &from("203.0.113.7")).await.expect(201);
        assert_eq!((&held.body["status"], &held.body["verdict"]["decided_by"]), (&json!("held"), &json!("rate")));
        let hit = &held.body["verdict"]["hits"][0];
        assert_eq!((&hit["rule"], &hit["points"]), (&json!("rate"), &json!(0)));
        assert_eq!(hit["message"], "More comments from this address than 1 in 10 seconds and 3 at once.");
        assert_eq!(held.body["verdict"]["would_pass_without"], json!([["rate"]]));
        let listed = app.get("comments?decided_by=rate").send().await.expect(200);
        assert_eq!(listed.ids().len(), 13);
    });
}

#[test]
fn who_is_limited_depends_on_address_author_and_post() {
    TestApp::run(async |app| {
        let by = |mail: &str, n: usize| {
            let author = json!({"email": mail});
            with(&submission("I agree."), json!({"author": author, "client": {"ip": format!("198.51.100.{n}")}}))
        };
        for n in 0..3 {
            submit(app, &by("Ana@Mail.example", n)).await.expect(201);
        }
        let over = submit(app, &by(" ana@mail.EXAMPLE ", 9)).await.expect(201);
        assert_eq!(over.body["verdict"]["decided_by"], "rate", "the same author from another address");
        let nets: Vec<_> = (0..16).map(|n| from(&format!("2001:db8:1:{n:x}::1"))).collect();
        for (n, body) in nets.iter().enumerate() {
            let answer = submit(app, body).await.expect(201);
            assert_eq!(answer.body["verdict"]["decided_by"] == "rate", n == 15, "{n}: {}", answer.body["verdict"]);
        }
        for n in 0..80 {
            let body = with(&from(&format!("192.0.2.{n}")), json!({"post": {"id": "busy"}}));
            let answer = submit(app, &body).await.expect(201);
            assert_eq!(answer.body["verdict"]["decided_by"] == "rate", n >= 60, "{n}");
        }
    });
}

#[test]
fn those_who_are_nobodys_flood_are_not_limited() {
    TestApp::run(async |app| {
        let cases = [
            from("10.0.0.1"),
            from("::ffff:192.168.0.1"),
            with(&submission("I agree."), json!({"author": {"name": "Ana"}})),
            with(&from("203.0.113.7"), json!({"author": {"email": "editor@blog.example", "role": "moderator"}})),
            with(&from("203.0.113.7"), json!({"created_at": "2026-11-22T19:57:59Z"})),
            with(&from("203.0.113.7"), json!({"decided": {"action": "approve", "by": "person"}})),
        ];
        for (n, body) in cases.iter().enumerate() {
            for _ in 0..20 {
                let answer = submit(app, &with(body, json!({"post": {"id": n.to_string()}}))).await.expect(201);
                assert_ne!(answer.body["verdict"]["decided_by"], "rate", "{body}");
            }
        }
        for _ in 0..20 {
            app.post("comments/check", &from("203.0.113.7")).send().await.expect(200);
        }
        assert_eq!(flood(app, &from("203.0.113.7")).await.0, 3, "none of it was charged");
    });
}

#[test]
fn a_retry_is_not_charged_again() {
    TestApp::run(async |app| {
        let named = |id: &str| with(&from("203.0.113.7"), json!({"external_id": id}));
        for _ in 0..50 {
            submit(app, &named("1")).await.expect(201);
            app.post("comments", &from("203.0.113.7")).header("Idempotency-Key", "k").send().await.expect(201);
        }
        let third = submit(app, &named("3")).await.expect(201);
        assert_eq!(third.body["verdict"]["decided_by"], "first_comment");
        let fourth = submit(app, &named("4")).await.expect(201);
        assert_eq!(fourth.body["verdict"]["decided_by"], "rate");
        assert_eq!(submit(app, &named("4")).await.expect(201).body["id"], fourth.body["id"]);
    });
}

#[test]
fn callers_are_told_to_wait() {
    TestApp::run(async |app| {
        let few = Quota { count: 60, seconds: 60, burst: 5 };
        let roomy = Quota { count: 60, seconds: 60, burst: 1_000 };
        app.reconfigure(|configuration| {
            configuration.limits.site = few;
            configuration.limits.key = roomy;
        })
        .await;
        for _ in 0..5 {
            app.post("comments/check", &submission("I agree.")).send().await.expect(200);
        }
        let refused = app.post("comments/check", &submission("I agree.")).send().await.problem(429, "over_limit");
        assert_eq!((&refused.body["limit"]["name"], refused.header("retry-after")), (&json!("site"), "1"));
        let whole = json!({"do": "check", "submissions": [submission("a"), submission("b")]});
        app.pass(1);
        let answer = app.post("comments/batch", &whole).send().await.expect(200);
        let statuses: Vec<_> = answer.body["results"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [200, 429], "each submission of a batch is charged");
        app.get("comments").send().await.expect(200);
        let other = app.second_site("other").await;
        app.call("POST", "/v1/sites/other/comments/check")
            .json(&submission("I agree."))
            .key(&other)
            .send()
            .await
            .expect(200);

        app.reconfigure(|configuration| {
            configuration.limits.site = roomy;
            configuration.limits.key = few;
        })
        .await;
        app.pass(60);
        for _ in 0..5 {
            app.get("comments").send().await.expect(200);
        }
        let refused = app.get("comments").send().await.problem(429, "over_limit");
        assert_eq!(
            refused.body["limit"],
            json!({"name": "key", "count": 60, "seconds": 60, "burst": 5, "retry_after": 1})
        );
        submit(app, &submission("I agree.")).await.problem(429, "over_limit");
        let second = app.key_of("demo", &["read"]).await;
        app.get("comments").key(&second).send().await.expect(200);
        app.get("/livez").send().await.expect(200);
    });
}

#[test]
fn a_request_is_charged_to_its_key_whatever_becomes_of_it() {
    TestApp::run(async |app| {
        let few = Quota { count: 60, seconds: 60, burst: 5 };
        app.reconfigure(|configuration| configuration.limits.key = few).await;
        let submit_only = app.key_of("demo", &["submit"]).await;
        for _ in 0..5 {
            app.post("comments", &json!({})).send().await.problem(422, "invalid");
            app.get("comments").key(&submit_only).send().await.problem(403, "missing_scope");
        }
        app.post("comments", &json!({})).send().await.problem(429, "over_limit");
        app.get("comments").key(&submit_only).send().await.problem(429, "over_limit");
        app.pass(5);
        let invalid = json!({"do": "submit", "submissions": [{}, {}, {}, {}, {}, {}]});
        let answer = app.post("comments/batch", &invalid).send().await.expect(200);
        let statuses: Vec<_> = answer.body["results"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [422, 422, 422, 422, 429, 429], "the batch itself was the fifth");
    });
}

#[test]
fn wrong_keys_are_throttled_and_good_ones_are_not() {
    TestApp::run(async |app| {
        app.get("comments").send().await.expect(200);
        let foreign = "mod_abcdefgh2345_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_3f7a2b1c";
        let mut evaluated = 0;
        for n in 0..1_000 {
            let key = if n % 2 == 0 { foreign.to_owned() } else { format!("guess {n}") };
            let answer = app.get("comments").key(&key).send().await;
            evaluated += usize::from(answer.status == 401);
            if answer.status != 401 {
                assert_eq!(answer.problem(429, "over_limit").body["limit"]["name"], "wrong_keys");
            }
            if n % 100 == 99 {
                app.pass(6);
            }
        }
        assert_eq!(evaluated, 20 + 9, "20 at once and one in six seconds");
        app.get("comments").send().await.expect(200);
        app.get("comments").key(&app.operator).send().await.expect(200);
        let unknown = app.key_of("demo", &["read"]).await;
        app.get("comments").key(&unknown).send().await.expect(200);
    });
}

#[test]
fn a_site_sets_its_own_limits_and_they_hold_at_once() {
    TestApp::run(async |app| {
        assert_eq!(flood(app, &from("203.0.113.7")).await.0, 3);
        let limits = json!({"address": [{"count": 1, "seconds": 60, "burst": 1}]});
        let own = json!({"over_limit": "refuse", "limits": limits});
        app.call("PUT", "policy").json(&own).send().await.expect(200);
        let (within, over, refused) = flood(app, &from("203.0.113.8")).await;
        assert_eq!((within, over), (1, 0));
        assert_eq!(
            refused.body["limit"],
            json!({"name": "address", "count": 1, "seconds": 60, "burst": 1, "retry_after": 60})
        );
        let none = json!({"limits": {"address": [], "author": [], "post": []}});
        app.call("PUT", "policy").json(&none).send().await.expect(200);
        for _ in 0..30 {
            let answer = submit(app, &from("203.0.113.8")).await.expect(201);
            assert_ne!(answer.body["verdict"]["decided_by"], "rate");
        }
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        app.call("PUT", "policy").json(&json!({})).send().await.expect(200);
        for _ in 0..100 {
            submit(app, &from("203.0.113.9")).await.expect(201);
        }
    });
}

#[test]
fn behind_a_trusted_proxy_wrong_keys_are_charged_to_whoever_sends_them() {
    TestApp::run_with("trusted_proxies = [\"127.0.0.1\"]", "", async |app| {
        let send = async |from: &str| app.get("comments").key("wrong").header("x-forwarded-for", from).send().await;
        let mut tries = 0;
        while send("203.0.113.7").await.status == 401 {
            tries += 1;
            assert!(tries < 1_000);
        }
        send("10.9.9.9, 203.0.113.7").await.problem(429, "over_limit");
        send("203.0.113.7, 198.51.100.8").await.problem(401, "wrong_key");
    });
}
