//! What costs a client little and a careless service much: slow and idle connections, and bodies that unfold.
//!
//! `cargo test` opens two hundred connections, half of them slow bodies. `CONNECTIONS=9000` opens as many at once, with
//! `ulimit -n` above it; with `-- --nocapture` the test prints what they cost. `floods.py` floods with one kind at a time.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "a test reads clocks and may panic")]

mod bomb;
mod crowd;
mod health;
mod process;
#[path = "../../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crowd::{End, Habit};
use health::{Health, p99};
use process::Process;

/// How long a body may go on arriving: ten seconds, and time for a busy machine to look at its clock.
const BODY: Duration = Duration::from_secs(12);

/// How long a connection without a request may stay: fifteen seconds, and the same.
const IDLE: Duration = Duration::from_secs(17);

/// What a connection may cost, in bytes.
const COST: u64 = 24 << 10;

/// What the memory may grow by beside, in bytes: allocators keep some, and the healthy callers' comments take some.
const SPARE: u64 = 16 << 20;

/// How many callers wait at once: more than the 128 that a socket of Rust's standard library has room for.
const WAITING: usize = 300;

/// How many bombs of a kind come at once.
const AT_ONCE: usize = 50;

#[test]
fn slow_and_idle_connections_are_cut_and_harm_nobody() {
    use Habit::{DrippingBody, DrippingHead, Kept, Silent, SilentBody};
    Siege { habits: &[DrippingBody, Silent, SilentBody, DrippingHead, DrippingBody, Kept] }.lay();
}

#[test]
fn callers_above_the_limit_of_connections_wait_for_their_turn() {
    let process = Process::start_with(&[("HTTP__WORKERS", "1"), ("HTTP__MAX_CONNECTIONS", "1")]);
    // The first is served and stays; whoever comes after it waits in the order of coming.
    let open = || TcpStream::connect_timeout(&process.address(), Duration::from_millis(500)).expect("a place to wait");
    let waiting: Vec<TcpStream> = (0..WAITING).map(|_| open()).collect();
    for mut caller in waiting {
        caller.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        caller.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        caller.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn no_bomb_unfolds() {
    let process = Process::start();
    Health::watch_briefly(&process);
    let before = process.resident();
    for bomb in &bomb::all() {
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| assert_eq!(detonate(&process, bomb), "HTTP/1.1 415", "{}", bomb.encoding));
            }
        });
        let (took, bytes) = (begun.elapsed(), bomb.body.len());
        println!("{AT_ONCE} × {:<10} {bytes:>7} bytes: 415 to all within {took:.0?}", bomb.encoding);
    }
    let grown = process.resident().saturating_sub(before);
    println!("resident memory grew by {} KiB", grown >> 10);
    assert!(grown <= 8 << 20, "{grown} bytes");
}

/// Sends a bomb as the body of a comment to check; the beginning of what is answered.
fn detonate(process: &Process, bomb: &bomb::Bomb) -> String {
    let mut stream = TcpStream::connect(process.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = bomb.body.len();
    let framing =
        if bomb.chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {length}") };
    let head = format!(
        "POST /v1/sites/demo/comments/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Encoding: {}\r\n{framing}\r\n\r\n",
        process.key, bomb.encoding
    );
    let mut bytes = head.into_bytes();
    if bomb.chunked {
        bytes.extend(format!("{length:x}\r\n").bytes());
    }
    bytes.extend(&bomb.body);
    if bomb.chunked {
        bytes.extend(b"\r\n0\r\n\r\n");
    }
    // Whoever refuses a body by its head need not read it.
    let _ = stream.write_all(&bytes);
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Connections of these habits, each in turn.
struct Siege {
    habits: &'static [Habit],
}

impl Siege {
    fn lay(&self) {
        let process = Process::start();
        let count = connections();
        let calm = Health::watch_briefly(&process);
        let (before, files) = (process.resident(), process.open_files());
        let (stop, open) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
        let (ends, (peak, most), strained) = thread::scope(|scope| {
            let memory = scope.spawn(|| peak(&process, &open, &stop));
            let health = scope.spawn(|| Health::watch(&process, &stop));
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let ends = runtime.block_on(crowd::send(process.address(), &process.key, (self.habits, count), &open));
            stop.store(true, Ordering::Relaxed);
            (ends, memory.join().unwrap(), health.join().unwrap())
        });
        let grown = peak.saturating_sub(before);
        println!(
            "{count} connections, {most} of them open at once: {} KiB grown, {} B each",
            grown >> 10,
            grown / most as u64
        );
        println!("{:>14} {:>12} {:>12}", "a check's p99", "kept", "anew");
        for (name, health) in [("before", &calm), ("meanwhile", &strained)] {
            println!("{name:>14} {:>12.1?} {:>12.1?}", p99(&health.kept), p99(&health.anew));
        }
        judge(&ends);
        assert!(grown <= COST * most as u64 + SPARE, "{grown} bytes for {most} connections");
        // The callers' own connections end with them.
        process.wait_for_open_files(files);
    }
}

/// Prints how connections ended, and fails when one did too late or otherwise than it should.
fn judge(ends: &[End]) {
    let mut by_habit = BTreeMap::<Habit, Vec<&End>>::new();
    for end in ends {
        by_habit.entry(end.habit).or_default().push(end);
    }
    for (habit, ends) in by_habit {
        let first = ends.iter().map(|end| end.after).min().unwrap();
        let last = ends.iter().map(|end| end.after).max().unwrap();
        println!("{:>14} {} cut after {first:.1?} to {last:.1?}", format!("{habit:?}"), ends.len());
        let (status, most) = match habit {
            Habit::DrippingBody | Habit::SilentBody => (408, BODY),
            Habit::DrippingHead | Habit::Silent => (408, IDLE),
            Habit::Kept => (200, IDLE),
        };
        assert!(last <= most, "{habit:?}: {last:?}");
        let others: Vec<u16> = ends.iter().map(|end| end.status).filter(|answered| *answered != status).collect();
        assert!(others.is_empty(), "{habit:?}: {} were not answered {status} but {:?} …", others.len(), &others[..1]);
    }
}

/// The most memory that was resident, and the most connections that were open.
fn peak(process: &Process, open: &AtomicUsize, stop: &AtomicBool) -> (u64, usize) {
    let (mut resident, mut most) = (0, 1);
    while !stop.load(Ordering::Relaxed) {
        resident = resident.max(process.resident());
        most = most.max(open.load(Ordering::Relaxed));
        thread::sleep(Duration::from_millis(50));
    }
    (resident, most)
}

fn connections() -> usize {
    std::env::var("CONNECTIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}
