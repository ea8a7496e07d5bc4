//! The demo page without a browser: who sees it, what it shows, and how its form becomes a comment.

use base64_of::sha256;
use moderato::domain::Quota;
use moderato::store::Error;
use serde_json::{Value, json};

use crate::app::{Answer, SPAM, TestApp, path_of, with};
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

const POST: &str = "keep-the-comments";

/// What a reader fills in.
const ANA: [(&str, &str); 3] = [("name", "Ana"), ("email", "ana@mail.example"), ("comment", "I was there in 2009.")];

/// The page, and what it is made of.
async fn page(app: &TestApp, query: &str) -> (String, Seen) {
    let answer = app.get(&format!("/demo{query}")).without("authorization").send().await.expect(200);
    let text = String::from_utf8(answer.bytes).unwrap();
    let seen = Seen::of(&text);
    (text, seen)
}

/// A page that came instead.
fn read(answer: Answer, status: u16) -> (String, Seen) {
    let text = String::from_utf8(answer.expect(status).bytes).unwrap();
    let seen = Seen::of(&text);
    (text, seen)
}

async fn post(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    app.call("POST", "/demo").without("authorization").form(fields).send().await
}

/// The fields with others put in their place or added.
fn with_fields<'a>(fields: &[(&'a str, &'a str)], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name));
    kept.chain(others).copied().collect()
}

/// Posts, and answers the query that tells what became of it.
async fn posted(app: &TestApp, fields: &[(&str, &str)]) -> String {
    let answer = post(app, fields).await.expect(303);
    let location = answer.header("location");
    assert!(location.starts_with("demo?status=") && location.ends_with("#outcome"), "{location}");
    location["demo".len()..location.len() - "#outcome".len()].to_owned()
}

/// What the page says of the visitor's comment.
async fn outcome(app: &TestApp, query: &str) -> String {
    let (text, seen) = page(app, query).await;
    assert!(seen.with_id("outcome").is_some(), "{text}");
    let start = text.find("<h2 id=\"outcome-title\">").unwrap();
    text[start..start + text[start..].find("</section>").unwrap()].to_owned()
}

