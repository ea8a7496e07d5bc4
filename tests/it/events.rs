//! The feed: every change once, in order, without content.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission, with};
use crate::broken::Broken;

fn kinds(feed: &Value) -> Vec<&str> {
    feed["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn every_change_is_told_once_in_order_and_without_content() {
    TestApp::run(async |app| {
        let comment = app.submit(&with(&submission("Secret words."), json!({"client": {"ip": "203.0.113.77"}}))).await;
        let path = path_of(&comment);
        app.call("PUT", &format!("{path}/external")).json(&json!({"external_id": "88"})).send().await.expect(200);
        let wish = json!({"reason": "abuse", "note": "Secret note.", "actor": "Ben"});
        app.post(&format!("{path}/reject"), &wish).send().await.expect(200);
        app.call("POST", &format!("{path}/withdraw")).send().await.expect(200);
        app.call("DELETE", &path).send().await.expect(204);
        let feed = app.get("events").send().await.expect(200);
        let expected = ["submitted", "linked", "decided", "withdrawn", "erased"].map(|kind| format!("comment.{kind}"));
        assert_eq!(kinds(&feed.body), expected);
        for (place, event) in feed.body["items"].as_array().unwrap().iter().enumerate() {
            assert_eq!(event["comment"], comment["id"]);
            assert!(event["version"].as_u64().unwrap() > 3.min(place as u64), "{event}");
        }
        let decided = &feed.body["items"][2];
        assert_eq!(
            (&decided["decision"], &decided["reason"], &decided["actor"]),
            (&json!("reject"), &json!("abuse"), &json!("Ben"))
        );
        let text = String::from_utf8(feed.bytes.clone()).unwrap();
        for hidden in ["Secret", "ana@mail.example", "203.0.113.77"] {
            assert!(!text.contains(hidden), "{hidden}");
        }
    });
}

#[test]
fn the_feed_is_read_on_from_where_one_was() {
    TestApp::run(async |app| {
        for _ in 0..5 {
            app.held_comment().await;
        }
        let (mut seen, mut after) = (Vec::new(), String::from("0-0"));
        loop {
            let page = app.get(&format!("events?after={after}&limit=2")).send().await.expect(200);
            let ids = page.ids();
            let next = page.body["next"].as_str().unwrap().to_owned();
            if ids.is_empty() {
                assert_eq!(next, after);
                break;
            }
            assert_eq!(ids.last(), Some(&next));
            seen.extend(ids);
            after = next;
        }
        assert_eq!(seen.len(), 5);
    });
}

#[test]
fn a_waiting_reader_is_woken_by_news() {
    TestApp::run(async |app| {
        let reading = app.get("events?wait=5").send();
        let (feed, comment) = tokio::join!(reading, app.held_comment());
        assert_eq!(feed.expect(200).body["items"][0]["comment"], comment["id"]);
    });
}

#[test]
fn who_finds_no_place_to_wait_is_answered_at_once() {
    const PLACES: usize = 256;
    const MORE: usize = 3;
    TestApp::run(async |app| {
        let readers = (0..PLACES + MORE).map(|_| app.get("events?wait=5").send());
        let mut readers: FuturesUnordered<_> = readers.collect();
        for _ in 0..MORE {
            let first = readers.next().await.unwrap().expect(200);
            assert!(first.ids().is_empty(), "nothing has happened yet");
        }
        app.held_comment().await;
        while let Some(woken) = readers.next().await {
            assert_eq!(woken.expect(200).ids().len(), 1);
        }
    });
}

#[test]
fn what_happens_elsewhere_does_not_make_a_waiting_reader_read_without_end() {
    let store = Broken::empty_sites();
    TestApp::run_over(store.clone(), async |app| {
        let busy = async {
            loop {
                store.changes.send_modify(|changes| *changes += 1);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let reading = app.get("events?wait=1").key(&app.operator).send();
        tokio::select! {
            answer = reading => assert!(answer.expect(200).ids().is_empty()),
            () = busy => {}
        }
    });
    let reads = store.reads.load(Relaxed);
    assert!((2..=25).contains(&reads), "{reads} reads in a second");
}

#[test]
fn a_feed_is_not_asked_for_nonsense() {
    TestApp::run(async |app| {
        let cases = [
            ("after=yesterday", "after", "invalid_event"),
            ("limit=0", "limit", "out_of_range"),
            ("limit=501", "limit", "out_of_range"),
            ("wait=6", "wait", "out_of_range"),
            ("wait=-1", "wait", "out_of_range"),
            ("until=1-0", "until", "unknown_parameter"),
        ];
        for (query, parameter, code) in cases {
            let answer = app.get(&format!("events?{query}")).send().await.problem(422, "invalid");
            assert_eq!(answer.faults(), [(format!("query:{parameter}"), code.to_owned())], "{query}");
        }
    });
}
