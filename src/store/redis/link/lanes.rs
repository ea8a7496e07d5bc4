//! Writes that must have reached replicas: grouped, each group with one `WAIT`, on connections that nothing else uses.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{RedisError, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::dial::Connection;
use super::fault::Fault;
use super::node::Node;
use super::request::{Request, Whole};

/// How many writes wait for replicas together.
const GROUP: usize = 64;
/// How many may wait for their group.
const WAITING: usize = 1024;
/// How long the replicas have, in milliseconds.
const WAIT: u64 = 500;
/// Writes a marker, which nobody reads, also while the memory is full.
const MARK: &str = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], '', 'EX', 3600)";
/// How long a group may take altogether.
const PATIENCE: Duration = Duration::from_millis(1200);

/// A way of writes to one primary.
pub(super) struct Lane(mpsc::Sender<Job>);

/// One write on its way.
pub(super) struct Job {
    pub(super) request: Arc<Request>,
    /// Whether its slot is still on its way to this server.
    pub(super) asking: bool,
    pub(super) answer: oneshot::Sender<Result<Value, Fault>>,
}

impl Lane {
    /// Both ends of a new way.
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (sender, jobs) = mpsc::channel(WAITING);
        (Self(sender), jobs)
    }

    /// Writes, and waits until the group has reached its replicas.
    pub(super) async fn send(&self, request: Arc<Request>, asking: bool) -> Result<Value, Fault> {
        let (answer, answered) = oneshot::channel();
        let job = Job { request, asking, answer };
        self.0.try_send(job).map_err(|_| Fault::NotDone(format!("{WAITING} writes wait already")))?;
        answered.await.unwrap_or_else(|_| Err(Fault::Doubtful("the store is closed".to_owned())))
    }
}

/// Does what comes on a lane until its node is gone.
pub(super) async fn work(node: Weak<Node>, lane: usize, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        let Some(node) = node.upgrade() else { return };
        // Nobody waits any more for what was given up.
        let group: Vec<Job> = group.drain(..).filter(|job| !job.answer.is_closed()).collect();
        if group.is_empty() {
            continue;
        }
        match node.lane_connection(lane).await {
            Ok(mut connection) => write(&node, lane, &mut connection, group).await,
            Err(fault) => refuse(group, &fault),
        }
    }
}

/// Writes a group. Those whose script is unknown follow once more, with the script's text.
async fn write(node: &Node, lane: usize, connection: &mut Connection, group: Vec<Job>) {
    let mut rest = (group, Whole::Named);
    while !rest.0.is_empty() {
        rest = match timeout(PATIENCE, exchange(node, connection, &rest.0, rest.1)).await {
            Ok(Ok(answers)) => (hand_out(node, rest, answers), Whole::Sent),
            Ok(Err(why)) => {
                node.lane_lost(lane, connection).await;
                return refuse(rest.0, &Fault::of(&why, &node.server));
            }
            Err(_) => {
                node.lane_lost(lane, connection).await;
                let fault = Fault::Doubtful(format!("{} does not answer within {PATIENCE:?}", node.server));
                return refuse(rest.0, &fault);
            }
        };
    }
}

/// What a group was answered.
struct Answers {
    each: Vec<Result<Value, RedisError>>,
    /// How many replicas have all that was there when the marker was written; `None`: there is no marker.
    marked: Option<u64>,
    /// How many replicas have what this connection wrote.
    reached: u64,
}

async fn exchange(
    node: &Node,
    connection: &mut Connection,
    group: &[Job],
    whole: Whole,
) -> Result<Answers, RedisError> {
    let mut pipe = redis::pipe();
    pipe.ignore_errors();
    for job in group {
        if job.asking {
            pipe.cmd("ASKING").ignore();
        }
        pipe.add_command(job.request.command(whole).clone());
    }
    // Of what was found instead of written, WAIT says nothing, unless this connection writes something after it.
    let marker = group.last().map(|job| job.request.marker(&node.names)).unwrap_or_default();
    pipe.cmd("EVAL").arg(MARK).arg(1).arg(marker);
    pipe.cmd("WAIT").arg(node.demands.replicas).arg(WAIT);
    let mut each: Vec<Result<Value, RedisError>> = pipe.query_async(&mut connection.through).await?;
    let reached = match each.pop() {
        Some(Ok(Value::Int(reached))) => u64::try_from(reached).unwrap_or(0),
        _ => 0,
    };
    let marked = each.pop().is_some_and(|marked| marked.is_ok()).then_some(reached);
    Ok(Answers { each, marked, reached })
}

/// Gives everybody the answer; who is left has a script that the server did not know.
fn hand_out(node: &Node, (group, whole): (Vec<Job>, Whole), answers: Answers) -> Vec<Job> {
    let wanted = u64::from(node.demands.replicas);
    let mut unknown = Vec::new();
    for (job, answer) in group.into_iter().zip(answers.each) {
        let answer = match answer.map_err(|why| Fault::of(&why, &node.server)) {
            Err(Fault::NoScript) if whole == Whole::Named => {
                unknown.push(job);
                continue;
            }
            Ok(value) => {
                let reached = if wrote(&value) { Some(answers.reached) } else { answers.marked };
                match reached {
                    Some(reached) if reached >= wanted => Ok(value),
                    _ => Err(Fault::Short(format!(
                        "{}: only {} of {wanted} replicas have the write within {WAIT} ms",
                        node.server,
                        reached.unwrap_or(0),
                    ))),
                }
            }
            Err(fault) => Err(fault),
        };
        // Who has given up does not listen.
        let _ = job.answer.send(answer);
    }
    unknown
}

/// Whether an answer is that of a plan that was written.
fn wrote(answer: &Value) -> bool {
    let Value::Array(parts) = answer else { return false };
    matches!(parts.first(), Some(Value::BulkString(word)) if word == b"ok")
}

fn refuse(group: Vec<Job>, fault: &Fault) {
    for job in group {
        let _ = job.answer.send(Err(fault.clone()));
    }
}
