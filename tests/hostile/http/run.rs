//! All cases against one target, and what must hold after each and at the end.

use std::collections::HashSet;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::case::{self, Case};
use crate::exchange::{Bodies, Reply, Seen, exchange};
use crate::target::{KEY, Logged, Target, logged};

/// How much more memory the service may hold at the end, in KiB.
const GROWTH_KIB: u64 = 32 * 1024;

/// How often actix-http's parser panics in a run: at a header's name of more than 65,535 bytes (`a name of 70000 bytes`), which
/// ends that connection and nothing else. Once a release of it refuses such a name, this is 0.
const PANICS_OF_THE_PARSER: usize = 1;

/// A run in progress.
pub struct Run {
    target: Target,
    faults: Mutex<Vec<String>>,
    /// The ids of all answers by the service.
    received: Mutex<Vec<String>>,
    /// Ids of requests that a proxy gave up in the middle.
    given_up: Mutex<Vec<String>>,
}

impl Run {
    /// A run against this target.
    pub fn new(target: Target) -> Run {
        Run { target, faults: Mutex::default(), received: Mutex::default(), given_up: Mutex::default() }
    }

    /// Sends all cases and fails with everything that was found.
    pub fn all(self) {
        let (start, resident) = (self.target.log_end(), self.target.resident_kib());
        let cases = case::all();
        thread::scope(|scope| {
            for (number, case) in cases.iter().enumerate().filter(|(_, case)| case.slow) {
                let run = &self;
                scope.spawn(move || run.one(number, case));
            }
            for (number, case) in cases.iter().enumerate().filter(|(_, case)| !case.slow) {
                self.one(number, case);
            }
        });
        let log = self.target.log_from(start);
        self.look_for_errors(&log);
        self.account(&logged(&log));
        let grown = self.target.resident_kib().saturating_sub(resident);
        println!("{} cases; {grown} KiB more memory", cases.len());
        if grown > GROWTH_KIB {
            self.fault(format!("the service grew from {resident} KiB by {grown} KiB"));
        }
        let faults = self.faults.into_inner().unwrap();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    }

    /// Nothing in the log is an error, but for the one that is not ours.
    fn look_for_errors(&self, log: &str) {
        let is_error = |line: &&str| line.contains("\"ERROR\"") || line.contains("panicked");
        let (known, errors): (Vec<&str>, Vec<&str>) = log.lines().filter(is_error).partition(|line| {
            line.contains("a part panicked") && line.contains("/actix-http-") && line.contains("/src/h1/decoder.rs:")
        });
        errors.iter().for_each(|line| self.fault(format!("the log has: {line}")));
        // Proxies refuse a name that long.
        let expected = if self.target.is_direct() { PANICS_OF_THE_PARSER } else { 0 };
        if known.len() != expected {
            self.fault(format!("the parser panicked {} times instead of {expected}: {known:?}", known.len()));
        }
    }

    fn one(&self, number: usize, case: &Case) {
        let (id, begun) = (format!("case-{number}"), Instant::now());
        let start = self.target.log_end();
        let seen = self.send(&id, case);
        let log = logged(&self.target.log_from(start));
        let prefix = format!("{id}-");
        let own: Vec<&Logged> = log.iter().filter(|line| line.id == id || line.id.starts_with(&prefix)).collect();
        let mut wrong = Vec::new();
        for connection in &seen {
            wrong.extend(self.wrong_with(connection, case));
        }
        if self.target.is_direct() && case.requests.is_some_and(|requests| requests != own.len()) {
            wrong.push(format!("the service saw {} requests", own.len()));
        }
        if let Some(pointer) = &case.same {
            let replies = seen.iter().flat_map(|connection| &connection.replies);
            let told: HashSet<String> =
                replies.map(|reply| json(reply).pointer(pointer).unwrap_or(&Value::Null).to_string()).collect();
            if told.len() != 1 {
                wrong.push(format!("{pointer} is not the same: {told:?}"));
            }
        }
        if !self.target.is_direct() {
            self.note_given_up(&seen, &own);
        }
        let statuses: Vec<u16> = seen.iter().flat_map(|it| it.replies.iter().map(|reply| reply.status)).collect();
        let mut short = statuses.clone();
        short.dedup();
        let closed = if seen.iter().all(|it| it.closed) { ", closed" } else { "" };
        let took = begun.elapsed().as_millis();
        println!("{}: {short:?} in {}, {} seen{closed}, {took} ms", case.name, statuses.len(), own.len());
        self.received.lock().unwrap().extend(seen.iter().flat_map(ids));
        wrong.extend(self.wrong_with_the_next(&id));
        for fault in wrong {
            self.fault(format!("{} ({id}): {fault}; answered {short:?}, logged {own:?}", case.name));
        }
    }

