//! The one thread that writes: it groups waiting jobs into one transaction and answers them after the commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::fault::{Fault, error_of, is_io};
use super::log;
use super::open::Shared;
use crate::store::{Error, OpenError};

/// The most jobs of one transaction.
const GROUP: usize = 512;

/// The most jobs that wait; whoever comes then waits to be let in.
const WAITING: usize = 1_024;

/// How long the writer waits, this often, for as many jobs as came last time. Together it is about what a sync costs, and
/// half-filled groups cost whole syncs. A caller who is alone never waits.
const BREATH: Duration = Duration::from_micros(50);
const BREATHS: usize = 4;

/// While erased content stands in the log, every so many groups the writer waits for readers to let it be emptied; else it
/// only tries when nobody waits for the writer. So neither many writers nor many short readers can keep it there.
const INSIST: u32 = 64;

/// How long it waits for readers then; and when the store is closed.
const INSISTENCE: Duration = Duration::from_millis(25);

/// Hands jobs to the writing thread. Dropping it lets the thread finish what waits, and joins it.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
    state: Arc<State>,
}

/// What the writing thread tells others.
struct State {
    /// Set once the operating system has failed to keep what it was given. Nothing is acknowledged from then on.
    broken: OnceLock<String>,
    /// Erased content may still stand in the log.
    scrub: AtomicBool,
    /// Counts commits.
    commits: watch::Sender<u64>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Shared) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let state =
            // Whoever had the log before may have been ended between an erasure and the emptying.
            Arc::new(State { broken: OnceLock::new(), scrub: AtomicBool::new(true), commits: watch::Sender::new(0) });
        let scribe = Scribe { connection, waiting, state: state.clone(), unscrubbed: 0 };
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || scribe.run());
        let thread = thread.map_err(|why| OpenError::Failed { path: "store-writer".into(), why: why.to_string() })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), state })
    }

    /// Runs a body in a transaction, maybe together with others, and answers after the commit. The body may run more
    /// than once; what it did before is then rolled back. Once handed over, it is done even if nobody waits any more.
    pub(super) async fn write<T, F>(&self, body: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let stopped = || Error::Unavailable("the store is closing".to_owned());
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Job { body, result: None, reply });
        self.jobs.as_ref().ok_or_else(stopped)?.send(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// An error if nothing can be written until a restart.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.state.check()
    }

    /// Like [`Writer::write`], for a body that may erase: if its result says so, what it erased is gone from the log as well
    /// once the log is emptied, right after the commit or, if a reader needs it then, after a later job. (SQLite's
    /// `secure_delete` overwrites it in the database.) Housekeeping has a job for the writer every minute, so it is gone a
    /// minute after the last reader that was there has ended.
    pub(super) async fn scrub_after<T, F>(&self, mut body: F, erased: fn(&T) -> bool) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let state = self.state.clone();
        self.write(move |transaction| {
            let result = body(transaction)?;
            if erased(&result) {
                state.scrub.store(true, Ordering::SeqCst);
            }
            Ok(result)
        })
        .await
    }

    /// Changes after every commit.
    pub(super) fn commits(&self) -> watch::Receiver<u64> {
        self.state.commits.subscribe()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // An error would be the thread's panic, which has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl State {
    fn check(&self) -> Result<(), Error> {
        match self.broken.get() {
            None => Ok(()),
            Some(why) => {
                Err(Error::Unavailable(format!("the disk failed ({why}); nothing is written until a restart")))
            }
        }
    }
}

/// A job of whatever answer.
trait Work: Send {
    /// Does it, and keeps the result for the answer.
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error>;

    /// Sends the result, or the error by which it was lost.
    fn answer(self: Box<Self>, ended: Result<(), Error>);
}

struct Job<T, F> {
    body: F,
    result: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: FnMut(&Transaction<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        let before = transaction.total_changes();
        // A panic is this job's affair only: it is rolled back like any failure, and the others go on.
        let ended = catch_unwind(AssertUnwindSafe(|| (self.body)(transaction)));
        self.result = Some(match ended {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Fault::Answer(error))) if transaction.total_changes() == before => Err(error),
            Ok(Err(Fault::Answer(error))) => {
                // Half a step must not stay.
                self.result = Some(Err(error));
                return Err(rusqlite::Error::ExecuteReturnedResults);
            }
            Ok(Err(Fault::Sql(error))) => return Err(error),
            Err(_) => return Err(rusqlite::Error::UnwindingPanic),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, ended: Result<(), Error>) {
        let Job { result, reply, .. } = *self;
        let lost = || Err(Error::Unavailable("the job was not run".to_owned()));
        // Nobody may be waiting any more: a client that has gone away.
        let _ = reply.send(match (ended, result) {
            (Err(_), Some(Err(error))) => Err(error),
            (ended, result) => ended.and_then(|()| result.unwrap_or_else(lost)),
        });
    }
}

