//! Erasure: a person with unmistakable data is found everywhere before it, and nowhere after it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use moderato::clock::Stopwatch;
use moderato::domain::CommentRef;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, path_of, submission, with};
use crate::contract::CONTRACT;
use crate::log::{keep_log, whole_log};
use crate::matrix::requests::{Request, Things};
use crate::stores::open_store;

const MAIL: &str = "zephyrine.q@canary-mail.example";
const NAME: &str = "Zephyrine Quillfeather";
const WEBSITE: &str = "https://zephyrine-website.example/";
const ADDRESS: &str = "203.0.113.77";
const AGENT: &str = "ZephyrBrowser/7.7";
const ACCOUNT: &str = "zephyr-account-7";
const WORDS: &str = "quixotrophic marmalade";

/// Everything that names the person or repeats what they said.
const CANARIES: [&str; 7] = [MAIL, NAME, WEBSITE, ADDRESS, AGENT, ACCOUNT, WORDS];

/// A comment by the person.
fn theirs(author: Value, external: &str) -> Value {
    let own = with(&json!({"name": NAME, "url": WEBSITE}), author);
    let parts = json!({
        "author": own, "external_id": external, "client": {"ip": ADDRESS, "user_agent": AGENT},
        "post": {"id": format!("post-of-{external}")}
    });
    with(&submission(&format!("A {WORDS} for everybody, see http://zephyrine-link.example/ in {external}")), parts)
}

/// A comment by somebody else.
fn others(external: &str, text: &str) -> Value {
    let author = json!({"name": "Ben", "email": format!("{external}@mail.example")});
    with(&submission(text), json!({"author": author, "external_id": external}))
}

/// The same, with what it answers quoted.
fn reply(external: &str, parent: Value) -> Value {
    let quoted = with(&json!({"author": {"name": NAME}, "content": format!("A {WORDS}")}), parent);
    with(&others(external, "I would not say so."), json!({ "parent": quoted }))
}

/// Sends every GET that `openapi.yaml` has, bare and with each of its parameters, to this site.
async fn walk(app: &TestApp, site: &str, things: &Things) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for one in CONTRACT.operations().iter().filter(|one| one.method == "GET") {
        for request in Request::all(one, things) {
            answers.push((format!("{request:?}"), request.send(app, site, Some(&app.operator)).await));
        }
    }
    answers
}

/// Which of these texts stand in which answers.
fn told(answers: &[(String, Answer)], texts: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, answer) in answers {
        let whole = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.bytes));
        let hits = texts.iter().filter(|text| whole.contains(**text));
        found.extend(hits.map(|text| (at.clone(), (*text).to_owned())));
    }
    found
}

/// Which of these texts stand in which files of a directory.
fn in_files(directory: &Path, texts: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let stands = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found.extend(texts.iter().filter(stands).map(|text| (path.display().to_string(), (*text).to_owned())));
    }
    found
}

