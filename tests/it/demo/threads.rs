//! The comments on the demo page: in order, whole, and never as markup.

use serde_json::json;

use super::{ANA, POST, approve, comments, page, post, posted, read, value_of, with_fields};
use crate::app::TestApp;
use crate::page::Seen;

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
