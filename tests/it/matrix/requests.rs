//! Requests made from the description of an operation: bare, and with each thing of a site that it can name.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::{Answer, TestApp};
use crate::contract::{CONTRACT, Described};

/// What requests can name of a site.
pub struct Things {
    /// Comments, as paths name them.
    pub comments: Vec<String>,
    /// By the names of the parameters that take them; any other parameter is given its example.
    pub values: BTreeMap<&'static str, String>,
}

/// A request in a site that is still to be named.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With `{site}` in it.
    pub path: String,
    query: String,
    header: Option<(String, String)>,
    pub body: Option<Value>,
    /// Whether the path names a comment, a key or the like.
    pub is_about_a_thing: bool,
}

impl Request {
    /// Every request that an operation offers: bare, and with each of its optional parameters.
    pub fn all(one: &Described<'_>, things: &Things) -> Vec<Self> {
        let mut all = Vec::new();
        for comment in if one.path.contains("{comment}") { &things.comments[..] } else { &things.comments[..1] } {
            let bare = Self::bare(one, things, comment);
            for parameter in one.parameters.iter().filter(|it| it["in"] != "path") {
                let (name, value) = (name_of(parameter), things.value(parameter));
                let with = match parameter["in"].as_str() {
                    Some("query") => {
                        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                        Self { query: format!("?{name}={value}"), ..bare.clone() }
                    }
                    _ => Self { header: Some((name.to_owned(), value)), ..bare.clone() },
                };
                all.push(with);
            }
            if one.method == "GET" {
                all.push(Self { method: "HEAD".to_owned(), ..bare.clone() });
            }
            all.push(bare);
        }
        all
    }

    /// The operation on this comment with its example and nothing that may be left out.
    pub fn bare(one: &Described<'_>, things: &Things, comment: &str) -> Self {
        let in_path = one.parameters.iter().filter(|it| it["in"] == "path" && it["name"] != "site");
        let path = in_path.fold(one.path.replace("{comment}", comment), |path, parameter| {
            path.replace(&format!("{{{}}}", name_of(parameter)), &things.value(parameter))
        });
        let body = one.operation.pointer("/requestBody/content/application~1json/example").cloned();
        let is_about_a_thing = one.path.replace("{site}", "").replace("{list}", "").contains('{');
        Self { method: one.method.clone(), path, query: String::new(), header: None, body, is_about_a_thing }
    }

    /// The same with this body.
    pub fn with_body(&self, body: Value) -> Self {
        Self { body: Some(body), ..self.clone() }
    }

    /// Sends it to this site, with this key or none.
    pub async fn send(&self, app: &TestApp, site: &str, key: Option<&str>) -> Answer {
        let call = app.call(&self.method, &(self.path.replace("{site}", site) + &self.query));
        let call = if let Some(key) = key { call.key(key) } else { call.without("authorization") };
        let call = if let Some((name, value)) = &self.header { call.header(name, value) } else { call };
        let call = if let Some(body) = &self.body { call.json(body) } else { call };
        call.send().await
    }
}

impl Things {
    /// What this parameter is given.
    fn value(&self, parameter: &Value) -> String {
        let name = name_of(parameter);
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        let schema = CONTRACT.resolved(&parameter["schema"]);
        let several = parameter["examples"].as_object().and_then(|examples| examples.values().next());
        let named = [
            several.map_or(&Value::Null, |one| &one["value"]),
            &parameter["example"],
            &schema["examples"][0],
            &schema["const"],
            &schema["enum"][0],
            &schema["default"],
        ];
        let found = named.into_iter().find(|value| !value.is_null());
        match found.unwrap_or_else(|| panic!("the parameter {name} has no example in openapi.yaml")) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

fn name_of(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}
