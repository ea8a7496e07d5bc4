//! The demo page without a browser: who sees it, what it shows, and how its form becomes a comment.

mod form;
mod page;
mod threads;

use serde_json::Value;

use crate::app::{Answer, TestApp, path_of};
use crate::page::Seen;

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
