//! Clients that submit and decide all the time, and the ledger of what they were told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Call, Client};
use crate::support::server::{Launch, Server, first_key};
use crate::support::texts;

/// Connections that submit, and connections that decide.
const SUBMITTERS: u64 = 12;
const MODERATORS: u64 = 4;
/// Between an answer and the next request of one connection.
const THINK: Duration = Duration::from_millis(5);
/// How long a client repeats what was not answered once the load is over.
const PATIENCE: Duration = Duration::from_secs(15);

/// How clients repeat what was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// With the same key, as the documentation says.
    SameKey,
    /// As something new: the control of what must not happen twice.
    AnotherKey,
}

/// What the clients were told.
#[derive(Default)]
pub struct Ledger {
    /// From the number of a submission to the comment's id, for every 201.
    pub submitted: HashMap<u64, String>,
    /// From a comment's id to the decision, for every 200.
    pub decided: HashMap<String, &'static str>,
    /// Answers by status; what was not answered by why.
    pub answers: BTreeMap<String, u64>,
    /// What no answer can be: another id for the same submission, a refusal that repeats nothing.
    pub contradictions: Vec<String>,
    /// The longest that a request took.
    pub slowest: Duration,
    /// When something was acknowledged, in the order of the answers.
    pub acknowledged_at: Vec<Instant>,
    /// Decisions that were answered, and how many of those were refused.
    pub decisions_answered: u64,
    pub decisions_refused: u64,
    to_decide: VecDeque<(String, u64)>,
}

impl Ledger {
    /// The longest time within these two in which nothing was acknowledged.
    pub fn longest_gap(&self, from: Instant, to: Instant) -> Duration {
        let within = self.acknowledged_at.iter().copied().filter(|at| (from..=to).contains(at));
        let (mut longest, mut last) = (Duration::ZERO, from);
        for at in within.chain([to]) {
            longest = longest.max(at.saturating_duration_since(last));
            last = at;
        }
        longest
    }

    /// How long after this moment something was acknowledged.
    pub fn back_after(&self, moment: Instant) -> Option<Duration> {
        self.acknowledged_at.iter().find(|at| **at >= moment).map(|at| at.duration_since(moment))
    }

    pub fn answered(&self, what: &str) -> u64 {
        self.answers.get(what).copied().unwrap_or(0)
    }
}

/// The service with its folder, and the clients that call it.
pub struct Load {
    pub data: tempfile::TempDir,
    pub launch: Launch,
    pub server: Option<Server>,
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
    pub began: Instant,
}

struct Shared {
    address: Mutex<SocketAddr>,
    key: String,
    ledger: Mutex<Ledger>,
    next: AtomicU64,
    manners: Manners,
    resting: AtomicBool,
    over: AtomicBool,
    /// Nothing is repeated any more.
    gone: AtomicBool,
}

