//! What becomes of a comment, seen from the page.

use std::sync::Arc;

use moderato::domain::Quota;
use moderato::store::Error;
use serde_json::{Value, json};

use crate::app::{SPAM, TestApp, path_of};
use crate::broken::Broken;
use crate::driver::Script;
use crate::reader::Reader;

/// The site's comments, newest first.
async fn kept(app: &TestApp) -> Vec<Value> {
    app.get("comments?sort=newest").send().await.expect(200).body["items"].as_array().unwrap().clone()
}

async fn approve_the_newest(app: &TestApp) {
    let comment = kept(app).await[0].clone();
    app.call("POST", &format!("{}/approve", path_of(&comment))).send().await.expect(200);
}

#[test]
fn a_comment_is_held_and_the_page_tells_by_itself_when_it_is_approved() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::On).await;
        assert_eq!(reader.browser.text("#comments-title").await, "No comments yet");
        reader.browser.fill("#url", "ana.example").await;
        reader.comments("Ana", "I was there in 2009.\nIt was a good year.").await;
        reader.is_told("waiting for approval").await;
        reader.browser.wait_for_focus("outcome").await;
        assert_eq!(reader.browser.text("#comments-title").await, "No comments yet");
        assert_eq!(kept(app).await[0]["form"]["seconds"], 60.0);
        approve_the_newest(app).await;
        reader.browser.wait_for("#news", "Your comment has just been published.").await;
        assert_eq!(reader.browser.property("#news", "role").await, "status");
        reader.browser.reload().await;
        reader.is_told("Your comment is published").await;
        assert_eq!(reader.browser.text(".comment h3").await, "Ana");
        assert_eq!(reader.browser.text(".comment .text").await, "I was there in 2009.\nIt was a good year.");
        assert_eq!(reader.browser.property("#comment", "value").await, "");

        reader.browser.click(".comment .answer a").await;
        reader.browser.wait_for("#respond-title", "Reply to Ana").await;
        app.pass(60);
        reader.comments("Ana", "And the next one too.").await;
        reader.is_told("Your comment is published").await;
        assert_eq!(reader.browser.text(".thread .thread .comment .text").await, "And the next one too.");
        reader.has_no_complaints(&[]).await;
    });
}

#[test]
fn what_is_rejected_is_told_kindly() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::On).await;
        reader.comments("Bo", SPAM).await;
        reader.is_told("Your comment is not published").await;
        reader.is_told("It is not shown here.").await;
        assert_eq!(kept(app).await[0]["status"], "rejected");
        reader.has_no_complaints(&[]).await;
        // What the page may not do, the console tells: here it is made to.
        reader.browser.run("document.body.setAttribute('style', 'color: red')").await;
        let complaints = reader.browser.complaints(&[]).await;
        assert!(complaints.iter().any(|one| one.contains("Content Security Policy")), "{complaints:?}");
    });
}

#[test]
fn over_the_authors_limit_comments_wait_and_beyond_the_sites_the_text_stays() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::On).await;
        let author = json!({"name": "Cem", "email": "cem@mail.example"});
        for number in 0..3 {
            app.submit(&json!({"post": {"id": "1"}, "author": author, "content": format!("Comment {number}.")})).await;
        }
        app.pass(1);
        reader.comments("Cem", "And one more.").await;
        reader.is_told("Several comments came in within a short time").await;
        assert_eq!(kept(app).await[0]["verdict"]["decided_by"], "rate");

        app.reconfigure(|it| it.limits.site = Quota { count: 1, seconds: 100, burst: 1 }).await;
        app.pass(100);
        app.submit(&json!({"post": {"id": "1"}, "author": {}, "content": "It takes all the room."})).await;
        reader.comments("Dora", "I waited for this.").await;
        reader.browser.wait_for("#summary", "Please wait 2 minutes").await;
        reader.browser.wait_for_focus("summary").await;
        assert_eq!(reader.browser.property("#comment", "value").await, "I waited for this.");
        reader.has_no_complaints(&[429]).await;
    });
}

