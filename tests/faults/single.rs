//! Faults of one Redis, and of the service over it: kills, restarts, freezes, forgotten scripts, no memory left.

use std::thread;
use std::time::{Duration, Instant};

use super::load::{Load, Manners, at};
use super::proxy::{Proxy, Trick};
use super::table::{Kind, Row, Scale};
use crate::redis::{DURABLE, Server};

const SECOND: Duration = Duration::from_secs(1);
/// The bar of whatever else has none.
const BACK: Duration = Duration::from_secs(2);
/// The longest that any answer may take while a server does not answer.
const LONGEST_ANSWER: Duration = Duration::from_millis(1500);

/// Redis as a level that says so is served by it: settings that nobody can look at are believed.
fn concealed(options: &[&str]) -> Server {
    let mut all = vec!["--rename-command", "CONFIG", "HIDDEN-CONFIG", "--rename-command", "INFO", "HIDDEN-INFO"];
    all.extend(options);
    Server::start(&all)
}

/// The service is killed in the middle of its work.
pub fn service_killed(scale: &Scale) -> Vec<Row> {
    let redis = Server::start(&DURABLE);
    let mut load = Load::start(at(&redis.url(), ""), Manners::SameKey);
    let mut longest_start = Duration::ZERO;
    for number in 0..scale.kills {
        load.wait_for_more(40 + number * 37 % 160);
        let began = Instant::now();
        load.restart_service();
        longest_start = longest_start.max(began.elapsed());
    }
    load.wait_for_more(100);
    let mut run = Row::of(&format!("service killed (kill -9) ×{}", scale.kills), Kind::Run, &mut load);
    run.demand(longest_start < BACK, || format!("a start took {longest_start:.0?}"));
    // Without this, it would not be known whether the audit sees what is missing.
    let redis = Server::start(&DURABLE);
    let proxy = Proxy::start(redis.port, Trick::Forget { every: 50 });
    let mut load = Load::start(at(&proxy.url(), ""), Manners::SameKey);
    load.wait_for_more(300);
    load.restart_service();
    load.wait_for_more(100);
    let control = Row::of("every 50th write acknowledged, and not done", Kind::Control, &mut load);
    vec![run, control]
}

/// Redis is killed and comes back with what its disk has.
pub fn redis_killed(scale: &Scale) -> Vec<Row> {
    let mut redis = Server::start(&DURABLE);
    let mut load = Load::start(at(&redis.url(), ""), Manners::SameKey);
    let mut returns = Vec::new();
    for number in 0..scale.restarts {
        load.wait_for_more(50 + number * 53 % 200);
        redis.kill();
        thread::sleep(Duration::from_millis(200 + number as u64 * 631 % 3000));
        redis.restart();
        returns.push(Instant::now());
        load.wait_for_more(20);
    }
    let mut run = Row::of(&format!("Redis killed and restarted ×{}", scale.restarts), Kind::Run, &mut load);
    demand_back(&mut run, &load, &returns);
    let mut redis = concealed(&["--appendonly", "no", "--dbfilename", "snapshot.rdb"]);
    let mut load = Load::start(at(&redis.url(), "relaxed"), Manners::SameKey);
    redis.say(&["SAVE"]);
    load.wait_for_more(200);
    redis.kill();
    redis.restart();
    load.wait_for_more(20);
    let control = Row::of("the same without an append-only file", Kind::Control, &mut load);
    vec![run, control]
}

/// Redis stops answering for a while.
pub fn redis_frozen(scale: &Scale) -> Vec<Row> {
    let redis = Server::start(&DURABLE);
    let mut rows = Vec::new();
    for seconds in scale.freezes {
        let redis = Server::start(&DURABLE);
        let mut load = Load::start(at(&redis.url(), ""), Manners::SameKey);
        load.wait_for_more(200);
        redis.pause();
        thread::sleep(SECOND * u32::try_from(*seconds).unwrap());
        redis.resume();
        let thawed = Instant::now();
        load.wait_for_more(200);
        let mut run = Row::of(&format!("Redis frozen for {seconds} s"), Kind::Run, &mut load);
        run.demand_answers_within(LONGEST_ANSWER);
        demand_back(&mut run, &load, &[thawed]);
        rows.push(run);
    }
    redis.pause();
    let asked = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(BACK - SECOND / 5);
            redis.resume();
        });
        redis.say(&["PING"]);
    });
    let waited = asked.elapsed();
    let what = format!("PING waited {} ms", waited.as_millis());
    let mut control = Row::bare("a client without limits of time, Redis frozen for 1.8 s", Kind::Control, what);
    control
        .demand(waited <= LONGEST_ANSWER, || format!("a request took {} ms > {LONGEST_ANSWER:?}", waited.as_millis()));
    rows.push(control);
    rows
}

