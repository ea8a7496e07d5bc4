//! A next schema, for tests only: a migration by the rule in ARCHITECTURE.md ("Changing what is stored"), and that it loses
//! nothing. Records of this next schema are plain JSON, which this version reads but does not write.

#![allow(clippy::unwrap_used, reason = "tests: the helpers too")]
#![allow(clippy::disallowed_methods, reason = "a test has tasks and a child of its own")]

#[allow(dead_code, reason = "shared with the stores' contract, which needs more of it")]
#[path = "../../../tests/store_contract/fixture.rs"]
mod fixture;
#[path = "../../../tests/support/redis.rs"]
mod servers;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::fixture::{approved, at, blog, counted_in, held, settle, wish};
use self::servers::{DURABLE, Server};
use super::base::{Base, until_settled};
use super::keys::{self, Index};
use super::places;
use super::plan::Plan;
use super::{Redis, packed};
use crate::clock::Clock;
use crate::domain::{
    Comment, CommentId, CommentRef, Counts, DecisionAction, HistoryKind, Review, SiteId, Status, Timestamp,
};
use crate::store::{Error, Outcome, Settings, Store};

tokio::task_local! {
    /// Set where the next version works.
    static NEXT: ();
}

/// Whether records are written in the next form.
pub(super) fn is_written() -> bool {
    NEXT.try_with(|()| ()).is_ok()
}

/// Runs as the next version.
async fn as_next<T>(work: impl Future<Output = T>) -> T {
    NEXT.scope((), work).await
}

/// Where the migration is, in each list of a site.
fn cursor(status: Status) -> String {
    format!("migration:2:{}", status.as_str())
}

/// After how many comments the cursor is kept.
const CHUNK: usize = 5;

/// One walk over a site's comments from where the last one was cut short; how many it rewrote.
async fn migrate(base: &Base, site: &SiteId) -> Result<usize, Error> {
    let prefix = base.names.site(site);
    let mut rewritten = 0;
    for status in Status::ALL {
        let kept = base.values(&prefix, &[cursor(status)]).await?.pop().flatten();
        let mut after = kept.unwrap_or_else(|| b"-".to_vec());
        loop {
            let mut question = redis::cmd("ZRANGE");
            question.arg(prefix.key(&Index::Status(status).name())).arg(&after).arg("+");
            let members: Vec<Vec<u8>> = base.ask(question.arg("BYLEX").arg("LIMIT").arg(0).arg(CHUNK).clone()).await?;
            let Some(last) = members.last() else { break };
            for position in members.iter().filter_map(|member| places::position(member)) {
                rewritten += usize::from(until_settled!(rewrite(base, site, position.id))?);
            }
            after = [b"(".as_slice(), last].concat();
            let mut keep = redis::cmd("SET");
            keep.arg(prefix.key(&cursor(status))).arg(&after);
            base.write::<()>(keep).await?;
        }
    }
    for status in Status::ALL {
        base.write::<i64>(redis::cmd("DEL").arg(prefix.key(&cursor(status))).clone()).await?;
    }
    Ok(rewritten)
}

/// Writes a comment in the next form, if it stands there in this one and nobody writes it meanwhile; whether it did.
async fn rewrite(base: &Base, site: &SiteId, id: CommentId) -> Result<Option<bool>, Error> {
    let name = keys::comment(id);
    let Some(record) = base.values(&base.names.site(site), std::slice::from_ref(&name)).await?.pop().flatten() else {
        return Ok(Some(false));
    };
    if is_next(&record) {
        return Ok(Some(false));
    }
    let mut plan = Plan::new(base.names.site(site));
    plan.expect(name.clone(), packed::unchanged(&record));
    let comment = packed::comment(id, &record)?;
    // Long enough for others to write it in between.
    tokio::time::sleep(Duration::from_millis(1)).await;
    plan.set(name, as_next(async { packed::pack(plan.stamp, &comment) }).await?);
    Ok(base.commit(site, &plan).await?.map(|_| true))
}

fn is_next(record: &[u8]) -> bool {
    record[packed::HEAD] == b'{'
}

fn open(url: &str) -> Redis {
    Redis::new(&Settings::at(url), Clock::System).unwrap()
}

/// Where this test's child finds the store.
const URL: &str = "MODERATO_TEST_MIGRATED_STORE";

fn migration(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::redis::next::child_that_migrates_until_it_is_killed", "--ignored", "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "killed by a_migration_killed_fifty_times_beside_writers_of_both_versions_loses_nothing"]
async fn child_that_migrates_until_it_is_killed() {
    let store = open(&std::env::var(URL).unwrap());
    store.base.identity().await.unwrap();
    println!("\nbegun");
    let rewritten = migrate(&store.base, &blog()).await.unwrap();
    println!("\nrewritten {rewritten}");
}

/// What became of every comment by the answers that writers had.
type Ledger = Arc<Mutex<HashMap<CommentId, Comment>>>;

