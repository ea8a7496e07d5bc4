//! Connections by the thousand that take their time, and how each of them ended.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// How many connections are being opened at once; more would measure the queue of the listening socket.
const OPENING: usize = 128;

/// How many addresses of the loopback network they come from: none of them runs out of ports.
const SOURCES: usize = 8;

/// How long the end of a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a connection does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Habit {
    /// Announces a body of 100,000 bytes and sends one each second.
    DrippingBody,
    /// Announces one and sends nothing of it.
    SilentBody,
    /// Sends one byte of a head each second.
    DrippingHead,
    /// Never sends anything.
    Silent,
    /// Sends a request, reads the answer, and stays.
    Kept,
}

/// How a connection ended.
pub struct End {
    pub habit: Habit,
    /// What the service answered last; 0 for nothing.
    pub status: u16,
    /// Since it was opened, or since its last answer.
    pub after: Duration,
}

/// Opens `count` connections, each habit in turn, and waits until the service has ended them all. `open` counts those that are.
pub async fn send(
    address: SocketAddr,
    key: &str,
    (habits, count): (&[Habit], usize),
    open: &Arc<AtomicUsize>,
) -> Vec<End> {
    let opening = Arc::new(Semaphore::new(OPENING));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (opening, open, head) = (Arc::clone(&opening), Arc::clone(open), head(key));
            let habit = habits[number % habits.len()];
            tokio::spawn(async move {
                let turn = opening.acquire_owned().await.unwrap();
                let mut stream = connect(address, number).await;
                let last = begin(&mut stream, habit, &head).await;
                drop(turn);
                open.fetch_add(1, Ordering::Relaxed);
                let begun = Instant::now();
                let status = tokio::time::timeout(PATIENCE, end(stream, habit, &head)).await;
                open.fetch_sub(1, Ordering::Relaxed);
                let status = status.unwrap_or_else(|_| panic!("{habit:?} is still open after {PATIENCE:?}"));
                End { habit, status: status.unwrap_or(last), after: begun.elapsed() }
            })
        })
        .collect();
    let mut ends = Vec::with_capacity(count);
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    ends
}

async fn connect(address: SocketAddr, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket: raise the limit of open files (`ulimit -n`)");
    let source = Ipv4Addr::new(127, 0, 0, (2 + number % SOURCES) as u8);
    socket.bind(SocketAddr::from((source, 0))).unwrap();
    socket.connect(address).await.unwrap()
}

fn head(key: &str) -> String {
    format!(
        "POST /v1/sites/demo/comments/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    )
}

/// What comes before the waiting; the status of the answer to it, 0 without one.
async fn begin(stream: &mut TcpStream, habit: Habit, head: &str) -> u16 {
    match habit {
        Habit::DrippingBody | Habit::SilentBody => stream.write_all(head.as_bytes()).await.unwrap(),
        Habit::DrippingHead | Habit::Silent => {}
        Habit::Kept => {
            stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            let mut answer = [0; 1024];
            let count = stream.read(&mut answer).await.unwrap();
            return status(&answer[..count]).expect("an answer to a request");
        }
    }
    0
}

/// Drips if that is the habit, and reads until the service hangs up.
async fn end(stream: TcpStream, habit: Habit, head: &str) -> Option<u16> {
    let (mut reading, mut writing) = stream.into_split();
    let drops: &[u8] = match habit {
        Habit::DrippingBody => &[b' '; 100],
        Habit::DrippingHead => head.as_bytes(),
        Habit::SilentBody | Habit::Silent | Habit::Kept => &[],
    };
    let drip = async {
        for drop in drops {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if writing.write_all(&[*drop]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let read = async {
        let mut seen = Vec::new();
        // An error says as much as an end: the service has hung up on what still came.
        let _ = reading.read_to_end(&mut seen).await;
        status(&seen)
    };
    tokio::select! { status = read => status, () = drip => None }
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(..12)?).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}
