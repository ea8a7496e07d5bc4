//! A TCP proxy in front of Redis that knows where a command and an answer end, and plays tricks with those that write.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// What is done to the runs of the script that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Every so manieth answer to a submission, and to a decision, is waited for and thrown away, with the connection; until so
    /// many of each were.
    DropAnswers { every: u64, most: u64 },
    /// For `DEAF` at the end of each `ROUND`, every answer is waited for and thrown away, with the connection: longer than the
    /// service repeats by itself.
    DropAllAnswers,
    /// Every so manieth is acknowledged, and not done.
    Forget { every: u64 },
}

const ROUND: Duration = Duration::from_millis(2500);
const DEAF: Duration = Duration::from_millis(1300);

/// The proxy. It ends with its process.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    trick: Trick,
    began: Instant,
    submissions: AtomicU64,
    decisions: AtomicU64,
    dropped_submissions: AtomicU64,
    dropped_decisions: AtomicU64,
}

/// What a command is, as far as the tricks care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Submission,
    Decision,
    Other,
}

/// What is done with the answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Forward,
    Drop(What),
    /// The command was not sent: this is the answer to a `PING` in its place.
    Feign,
}

impl Proxy {
    /// Listens in front of the Redis at this port.
    pub fn start(redis: u16, trick: Trick) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let zero = || AtomicU64::new(0);
        let state = Arc::new(State {
            trick,
            began: Instant::now(),
            submissions: zero(),
            decisions: zero(),
            dropped_submissions: zero(),
            dropped_decisions: zero(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                let Ok(server) = TcpStream::connect(("127.0.0.1", redis)) else { continue };
                thread::spawn(move || state.serve(client, server));
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// How many answers were thrown away: to submissions, to decisions.
    pub fn dropped(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        (count(&self.state.dropped_submissions), count(&self.state.dropped_decisions))
    }
}

impl State {
    fn serve(&self, client: TcpStream, server: TcpStream) {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let fates = Mutex::new(VecDeque::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let _ = self.bring(&client, &server, &fates);
                let _ = server.shutdown(Shutdown::Both);
            });
            let _ = self.answer(&server, &client, &fates);
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        });
    }

    fn bring(&self, client: &TcpStream, mut server: &TcpStream, fates: &Mutex<VecDeque<Fate>>) -> io::Result<()> {
        let mut from = BufReader::new(client);
        loop {
            let mut command = Vec::new();
            read_value(&mut from, &mut command)?;
            let fate = self.fate_of(&command);
            fates.lock().unwrap().push_back(fate);
            server.write_all(if fate == Fate::Feign { b"*1\r\n$4\r\nPING\r\n" } else { &command })?;
        }
    }

    fn fate_of(&self, command: &[u8]) -> Fate {
        let what = what_is(command);
        let (seen, dropped) = match what {
            What::Submission => (&self.submissions, &self.dropped_submissions),
            What::Decision => (&self.decisions, &self.dropped_decisions),
            What::Other => return Fate::Forward,
        };
        let number = seen.fetch_add(1, Ordering::SeqCst) + 1;
        match self.trick {
            Trick::DropAnswers { every, most } => {
                let drop = number.is_multiple_of(every) && dropped.load(Ordering::SeqCst) < most;
                if drop { Fate::Drop(what) } else { Fate::Forward }
            }
            Trick::DropAllAnswers => Fate::Drop(what),
            Trick::Forget { every } => {
                if number.is_multiple_of(every) {
                    Fate::Feign
                } else {
                    Fate::Forward
                }
            }
        }
    }

    fn drops(&self, answer: &[u8]) -> bool {
        match self.trick {
            Trick::DropAllAnswers => {
                let into = self.began.elapsed().as_millis() % ROUND.as_millis();
                into >= (ROUND - DEAF).as_millis()
            }
            // Nothing is proved by losing an answer that says that nothing was written.
            _ => says_written(answer),
        }
    }

    fn answer(&self, server: &TcpStream, mut client: &TcpStream, fates: &Mutex<VecDeque<Fate>>) -> io::Result<()> {
        let mut from = BufReader::new(server);
        loop {
            let mut answer = Vec::new();
            read_value(&mut from, &mut answer)?;
            // What comes unasked for belongs to nothing.
            let fate = fates.lock().unwrap().pop_front().unwrap_or(Fate::Forward);
            match fate {
                Fate::Forward => client.write_all(&answer)?,
                Fate::Feign => client.write_all(&feigned())?,
                Fate::Drop(_) if !self.drops(&answer) => client.write_all(&answer)?,
                Fate::Drop(what) => {
                    let counter = match what {
                        What::Submission => &self.dropped_submissions,
                        _ => &self.dropped_decisions,
                    };
                    counter.fetch_add(u64::from(says_written(&answer)), Ordering::SeqCst);
                    // Closed with nothing lingering, the client gets a reset.
                    let _ = rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO));
                    return Ok(());
                }
            }
        }
    }
}

fn says_written(answer: &[u8]) -> bool {
    answer.starts_with(b"*3\r\n$2\r\nok\r\n")
}

/// A run of the script is told by the event that it announces.
fn what_is(command: &[u8]) -> What {
    let has = |word: &[u8]| command.windows(word.len()).any(|part| part == word);
    let is_run = has(b"\r\nEVALSHA\r\n") || has(b"\r\nEVAL\r\n");
    match is_run {
        true if has(b"comment.submitted") => What::Submission,
        true if has(b"comment.decided") => What::Decision,
        _ => What::Other,
    }
}

/// What the script answers once it has written.
fn feigned() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis().to_string();
    format!("*3\r\n$2\r\nok\r\n${}\r\n{now}\r\n$1\r\n0\r\n", now.len()).into_bytes()
}

/// Reads one value of RESP 2 or 3, as it is.
fn read_value(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<()> {
    let start = into.len();
    if from.read_until(b'\n', into)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(&into[start..]).into_owned();
    let number = || line[1..].trim().parse::<i64>().unwrap_or(0);
    match line.as_bytes()[0] {
        b'$' | b'=' | b'!' if number() >= 0 => {
            let length = u64::try_from(number()).unwrap_or(0) + 2;
            from.by_ref().take(length).read_to_end(into)?;
        }
        kind @ (b'*' | b'~' | b'>' | b'%') => {
            let each = if kind == b'%' { 2 } else { 1 };
            for _ in 0..number().max(0) * each {
                read_value(from, into)?;
            }
        }
        _ => {}
    }
    Ok(())
}
