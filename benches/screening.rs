//! How long screening takes: a comment of the corpus, the comments of `MODERATO_DATA` (a folder of labelled files, one
//! JSON object a line) where it is set, and hostile inputs of 4, 16 and 64 KiB.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use moderato::clock::Stopwatch;
use moderato::domain::{History, Submission, Timestamp};
use moderato::screening::{Facts, Policy, Settings, screen};
use serde_json::json;

fn comments(c: &mut Criterion) {
    let policy = policy();
    let comments = comments::all();
    let mut micros: Vec<f64> = comments.iter().map(|comment| micros_of(comment, &policy)).collect();
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    println!("{} comments, µs each: median {:.1}, p99 {:.1}, slowest {:.1}", micros.len(), at(0.5), at(0.99), at(1.0));
    let mut group = c.benchmark_group("comments");
    group.throughput(Throughput::Elements(comments.len() as u64));
    group.sample_size(20);
    group.bench_function("all", |bencher| {
        bencher.iter(|| comments.iter().for_each(|comment| judge(black_box(comment), &policy)));
    });
}

/// What each hostile text takes at 4, 16 and 64 KiB: the best of three, and how it grows.
fn hostile(_: &mut Criterion) {
    let policy = policy();
    println!("{:<26}{:>10}{:>10}{:>10}{:>10}", "hostile, µs at", "4 KiB", "16 KiB", "64 KiB", "64/16");
    for (name, text) in generators::GENERATORS {
        let [small, middle, large] = [4, 16, 64].map(|kib| {
            let comment = comments::submission(json!({ "content": text(kib * 1024) }));
            micros_of(&comment, &policy)
        });
        println!("{name:<26}{small:>10.0}{middle:>10.0}{large:>10.0}{:>10.1}", large / middle);
    }
}

/// The best of three runs, so that it is the work that is measured and not the machine's other business.
fn micros_of(comment: &Submission, policy: &Policy) -> f64 {
    let run = |_| {
        let watch = Stopwatch::start();
        judge(black_box(comment), policy);
        watch.elapsed().as_secs_f64() * 1e6
    };
    (0..3).map(run).fold(f64::INFINITY, f64::min)
}

fn judge(comment: &Submission, policy: &Policy) {
    let facts = Facts::new(comment, policy, Timestamp::from_millis(1_767_225_600_000));
    black_box((facts.hosts(), facts.text_fingerprint(), facts.near_keys(), facts.identity()));
    black_box(screen(&facts, &History::default(), policy));
}

fn policy() -> Policy {
    let file: toml::Table = include_str!("../config/moderato.toml").parse().expect("the shipped configuration is TOML");
    let settings: Settings = file["policy"].clone().try_into().expect("its policy is complete");
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[path = "support/comments.rs"]
mod comments;
#[path = "../tests/support/generators.rs"]
mod generators;

criterion_group!(benches, comments, hostile);
criterion_main!(benches);
