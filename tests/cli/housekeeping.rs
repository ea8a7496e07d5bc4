//! A service that finds much to be kept no longer: it goes in steps, which an end does not wait for.

use std::path::Path;
use std::thread;
use std::time::Duration;

use moderato::clock::{Clock, Stopwatch};
use moderato::config::{Environment, Loaded, Sources};
use moderato::http::wire::parse_submission;
use moderato::service::{Chance, Parts, Service, settle};
use moderato::store;

use super::serving::Serving;

/// More than some steps take.
const COMMENTS: usize = 600;

/// A data directory with rejected comments of many years ago, and if `goes_on`, with one of an hour ago.
fn fill(data: &Path, goes_on: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = store::open(&store::Settings::embedded(), data, &Clock::System).unwrap();
        let clock = Clock::manual("2020-01-01T00:00:00.000Z".parse().unwrap());
        let identity = settle(&*store, false, clock.now(), |_| Ok(())).await.unwrap();
        let environment = Environment::default();
        let sources = Sources { file: None, environment: &environment, data_dir: None };
        let mut configuration = Loaded::from(&sources).unwrap().configuration();
        configuration.limits.enabled = false;
        let today = clock.clone();
        let service = Service::new(Parts { store, identity, clock, chance: Chance::System, configuration });
        let spam = br#"{"post":{"id":"1"},"author":{"role":"member"},"kind":"trackback","content":"Buy now."}"#;
        for _ in 0..COMMENTS {
            let submission = parse_submission(spam).unwrap();
            service.submit(&"demo".parse().unwrap(), submission, None).await.unwrap();
        }
        if goes_on {
            let passed = Clock::System.now().millis() - today.now().millis() - 60 * 60 * 1000;
            today.advance(Duration::from_millis(passed.unsigned_abs()));
            service.submit(&"demo".parse().unwrap(), parse_submission(spam).unwrap(), None).await.unwrap();
        }
    });
}

/// A sample of `/metrics`; 0 if there is none.
fn metric(serving: &Serving, name: &str) -> f64 {
    let answer = serving.ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_default()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = Stopwatch::start();
    while !holds() {
        assert!(waiting.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_service_that_is_keeping_house_ends_at_once_and_goes_on_at_its_next_start() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("data"), true);
    let purged = "moderato_expired_total{what=\"purged\"}";
    let last = "moderato_housekeeping_last_timestamp_seconds";

    let serving = Serving::start(folder.path());
    until("the first step", || metric(&serving, purged) > 0.0);
    assert_eq!(metric(&serving, last), 0.0, "there is more to do");
    let ending = Stopwatch::start();
    let ended = serving.stop().ends(0);
    assert!(ending.elapsed() < Duration::from_secs(5), "{:?}", ending.elapsed());
    assert!(!ended.err.contains("ERROR"), "{}", ended.err);

    let serving = Serving::start(folder.path());
    until("the end of it", || metric(&serving, last) > 0.0);
    let now = metric(&serving, purged);
    assert!(now > 0.0 && now < COMMENTS as f64, "{now}");
    assert_eq!(metric(&serving, "moderato_comments{status=\"rejected\"}"), 1.0, "that of an hour ago");
    serving.stop().ends(0);
}

#[test]
fn a_clock_far_past_the_newest_comment_lets_nothing_expire_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("data"), false);
    let serving = Serving::start(folder.path());
    until("it has looked for the newest", || metric(&serving, "moderato_store_seconds_count{verb=\"list\"}") > 0.0);
    assert_eq!(metric(&serving, "moderato_comments{status=\"rejected\"}"), COMMENTS as f64);
    let ended = serving.stop().ends(0);
    assert!(ended.err.contains("nothing expires for an hour"), "{}", ended.err);
}
