//! A service that is asked to stop while it works.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use moderato::clock::Stopwatch;

use super::serving::Serving;

/// The deployment's key.
const KEY: &str = "a-key-of-the-deployment-for-everything";

/// What is known of a submission: its answer, or that there was none.
enum Outcome {
    Kept(String),
    Refused(String),
    Unknown,
}

/// Quiet, because nobody reads the log before the end; without limits, because one caller sends everything.
fn serve(folder: &Path) -> Serving {
    let variables = [
        ("MODERATO__AUTH__OPERATOR_KEY", KEY),
        ("MODERATO__LOG__LEVEL", "warn"),
        ("MODERATO__LIMITS__ENABLED", "false"),
    ];
    Serving::start_with(folder, &variables)
}

fn submission(content: &str) -> String {
    let body = format!(r#"{{"post":{{"id":"1"}},"author":{{"name":"Ana"}},"content":"{content}"}}"#);
    format!(
        "POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

fn submit(address: &str, number: usize) -> Outcome {
    let asked = connect(address).and_then(|mut stream| {
        stream.write_all(submission(&format!("Thank you, {number} times.")).as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    });
    match asked {
        Ok(answer) if answer.starts_with("HTTP/1.1 201 ") => Outcome::Kept(id_of(&answer)),
        Ok(answer) if !answer.is_empty() => Outcome::Refused(answer),
        Ok(_) | Err(_) => Outcome::Unknown,
    }
}

fn id_of(answer: &str) -> String {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let comment: serde_json::Value = serde_json::from_str(body).unwrap();
    comment["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !holds() {
        assert!(watch.elapsed() < Duration::from_secs(20), "not within 20 seconds: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_was_acknowledged_while_it_was_asked_to_stop_is_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path());
    let (address, numbers, answered) = (serving.address().to_owned(), AtomicUsize::new(0), AtomicUsize::new(0));
    let caller = || {
        let mut outcomes = Vec::new();
        loop {
            let outcome = submit(&address, numbers.fetch_add(1, Ordering::Relaxed));
            let unknown = matches!(outcome, Outcome::Unknown);
            outcomes.push(outcome);
            answered.fetch_add(1, Ordering::Relaxed);
            if unknown {
                return outcomes;
            }
        }
    };
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(caller)).collect();
        until("a hundred answers", || answered.load(Ordering::Relaxed) >= 100);
        serving.stop().ends(0);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let (mut kept, mut unknown) = (Vec::new(), 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Kept(id) => kept.push(id),
            Outcome::Refused(answer) => assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}"),
            Outcome::Unknown => unknown += 1,
        }
    }
    assert!(kept.len() >= 92, "{} of the first hundred", kept.len());

    let again = serve(folder.path());
    let (_, found) = again.line("data").split_once("found again: 1 site, ").unwrap();
    let found: usize = found.split(' ').next().unwrap().replace(',', "").parse().unwrap();
    assert!((kept.len()..=kept.len() + unknown).contains(&found), "{found} of {} and {unknown}", kept.len());
    for id in kept {
        let head = format!("GET /v1/sites/demo/comments/{id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let answer = again.ask(&format!("{head}Authorization: Bearer {KEY}\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{id}: {answer}");
    }
}

#[test]
fn a_request_that_has_begun_is_answered_after_it_was_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let serving = serve(folder.path());
    // So many bytes have ten seconds, and this needs few of them.
    let request = submission(&"Thank you very much. ".repeat(250));
    let (begun, rest) = request.split_at(request.len() - 10);
    let mut stream = connect(serving.address()).unwrap();
    stream.write_all(begun.as_bytes()).unwrap();
    until("two requests are being answered: this one, and the question", || {
        let answer = serving.ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        answer.lines().any(|line| line == "moderato_http_requests_in_flight 2")
    });
    serving.ask_to_stop();
    until("nobody else is let in", || connect(serving.address()).is_err());
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    serving.end().ends(0);
    let again = serve(folder.path());
    assert!(again.line("data").contains("found again: 1 site, 1 comment,"), "{}", again.lines);
}

#[test]
fn after_an_orderly_end_there_is_the_database_alone_and_no_log_of_it() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..12 {
        let serving = serve(folder.path());
        assert!(matches!(submit(serving.address(), round), Outcome::Kept(_)));
        serving.stop().ends(0);
        for side in ["moderato.db-wal", "moderato.db-shm"] {
            assert!(!folder.path().join("data").join(side).exists(), "{side} is left behind in round {round}");
        }
    }
}
