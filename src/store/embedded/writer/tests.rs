//! The writing thread by itself: groups, failures, and what a failed sync stops.

use std::sync::Mutex;

use super::*;

fn sqlite(code: i32) -> Fault {
    Fault::Sql(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

fn writer() -> (Writer, Shared) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
    let shared = Arc::new(Mutex::new(connection));
    (Writer::start(shared.clone()).unwrap(), shared)
}

fn add(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute("INSERT INTO t VALUES (1)", [])?;
    Ok(())
}

fn rows(shared: &Shared) -> i64 {
    shared.lock().unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

/// Four jobs that are surely of one group: they wait while the test holds the connection.
async fn grouped(second: impl FnMut(&Transaction<'_>) -> Result<(), Fault> + Send + 'static) -> Vec<i64> {
    let (writer, shared) = writer();
    let held = shared.lock().unwrap();
    let mut calls = [Box::pin(writer.write(add)), Box::pin(writer.write(add)), Box::pin(writer.write(add))];
    let mut odd = Box::pin(writer.write(second));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(calls[0].as_mut().poll(&mut context).is_pending());
    assert!(odd.as_mut().poll(&mut context).is_pending());
    assert!(calls[1].as_mut().poll(&mut context).is_pending());
    assert!(calls[2].as_mut().poll(&mut context).is_pending());
    drop(held);
    let mut answers = vec![i64::from(odd.await.is_ok())];
    for call in calls {
        answers.push(i64::from(call.await.is_ok()));
    }
    answers.push(rows(&shared));
    answers
}

#[tokio::test]
async fn a_job_that_fails_or_panics_is_rolled_back_alone() {
    let fails = |transaction: &Transaction<'_>| add(transaction).and(Err(sqlite(rusqlite::ffi::SQLITE_CONSTRAINT)));
    assert_eq!(grouped(fails).await, [0, 1, 1, 1, 3]);
    let panics = |transaction: &Transaction<'_>| add(transaction).map(|()| panic!("a bug in a job"));
    assert_eq!(grouped(panics).await, [0, 1, 1, 1, 3]);
}

#[tokio::test]
async fn a_job_that_only_answers_an_error_needs_no_second_run() {
    let mut runs = 0;
    let answers = move |_: &Transaction<'_>| {
        runs += 1;
        if runs == 1 { Err(Fault::Answer(Error::UnknownSite)) } else { Ok(()) }
    };
    assert_eq!(grouped(answers).await, [0, 1, 1, 1, 3]);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged() {
    let (writer, shared) = writer();
    writer.write(add).await.unwrap();
    let failed = writer.write(|tx| add(tx).and(Err::<(), _>(sqlite(rusqlite::ffi::SQLITE_IOERR_FSYNC)))).await;
    assert!(matches!(failed, Err(Error::Unavailable(why)) if why.contains("until a restart")));
    assert!(matches!(writer.check(), Err(Error::Unavailable(_))));
    assert!(matches!(writer.write(add).await, Err(Error::Unavailable(_))));
    assert_eq!(rows(&shared), 1);
}

#[tokio::test]
async fn what_was_handed_over_is_done_though_nobody_waits() {
    let (writer, shared) = writer();
    let held = shared.lock().unwrap();
    let mut call = Box::pin(writer.write(add));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    drop(call);
    drop(held);
    drop(writer);
    assert_eq!(rows(&shared), 1);
}
