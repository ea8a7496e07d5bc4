//! The page that shows the description of the interface to people.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::{Answer, TestApp};
use crate::contract::CONTRACT;
use crate::page::Seen;

fn text_of(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.bytes).unwrap()
}

async fn page(app: &TestApp) -> Answer {
    app.get("/docs").without("authorization").send().await.expect(200)
}

#[test]
fn every_operation_schema_and_problem_is_on_the_page_and_every_link_leads_somewhere() {
    TestApp::run(async |app| {
        let answer = page(app).await;
        let seen = Seen::of(text_of(&answer));
        let values = |wanted: &str| -> Vec<&str> {
            seen.attributes.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
        };
        let ids: BTreeSet<_> = values("id").into_iter().collect();
        assert_eq!(ids.len(), values("id").len(), "an id is there twice");
        let words = |value: &Value| value.as_str().unwrap().to_owned();
        for one in CONTRACT.operations() {
            let id = format!("op-{}", words(&one.operation["operationId"]));
            assert!(ids.contains(id.as_str()), "{id}");
            assert!(seen.text.contains(one.path) && seen.text.contains(&words(&one.operation["summary"])), "{id}");
            for parameter in &one.parameters {
                assert!(seen.text.contains(&words(&parameter["name"])), "{id}: {parameter}");
            }
        }
        let components = &CONTRACT.document["components"];
        for (kind, prefix) in [("schemas", "schema"), ("responses", "response"), ("headers", "header")] {
            for (name, part) in components[kind].as_object().unwrap() {
                assert!(ids.contains(format!("{prefix}-{name}").as_str()), "{kind}: {name}");
                for field in part["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
                    assert!(seen.text.contains(field.as_str()), "{name}: {field}");
                }
            }
        }
        for kind in components["schemas"]["Problem"]["properties"]["type"]["enum"].as_array().unwrap() {
            let name = words(kind).rsplit(':').next().unwrap().to_owned();
            assert!(seen.text.contains(&words(kind)) && ids.contains(format!("problem-{name}").as_str()), "{name}");
        }
        for link in values("href") {
            assert!(link == "/openapi.yaml" || ids.contains(link.trim_start_matches('#')), "{link} leads nowhere");
        }
        for label in values("aria-labelledby") {
            assert!(ids.contains(label), "{label}");
        }
    });
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    TestApp::run(async |app| {
        let answer = page(app).await;
        let text = text_of(&answer);
        let seen = Seen::of(text);
        for name in ["script", "link", "img", "iframe", "object", "form", "base", "svg", "video"] {
            assert!(!seen.names.contains(name), "{name}");
        }
        let is_loading =
            |name: &str| ["src", "srcset", "style", "action", "data"].contains(&name) || name.starts_with("on");
        let loading: Vec<_> = seen.attributes.iter().filter(|(name, _)| is_loading(name)).collect();
        assert!(loading.is_empty(), "{loading:?}");
        let style = text.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'), "{style}");
        let hash = BASE64.encode(&Sha256::digest(style));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    });
}

#[test]
fn a_screen_reader_finds_landmarks_and_headings_in_order() {
    TestApp::run(async |app| {
        let answer = page(app).await;
        let seen = Seen::of(text_of(&answer));
        for name in ["header", "nav", "main", "h1"] {
            assert!(seen.names.contains(name), "{name}");
        }
        assert!(seen.attributes.contains(&("lang".to_owned(), "en".to_owned())));
        assert_eq!(seen.headings.iter().filter(|level| **level == 1).count(), 1);
        assert!(
            seen.headings.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "a level is left out: {:?}",
            seen.headings
        );
    });
}