/// The settings of a store at this URL.
pub fn at(url: &str, durability: &str) -> Vec<(String, String)> {
    [("MODERATO__STORE__URL", url), ("MODERATO__STORE__DURABILITY", durability)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

impl Load {
    /// Starts the service over this store, and the clients.
    pub fn start(settings: Vec<(String, String)>, manners: Manners) -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("data");
        // It ends with its test, also when that is killed.
        let wrapper = ["setpriv", "--pdeathsig", "KILL"].map(str::to_owned).to_vec();
        let launch = Launch { wrapper, settings };
        let server = Server::start(&folder, &launch).unwrap_or_else(|| panic!("{}", log_of(&folder)));
        let shared = Arc::new(Shared {
            address: Mutex::new(server.address),
            key: first_key(&folder, "site demo"),
            ledger: Mutex::default(),
            next: AtomicU64::new(0),
            manners,
            resting: AtomicBool::new(false),
            over: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        });
        let mut clients = Vec::new();
        for _ in 0..SUBMITTERS {
            let shared = Arc::clone(&shared);
            clients.push(thread::spawn(move || shared.submit_all()));
        }
        for _ in 0..MODERATORS {
            let shared = Arc::clone(&shared);
            clients.push(thread::spawn(move || shared.decide_all()));
        }
        let load = Self { data, launch, server: Some(server), shared, clients, began: Instant::now() };
        load.wait_for_more(20);
        load
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger.lock().unwrap()
    }

    /// Waits until so much more was acknowledged.
    pub fn wait_for_more(&self, count: usize) {
        let begun = Instant::now();
        let goal = self.ledger().acknowledged_at.len() + count;
        loop {
            let ledger = self.ledger();
            if ledger.acknowledged_at.len() >= goal {
                return;
            }
            let answers = ledger.answers.clone();
            drop(ledger);
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing goes on: {answers:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends the service as `kill -9` does, and starts it again.
    pub fn restart_service(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill();
        }
        self.start_service();
    }

    pub fn start_service(&mut self) {
        let server = Server::start(&self.data.path().join("data"), &self.launch).unwrap();
        *self.shared.address.lock().unwrap() = server.address;
        self.server = Some(server);
    }

    /// The moderators decide nothing for now, so that the queue grows.
    pub fn rest_moderators(&self) {
        self.shared.resting.store(true, Ordering::SeqCst);
    }

    /// The moderators go on.
    pub fn wake_moderators(&self) {
        self.shared.resting.store(false, Ordering::SeqCst);
    }

    /// A client of its own.
    pub fn client(&self) -> Client {
        self.shared.client()
    }

    /// Ends the clients at once where they are: what they were not told stays unknown.
    pub fn abandon(&self) {
        self.shared.gone.store(true, Ordering::SeqCst);
        self.shared.over.store(true, Ordering::SeqCst);
    }

    /// Ends the load: what is under way is repeated until it is answered.
    pub fn finish(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for client in self.clients.drain(..) {
            client.join().unwrap();
        }
    }

    pub fn log(&self) -> String {
        log_of(&self.data.path().join("data"))
    }
}

/// The end of what the service logged.
fn log_of(folder: &Path) -> String {
    let log = std::fs::read_to_string(folder.with_extension("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(8).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A request, and the status that says that it is done.
struct Sent {
    path: String,
    key: Option<String>,
    body: serde_json::Value,
    expected: u16,
}

/// What a client is told of one request.
enum Told {
    Done(serde_json::Value),
    /// Refused, or not answered: to be repeated.
    Again,
    Wrong(String),
}

impl Shared {
    fn client(&self) -> Client {
        Client::new(*self.address.lock().unwrap(), &self.key)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn gives_up(&self, begun: Instant) -> bool {
        self.is_over() && (begun.elapsed() > PATIENCE || self.gone.load(Ordering::SeqCst))
    }

    /// Sends a request, and notes what came of it.
    fn send(&self, client: &mut Client, sent: &Sent) -> Told {
        let (path, expected, body) = (&*sent.path, sent.expected, sent.body.to_string());
        let began = Instant::now();
        let call = Call { method: "POST", path, idempotency_key: sent.key.as_deref(), body: body.as_bytes() };
        let answer = client.send(&call);
        let (took, now) = (began.elapsed(), Instant::now());
        let mut ledger = self.ledger.lock().unwrap();
        ledger.slowest = ledger.slowest.max(took);
        let told = match answer {
            Ok(answer) => {
                *ledger.answers.entry(answer.status.to_string()).or_default() += 1;
                ledger.decisions_answered += u64::from(expected == 200);
                ledger.decisions_refused += u64::from(expected == 200 && answer.status != 200);
                match answer.status {
                    status if status == expected => {
                        ledger.acknowledged_at.push(now);
                        Told::Done(answer.json())
                    }
                    503 | 507 => Told::Again,
                    status => Told::Wrong(format!("{path}: {status} {}", String::from_utf8_lossy(&answer.body))),
                }
            }
            Err(why) => {
                let refused = why.kind() == std::io::ErrorKind::ConnectionRefused;
                let name = if refused { "refused" } else { "unknown" };
                *ledger.answers.entry(name.to_owned()).or_default() += 1;
                *client = self.client();
                Told::Again
            }
        };
        drop(ledger);
        thread::sleep(if matches!(told, Told::Again) { THINK * 4 } else { THINK });
        told
    }

    /// Sends what this makes of the number of attempts before, until it is done or given up; what was answered then.
    fn repeat(&self, client: &mut Client, call: impl Fn(u32) -> Sent) -> Option<serde_json::Value> {
        let begun = Instant::now();
        for attempt in 0.. {
            match self.send(client, &call(attempt)) {
                Told::Done(answer) => return Some(answer),
                Told::Again if self.gives_up(begun) => break,
                Told::Again => {}
                Told::Wrong(why) => {
                    self.ledger.lock().unwrap().contradictions.push(why);
                    break;
                }
            }
        }
        None
    }

    fn submit_all(&self) {
        let mut client = self.client();
        while !self.is_over() {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let call = |attempt: u32| {
                let mut submission = texts::submission("fault", number);
                if self.manners == Manners::AnotherKey && attempt > 0 {
                    submission["external_id"] = json!(format!("fault-{number}-again-{attempt}"));
                }
                let key = submission["external_id"].as_str().unwrap().to_owned();
                Sent { path: "/v1/sites/demo/comments".to_owned(), key: Some(key), body: submission, expected: 201 }
            };
            if let Some(comment) = self.repeat(&mut client, call) {
                self.note_comment(number, &comment);
            }
        }
    }

    fn note_comment(&self, number: u64, comment: &serde_json::Value) {
        let mut ledger = self.ledger.lock().unwrap();
        let Some(id) = comment["id"].as_str().map(str::to_owned) else {
            ledger.contradictions.push(format!("submission {number} was answered without an id"));
            return;
        };
        if comment["status"] == "held" {
            ledger.to_decide.push_back((id.clone(), number));
        }
        ledger.submitted.insert(number, id);
    }

    fn decide_all(&self) {
        let mut client = self.client();
        while !self.is_over() {
            if self.resting.load(Ordering::SeqCst) {
                thread::sleep(THINK);
                continue;
            }
            let next = self.ledger.lock().unwrap().to_decide.pop_front();
            let Some((id, number)) = next else {
                thread::sleep(THINK);
                continue;
            };
            let (action, word) = if number % 3 == 0 { ("reject", "rejected") } else { ("approve", "approved") };
            // Without a key, the same decision again changes nothing.
            let call = |_| Sent {
                path: format!("/v1/sites/demo/comments/{id}/{action}"),
                key: (number % 2 == 0).then(|| format!("decide-{id}")),
                body: if action == "reject" { json!({"reason": "spam"}) } else { json!({}) },
                expected: 200,
            };
            if self.repeat(&mut client, call).is_some() {
                self.ledger.lock().unwrap().decided.insert(id, word);
            }
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.abandon();
    }
}
