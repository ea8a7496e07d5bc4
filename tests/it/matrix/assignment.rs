//! What the service alone decides cannot be set from outside: such a field is refused by its name, in every object of every body.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::requests::{Request, Things};
use super::{furnished, state};
use crate::app::{TestApp, with};
use crate::contract::{CONTRACT, Described};

/// Where a schema may go on: what it refers to, is made of, or offers.
fn parts(schema: &'static Value) -> Vec<&'static Value> {
    let schema = CONTRACT.resolved(schema);
    let below = ["allOf", "oneOf", "anyOf"].iter().flat_map(|key| schema[*key].as_array().into_iter().flatten());
    std::iter::once(schema).chain(below.flat_map(parts)).collect()
}

/// The fields that a schema knows, each with its schemas.
fn fields(schemas: &[&'static Value]) -> BTreeMap<&'static str, Vec<&'static Value>> {
    let mut found: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for part in schemas.iter().flat_map(|schema| parts(schema)) {
        for (name, field) in part["properties"].as_object().into_iter().flatten() {
            found.entry(name).or_default().push(field);
        }
    }
    found
}

/// Every field that an answer shows of a comment, a site, a key or a verdict.
fn shown() -> BTreeSet<&'static str> {
    let schemas = CONTRACT.document["components"]["schemas"].as_object().unwrap();
    let answers = ["Comment", "CommentAuthor", "Verdict", "Site", "Key", "Decision", "Event"];
    answers.iter().flat_map(|name| fields(&[&schemas[*name]]).into_keys()).collect()
}

/// Every body with one field too many, with the place of that field.
fn overfull(example: &Value, schemas: &[&'static Value], at: &str) -> Vec<(String, Value)> {
    let (Some(members), known) = (example.as_object(), fields(schemas)) else { return Vec::new() };
    let mut all = Vec::new();
    // A body that is described in words only has no fields to compare with.
    if !known.is_empty() {
        for name in shown().into_iter().filter(|name| !known.contains_key(name)) {
            for value in [json!(1), json!("approved"), json!({}), Value::Null] {
                let mut body = Map::clone(members);
                body.insert(name.to_owned(), value);
                all.push((format!("{at}/{name}"), Value::Object(body)));
            }
        }
    }
    for (name, member) in members {
        let below = known.get(name.as_str()).cloned().unwrap_or_default();
        for (place, inner) in overfull(member, &below, &format!("{at}/{name}")) {
            all.push((place, with(example, json!({ name: inner }))));
        }
    }
    all
}

fn schema_of(one: &Described<'static>) -> Option<&'static Value> {
    one.operation.pointer("/requestBody/content/application~1json/schema")
}

/// A request for each operation that takes a body.
fn with_bodies(things: &Things) -> Vec<(&'static Value, Request)> {
    let all = CONTRACT.operations();
    all.iter().filter_map(|one| Some((schema_of(one)?, Request::bare(one, things, &things.comments[0])))).collect()
}

#[test]
fn what_the_service_decides_cannot_be_sent_in_any_object_of_any_body() {
    TestApp::run(async |app| {
        let things = furnished(app).await;
        // More requests than a key may send in a minute.
        app.reconfigure(|configuration| configuration.limits.enabled = false).await;
        let before = state(app).await;
        for (schema, request) in with_bodies(&things) {
            let example = request.body.clone().unwrap();
            let bodies = overfull(&example, &[schema], "");
            assert!(!bodies.is_empty(), "{request:?}");
            for (place, body) in bodies {
                let request = request.with_body(body);
                let answer = request.send(app, "demo", Some(&app.operator)).await.problem(422, "invalid");
                let fault = (place, "unknown_field".to_owned());
                assert!(answer.faults().contains(&fault), "{request:?}: {}", answer.body);
            }
        }
        assert_eq!(state(app).await, before);
    });
}

#[test]
fn nor_in_a_submission_of_a_batch() {
    TestApp::run(async |app| {
        furnished(app).await;
        let before = state(app).await;
        let submit =
            CONTRACT.operations().into_iter().find(|one| one.operation["operationId"] == "submitComment").unwrap();
        let example = submit.operation.pointer("/requestBody/content/application~1json/example").unwrap();
        let bodies = overfull(example, &[schema_of(&submit).unwrap()], "");
        for bodies in bodies.chunks(100) {
            let submissions: Vec<_> = bodies.iter().map(|(_, body)| body).collect();
            let batch = json!({"do": "submit", "submissions": submissions});
            let answer = app.post("comments/batch", &batch).send().await.expect(200);
            let results = answer.body["results"].as_array().unwrap();
            assert_eq!(results.len(), bodies.len());
            for ((place, _), result) in bodies.iter().zip(results) {
                assert_eq!(result["status"], 422, "{place}: {result}");
                let errors = result["problem"]["errors"].as_array().unwrap();
                assert!(errors.iter().any(|error| error["field"] == **place), "{place}: {result}");
            }
        }
        assert_eq!(state(app).await, before);
    });
}