/// Waits until none of these texts stands in any file. Where somebody read while they were erased, the log is emptied after
/// a later write, and housekeeping (every minute; here at once) is one.
async fn until_clean(app: &TestApp, directory: &Path, texts: &[&str]) {
    let waiting = Stopwatch::start();
    loop {
        let found = in_files(directory, texts);
        if found.is_empty() {
            return;
        }
        assert!(waiting.elapsed() < Duration::from_secs(10), "{found:?}");
        app.service.expire_all().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the walk asks about: the comments, and all that a filter can name of the person.
async fn things(app: &TestApp, comments: &[Value], key: &str) -> Things {
    let page = app.get("comments?limit=1").send().await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let values = [
        ("author", key.to_owned()),
        ("cursor", text(&page.body["next"])),
        ("external_id", "z-guest".to_owned()),
        ("post", "post-of-z-guest".to_owned()),
        ("ip", "203.0.113.0/24".to_owned()),
        ("host", "zephyrine-link.example".to_owned()),
        ("q", WORDS.to_owned()),
        ("rule", "link_count".to_owned()),
        ("since", "2026-01-01T00:00:00Z".to_owned()),
        ("until", "2027-01-01T00:00:00Z".to_owned()),
        ("review", "open".to_owned()),
        ("after", "0-0".to_owned()),
        ("wait", "0".to_owned()),
        ("If-None-Match", "\"77\"".to_owned()),
    ];
    Things { comments: comments.iter().map(|comment| text(&comment["id"])).collect(), values: values.into() }
}

#[test]
fn a_forgotten_person_is_in_no_answer_no_log_no_number_and_no_file() {
    keep_log();
    let directory = tempfile::tempdir().unwrap();
    TestApp::run_over(open_store(directory.path()), async |app| {
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let account = json!({"provider": "github", "id": ACCOUNT, "verified": true});
        let mut own = Vec::new();
        for (author, external) in [
            (json!({"email": MAIL}), "z-guest"),
            (json!({"email": MAIL.to_uppercase()}), "z-guest-2"),
            (json!({"email": MAIL, "account": account}), "z-both"),
            (json!({"account": account}), "z-account"),
        ] {
            let call = app.post("comments", &theirs(author, external)).header("idempotency-key", external);
            own.push(call.send().await.expect(201).body);
        }
        let wish = json!({"reason": "abuse", "note": format!("{NAME} again"), "actor": "Ana"});
        app.post("comments/ext:z-guest-2/reject", &wish).send().await.expect(200);
        let unrelated = app.submit(&others("unrelated", "Something else entirely.")).await;
        let replies = [
            app.submit(&reply("by-id", json!({"id": own[0]["id"]}))).await,
            app.submit(&reply("by-name", json!({"external_id": "z-both"}))).await,
            app.submit(&reply("by-both", json!({"id": own[3]["id"], "external_id": "z-account"}))).await,
        ];
        let other = app.second_site("other").await;
        let elsewhere = "/v1/sites/other/comments";
        let there = theirs(json!({"email": MAIL, "account": account}), "z-there");
        app.post(elsewhere, &there).key(&other).send().await.expect(201);
        let state_elsewhere = app.get(elsewhere).key(&other).send().await.expect(200).body;

        let key = async |known: Value| {
            let found = app.post("authors/lookup", &known).send().await.expect(200);
            found.body["key"].as_str().unwrap().to_owned()
        };
        let by_mail = key(json!({"email": MAIL})).await;
        let by_account = key(json!({"account": {"provider": "github", "id": ACCOUNT}})).await;
        let texts = [&CANARIES[..], &[&by_mail, &by_account]].concat();

        // The control: before, all of it is there.
        let by_mail_things = things(app, &own, &by_mail).await;
        let before = walk(app, "demo", &by_mail_things).await;
        let found = told(&before, &texts);
        assert!(!found.iter().any(|(at, _)| at.contains("/metrics")), "{found:?}");
        for text in &texts {
            assert!(found.iter().any(|(_, found)| found == text), "{text} is in no answer to begin with");
            assert!(!in_files(directory.path(), &[text]).is_empty(), "{text} is in no file to begin with");
        }

        let gone = app.call("DELETE", &format!("authors/{by_mail}")).send().await.expect(200);
        assert_eq!(gone.body, json!({"comments": 3}), "as a guest twice, and signed in with the address");
        let left = app.get("comments?limit=100").send().await.expect(200);
        assert!(
            left.ids().contains(&own[3]["id"].as_str().unwrap().to_owned()),
            "without the address it is not theirs"
        );
        let gone = app.call("DELETE", &format!("authors/{by_account}")).send().await.expect(200);
        assert_eq!(gone.body, json!({"comments": 1}));

        // At once: the key of the other site's comment is the same, and is in no answer of this one.
        for key in [&by_mail, &by_account] {
            let things = Things { comments: by_mail_things.comments.clone(), values: by_mail_things.values.clone() };
            let mut values = things.values;
            values.insert("author", key.clone());
            let after = walk(app, "demo", &Things { values, ..things }).await;
            assert_eq!(told(&after, &texts), []);
            app.call("DELETE", &format!("authors/{key}")).send().await.problem(404, "unknown_author");
        }
        for comment in &own {
            let external = comment["external_id"].as_str().unwrap();
            let author = json!({"email": MAIL});
            for call in [
                app.post("comments", &theirs(author.clone(), external)),
                app.post("comments", &theirs(author, external)).header("idempotency-key", external),
            ] {
                let late = call.send().await.problem(410, "erased");
                assert_eq!(late.body["comment"], comment["id"]);
            }
        }

        // What is not theirs is as it was; replies have lost what they quoted, and nothing else.
        assert_eq!(app.get(&path_of(&unrelated)).send().await.expect(200).body, unrelated);
        for reply in replies {
            let now = app.get(&path_of(&reply)).send().await.expect(200);
            let mut expected = reply.clone();
            let parent = expected["parent"].as_object_mut().unwrap();
            assert!(parent.remove("author").is_some() && parent.remove("content").is_some());
            assert_eq!(now.body, expected);
        }
        assert_eq!(app.get(elsewhere).key(&other).send().await.expect(200).body, state_elsewhere);

        // In the other site they are still known, and can be forgotten as well. Then no file has them.
        for key in [by_account.as_str(), &by_mail] {
            let path = format!("/v1/sites/other/authors/{key}");
            let gone = app.call("DELETE", &path).key(&other).send().await;
            assert_eq!(gone.status, if key == by_account { 200 } else { 404 }, "{key}");
        }
        until_clean(app, directory.path(), &texts).await;
        for key in [by_mail.as_str(), &by_account] {
            let raw = data_encoding::HEXLOWER.decode(key.as_bytes()).unwrap();
            for file in fs::read_dir(directory.path()).unwrap() {
                let bytes = fs::read(file.unwrap().path()).unwrap();
                assert!(!bytes.windows(raw.len()).any(|window| window == raw), "a file has the token {key}");
            }
        }
        let log = whole_log();
        for text in &texts {
            assert!(!log.contains(text), "{text} is in the log");
        }
    });
}

#[test]
fn one_erased_comment_is_in_no_answer_and_no_file_either() {
    let directory = tempfile::tempdir().unwrap();
    TestApp::run_over(open_store(directory.path()), async |app| {
        let own = [app.submit(&theirs(json!({"email": MAIL}), "z-guest")).await];
        app.submit(&reply("by-id", json!({"id": own[0]["id"]}))).await;
        app.submit(&others("unrelated", "Something else entirely.")).await;
        let key = own[0]["author"]["id"].as_str().unwrap();
        let things = things(app, &own, key).await;
        let texts = [MAIL, NAME, WEBSITE, ADDRESS, AGENT, WORDS, key];
        assert!(!told(&walk(app, "demo", &things).await, &texts).is_empty());
        app.call("DELETE", &path_of(&own[0])).send().await.expect(204);
        assert_eq!(told(&walk(app, "demo", &things).await, &texts), []);
        app.get(&format!("authors/{key}")).send().await.problem(404, "unknown_author");
        until_clean(app, directory.path(), &texts).await;
    });
}

#[test]
fn what_a_key_was_used_for_does_not_tell_what_an_erased_comment_said() {
    let directory = tempfile::tempdir().unwrap();
    TestApp::run_over(open_store(directory.path()), async |app| {
        let comment = theirs(json!({"email": MAIL}), "z-guest");
        let submit = || app.call("POST", "comments").header("Idempotency-Key", "once").json(&comment);
        let sent = submit().send().await.expect(201).body;
        assert_eq!(submit().send().await.expect(201).body["id"], sent["id"]);
        let id = CommentRef::Id(sent["id"].as_str().unwrap().parse().unwrap());
        let kept = app.service.comment(&"demo".parse().unwrap(), &id).await.unwrap();
        // Whoever guesses the comment can make the fingerprint, and see that the guess is right.
        let fingerprint = kept.fingerprint.as_str();
        assert!(!in_files(directory.path(), &[fingerprint]).is_empty());
        app.call("DELETE", &path_of(&sent)).send().await.expect(204);
        until_clean(app, directory.path(), &[fingerprint]).await;
        submit().send().await.problem(410, "erased");
    });
}

#[test]
fn a_purged_comment_and_its_cut_address_are_in_no_file() {
    let directory = tempfile::tempdir().unwrap();
    TestApp::run_over(open_store(directory.path()), async |app| {
        app.submit(&theirs(json!({"email": MAIL}), "z-guest")).await;
        app.call("POST", "comments/ext:z-guest/reject").json(&json!({"reason": "spam"})).send().await.expect(200);
        assert!(!in_files(directory.path(), &[ADDRESS]).is_empty());
        app.pass_days(7);
        app.expire("demo").await;
        until_clean(app, directory.path(), &[ADDRESS]).await;
        assert!(!in_files(directory.path(), &[MAIL]).is_empty(), "only the address has had its time");
        app.pass_days(8);
        app.expire("demo").await;
        until_clean(app, directory.path(), &[MAIL, NAME, WEBSITE, AGENT, WORDS]).await;
    });
}

#[test]
fn replies_do_not_quote_a_forgotten_person_whose_comment_was_purged_before() {
    let directory = tempfile::tempdir().unwrap();
    TestApp::run_over(open_store(directory.path()), async |app| {
        let comment = app.submit(&theirs(json!({"email": MAIL}), "z-guest")).await;
        app.post(&format!("{}/approve", path_of(&comment)), &json!({})).send().await.expect(200);
        app.pass_days(80);
        let by_id = app.submit(&reply("by-id", json!({"id": comment["id"]}))).await;
        let by_name = app.submit(&reply("by-name", json!({"external_id": "z-guest"}))).await;
        app.pass_days(10);
        assert_eq!(app.expire("demo").await.purged, 1);
        let path = format!("authors/{}", comment["author"]["id"].as_str().unwrap());
        let page = app.get(&format!("{path}/export")).send().await.expect(200);
        assert_eq!((page.ids().len(), &page.body["author"]["remembered"]["approved"]), (0, &json!(1)));
        assert!(!in_files(directory.path(), &[NAME, WORDS]).is_empty());
        assert_eq!(app.call("DELETE", &path).send().await.expect(200).body, json!({"comments": 0}));
        for (reply, parent) in [(by_id, json!({"id": comment["id"]})), (by_name, json!({"external_id": "z-guest"}))] {
            assert_eq!(app.get(&path_of(&reply)).send().await.expect(200).body["parent"], parent);
        }
        app.get(&path).send().await.problem(404, "unknown_author");
        until_clean(app, directory.path(), &[NAME, WORDS, MAIL]).await;
    });
}

#[test]
fn a_person_who_writes_while_they_are_forgotten_is_new_or_gone() {
    TestApp::run(async |app| {
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let batch = |from: usize| {
            let one = |n: usize| theirs(json!({"email": MAIL}), &format!("z-{n}"));
            json!({"do": "submit", "submissions": (from..from + 50).map(one).collect::<Vec<_>>()})
        };
        for from in (0..250).step_by(50) {
            app.post("comments/batch", &batch(from)).send().await.expect(200);
        }
        let found = app.post("authors/lookup", &json!({"email": MAIL})).send().await.expect(200);
        let path = format!("authors/{}", found.body["key"].as_str().unwrap());
        let forgetting = app.call("DELETE", &path).send();
        let (gone, more) = tokio::join!(forgetting, app.post("comments/batch", &batch(250)).send());
        more.expect(200);
        let gone = gone.expect(200).body["comments"].as_u64().unwrap();
        assert!((250..=300).contains(&gone), "{gone}");
        // What came in later is all there is, and every count agrees with it.
        let counts = app.get("/v1/sites/demo").send().await.expect(200).body["counts"].clone();
        let total: u64 = ["approved", "held", "rejected"].iter().map(|name| counts[*name].as_u64().unwrap()).sum();
        assert_eq!(total, 300 - gone);
        let again = app.call("DELETE", &path).send().await;
        assert_eq!(again.status, if total > 0 { 200 } else { 404 });
        app.get(&path).send().await.problem(404, "unknown_author");
    });
}
