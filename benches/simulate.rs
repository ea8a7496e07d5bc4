//! How many decided comments a second a draft of a policy is tried on: from the numbers kept with the verdicts, and by running rules again.
//!
//! `cargo bench --bench simulate`. The comments are those of the corpus, or of `MODERATO_DATA` (a folder of labelled files, one JSON object a
//! line), of 500 to 1,000 bytes of text each, in the embedded store in the temporary directory; a person has decided each. The fastest of
//! several runs counts, so that it is the work that is measured.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;
use std::sync::Arc;

use moderato::clock::{Clock, Stopwatch};
use moderato::config::{Environment, Loaded, Sources};
use moderato::domain::{
    Author, Comment, Decided, DecidedKind, ListQuery, Outcome, Position, Reason, SiteId, SiteOverrides, Submission,
};
use moderato::screening::{Policy, Replay, Settings};
use moderato::service::simulate::{Draft, MOST_LAST, Simulated, Simulation};
use moderato::service::{Chance, FIRST_SITE, Parts, Service, settle};
use moderato::store::{self, Store};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What is wanted: comments a second from the numbers.
const WANTED: f64 = 20_000.0;

/// How often everything is done.
const RUNS: usize = 7;

/// How many comments come in at a time.
const CALLERS: usize = 64;

fn main() {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (service, store) = runtime.block_on(opened(folder.path()));
    let service = Arc::new(service);
    let (count, bytes) = runtime.block_on(fill(&service));
    println!("{count} decided comments, {} bytes of text each in the mean", bytes / count);

    let comments = runtime.block_on(all(&*store));
    let policy = |change: &dyn Fn(&mut Settings)| {
        let file: toml::Table = include_str!("../config/moderato.toml").parse().unwrap();
        let mut settings: Settings = file["policy"].clone().try_into().unwrap();
        change(&mut settings);
        Arc::new(Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}")))
    };
    let numbers = policy(&|settings| {
        settings.hold_at = 40;
        settings.rules.get_mut("link_count").unwrap().points = 5;
    });
    let now = policy(&|_| {});
    let judges = [&*now, &*numbers];
    let (now, draft) = (Replay::new(now.clone(), &judges), Replay::new(numbers.clone(), &judges));
    let pace = fastest(comments.len(), || {
        for comment in &comments {
            let (now, draft) = (now.judge(comment).unwrap(), draft.judge(comment).unwrap());
            black_box(draft.causes(&now));
        }
    });
    println!("{:<52}{pace:>12.0} comments a second", "replay alone, both policies and the causes");

    let drafts = [
        ("with reading; thresholds and points", json!({"hold_at": 40, "rules": {"link_count": {"points": 5}}})),
        ("with reading; a rule turned off", json!({"rules": {"author_url_untrusted": {"mode": "off"}}})),
        ("with reading; one rule looks for something else", json!({"phrases": ["casino", "essay writing"]})),
        ("with reading; every rule looks again", json!({"domains": ["own.example"]})),
    ];
    for (name, draft) in drafts {
        let pace = fastest(count, || {
            let simulated = runtime.block_on(simulate(&service, &draft));
            assert_eq!(simulated.comments as usize, count);
        });
        let Simulated { replayed, screened_again, flips, .. } = runtime.block_on(simulate(&service, &draft));
        let flips: u64 = flips.values().map(|by| by.all()).sum();
        println!(
            "{name:<52}{pace:>12.0} comments a second ({replayed} replayed, {screened_again} screened again, {flips} flips)"
        );
        if screened_again == 0 && pace < WANTED {
            println!("  that is below the {WANTED:.0} that are wanted");
        }
    }
}

/// Comments a second of the fastest run.
fn fastest(count: usize, mut run: impl FnMut()) -> f64 {
    let pace = |_| {
        let watch = Stopwatch::start();
        run();
        count as f64 / watch.elapsed().as_secs_f64()
    };
    (0..RUNS).map(pace).fold(0.0, f64::max)
}

async fn simulate(service: &Service, draft: &Value) -> Simulated {
    let Value::Object(draft) = draft.clone() else { panic!("a draft is an object") };
    let simulation = Simulation { draft: Draft::Overrides(SiteOverrides(draft)), last: MOST_LAST, examples: 20 };
    service.simulate(&site(), &simulation).await.unwrap()
}

async fn opened(folder: &std::path::Path) -> (Service, Arc<dyn Store>) {
    let clock = Clock::System;
    let store = store::open(&store::Settings::embedded(), folder, &clock).unwrap();
    let environment = Environment::default();
    let sources = Sources { file: None, environment: &environment, data_dir: None };
    let mut configuration = Loaded::from(&sources).unwrap().configuration();
    configuration.limits.enabled = false;
    let identity = settle(&*store, true, clock.now(), |_| Ok(())).await.unwrap();
    let parts = Parts { store: store.clone(), identity, clock, chance: Chance::System, configuration };
    (Service::new(parts), store)
}

/// Fills the store, and says with how many comments, and how many bytes of text.
async fn fill(service: &Arc<Service>) -> (usize, usize) {
    let is_long = |one: &Submission| (500..=1000).contains(&one.content.len());
    let mut texts: Vec<Submission> = comments::all().into_iter().filter(|one| !one.content.is_empty()).collect();
    if texts.iter().filter(|one| is_long(one)).count() < 100 {
        texts = texts.into_iter().map(said_again).collect();
    }
    texts.retain(is_long);
    let mut waiting = texts.iter().cycle().take(MOST_LAST).enumerate().map(|(number, text)| old(number, text));
    let (mut calls, mut bytes) = (tokio::task::JoinSet::new(), 0);
    loop {
        while calls.len() < CALLERS
            && let Some(submission) = waiting.next()
        {
            let service = service.clone();
            bytes += submission.content.len();
            calls.spawn(async move { service.submit(&site(), submission, None).await.map(drop) });
        }
        let Some(ended) = calls.join_next().await else { return (MOST_LAST, bytes) };
        ended.unwrap().unwrap();
    }
}

/// A short comment, said again until it is long enough.
fn said_again(mut submission: Submission) -> Submission {
    let text = submission.content.to_string();
    let times = 500usize.div_ceil(text.len() + 1);
    submission.content = vec![text; times].join("\n").try_into().unwrap();
    submission
}

/// An old comment of one of some hundred authors, as a person decided it.
fn old(number: usize, text: &Submission) -> Submission {
    let is_spam = number.is_multiple_of(3);
    let email = Some(format!("author-{}@mail.example", number % 409).try_into().unwrap());
    let name = text.author.name.clone().or_else(|| "Ana Example".to_owned().try_into().ok());
    let decided = Decided {
        outcome: if is_spam { Outcome::Reject } else { Outcome::Approve },
        reason: is_spam.then_some(Reason::Spam),
        by: DecidedKind::Person,
        actor: None,
        at: None,
    };
    let author = Author { email, name, ..text.author.clone() };
    Submission { author, decided: Some(decided), ..text.clone() }
}

async fn all(store: &dyn Store) -> Vec<Comment> {
    let (mut comments, mut after): (Vec<Comment>, Option<Position>) = (Vec::new(), None);
    loop {
        let page = store.list(&site(), &ListQuery { after, limit: 500, ..ListQuery::default() }).await.unwrap();
        comments.extend(page.items);
        after = page.next;
        if after.is_none() {
            return comments;
        }
    }
}

fn site() -> SiteId {
    FIRST_SITE.parse().unwrap()
}

#[allow(dead_code, reason = "the other benches need more of it")]
#[path = "support/comments.rs"]
mod comments;
