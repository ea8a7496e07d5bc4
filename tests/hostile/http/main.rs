//! Hostile HTTP and JSON, as raw bytes over connections of their own: to the service itself, and through nginx and haproxy.
//!
//! `cases/*.jsonl` holds a case a line; `case.rs` says what may stand in it. Behind a proxy the statuses are the proxy's to choose;
//! what must hold is that every answer belongs to its request, for a request that slips in between makes the next one's answer
//! another's. `MODERATO_WITHOUT_PROXIES=1` leaves the proxies out. `-- --nocapture` prints what was answered.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "a test reads clocks and may panic")]

mod case;
mod control;
mod exchange;
mod front;
mod run;
#[path = "../../support/mod.rs"]
mod support;
mod target;

use front::Front;
use run::Run;
use target::Target;

#[test]
fn nothing_that_is_sent_to_the_service_disturbs_it() {
    Run::new(Target::direct()).all();
}

#[test]
fn every_answer_belongs_to_its_request_behind_nginx() {
    if !without_proxies() {
        Run::new(Target::behind(Front::nginx)).all();
    }
}

#[test]
fn every_answer_belongs_to_its_request_behind_haproxy() {
    if !without_proxies() {
        Run::new(Target::behind(Front::haproxy)).all();
    }
}

#[test]
fn there_are_two_hundred_cases_each_with_a_name_of_its_own() {
    let mut names: Vec<String> = case::all().into_iter().map(|case| case.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "a name is given twice");
    assert!(count >= 200, "{count} cases");
}

#[test]
fn the_proxies_are_set_as_the_documentation_says() {
    let documented = include_str!("../../../SECURITY.md");
    let settings = concat!(include_str!("nginx.conf"), include_str!("haproxy.cfg"));
    for line in settings.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = line.replace("SERVICE", "127.0.0.1:8080").replace("LISTEN", "80").replace("bind 80", "bind :80");
        assert!(documented.lines().any(|documented| documented.trim() == line), "SECURITY.md does not say `{line}`");
    }
}

fn without_proxies() -> bool {
    std::env::var("MODERATO_WITHOUT_PROXIES").is_ok_and(|value| value == "1")
}