/// Redis forgets its scripts all the time.
pub fn scripts_flushed(scale: &Scale) -> Vec<Row> {
    let redis = Server::start(&DURABLE);
    let mut load = Load::start(at(&redis.url(), ""), Manners::SameKey);
    load.wait_for_more(100);
    let until = Instant::now() + SECOND * u32::try_from(scale.flushing).unwrap();
    let sha = redis.say(&["SCRIPT", "LOAD", "return 1"]);
    let (mut flushes, mut unknown) = (0, 0);
    while Instant::now() < until {
        assert!(redis.say(&["SCRIPT", "FLUSH"]).contains("OK"));
        flushes += 1;
        unknown += usize::from(redis.say(&["EVALSHA", sha.trim(), "0"]).contains("NOSCRIPT"));
        thread::sleep(Duration::from_millis(100));
    }
    let mut run = Row::of(&format!("SCRIPT FLUSH every 100 ms ×{flushes}"), Kind::Run, &mut load);
    run.demand_gap(BACK);
    demand_no_errors(&mut run, &load);
    let what = format!("NOSCRIPT: {unknown}");
    let mut control = Row::bare("a client that only knows EVALSHA", Kind::Control, what);
    control.demand(unknown == 0, || format!("{unknown} errors of {flushes}"));
    vec![run, control]
}

/// Redis has no memory left.
pub fn memory_full(_scale: &Scale) -> Vec<Row> {
    let redis = Server::start(&DURABLE);
    let mut load = Load::start(at(&redis.url(), ""), Manners::SameKey);
    load.rest_moderators();
    load.wait_for_more(1000);
    let used: u64 = field(&redis.say(&["INFO", "memory"]), "used_memory").parse().unwrap();
    // Somewhat above what is used now: it fills up under the load.
    redis.say(&["CONFIG", "SET", "maxmemory", &(used + 300_000).to_string()]);
    let begun = Instant::now();
    while load.ledger().answered("503") < 50 && begun.elapsed() < SECOND * 20 {
        thread::sleep(Duration::from_millis(10));
    }
    let taken = load.ledger().answered("201");
    let refused = load.ledger().answered("503");
    let before = tried(&load);
    load.wake_moderators();
    let (mut reads, mut read) = (0, 0);
    let mut client = load.client();
    for _ in 0..40 {
        reads += 1;
        let page = client.get("/v1/sites/demo/comments?review=open&limit=10");
        read += usize::from(page.is_ok_and(|page| page.status == 200));
        thread::sleep(SECOND / 20);
    }
    let decided = tried_since(&load, before);
    let taken = load.ledger().answered("201") - taken;
    let refused = load.ledger().answered("503") - refused;
    redis.say(&["CONFIG", "SET", "maxmemory", "0"]);
    let roomy = Instant::now();
    load.wait_for_more(100);
    let (done, of) = (decided.0 - decided.1, decided.0);
    let name =
        format!("maxmemory reached; meanwhile {done} of {of} decisions, {read} of {reads} reads, {taken} comments");
    let mut run = Row::of(&name, Kind::Run, &mut load);
    demand_back(&mut run, &load, &[roomy]);
    run.demand(refused > 0 && taken < refused / 10, || format!("{taken} comments were taken, {refused} refused"));
    run.demand(of > 100 && done * 100 >= of * 99, || format!("{done} of {of} decisions"));
    run.demand(read == reads, || format!("{read} of {reads} reads"));
    let redis = concealed(&["--appendonly", "yes", "--maxmemory-policy", "allkeys-random"]);
    let mut load = Load::start(at(&redis.url(), "relaxed"), Manners::SameKey);
    load.wait_for_more(500);
    let used: u64 = field(&redis.say(&["HIDDEN-INFO", "memory"]), "used_memory").parse().unwrap();
    redis.say(&["HIDDEN-CONFIG", "SET", "maxmemory", &(used - 200_000).to_string()]);
    thread::sleep(SECOND);
    redis.say(&["HIDDEN-CONFIG", "SET", "maxmemory", "0"]);
    let control = Row::of("the same with maxmemory-policy allkeys-random", Kind::Control, &mut load);
    vec![run, control]
}

/// Decisions that were answered, and how many of those were refused.
fn tried(load: &Load) -> (u64, u64) {
    let ledger = load.ledger();
    (ledger.decisions_answered, ledger.decisions_refused)
}

fn tried_since(load: &Load, before: (u64, u64)) -> (u64, u64) {
    let now = tried(load);
    (now.0 - before.0, now.1 - before.1)
}

/// Every time something was acknowledged soon enough after Redis was back.
pub fn demand_back(run: &mut Row, load: &Load, returns: &[Instant]) {
    let ledger = load.ledger();
    let longest = returns.iter().map(|back| ledger.back_after(*back).unwrap_or(Duration::MAX)).max();
    let longest = longest.unwrap_or_default();
    run.name = format!("{} (back after {longest:.1?})", run.name);
    run.demand(longest <= BACK, || format!("back after {longest:.1?} > {BACK:?}"));
}

/// Nobody was refused or left without an answer.
pub fn demand_no_errors(run: &mut Row, load: &Load) {
    let ledger = load.ledger();
    let errors: u64 =
        ledger.answers.iter().filter(|(status, _)| !status.starts_with('2')).map(|(_, count)| count).sum();
    run.demand(errors == 0, || format!("{errors} errors"));
}

fn field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap().trim()
}