/// Keeps new comments and decides on those of all writers, until it is stopped.
async fn write_on(store: Arc<Redis>, ledger: Ledger, stop: Arc<AtomicBool>) {
    static NEXT_NUMBER: AtomicU32 = AtomicU32::new(10_000);
    while !stop.load(Ordering::SeqCst) {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::SeqCst);
        let comment = new_comment(number);
        store.base.record(&blog(), &fixture::new(comment.clone())).await.unwrap();
        note(&ledger, comment);
        let chosen = chosen(&store.base, number as usize, &ledger).await;
        let action = [DecisionAction::Approve, DecisionAction::Reject][number as usize % 2];
        let request = wish(action, i64::from(number));
        if let Outcome::Changed(comment) =
            store.base.decide(&blog(), &CommentRef::Id(chosen), &request, None).await.unwrap()
        {
            note(&ledger, *comment);
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// A comment to decide on: one that the migration is just about to write, as often as it can be told; else any.
async fn chosen(base: &Base, number: usize, ledger: &Ledger) -> CommentId {
    let prefix = base.names.site(&blog());
    let cursors = base.values(&prefix, &Status::ALL.map(cursor)).await.unwrap();
    // It walks through the lists one after the other.
    if let Some((status, Some(after))) = Status::ALL.into_iter().zip(cursors).rfind(|(_, after)| after.is_some()) {
        let mut question = redis::cmd("ZRANGE");
        question.arg(prefix.key(&Index::Status(status).name())).arg(after).arg("+");
        question.arg("BYLEX").arg("LIMIT").arg(number % CHUNK).arg(1);
        let members: Vec<Vec<u8>> = base.ask(question).await.unwrap();
        if let Some(position) = members.first().and_then(|member| places::position(member)) {
            return position.id;
        }
    }
    let ledger = ledger.lock().unwrap();
    *ledger.keys().nth(number * 7_919 % ledger.len()).unwrap()
}

fn note(ledger: &Ledger, comment: Comment) {
    let mut ledger = ledger.lock().unwrap();
    let known = ledger.get(&comment.id).map_or(0, |known| known.version);
    if comment.version > known {
        ledger.insert(comment.id, comment);
    }
}

fn new_comment(number: u32) -> Comment {
    let comment = if number.is_multiple_of(3) { approved(number) } else { held(number) };
    counted_in(comment, &[(HistoryKind::Mail, (number % 5) as u8, None)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_killed_fifty_times_beside_writers_of_both_versions_loses_nothing() {
    let server = Server::start(&DURABLE);
    let url = server.url();
    let old = Arc::new(open(&url));
    settle(&*old).await;
    let ledger = Ledger::default();
    for number in 0..2_000 {
        let comment = new_comment(number);
        old.base.record(&blog(), &fixture::new(comment.clone())).await.unwrap();
        note(&ledger, comment);
    }
    let next = Arc::new(open(&url));
    next.base.identity().await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for _ in 0..2 {
        writers.push(tokio::spawn(write_on(old.clone(), ledger.clone(), stop.clone())));
        writers.push(tokio::spawn(as_next(write_on(next.clone(), ledger.clone(), stop.clone()))));
    }
    let (killed, url) = tokio::task::spawn_blocking(move || (kill_migrations(&url), url)).await.unwrap();
    // The last walk counts: it comes after the old version's writers have ended.
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(killed, 50);
    assert!(cursors(&next).await > 0, "they came some way");
    while as_next(migrate(&next.base, &blog())).await.unwrap() > 0 {}
    let ledger = ledger.lock().unwrap().clone();
    println!("{killed} migrations killed, {} comments", ledger.len());
    assert!(ledger.len() > 2_000);
    for store in [&old, &open(&url)] {
        agrees(store, &ledger).await;
    }
}

/// Starts migrations and kills each at another moment of its work; how many died before they were done.
fn kill_migrations(url: &str) -> usize {
    let mut killed = 0;
    for round in 0_u64..500 {
        let mut child = migration(url);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "begun"));
        std::thread::sleep(Duration::from_micros(round * 7_919 % 20_000));
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        if killed == 50 {
            break;
        }
    }
    killed
}

/// Whether every comment is there as its last writer was told, in the next form, in the lists and the counts it belongs to, and
/// counted once.
async fn agrees(store: &Redis, ledger: &HashMap<CommentId, Comment>) {
    let prefix = store.base.names.site(&blog());
    let mut counts = Counts::default();
    for (id, expected) in ledger {
        assert_eq!(store.get(&blog(), &CommentRef::Id(*id)).await.unwrap().as_ref(), Some(expected));
        let record = store.base.values(&prefix, &[keys::comment(*id)]).await.unwrap().pop().flatten().unwrap();
        assert!(is_next(&record), "{id} is as the old version wrote it");
        match expected.status {
            Status::Approved => counts.approved += 1,
            Status::Held => counts.held += 1,
            Status::Rejected => counts.rejected += 1,
        }
        counts.open += u64::from(matches!(expected.review, Review::Open { .. }));
    }
    assert_eq!(store.counts(&blog()).await.unwrap(), counts);
    let mut listed = 0;
    for status in Status::ALL {
        let mut size = redis::cmd("ZCARD");
        listed += store.base.ask::<usize>(size.arg(prefix.key(&Index::Status(status).name())).clone()).await.unwrap();
    }
    assert_eq!(listed, ledger.len());
    assert_eq!(cursors(store).await, 0, "no cursor is left behind");
    let seen = remembered(store, at(20_000)).await;
    assert_eq!(seen, ledger.len(), "each is counted once");
}

/// How many lists have a migration under way.
async fn cursors(store: &Redis) -> usize {
    let names = Status::ALL.map(cursor);
    store.base.values(&store.base.names.site(&blog()), &names).await.unwrap().into_iter().flatten().count()
}

/// How many comments the history remembers.
async fn remembered(store: &Redis, now: Timestamp) -> usize {
    let mut sum = 0;
    for hash in 0..5 {
        let history = vec![fixture::entry(HistoryKind::Mail, hash)];
        let ask = crate::store::Recall { history, now, ..fixture::ask(None, None) };
        sum += store.recall(&blog(), &ask).await.unwrap().history.mail.total(now).seen as usize;
    }
    sum
}
