//! The demo page itself: who sees it, what it loads, and what it tells readers.

use base64_of::sha256;
use moderato::store::Error;
use serde_json::json;

use super::{ANA, POST, approve, comments, outcome, page, post, posted, read, stamp, value_of, with_fields};
use crate::app::{SPAM, TestApp, path_of, with};
use crate::broken::Broken;
use crate::page::Seen;

/// The hash of a text as a Content-Security-Policy names it.
mod base64_of {
    use data_encoding::BASE64;
    use sha2::{Digest, Sha256};

    pub fn sha256(text: &str) -> String {
        format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
    }
}

#[test]
fn it_answers_this_machine_and_once_enabled_everybody() {
    TestApp::run(async |app| {
        page(app, "?utm_source=somewhere").await;
        for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip", "cf-connecting-ip"] {
            for method in ["GET", "POST", "HEAD"] {
                let call = app.call(method, "/demo").without("authorization").header(header, "127.0.0.1");
                let answer = call.send().await;
                assert_eq!(answer.status, 404, "{method} {header}");
                let never = app.call(method, "/never").send().await;
                assert_eq!(answer.body["type"], never.body["type"]);
                assert_eq!(answer.body["detail"], never.body["detail"]);
            }
        }
    });
    TestApp::run_with("trusted_proxies = [\"127.0.0.1\"]", "", async |app| {
        let from = async |address: &str| app.get("/demo").header("x-forwarded-for", address).send().await.status;
        assert_eq!((from("203.0.113.7").await, from("127.0.0.1").await, from("::1").await), (404, 200, 200));
        assert_eq!((from("10.0.0.7").await, from("not an address").await), (404, 404));
    });
    TestApp::run_open("trusted_proxies = [\"127.0.0.1\"]", async |app| {
        app.get("/demo").header("x-forwarded-for", "203.0.113.7").send().await.expect(200);
        let call = app.call("POST", "/demo").form(&ANA).header("x-forwarded-for", "203.0.113.7");
        call.send().await.expect(303);
        assert_eq!(comments(app).await[0]["client"]["ip"], "203.0.113.7");
    });
}

#[test]
fn a_website_that_leads_its_name_to_this_machine_reaches_nothing_that_is_for_this_machine() {
    TestApp::run_with("public_url = \"https://blog.example\"", "", async |app| {
        for (host, status) in
            [("127.0.0.1:8080", 200), ("localhost:8080", 200), ("blog.example", 200), ("evil.example:8080", 404)]
        {
            let answer = app.get("/demo").without("authorization").header("host", host).send().await;
            assert_eq!(answer.status, status, "{host}");
            let metrics = app.get("/metrics").without("authorization").header("host", host).send().await;
            assert_eq!(metrics.status, if status == 200 { 200 } else { 401 }, "{host}");
        }
        let call = app.call("POST", "/demo").without("authorization").form(&ANA).header("host", "evil.example");
        call.send().await.expect(404);
        assert!(comments(app).await.is_empty());
    });
}

#[test]
fn the_page_loads_only_its_own_style_and_script_and_keeps_its_order() {
    TestApp::run_with("public_url = \"https://blog.example/moderato\"", "", async |app| {
        let answer = app.get("/demo").send().await.expect(200);
        let text = String::from_utf8(answer.bytes.clone()).unwrap();
        let between = |start: &str, end: &str| text.split_once(start).unwrap().1.split_once(end).unwrap().0;
        let (style, script) = (between("<style>", "</style>"), between("<script>", "</script>"));
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
            sha256(style),
            sha256(script)
        );
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "same-origin"));
        assert_eq!(answer.header("set-cookie"), "");
        assert!(!style.contains("url(") && !style.contains("@import"));
        let seen = Seen::of(&text);
        let inline = |name: &str| ["src", "srcset", "style"].contains(&name) || name.starts_with("on");
        assert!(!seen.attributes.iter().any(|(name, _)| inline(name)));
        assert_eq!(seen.headings.iter().filter(|level| **level == 1).count(), 1);
        assert!(seen.headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{:?}", seen.headings);
        for name in ["main", "header", "footer", "form"] {
            assert!(seen.names.contains(name), "{name}");
        }
        // Whatever path a proxy serves it under: links stay below it, but for the one that says where the outside is.
        for link in seen.values("href").into_iter().chain(seen.values("action")) {
            let is_below = link.starts_with('#') || link == "demo" || link == "docs" || link.starts_with("demo?");
            assert!(is_below || link == "https://blog.example/moderato/demo", "{link}");
        }
        // People do not see the trap, nor do their screen readers and keyboards meet it.
        let trap = seen.with_id("topic").unwrap();
        assert!(
            trap.contains(&("tabindex".to_owned(), "-1".to_owned()))
                && trap.contains(&("autocomplete".to_owned(), "off".to_owned()))
        );
        assert!(text.contains("<div class=\"trap\" aria-hidden=\"true\">"));
        for id in seen.values("for").into_iter().chain(seen.values("aria-labelledby")) {
            assert!(seen.with_id(id).is_some(), "{id}");
        }
    });
}

