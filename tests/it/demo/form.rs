//! What is typed into the demo page's form, and what comes of it.

use moderato::domain::Quota;
use serde_json::Value;

use super::{ANA, comments, outcome, page, post, posted, read, stamp, value_of, with_fields};
use crate::app::{TestApp, path_of};

#[test]
fn the_same_form_again_is_the_same_comment() {
    TestApp::run(async |app| {
        let first = stamp(app).await;
        let fields = with_fields(&ANA, &[("stamp", &first)]);
        let query = posted(app, &fields).await;
        app.pass(1);
        assert_eq!(posted(app, &fields).await, query);
        assert_eq!(comments(app).await.len(), 1);
        let twice = with_fields(&fields, &[("comment", "Twice at once.")]);
        let (one, other) = tokio::join!(posted(app, &twice), posted(app, &twice));
        assert_eq!(one, other);
        // Another text on the same form, and the same text on another form, are other comments.
        posted(app, &with_fields(&fields, &[("comment", "Something else.")])).await;
        let second = stamp(app).await;
        posted(app, &with_fields(&fields, &[("stamp", &second)])).await;
        assert_eq!(comments(app).await.len(), 4);
        // What was erased does not come back by a late click.
        let kept = comments(app).await.into_iter().find(|one| one["content"] == "Something else.").unwrap();
        app.call("DELETE", &path_of(&kept)).send().await.expect(204);
        let late = posted(app, &with_fields(&fields, &[("comment", "Something else.")])).await;
        assert!(outcome(app, &late).await.contains("do not find"));
        assert_eq!(comments(app).await.len(), 3);
    });
}

#[test]
fn a_stamp_that_is_not_ours_tells_nothing_and_costs_nobody_a_comment() {
    TestApp::run(async |app| {
        let good = stamp(app).await;
        let mut forged = good.clone().into_bytes();
        forged[9] = if forged[9] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let seconds = async |stamp: &str, text: &str| {
            posted(app, &with_fields(&ANA, &[("stamp", stamp), ("comment", text)])).await;
            comments(app).await.into_iter().find(|one| one["content"] == text).unwrap()["form"]["seconds"].clone()
        };
        app.pass(7);
        assert_eq!(seconds(&good, "ours").await, 7.0);
        for (number, wrong) in [forged.as_str(), "", "a", &good[..20], &format!("{good}AAAA")].iter().enumerate() {
            assert_eq!(seconds(wrong, &format!("wrong {number}")).await, Value::Null, "{wrong}");
        }
        TestApp::run_beside(async |elsewhere| {
            let foreign = stamp(elsewhere).await;
            assert_eq!(seconds(&foreign, "of another store").await, Value::Null);
        })
        .await;
        app.pass(24 * 60 * 60 - 7);
        assert_eq!(seconds(&good, "after a day").await, 86_400.0);
        app.pass(1);
        assert_eq!(seconds(&good, "after more than a day").await, Value::Null);
    });
}

#[test]
fn faults_stand_beside_their_fields_and_what_was_typed_stays() {
    TestApp::run(async |app| {
        let long = "x".repeat(7_001);
        let name = "N".repeat(246);
        let fields = [
            ("name", name.as_str()),
            ("email", "nobody"),
            ("url", "javascript:alert(1)"),
            ("comment", &long),
            ("stamp", "kept?"),
        ];
        let (text, seen) = read(post(app, &fields).await, 422);
        assert!(text.contains("7001 characters, and 7000 fit"), "{text}");
        assert_eq!((value_of(&seen, "name"), value_of(&seen, "email")), (name.clone(), "nobody".to_owned()));
        assert!(seen.text.contains(&long));
        for field in ["comment", "name", "email", "url"] {
            let marks = seen.with_id(field).unwrap();
            assert!(marks.contains(&("aria-invalid".to_owned(), "true".to_owned())), "{field}");
            let described = &marks.iter().find(|(name, _)| name == "aria-describedby").unwrap().1;
            assert!(described.starts_with(&format!("{field}-fault")), "{described}");
            assert!(described.split(' ').all(|id| seen.with_id(id).is_some()), "{described}");
        }
        let summary = seen.with_id("summary").unwrap();
        for (name, value) in [("role", "alert"), ("tabindex", "-1"), ("autofocus", "")] {
            assert!(summary.contains(&(name.to_owned(), value.to_owned())), "{name}");
        }
        let (text, _) = read(post(app, &[("name", "Ana"), ("comment", "\r\n  ")]).await, 422);
        assert!(text.contains("Please write a comment.") && text.contains("Please give your e-mail address"), "{text}");
        // A good stamp stays, so that the form knows how long it took.
        let stamp = stamp(app).await;
        let (_, seen) = read(post(app, &[("name", "Ana"), ("stamp", &stamp)]).await, 422);
        assert_eq!(value_of(&seen, "stamp"), stamp);
        assert!(comments(app).await.is_empty());
    });
}

#[test]
fn whatever_else_is_sent_is_refused_with_a_page() {
    TestApp::run(async |app| {
        let form = "application/x-www-form-urlencoded";
        let most = format!("comment={}", "x".repeat(96 * 1024));
        let cases = [
            (form, "name=a&name=b", 422),
            (form, "nickname=a", 422),
            (form, "comment=%FF%FE", 422),
            ("application/json", "{}", 422),
            ("multipart/form-data; boundary=x", "--x--", 422),
            ("", "name=a", 422),
            (form, most.as_str(), 413),
        ];
        for (kind, body, status) in cases {
            let call = app.call("POST", "/demo").text(body).without("content-type").header("content-type", kind);
            let (text, _) = read(call.send().await, status);
            assert!(text.contains("cannot be read") && !text.contains("urn:moderato"), "{text}");
        }
        for (header, says) in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://other.example")]
        {
            let call = app.call("POST", "/demo").form(&ANA).header(header, says);
            let (text, seen) = read(call.send().await, 422);
            assert!(text.contains("from another website") && seen.text.contains(ANA[2].1), "{text}");
        }
        assert!(comments(app).await.is_empty());
    });
}

#[test]
fn over_a_limit_the_page_says_how_long_to_wait_and_keeps_the_text() {
    TestApp::run(async |app| {
        let strict = Quota { count: 1, seconds: 90, burst: 1 };
        app.reconfigure(|it| it.limits.site = strict).await;
        posted(app, &ANA).await;
        let answer = post(app, &with_fields(&ANA, &[("comment", "My second thought.")])).await;
        assert_eq!(answer.header("retry-after"), "90");
        let (text, seen) = read(answer, 429);
        assert!(text.contains("Please wait 90 seconds") && seen.text.contains("My second thought."), "{text}");
        assert!(seen.with_id("summary").is_some());
        app.pass(90);
        app.reconfigure(|it| it.limits.public = strict).await;
        page(app, "").await;
        for call in [app.get("/demo"), app.call("POST", "/demo").form(&ANA)] {
            let (text, _) = read(call.send().await, 429);
            assert!(text.contains("Please wait 90 seconds"), "{text}");
        }
    });
}