fn value_of(seen: &Seen, name: &str) -> String {
    let named =
        |attributes: &Vec<(String, String)>| attributes.iter().any(|(key, value)| key == "name" && value == name);
    let (_, found) = seen.elements.iter().find(|(_, attributes)| named(attributes)).unwrap();
    found.iter().find(|(key, _)| key == "value").map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The stamp of a form that is delivered now.
async fn stamp(app: &TestApp) -> String {
    value_of(&page(app, "").await.1, "stamp")
}

/// Every comment of the site, newest first.
async fn comments(app: &TestApp) -> Vec<Value> {
    app.get("comments?sort=newest&limit=100").send().await.expect(200).body["items"].as_array().unwrap().clone()
}

async fn approve(app: &TestApp, comment: &Value) {
    app.call("POST", &format!("{}/approve", path_of(comment))).send().await.expect(200);
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
fn no_field_becomes_markup_wherever_it_is_shown() {
    let hostile = [
        "<script>canary()</script>",
        "\"><img src=x onerror=canary()>",
        "' onfocus='canary()' autofocus='",
        "</textarea><script>canary()</script>",
        "</title><script>canary()</script><!--",
        "&lt;script&gt;canary()",
        "\u{202e}canary\u{0}\u{1f986}",
    ];
    TestApp::run(async |app| {
        app.reconfigure(|it| it.limits.enabled = false).await;
        let clean = page(app, "").await.1;
        let is_clean = |seen: &Seen, at: &str| {
            let scripts = |seen: &Seen| seen.elements.iter().filter(|(name, _)| name == "script").count();
            assert_eq!(scripts(seen), scripts(&clean), "{at}");
            assert!(!seen.names.contains("img"), "{at}");
            assert!(!seen.attributes.iter().any(|(name, _)| name.starts_with("on")), "{at}");
        };
        for text in hostile {
            for field in ["name", "email", "url", "comment", "topic", "parent", "stamp"] {
                let fields = with_fields(&ANA, &[(field, text)]);
                let answer = post(app, &fields).await;
                if answer.status == 422 {
                    is_clean(&read(answer, 422).1, field);
                }
                // And with nothing else, which always comes back.
                is_clean(&read(post(app, &[(field, text)]).await, 422).1, field);
            }
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            is_clean(&page(app, &format!("?status={encoded}&reply={encoded}")).await.1, text);
        }
        // Over REST a blog may send even more.
        let urls = [
            "javascript:canary()",
            "data:text/html,<script>canary()</script>",
            "https://a.example/\"><script>canary()</script>",
        ];
        for (text, url) in hostile.iter().zip(urls.iter().cycle()) {
            let author = json!({"name": text, "email": "canary-mail@mail.example", "url": url, "role": "staff"});
            let body = json!({"post": {"id": POST}, "author": author, "content": text});
            let comment = app.submit(&body).await;
            assert_eq!(comment["status"], "approved");
            let (shown, seen) = page(app, &format!("?reply={}", comment["id"].as_str().unwrap())).await;
            is_clean(&seen, text);
            assert!(
                seen.values("href").iter().all(|link| !link.starts_with("javascript") && !link.starts_with("data"))
            );
            assert!(!shown.contains("canary-mail"));
        }
    });
}

#[test]
fn replies_stand_below_what_they_answer_three_deep() {
    TestApp::run(async |app| {
        app.reconfigure(|it| it.limits.enabled = false).await;
        let mut parent = None;
        let mut ids = Vec::new();
        for depth in 0..5 {
            let query = parent.as_ref().map(|id| format!("?reply={id}")).unwrap_or_default();
            let (text, seen) = page(app, &query).await;
            if depth > 0 {
                assert!(text.contains("Reply to <bdi>Ana</bdi>") && text.contains("Cancel reply"), "{text}");
            }
            let (answers, stamp) = (value_of(&seen, "parent"), value_of(&seen, "stamp"));
            assert_eq!(answers, parent.clone().unwrap_or_default());
            let words = format!("Depth {depth}.");
            posted(app, &with_fields(&ANA, &[("comment", &words), ("parent", &answers), ("stamp", &stamp)])).await;
            app.pass(60);
            let comment = comments(app).await[0].clone();
            assert_eq!(comment["parent"]["id"].as_str(), parent.as_deref());
            if comment["status"] == "held" {
                approve(app, &comment).await;
            }
            ids.push(comment["id"].as_str().unwrap().to_owned());
            parent = ids.last().cloned();
        }
        let (text, seen) = page(app, "").await;
        assert!(text.contains("5 comments"), "{text}");
        let (mut depth, mut depths) = (0, Vec::new());
        for part in text.split_inclusive('>') {
            if part.ends_with("<ol class=\"thread\">") {
                depth += 1;
            } else if part.ends_with("</ol>") {
                depth -= 1;
            } else if part.contains("class=\"comment\"") {
                depths.push(depth);
            }
        }
        assert_eq!(depths, [1, 2, 3, 3, 3]);
        assert!(ids.iter().all(|id| seen.with_id(&format!("comment-{id}")).is_some()));
        // What is not shown cannot be answered, and the comment is taken all the same.
        app.call("POST", &format!("comments/{}/withdraw", ids[4])).send().await.expect(200);
        let (text, seen) = page(app, &format!("?reply={}", ids[4])).await;
        assert!(text.contains("Leave a Reply") && value_of(&seen, "parent").is_empty());
        posted(app, &with_fields(&ANA, &[("comment", "Late."), ("parent", &ids[4])])).await;
        assert_eq!(comments(app).await[0].get("parent"), None);
    });
}

#[test]
fn of_many_comments_the_newest_fifty_are_shown_with_the_oldest_of_them_first() {
    TestApp::run(async |app| {
        app.reconfigure(|it| it.limits.enabled = false).await;
        let staff = json!({"name": "Editor", "role": "staff"});
        for number in 0..52 {
            let body = json!({"post": {"id": POST}, "author": staff, "content": format!("Number {number}.")});
            app.submit(&body).await;
            app.pass(1);
        }
        let elsewhere = json!({"post": {"id": "another"}, "author": staff, "content": "Elsewhere."});
        app.submit(&elsewhere).await;
        let (text, _) = page(app, "").await;
        let place = |number: usize| text.find(&format!("Number {number}."));
        assert!(place(1).is_none() && place(2) < place(3) && place(2).is_some() && place(51).is_some());
        assert!(text.contains("Older comments are not shown") && !text.contains("Elsewhere."));
        assert!(text.contains("The newest 50 comments"), "{text}");
    });
}

#[test]
fn however_long_comments_are_the_page_stays_of_a_size_that_can_be_sent() {
    TestApp::run(async |app| {
        let staff = json!({"name": "Editor", "role": "staff"});
        for number in 0..6 {
            let content = format!("Number {number}.{}", "\"".repeat(65_000));
            app.submit(&json!({"post": {"id": POST}, "author": staff, "content": content})).await;
            app.pass(60);
        }
        let (text, _) = page(app, "").await;
        assert!(text.contains("The newest 4 comments") && text.contains("Older comments are not shown"));
        assert!(text.contains("Number 5.") && text.contains("Number 2.") && !text.contains("Number 1."));
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

#[test]
fn while_the_store_is_away_the_post_is_there_and_no_text_is_lost() {
    for (error, status) in [
        (Error::Unavailable("disk-7".to_owned()), 503),
        (Error::Full("disk-7".to_owned()), 503),
        (Error::Damaged("disk-7".to_owned()), 500),
    ] {
        TestApp::run_over(Broken::store(error), async |app| {
            let id = "019aad6e-2c4f-7c3a-9a7e-0d1f2a3b4c5d".parse().unwrap();
            let token = app.service.status_token(&"demo".parse().unwrap(), id);
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