#[test]
fn while_the_store_is_away_the_post_is_there_and_the_text_stays() {
    TestApp::run_over(Broken::store(Error::Unavailable("away".to_owned())) as Arc<_>, async |app| {
        let reader = Reader::at(app, Script::On).await;
        reader.browser.wait_for("#comments", "cannot be shown just now").await;
        assert_eq!(reader.browser.text("h1").await, "Keep the comments");
        reader.comments("Ana", "Is anybody there?").await;
        reader.browser.wait_for("#summary", "could not be taken just now, but your text is still here").await;
        assert_eq!(reader.browser.property("#comment", "value").await, "Is anybody there?");
        assert_eq!(reader.browser.property("#email", "value").await, "ana@mail.example");
        // The draft outlives even the page.
        reader.open("/demo").await;
        assert_eq!(reader.browser.property("#comment", "value").await, "Is anybody there?");
        reader.has_no_complaints(&[503]).await;
    });
}

#[test]
fn without_script_the_same_way_is_open() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::Off).await;
        assert_eq!(reader.browser.text(".remember").await, "");
        reader.comments("", "Who am I?").await;
        reader.browser.wait_for("#name-fault", "Please give a name").await;
        reader.browser.wait_for_focus("summary").await;
        assert_eq!(reader.browser.property("#comment", "value").await, "Who am I?");
        app.pass(60);
        reader.comments("Eva", "I am Eva.").await;
        reader.is_told("waiting for approval").await;
        approve_the_newest(app).await;
        reader.browser.reload().await;
        reader.is_told("Your comment is published").await;
        reader.browser.click(".comment .answer a").await;
        reader.browser.wait_for("#respond-title", "Reply to Eva").await;
        reader.browser.click(".answered a").await;
        reader.browser.wait_for("#respond-title", "Leave a Reply").await;
        // Nothing ran: what only a script tells is not there.
        assert_eq!(reader.browser.text("#news").await, "");
        reader.has_no_complaints(&[422]).await;
    });
}

#[test]
fn a_draft_and_whoever_wants_it_are_remembered_in_this_browser_alone() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::On).await;
        reader.browser.fill("#comment", "Half a thought").await;
        reader.open("/demo").await;
        assert_eq!(reader.browser.property("#comment", "value").await, "Half a thought");
        reader.comments("Fay", "A whole thought.").await;
        reader.is_told("waiting for approval").await;
        reader.open("/demo").await;
        for field in ["#comment", "#name", "#email"] {
            assert_eq!(reader.browser.property(field, "value").await, "", "{field}: kept without being asked to");
        }
        reader.browser.click("#remember").await;
        reader.comments("Fay", "Another one.").await;
        reader.is_told("waiting for approval").await;
        reader.open("/demo").await;
        assert_eq!(reader.browser.property("#name", "value").await, "Fay");
        assert_eq!(reader.browser.property("#email", "value").await, "fay@mail.example");
        assert_eq!(reader.browser.property("#remember", "checked").await, true);
        reader.browser.click("#remember").await;
        assert_eq!(reader.browser.run("return Object.keys(localStorage)").await, json!([]));
        assert_eq!(reader.browser.run("return document.cookie").await, "");

        reader.browser.fill("#comment", &"x".repeat(6_600)).await;
        reader.browser.wait_for("#count", "400 characters left.").await;
        reader.has_no_complaints(&[]).await;
    });
}

#[test]
fn on_a_phone_nothing_is_cut_off() {
    TestApp::run(async |app| {
        let text = "https://a.example/".to_owned() + &"long".repeat(100);
        let author = json!({"name": "N".repeat(200), "role": "staff"});
        let mut parent = Value::Null;
        for _ in 0..4 {
            let body =
                json!({"post": {"id": "keep-the-comments"}, "author": author, "content": text, "parent": parent});
            parent = json!({"id": app.submit(&body).await["id"]});
        }
        let reader = Reader::at(app, Script::On).await;
        reader.browser.narrow(375).await;
        reader.open("/demo").await;
        assert_eq!(
            reader.browser.run("return [innerWidth, document.documentElement.scrollWidth]").await,
            json!([375, 375])
        );
        reader.has_no_complaints(&[]).await;
    });
}
