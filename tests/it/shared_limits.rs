//! Limits that two processes over one store in Redis share, and what holds of them while Redis is away.

use moderato::clock::Clock;
use moderato::domain::Quota;
use moderato::store::Settings;
use serde_json::{Value, json};

use crate::app::{Answer, START, TestApp, shipped, submission, with};
use crate::redis::{DURABLE, Server, shared_redis};
use crate::stores::{Memory, Place};

/// A comment from an address, by nobody who can be told from others.
fn from(address: &str) -> Value {
    with(&submission("I agree."), json!({"author": {"name": "Ana"}, "client": {"ip": address}}))
}

async fn submit(app: &TestApp, body: &Value) -> Answer {
    app.post("comments", body).key(&app.operator).send().await
}

fn is_over(answer: &Answer) -> bool {
    answer.body["verdict"]["decided_by"] == "rate"
}

/// Runs a test against two services, each with a way of its own to the store at this place.
fn run_two(place: &Place, test: impl AsyncFnOnce([&TestApp; 2])) {
    let clock = Clock::manual(START.parse().unwrap());
    let memory = || Memory { store: place.open(&clock), clock: clock.clone(), place: None };
    let settings = || (shipped("http", ""), Default::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(TestApp::serve(memory(), settings(), async |one| {
        TestApp::serve(memory(), settings(), async |two| test([one, two]).await).await;
    }));
}

#[test]
fn who_goes_from_one_process_to_another_is_limited_as_at_one() {
    run_two(&Place::served(&shared_redis()), async |apps| {
        for n in 0..15 {
            let answer = submit(apps[n % 2], &from("203.0.113.7")).await.expect(201);
            assert_eq!(is_over(&answer), n >= 3, "{n}: {}", answer.body["verdict"]);
        }
        for app in apps {
            let refused = submit(app, &from("203.0.113.7")).await.problem(429, "over_limit");
            let limit = json!({"name": "address", "count": 5, "seconds": 10, "burst": 15, "retry_after": 2});
            assert_eq!(refused.body["limit"], limit);
            submit(app, &from("203.0.113.8")).await.expect(201);
        }
        apps[0].pass(2);
        assert!(is_over(&submit(apps[1], &from("203.0.113.7")).await.expect(201)));
        submit(apps[0], &from("203.0.113.7")).await.problem(429, "over_limit");
        let listed = apps[0].get("comments?decided_by=rate").send().await.expect(200);
        assert_eq!(listed.ids().len(), 13, "what was refused is not kept");
    });
}

#[test]
fn processes_share_the_quota_of_a_site_whoever_writes() {
    run_two(&Place::served(&shared_redis()), async |apps| {
        for app in apps {
            let few = Quota { count: 60, seconds: 60, burst: 5 };
            app.reconfigure(|configuration| configuration.limits.site = few).await;
        }
        let editor = with(&submission("I agree."), json!({"author": {"name": "Ed", "role": "staff"}}));
        for n in 0..5 {
            let body = if n < 3 { editor.clone() } else { from(&format!("203.0.113.{n}")) };
            submit(apps[n % 2], &body).await.expect(201);
        }
        for app in apps {
            let refused = submit(app, &editor).await.problem(429, "over_limit");
            assert_eq!(refused.body["limit"]["name"], "site");
            assert_eq!(refused.header("retry-after"), "1");
            assert_eq!(refused.header("ratelimit"), "\"site\";r=0;t=1");
            assert_eq!(refused.header("ratelimit-policy"), "\"site\";q=5;w=5");
        }
        for app in apps {
            app.reconfigure(|configuration| configuration.limits.enabled = false).await;
            submit(app, &editor).await.expect(201);
        }
    });
}

#[test]
fn a_retry_at_another_process_is_not_charged_again() {
    run_two(&Place::served(&shared_redis()), async |apps| {
        let named = |id: &str| with(&from("203.0.113.7"), json!({"external_id": id}));
        for n in 0..40 {
            submit(apps[n % 2], &named("1")).await.expect(201);
        }
        for (n, id) in ["2", "3", "4"].iter().enumerate() {
            let answer = submit(apps[n % 2], &named(id)).await.expect(201);
            assert_eq!(is_over(&answer), *id == "4", "{id}");
        }
    });
}

#[test]
fn without_redis_whoever_is_over_a_quota_is_still_told_to_wait() {
    let mut server = Server::start(&DURABLE);
    let place = Place::Served(Settings::at(&server.url()));
    run_two(&place, async |[app, _]| {
        for _ in 0..15 {
            submit(app, &from("203.0.113.7")).await.expect(201);
        }
        submit(app, &from("203.0.113.7")).await.problem(429, "over_limit");
        server.kill();
        for _ in 0..3 {
            submit(app, &from("203.0.113.7")).await.problem(429, "over_limit");
            submit(app, &from("203.0.113.8")).await.problem(503, "unavailable");
        }
    });
}