#[test]
fn a_comment_goes_the_way_of_a_blogs_and_is_shown_once_approved() {
    TestApp::run(async |app| {
        let stamp = stamp(app).await;
        app.pass(42);
        let fields =
            with_fields(&ANA, &[("stamp", &stamp), ("url", "ana.example"), ("comment", "One\r\ntwo\r\n\r\nthree")]);
        let call = app.call("POST", "/demo").without("authorization").form(&fields);
        let call = call.header("user-agent", "Browser/1.0").header("referer", "http://127.0.0.1/demo?status=secret#x");
        let answer = call.send().await.expect(303);
        let query = answer.header("location").split_once('?').unwrap().1.split_once('#').unwrap().0.to_owned();
        let query = format!("?{query}");
        let said = outcome(app, &query).await;
        assert!(said.contains("waiting for approval") && said.contains("first comment of everybody"), "{said}");
        let kept = comments(app).await;
        let kept = &kept[0];
        assert_eq!((&kept["status"], &kept["verdict"]["decided_by"]), (&json!("held"), &json!("first_comment")));
        assert_eq!(kept["author"]["url"], "https://ana.example");
        assert_eq!(kept["content"], "One\ntwo\n\nthree");
        assert_eq!(kept["form"], json!({"honeypot": "", "seconds": 42.0}));
        let client = json!({"ip": "127.0.0.1", "user_agent": "Browser/1.0", "referrer": "http://127.0.0.1/demo"});
        assert_eq!(kept["client"], client);
        assert_eq!(kept["post"]["id"], POST);
        assert_eq!(kept["post"]["url"], format!("{}/demo", app.address));
        assert!(!page(app, "").await.0.contains("three"));

        approve(app, kept).await;
        let said = outcome(app, &query).await;
        assert!(said.contains("is published"), "{said}");
        let (text, seen) = page(app, "").await;
        assert!(text.contains("<p dir=\"auto\">One<br>\ntwo</p>\n<p dir=\"auto\">three</p>"), "{text}");
        assert!(text.contains("1 comment") && !text.contains("ana@mail.example") && !text.contains("127.0.0.1"));
        let link =
            seen.elements.iter().find(|(_, of)| of.contains(&("href".to_owned(), "https://ana.example/".to_owned())));
        assert!(link.unwrap().1.contains(&("rel".to_owned(), "nofollow ugc noopener".to_owned())));

        app.post(&format!("{}/reject", path_of(kept)), &json!({"reason": "off_topic"}))
            .header("if-match", "2")
            .send()
            .await
            .expect(200);
        let said = outcome(app, &query).await;
        assert!(said.contains("is not published") && !said.contains("off"), "{said}");
        assert!(!page(app, "").await.0.contains("three"));
        app.call("DELETE", &path_of(kept)).send().await.expect(204);
        assert!(outcome(app, &query).await.contains("do not find"));
    });
}

#[test]
fn what_readers_are_told_is_nothing_of_rules() {
    TestApp::run(async |app| {
        let spam = posted(app, &with_fields(&ANA, &[("comment", SPAM)])).await;
        let trapped = posted(app, &with_fields(&ANA, &[("topic", "http://shop.example/")])).await;
        let links =
            "See http://a.example/1 http://b.example/2 http://c.example/3 http://d.example/4 http://e.example/5";
        let links = posted(app, &with_fields(&ANA, &[("comment", links), ("email", "b@mail.example")])).await;
        let phrase = "Great post! Feel free to visit my homepage: http://casino.example/";
        let wording = posted(app, &with_fields(&ANA, &[("comment", phrase), ("email", "c@mail.example")])).await;
        let mut rate = String::new();
        for number in 0..4 {
            let text = format!("Comment number {number}");
            rate = posted(app, &with_fields(&ANA, &[("comment", &text), ("email", "d@mail.example")])).await;
        }
        let told = [
            (spam, "is not published"),
            (trapped, "is not published"),
            (links, "comments with links"),
            (wording, "A person reads it before"),
            (rate, "within a short time"),
            ("?status=never".to_owned(), "do not find"),
            ("?status=".to_owned(), "do not find"),
        ];
        for (query, words) in told {
            let said = outcome(app, &query).await;
            assert!(said.contains(words), "{said}");
            for word in ["rule", "score", "point", "limit", "spam", "phrase", "honeypot", "threshold"] {
                assert!(!said.to_lowercase().contains(word), "{word}: {said}");
            }
        }
        let trapped = comments(app).await.into_iter().find(|one| one["form"]["honeypot"] == "http://shop.example/");
        assert_eq!(trapped.unwrap()["status"], "rejected");
    });
}

#[test]
fn while_the_store_is_away_the_post_is_there_and_no_text_is_lost() {
    for (error, status) in [
        (Error::Unavailable("disk-7".to_owned()), 503),
        (Error::Full("disk-7".to_owned()), 503),
        (Error::Damaged("disk-7".to_owned()), 500),
    ] {
        TestApp::run_over(Broken::store(error), async |app| {
            let id = "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d".parse().unwrap();
            let token = app.service.status_token(&"demo".parse().unwrap(), id).unwrap();
            let (text, seen) = page(app, &format!("?status={token}&reply={id}")).await;
            assert!(text.contains("Timothy Gowers") && text.contains("cannot be shown just now"), "{text}");
            assert!(text.contains("cannot look up your comment just now") && seen.with_id("form").is_some());
            let (text, seen) = read(post(app, &ANA).await, status);
            assert!(text.contains("but your text is still here"), "{text}");
            assert!(seen.text.contains(ANA[2].1) && value_of(&seen, "email") == ANA[1].1 && !text.contains("disk-7"));
        });
    }
}

#[test]
fn without_its_site_the_page_says_so_in_plain_words() {
    TestApp::run(async |app| {
        app.second_site("other").await;
        app.call("DELETE", "/v1/sites/demo").key(&app.operator).send().await.expect(204);
        for call in [app.get("/demo"), app.call("POST", "/demo").form(&ANA)] {
            let (text, _) = read(call.without("authorization").send().await, 404);
            assert!(text.contains("no demo here any more") && text.contains("moderato sites create demo"), "{text}");
        }
        let body = with(&json!({"id": "demo"}), json!({}));
        app.post("/v1/sites", &body).key(&app.operator).send().await.expect(201);
        page(app, "").await;
    });
}
