//! The route table and `openapi.yaml` say the same.

use std::collections::{BTreeMap, BTreeSet};

use moderato::http;
use serde_json::{Value, json};

use crate::app::{TestApp, path_of, submission};
use crate::contract::CONTRACT;

#[test]
fn every_route_is_described_and_everything_described_is_a_route() {
    let routes: BTreeMap<_, _> = http::operations()
        .into_iter()
        .map(|route| {
            let query: BTreeSet<_> = route.query.iter().map(|name| (*name).to_owned()).collect();
            ((route.method, route.path.to_owned()), (route.access, query))
        })
        .collect();
    let described: BTreeMap<_, _> = CONTRACT
        .operations()
        .into_iter()
        .map(|one| {
            let in_query = |parameter: &&&Value| parameter["in"] == "query";
            let name = |parameter: &&Value| parameter["name"].as_str().unwrap().to_owned();
            let query = one.parameters.iter().filter(in_query).map(name).collect();
            let access = one.operation["x-scope"].as_str().unwrap_or("missing").to_owned();
            ((one.method, one.path.to_owned()), (access, query))
        })
        .collect();
    assert_eq!(routes, described);
}

#[test]
fn every_operation_has_a_name_words_and_examples_that_fit() {
    let mut names = BTreeSet::new();
    for one in CONTRACT.operations() {
        let at = format!("{} {}", one.method, one.path);
        let escaped = one.path.replace('/', "~1");
        let pointer = format!("/paths/{escaped}/{}", one.method.to_lowercase());
        assert!(names.insert(one.operation["operationId"].as_str().unwrap()), "{at}");
        assert!(one.operation["summary"].is_string(), "{at}");
        if let Some(content) = one.operation.pointer("/requestBody/content/application~1json") {
            let schema = format!("{pointer}/requestBody/content/application~1json/schema");
            CONTRACT.check_value(&schema, &content["example"], &at);
        }
        for (status, response) in one.operation["responses"].as_object().unwrap() {
            assert!(response["$ref"].is_string() || status.as_str() < "400", "{at}: {status}");
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let kind = kind.replace('/', "~1");
                let schema = format!("{pointer}/responses/{status}/content/{kind}/schema");
                CONTRACT.check_value(&schema, &content["example"], &at);
            }
        }
    }
}

/// Where an operation that takes a form has its example.
const FORM_EXAMPLE: &str = "/requestBody/content/application~1x-www-form-urlencoded/example";

#[test]
fn every_operation_can_be_called_with_its_example() {
    TestApp::run(async |app| {
        app.second_site("other").await;
        // The author whom the example of a lookup names.
        let taken = app.post("comments", &submission("Hello.")).send().await.expect(201).body;
        for one in CONTRACT.operations() {
            // Each on a comment, a site and a key of its own, so that no order is needed.
            let comment = if one.path.contains("{comment}") || one.path.contains("{author}") {
                app.held_comment().await
            } else {
                taken.clone()
            };
            let entry = json!({"value": "nobody.example", "action": "hold"});
            let entry = app.post("lists/domains/entries", &entry).send().await.expect(200).body;
            let key = app.key_of("demo", &["read"]).await;
            let key_id = key.split('_').nth(1).unwrap().to_owned();
            let site = if one.operation["operationId"] == "deleteSite" { "other" } else { "demo" };
            let id = path_of(&comment).replace("comments/", "");
            let author = comment["author"]["id"].as_str().unwrap();
            let path = one.path.replace("{site}", site).replace("{comment}", &id).replace("{key}", &key_id);
            let token = taken["status_token"].as_str().unwrap();
            let path = path.replace("{author}", author).replace("{token}", token);
            let path = path.replace("{list}", "domains").replace("{entry}", entry["ids"][0].as_str().unwrap());
            let mut call = app.call(&one.method, &path).key(&app.operator);
            if let Some(content) = one.operation.pointer("/requestBody/content/application~1json") {
                call = call.json(&content["example"]);
            }
            if let Some(example) = one.operation.pointer(FORM_EXAMPLE) {
                let fields =
                    example.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
                call = call.form(&fields.collect::<Vec<_>>());
            }
            let answer = call.send().await;
            let responses = one.operation["responses"].as_object().unwrap();
            let good = responses.keys().next().unwrap();
            assert_eq!(answer.status.to_string(), *good, "{} {}: {}", one.method, path, answer.body);
        }
    });
}

#[test]
fn the_description_is_served_as_it_is() {
    TestApp::run(async |app| {
        let answer = app.get("/openapi.yaml").without("authorization").send().await.expect(200);
        assert_eq!(answer.bytes, include_bytes!("../../openapi.yaml"));
    });
}