/// The writing thread's own.
struct Scribe {
    connection: Shared,
    waiting: mpsc::Receiver<Box<dyn Work>>,
    state: Arc<State>,
    /// How many groups were written while erased content stood in the log.
    unscrubbed: u32,
}

/// Where a group's transaction failed.
enum Failed {
    /// In a job: the others may do without it.
    InJob(rusqlite::Error),
    /// Before or after the jobs: it is the same for all.
    Outside(rusqlite::Error),
}

impl Scribe {
    fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP);
        let mut usual = 1;
        while let Some(first) = self.waiting.blocking_recv() {
            group.push(first);
            self.gather(&mut group, usual);
            usual = group.len();
            self.write(&mut group);
            self.tidy();
        }
        if self.unscrubbed > 0 && self.state.check().is_ok() {
            // Nobody waits any more. If this fails too, whoever opens the store next does it.
            if let Err(why) = log::empty(&self.connection(), INSISTENCE) {
                self.note(&why);
            }
        }
    }

    /// Takes what else waits, once it is as much as usual or nobody comes any more.
    fn gather(&mut self, group: &mut Vec<Box<dyn Work>>, usual: usize) {
        for _ in 0..BREATHS {
            if self.waiting.len() + 1 >= usual {
                break;
            }
            std::thread::sleep(BREATH);
        }
        while group.len() < GROUP
            && let Ok(job) = self.waiting.try_recv()
        {
            group.push(job);
        }
    }

    fn write(&self, group: &mut Vec<Box<dyn Work>>) {
        let ended = self.attempt(group);
        if let Err(Failed::InJob(_)) = &ended
            && group.len() > 1
        {
            for mut job in group.drain(..) {
                let ended = self.attempt(std::slice::from_mut(&mut job));
                job.answer(self.conclude(ended));
            }
            return;
        }
        let ended = self.conclude(ended);
        for job in group.drain(..) {
            job.answer(ended.clone());
        }
    }

    /// Everything or nothing.
    fn attempt(&self, jobs: &mut [Box<dyn Work>]) -> Result<(), Failed> {
        if self.state.check().is_err() {
            return Ok(());
        }
        let mut connection = self.connection();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Failed::Outside)?;
        for job in jobs {
            job.run(&transaction).map_err(|why| if is_io(&why) { Failed::Outside(why) } else { Failed::InJob(why) })?;
        }
        transaction.commit().map_err(Failed::Outside)
    }

    fn conclude(&self, ended: Result<(), Failed>) -> Result<(), Error> {
        let ended = ended.map_err(|(Failed::InJob(why) | Failed::Outside(why))| {
            self.note(&why);
            error_of(&why)
        });
        self.state.check()?;
        if ended.is_ok() {
            self.state.commits.send_modify(|commits| *commits += 1);
        }
        ended
    }

    /// Copies a long log into the database, and empties it after an erasure.
    fn tidy(&mut self) {
        if self.state.check().is_err() {
            return;
        }
        let connection = self.connection.clone();
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = match self.scrubs() {
            Some(patience) => log::empty(&connection, patience).map(|done| {
                // A reader still needs the log: again after the next job.
                match done.busy {
                    true => self.state.scrub.store(true, Ordering::SeqCst),
                    false => self.unscrubbed = 0,
                }
            }),
            None => log::shorten(&connection),
        };
        drop(connection);
        if let Err(why) = ended {
            self.note(&why);
        }
    }

    /// Whether the log is to be emptied now, and how long that may wait for readers.
    fn scrubs(&mut self) -> Option<Duration> {
        if !self.state.scrub.load(Ordering::SeqCst) {
            self.unscrubbed = 0;
            return None;
        }
        self.unscrubbed += 1;
        let insists = self.unscrubbed.is_multiple_of(INSIST);
        if !insists && !self.waiting.is_empty() {
            return None;
        }
        self.state.scrub.store(false, Ordering::SeqCst);
        Some(if insists { INSISTENCE } else { Duration::ZERO })
    }

    /// Stops all writing if the operating system has failed.
    fn note(&self, why: &rusqlite::Error) {
        if is_io(why) && self.state.broken.set(why.to_string()).is_ok() {
            tracing::error!(error = %why, "the disk failed; nothing is written until a restart");
            // Closing would copy the log and sync once more.
            if let Err(why) = self.connection().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
                tracing::error!(error = %why, "the log may be copied into the database when it is closed");
            }
        }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
