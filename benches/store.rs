//! The embedded store: durable submissions a second under many callers, and the time of one read.
//!
//! `cargo bench --bench store` writes into the temporary directory; set `TMPDIR` to measure another disk.

#[allow(dead_code, clippy::unwrap_used, reason = "the benchmark needs a part of the tests' helpers")]
#[path = "../tests/store_contract/fixture.rs"]
mod fixture;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use moderato::clock::Clock;
use moderato::clock::Stopwatch;
use moderato::domain::{Comment, HistoryKind, ListQuery, Sort};
use moderato::store::{self, Recall, Recorded, Settings, Store};
use tokio::runtime::Runtime;

use fixture::*;

/// How many callers submit at the same time: a busy service, and one that is overrun.
const CALLERS: [usize; 2] = [32, 256];

/// How many comments the store holds when reading is measured.
const FILLED: u32 = 50_000;

fn record(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let store = opened(&runtime, directory.path());
    let number = AtomicU32::new(1);
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(5)).sample_size(10);
    for callers in CALLERS {
        group.bench_function(format!("record, {callers} callers"), |bencher| {
            bencher.iter_custom(|count| {
                let count = u32::try_from(count).expect("a small count");
                let first = number.fetch_add(count, Ordering::Relaxed);
                runtime.block_on(submit(&store, first..first + count, callers))
            });
        });
    }
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let store = opened(&runtime, directory.path());
    runtime.block_on(submit(&store, 1..FILLED, CALLERS[1]));
    let number = AtomicU32::new(1);
    let next = || number.fetch_add(7_919, Ordering::Relaxed) % FILLED + 1;
    criterion.bench_function("store/recall of a new comment", |bencher| {
        bencher.iter(|| {
            let n = next();
            let history = ordinary(n).counted.iter().map(|counted| counted.key).collect();
            let ask = Recall { history, external_id: Some(external(&format!("new-{n}"))), ..ask(Some(1), None) };
            runtime.block_on(store.recall(&blog(), black_box(&ask))).expect("an answer")
        });
    });
    criterion.bench_function("store/get", |bencher| {
        bencher.iter(|| runtime.block_on(store.get(&blog(), &by_id(black_box(next())))).expect("an answer"));
    });
    criterion.bench_function("store/list, a page of 50 of the queue", |bencher| {
        let query = ListQuery { sort: Sort::Priority, limit: 50, ..ListQuery::default() };
        bencher.iter(|| runtime.block_on(store.list(&blog(), black_box(&query))).expect("an answer"));
    });
}

/// Submits these comments, so many at a time, and says how long it took.
async fn submit(store: &Arc<dyn Store>, numbers: std::ops::Range<u32>, callers: usize) -> Duration {
    let mut waiting = numbers.map(|n| (store.clone(), keyed_of(n)));
    let stopwatch = Stopwatch::start();
    let mut calls = tokio::task::JoinSet::new();
    loop {
        while calls.len() < callers
            && let Some((store, entry)) = waiting.next()
        {
            calls.spawn(async move { store.record(&blog(), entry).await });
        }
        let Some(answer) = calls.join_next().await else { return stopwatch.elapsed() };
        assert_eq!(answer.expect("no panic"), Ok(Recorded::New));
    }
}

/// An ordinary held comment: an author, an external id, four history entries.
fn ordinary(n: u32) -> Comment {
    let author = (n % 251) as u8;
    let entries = [
        (HistoryKind::Mail, author, None),
        (HistoryKind::MailNet, author, None),
        (HistoryKind::Account, author, None),
        (HistoryKind::Text, (n % 256) as u8, Some(n % 40)),
    ];
    let mut comment = counted_in(by_author(held(n), author), &entries);
    comment.submission.content = "An ordinary comment of some length. ".repeat(12).try_into().expect("short");
    on_post(named(comment, &format!("x-{n}")), &format!("post-{}", n % 97))
}

fn keyed_of(n: u32) -> store::Record {
    let mut entry = keyed(ordinary(n), 1);
    if let Some(idempotency) = &mut entry.idempotency {
        idempotency.key.0[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_le_bytes());
    }
    entry
}

fn opened(runtime: &Runtime, directory: &std::path::Path) -> Arc<dyn Store> {
    let store = store::open(&Settings::embedded(), directory, &Clock::System).expect("a store");
    runtime.block_on(settle(&*store));
    store
}

criterion_group!(benches, record, read);
criterion_main!(benches);
