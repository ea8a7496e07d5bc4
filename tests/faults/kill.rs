//! The kill run: a ledger of what was acknowledged, and the audit that holds the store to it.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use moderato::domain::Comment;
use serde_json::{Value, json};

use crate::support::client::{Call, Client};
use crate::support::server::{Launch, Server, first_key};
use crate::support::{audit, rows, texts};

const WRITERS: usize = 8;

/// What the clients were told.
#[derive(Default)]
struct Ledger {
    to_send: VecDeque<usize>,
    /// Row → comment id, for every 201.
    acknowledged: HashMap<usize, String>,
    /// Held comments nobody has decided yet: (comment id, row).
    to_decide: VecDeque<(String, usize)>,
    /// Comment id → decision, for every 200.
    decided: HashMap<String, &'static str>,
    answers: HashMap<u16, usize>,
    /// Nobody listened: not sent.
    refused: usize,
    /// Sent, and no answer came.
    unknown: usize,
    contradictions: Vec<String>,
}

struct Run {
    rows: Vec<Value>,
    ledger: Mutex<Ledger>,
    acknowledged: AtomicUsize,
    address: Mutex<Option<std::net::SocketAddr>>,
    finished: AtomicBool,
    key: String,
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let kills: usize = std::env::var("MODERATO_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    let mut server = Server::start(&data, &Launch::default()).unwrap();
    let run = Run::new(first_key(&data, "site demo"));
    run.listen_at(&server);
    let moments = moments(kills, run.rows.len());
    let mut inside = 0;
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| run.submit_all());
        }
        scope.spawn(|| run.decide_all());
        for (number, moment) in moments.iter().enumerate() {
            run.wait_for(*moment);
            if number % 4 == 3 && has_strace() {
                server.kill();
                server = Server::start(&data, &killed_inside_a_commit(&data, number)).unwrap();
                run.listen_at(&server);
                inside += usize::from(died_within(&mut server, Duration::from_secs(20)));
            }
            server.kill();
            server = Server::start(&data, &Launch::default()).unwrap();
            run.listen_at(&server);
        }
        run.wait_for(run.rows.len());
        run.finished.store(true, Ordering::SeqCst);
    });
    run.ask_back(&server);
    server.kill();
    run.hold_to_account(&data, kills, inside);
}

impl Ledger {
    fn note(&mut self, error: &std::io::Error) {
        let refused = error.kind() == std::io::ErrorKind::ConnectionRefused;
        *(if refused { &mut self.refused } else { &mut self.unknown }) += 1;
    }
}

impl Run {
    fn new(key: String) -> Self {
        let files = ["blog_haacked.jsonl", "wp_dylanmtaylor.jsonl", "ham_s5s5.jsonl"];
        let real = rows::read(&files).map(|rows| rows.into_iter().map(|row| row.submission).collect());
        let rows: Vec<Value> =
            real.unwrap_or_else(|| (0..1_400).map(|number| texts::submission("kill", number)).collect());
        let ledger = Ledger { to_send: (0..rows.len()).collect(), ..Ledger::default() };
        Self {
            rows,
            ledger: Mutex::new(ledger),
            acknowledged: AtomicUsize::new(0),
            address: Mutex::new(None),
            finished: AtomicBool::new(false),
            key,
        }
    }

    fn listen_at(&self, server: &Server) {
        *self.address.lock().unwrap() = Some(server.address);
    }

    fn wait_for(&self, acknowledged: usize) {
        let begun = Instant::now();
        while self.acknowledged.load(Ordering::SeqCst) < acknowledged {
            assert!(begun.elapsed() < Duration::from_secs(120), "stuck at {:?}", self.acknowledged);
            thread::sleep(Duration::from_micros(200));
        }
    }

    fn client(&self) -> Client {
        Client::new(self.address.lock().unwrap().unwrap(), &self.key)
    }