    fn send(&self, id: &str, case: &Case) -> Vec<Seen> {
        let connections = case.connections(id, KEY);
        let wanted = case.requests.unwrap_or(1) / connections.len();
        let bodies = if case.bodiless { Bodies::None } else { Bodies::AsDeclared };
        let address = self.target.address();
        thread::scope(|scope| {
            let send = |bytes| scope.spawn(move || exchange(address, bytes, (wanted, bodies)));
            let sending: Vec<_> = connections.iter().map(|bytes| send(bytes.as_slice())).collect();
            sending.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    /// What must not come back, on any connection.
    fn wrong_with(&self, seen: &Seen, case: &Case) -> Vec<String> {
        let mut wrong = Vec::new();
        // Behind haproxy, the preface of HTTP/2 is answered in HTTP/2.
        if !seen.rest.is_empty() && (self.target.is_direct() || seen.rest.starts_with(b"HTTP/")) {
            wrong.push(format!("bytes that are no answer: {:?}", String::from_utf8_lossy(&seen.rest)));
        }
        if seen.replies.is_empty() && !seen.closed {
            wrong.push("neither answered nor closed".to_owned());
        }
        if self.target.is_direct() && seen.replies.is_empty() && seen.closed && !case.may_close() {
            wrong.push("closed without an answer".to_owned());
        }
        for reply in &seen.replies {
            let status = reply.status;
            let is_ours = reply.header("x-request-id").is_some();
            if self.target.is_direct() && !case.allows(status) {
                let body = String::from_utf8_lossy(&reply.body);
                wrong.push(format!("{status} is not among {:?}: {body}", case.allowed));
            }
            if status >= 500 && (is_ours || self.target.is_direct()) {
                wrong.push(format!("the service failed: {reply:?}"));
            }
            if is_ours && status >= 400 && !case.bodiless && !is_problem(reply) {
                wrong.push(format!("no problem: {reply:?}"));
            }
            // What the head's parser refuses never reaches the service's own code.
            let is_parsers = matches!(status, 400 | 408 | 431) && reply.body.is_empty() && seen.closed;
            if self.target.is_direct() && !is_ours && !is_parsers {
                wrong.push(format!("neither the service's answer nor the parser's: {reply:?}"));
            }
        }
        wrong
    }

    /// A request on a new connection gets its own answer.
    fn wrong_with_the_next(&self, id: &str) -> Option<String> {
        let own = format!("after-{id}");
        let seen = self.target.good_request(&own);
        self.received.lock().unwrap().extend(ids(&seen));
        let is_fine = seen.replies.len() == 1 && seen.replies[0].status == 200 && ids(&seen).eq([own]);
        (!is_fine).then(|| format!("the next request got {seen:?}"))
    }

    /// A proxy that refuses the rest of a request leaves the service with a piece of it, which is refused there too.
    fn note_given_up(&self, seen: &[Seen], own: &[&Logged]) {
        let mut answered: Vec<String> = seen.iter().flat_map(ids).collect();
        for line in own {
            match answered.iter().position(|id| *id == line.id) {
                Some(place) => drop(answered.swap_remove(place)),
                None if matches!(line.status, 400 | 408) => self.given_up.lock().unwrap().push(line.id.clone()),
                None => {}
            }
        }
    }

    /// Each request that the service logged was answered once, and nothing was answered that it did not log.
    fn account(&self, log: &[Logged]) {
        let mut open: Vec<&str> = log.iter().map(|line| line.id.as_str()).collect();
        let (received, given_up) = (self.received.lock().unwrap(), self.given_up.lock().unwrap());
        for id in received.iter().chain(given_up.iter()) {
            match open.iter().position(|logged| logged == id) {
                Some(place) => drop(open.swap_remove(place)),
                None => self.fault(format!("{id} was answered and is not in the log")),
            }
        }
        for id in open {
            self.fault(format!("{id} is in the log and was not answered"));
        }
        println!(
            "{} requests seen by the service, {} answered, {} given up",
            log.len(),
            received.len(),
            given_up.len()
        );
    }

    fn fault(&self, fault: String) {
        self.faults.lock().unwrap().push(fault);
    }
}

/// The ids of the answers that the service made.
fn ids(seen: &Seen) -> impl Iterator<Item = String> {
    seen.replies.iter().filter_map(|reply| reply.header("x-request-id").map(str::to_owned))
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

fn is_problem(reply: &Reply) -> bool {
    let problem = json(reply);
    reply.header("content-type") == Some("application/problem+json")
        && problem["status"] == reply.status
        && problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:moderato:problem:"))
        && problem["detail"].is_string()
}
