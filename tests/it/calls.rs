//! What a request asks of Redis: every command is counted, those of scripts apart.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use moderato::store::Settings;
use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};
use crate::redis::{DURABLE, Server};
use crate::stores::Place;

/// Sees every command that a server carries out.
struct Monitor {
    lines: BufReader<TcpStream>,
    port: u16,
}

/// What was seen: how often each command came from a client, and from a script.
#[derive(Debug, Default)]
struct Seen {
    asked: BTreeMap<String, usize>,
    in_scripts: BTreeMap<String, usize>,
}

impl Monitor {
    fn of(server: &Server) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut monitor = Self { lines: BufReader::new(stream), port: server.port };
        assert_eq!(monitor.line(), "+OK");
        monitor
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.lines.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// What was seen since the last time, but for what the store does by itself: it looks who the store is, and how the
    /// server is set up.
    fn seen(&mut self) -> Seen {
        crate::redis::cli(self.port, &["ECHO", "so far"]);
        let mut seen = Seen::default();
        loop {
            let line = self.line();
            let (from, command) = line.split_once("] ").unwrap();
            if command == "\"ECHO\" \"so far\"" {
                return seen;
            }
            let mut words = command.split(' ').map(|word| word.trim_matches('"'));
            let (name, of) = (words.next().unwrap().to_uppercase(), words.next().unwrap_or_default());
            let is_look =
                name == "GET" && of.ends_with(":schema") || ["INFO", "CONFIG", "COMMAND", "CLUSTER"].contains(&&*name);
            let counted = if from.ends_with(" lua") { &mut seen.in_scripts } else { &mut seen.asked };
            *counted.entry(name).or_default() += usize::from(!is_look);
        }
    }
}

impl Seen {
    /// What clients asked for, without what was asked no time.
    fn asked(&self) -> Vec<(&str, usize)> {
        self.asked.iter().filter(|(_, times)| **times > 0).map(|(name, times)| (name.as_str(), *times)).collect()
    }

    fn calls_of_scripts(&self) -> usize {
        self.in_scripts.values().sum()
    }
}

/// Runs a test over a server of its own, with everything that happens only once behind it.
fn run_watched(test: impl AsyncFnOnce(&TestApp, &mut Monitor)) {
    let server = Server::start(&DURABLE);
    TestApp::run_at(Place::Served(Settings::at(&server.url())), async |app| {
        app.submit(&submission("The first one opens connections and loads the script.")).await;
        let mut monitor = Monitor::of(&server);
        test(app, &mut monitor).await;
    });
}

#[test]
fn a_submission_is_one_read_and_one_script() {
    run_watched(async |app, monitor| {
        app.submit(&rich(0)).await;
        monitor.seen();
        for n in 1..=20 {
            app.submit(&rich(n)).await;
        }
        let seen = monitor.seen();
        assert_eq!(seen.asked(), [("EVALSHA", 20), ("MGET", 20)]);
    });
}

#[test]
fn the_richest_comment_costs_few_calls() {
    run_watched(async |app, monitor| {
        app.submit(&rich(1)).await;
        monitor.seen();
        app.post("comments", &rich(2)).header("idempotency-key", "the-richest").send().await.expect(201);
        let seen = monitor.seen();
        println!("{seen:?}");
        assert_eq!(seen.asked(), [("EVALSHA", 1), ("MGET", 1)]);
        assert!((10..=30).contains(&seen.calls_of_scripts()), "{seen:?}");
    });
}

#[test]
fn a_retry_is_one_read() {
    run_watched(async |app, monitor| {
        let kept = app.submit(&rich(1)).await;
        monitor.seen();
        assert_eq!(app.submit(&rich(1)).await["id"], kept["id"]);
        let seen = monitor.seen();
        assert!(seen.in_scripts.is_empty(), "{seen:?}");
        assert!(seen.asked["MGET"] <= 2, "{seen:?}");
    });
}

#[test]
fn a_decision_is_a_read_and_a_script() {
    run_watched(async |app, monitor| {
        let mut held = Vec::new();
        for _ in 0..10 {
            app.pass(60);
            held.push(app.held_comment().await);
        }
        monitor.seen();
        for comment in &held {
            let path = format!("{}/reject", path_of(comment));
            app.post(&path, &json!({"reason": "spam", "actor": "ana"})).send().await.expect(200);
        }
        let seen = monitor.seen();
        println!("{seen:?}");
        assert_eq!(seen.asked(), [("EVALSHA", 10), ("MGET", 10)]);
        assert!(seen.calls_of_scripts() <= 10 * 20, "{seen:?}");
    });
}

#[test]
fn a_page_of_the_queue_costs_as_many_calls_however_long_it_is() {
    run_watched(async |app, monitor| {
        for _ in 0..60 {
            app.pass(60);
            app.held_comment().await;
        }
        monitor.seen();
        let mut costs = Vec::new();
        for limit in [1, 10, 50] {
            let page = app.get(&format!("comments?review=open&limit={limit}")).send().await.expect(200);
            assert_eq!(page.ids().len(), limit);
            costs.push(monitor.seen());
        }
        println!("{costs:?}");
        let totals: Vec<usize> = costs.iter().map(|seen| seen.asked().iter().map(|(_, times)| times).sum()).collect();
        assert!(totals.iter().all(|total| (1..=5).contains(total)), "{costs:?}");
    });
}

/// A comment that stands in every index, and is counted in every entry of the history that there is.
fn rich(n: usize) -> Value {
    with(
        &submission(&format!(
            "A sentence of its own, number {n}, with links to http://ana.example/{n}, http://ben-{n}.example, \
             http://cid-{n}.example and http://dan-{n}.example in it, for whoever writes to one@ana-{n}.example, \
             two@ana-{n}.example, three@ana-{n}.example or four@ana-{n}.example about them.",
        )),
        json!({
            "external_id": format!("ext-{n}"),
            "parent": {"external_id": "ext-0", "author": {"name": "Ben"}},
            "author": {
                "name": "Ana", "email": format!("ana-{n}@mail.example"), "account": {"provider": "site", "id": format!("account-{n}")},
                "url": "http://ana.example/",
            },
            "client": {"ip": format!("203.0.{n}.7"), "user_agent": "Mozilla/5.0"},
        }),
    )
}