    fn submit_all(&self) {
        let mut client = self.client();
        loop {
            let Some(row) = self.ledger.lock().unwrap().to_send.pop_front() else {
                if self.finished.load(Ordering::SeqCst) {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
                continue;
            };
            let body = self.rows[row].to_string();
            let key = format!("row-{row}");
            let call = Call {
                method: "POST",
                path: "/v1/sites/demo/comments",
                idempotency_key: Some(&key),
                body: body.as_bytes(),
            };
            let answer = client.send(&call);
            let mut ledger = self.ledger.lock().unwrap();
            match answer {
                Ok(answer) if answer.status == 201 => {
                    *ledger.answers.entry(201).or_default() += 1;
                    let comment = answer.json();
                    let id = comment["id"].as_str().unwrap().to_owned();
                    if comment["status"] == "held" {
                        ledger.to_decide.push_back((id.clone(), row));
                    }
                    ledger.acknowledged.insert(row, id);
                    self.acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                Ok(answer) => {
                    *ledger.answers.entry(answer.status).or_default() += 1;
                    let retried = answer.status == 503;
                    assert!(retried, "row {row}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
                    ledger.to_send.push_back(row);
                }
                Err(error) => {
                    ledger.note(&error);
                    ledger.to_send.push_front(row);
                    drop(ledger);
                    thread::sleep(Duration::from_millis(2));
                    client = self.client();
                }
            }
        }
    }

    fn decide_all(&self) {
        let mut client = self.client();
        while !self.finished.load(Ordering::SeqCst) {
            let next = self.ledger.lock().unwrap().to_decide.pop_front();
            let Some((id, row)) = next else {
                thread::sleep(Duration::from_millis(1));
                continue;
            };
            let action = if row % 3 == 0 { "reject" } else { "approve" };
            let path = format!("/v1/sites/demo/comments/{id}/{action}");
            let body = if action == "reject" { json!({"reason": "spam"}) } else { json!({}) }.to_string();
            let key = format!("decide-{id}");
            let answer =
                client.send(&Call { method: "POST", path: &path, idempotency_key: Some(&key), body: body.as_bytes() });
            let mut ledger = self.ledger.lock().unwrap();
            match answer {
                Ok(answer) if answer.status == 200 => {
                    *ledger.answers.entry(200).or_default() += 1;
                    ledger.decided.insert(id, action);
                }
                Ok(answer) if answer.status == 503 => ledger.to_decide.push_back((id, row)),
                Ok(answer) => ledger.contradictions.push(format!("{action} {id}: {}", answer.status)),
                Err(error) => {
                    ledger.note(&error);
                    ledger.to_decide.push_front((id, row));
                    drop(ledger);
                    thread::sleep(Duration::from_millis(2));
                    client = self.client();
                }
            }
        }
    }

    /// Every row once more with its key: the answer must be the comment that was acknowledged.
    fn ask_back(&self, server: &Server) {
        let mut client = Client::new(server.address, &self.key);
        let mut ledger = self.ledger.lock().unwrap();
        for (row, submission) in self.rows.iter().enumerate() {
            let key = format!("row-{row}");
            let body = submission.to_string();
            let call = Call {
                method: "POST",
                path: "/v1/sites/demo/comments",
                idempotency_key: Some(&key),
                body: body.as_bytes(),
            };
            let answer = client.send(&call).unwrap();
            let (told, now) = (ledger.acknowledged[&row].clone(), answer.json()["id"].as_str().map(str::to_owned));
            if answer.status != 201 || now.as_deref() != Some(&told) {
                ledger.contradictions.push(format!("row {row}: was {told}, is {now:?} ({})", answer.status));
            }
        }
    }

    fn hold_to_account(&self, data: &Path, kills: usize, inside: usize) {
        let ledger = self.ledger.lock().unwrap();
        let kept = kept_comments(&data.join("moderato.db"));
        let by_id: HashMap<String, _> = kept.iter().map(|comment| (comment.id.to_string(), comment)).collect();
        let lost = ledger.acknowledged.values().filter(|id| !by_id.contains_key(*id)).count();
        let doubled = kept.len() - by_id.len() + kept.len().saturating_sub(self.rows.len());
        let undone = ledger.decided.iter().filter(|(id, action)| {
            let decisions = by_id.get(*id).map(|comment| comment.decisions.len());
            let last = by_id.get(*id).and_then(|comment| comment.decisions.last());
            decisions != Some(1) || last.map(|decision| decision.action.as_str()) != Some(**action)
        });
        let undone = undone.count();
        println!("kills {kills}, by strace at a write to the log {inside}");
        println!("rows {}, comments in the file {}", self.rows.len(), kept.len());
        println!(
            "lost {lost}, doubled {doubled}, decisions {} of which lost or doubled {undone}",
            ledger.decided.len()
        );
        println!("answers {:?}; sent without an answer and retried {}", ledger.answers, ledger.unknown);
        println!("audit: {:?}", audit::audit(&data.join("moderato.db")));
        assert_eq!((lost, doubled, undone), (0, 0, 0));
        assert_eq!(kept.len(), self.rows.len());
        assert_eq!(ledger.contradictions, Vec::<String>::new());
        assert!(audit::audit(&data.join("moderato.db")).is_ok());
        assert!(inside > 0 || kills < 4 || !has_strace(), "no kill fell inside a commit");
    }
}

/// Every comment in the file, read without the program.
fn kept_comments(db: &Path) -> Vec<Comment> {
    let connection = rusqlite::Connection::open(db).unwrap();
    let mut comments = connection.prepare("SELECT packed FROM comments").unwrap();
    let packed =
        comments.query_map([], |row| row.get_ref(0)?.as_bytes().map(<[u8]>::to_vec).map_err(Into::into)).unwrap();
    packed.map(|packed| serde_json::from_slice(&packed.unwrap()).unwrap()).collect()
}

/// When to kill, as counts of acknowledged rows: random, but never in the last tenth, where little is left to lose.
fn moments(kills: usize, rows: usize) -> Vec<usize> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let mut state = u64::from_le_bytes(random);
    println!("seed {state}");
    let mut moments: Vec<usize> = (0..kills)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % (rows * 9 / 10)
        })
        .collect();
    moments.sort_unstable();
    moments
}

fn has_strace() -> bool {
    std::process::Command::new("strace").args(["-qq", "true"]).output().is_ok_and(|output| output.status.success())
}

/// The program under `strace`, which kills it at some write to the write-ahead log: inside a commit, before its fsync.
fn killed_inside_a_commit(data: &Path, number: usize) -> Launch {
    let log = data.join("moderato.db-wal");
    let at = 5 + number * 7 % 40;
    let inject = format!("inject=pwrite64:signal=SIGKILL:when={at}");
    let words =
        ["strace", "-f", "-qq", "-o", "/dev/null", "-P", log.to_str().unwrap(), "-e", "trace=pwrite64", "-e", &inject];
    Launch { wrapper: words.map(str::to_owned).to_vec(), ..Launch::default() }
}

fn died_within(server: &mut Server, limit: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if server.child.try_wait().unwrap().is_some() {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}
