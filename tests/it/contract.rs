//! `openapi.yaml` as the judge of every exchange.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::app::Answer;

/// The description of the interface, read once.
pub static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let document: Value = serde_saphyr::from_str(include_str!("../../openapi.yaml")).unwrap();
    Contract { document, validators: Mutex::default() }
});

pub struct Contract {
    pub document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation of the document.
pub struct Described<'a> {
    pub method: String,
    pub path: &'a str,
    pub operation: &'a Value,
    /// With those of its path.
    pub parameters: Vec<&'a Value>,
}

impl Contract {
    /// Every operation.
    pub fn operations(&self) -> Vec<Described<'_>> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
                let own = operation["parameters"].as_array().into_iter().flatten();
                let shared = item["parameters"].as_array().into_iter().flatten();
                let parameters = shared.chain(own).map(|parameter| self.resolved(parameter)).collect();
                found.push(Described { method: method.to_uppercase(), path, operation, parameters });
            }
        }
        found
    }

    /// The value itself, or what its `$ref` names.
    pub fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// Panics where an exchange is not as described.
    pub fn check(&self, (method, path): (&str, &str), sent: &[u8], answer: &Answer) {
        let at = format!("{method} {path} → {}", answer.status);
        assert!(!answer.header("x-request-id").is_empty(), "{at}: no X-Request-Id");
        // What a person opens in a browser is refused with a page, where that is described.
        let is_page = answer.header("content-type").starts_with("text/html");
        if answer.status >= 400 && method != "HEAD" && !is_page {
            self.check_problem(answer, &at);
        }
        let described = if method == "HEAD" { "GET" } else { method };
        let bare = path.split('?').next().unwrap();
        let operations = self.operations();
        let fitting = operations.iter().filter(|one| matches(one.path, bare));
        let path_of_it = fitting.map(|one| one.path).min_by_key(|path| path.matches('{').count());
        let found = operations.iter().find(|one| Some(one.path) == path_of_it && one.method == described);
        let Some(one) = found else {
            assert!(matches!(answer.status, 404 | 405), "{at}: not described");
            return;
        };
        let pointer = format!("/paths/{}/{}", escaped(one.path), described.to_lowercase());
        let responses = &one.operation["responses"];
        let response = &responses[answer.status.to_string()];
        assert!(!response.is_null(), "{at}: the status is not described");
        self.check_response((&format!("{pointer}/responses/{}", answer.status), response), (method, answer), &at);
        let takes_json = one.operation.pointer("/requestBody/content/application~1json").is_some();
        if answer.status < 300 && !sent.is_empty() && takes_json {
            let schema = format!("{pointer}/requestBody/content/application~1json/schema");
            self.check_value(&schema, &serde_json::from_slice(sent).unwrap(), &format!("{at}: request"));
        }
    }

    fn check_response(&self, (pointer, response): (&str, &Value), (method, answer): (&str, &Answer), at: &str) {
        let pointer = response["$ref"].as_str().map_or(pointer, |reference| reference.trim_start_matches('#'));
        let response = self.resolved(response);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = self.resolved(header);
            let value = answer.header(name);
            assert!(!value.is_empty() || header["required"] != true, "{at}: no {name}");
        }
        let Some(content) = response["content"].as_object() else {
            assert!(answer.bytes.is_empty(), "{at}: a body that is not described");
            return;
        };
        let kind = answer.header("content-type");
        assert!(content.contains_key(kind), "{at}: content type {kind} is not described");
        if kind.ends_with("json") && method != "HEAD" {
            let schema = format!("{pointer}/content/{}/schema", escaped(kind));
            self.check_value(&schema, &answer.body, at);
        }
    }

    fn check_problem(&self, answer: &Answer, at: &str) {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{at}");
        self.check_value("/components/schemas/Problem", &answer.body, at);
        assert_eq!(answer.body["status"], answer.status, "{at}");
        let name = answer.body["type"].as_str().unwrap().rsplit(':').next().unwrap();
        let listed = &self.document["components"]["schemas"]["Problem"]["properties"]["type"]["x-problems"][name];
        let told = json!({"status": answer.status, "title": answer.body["title"]});
        assert_eq!(*listed, told, "{at}: as listed in x-problems");
        let id = answer.header("x-request-id");
        let instance = answer.body["instance"].as_str().unwrap();
        assert_eq!(instance.strip_prefix("urn:uuid:").unwrap_or(instance), id, "{at}");
    }

    /// Panics where a value does not fit the schema at this place of the document.
    pub fn check_value(&self, pointer: &str, value: &Value, at: &str) {
        let validator = self.validator(pointer);
        let errors: Vec<_> = validator.iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(errors.is_empty(), "{at}: {errors:#?} in {value:#}");
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let made = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let (paths, components) = (&self.document["paths"], &self.document["components"]);
            // Braces and blanks must be escaped in a fragment.
            let fragment = pointer.replace('{', "%7B").replace('}', "%7D").replace(' ', "%20");
            let schema = json!({"$ref": format!("#{fragment}"), "paths": paths, "components": components});
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{pointer}: {error}")))
        });
        made.clone()
    }
}

/// Whether a path fits a pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let fits = |(part, given): (&&str, &&str)| part == given || (part.starts_with('{') && !given.is_empty());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(fits)
}

/// A name as a part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
