//! A service of a test's own: its server, its store, its clock, its keys, and a client that checks every exchange.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moderato::clock::Clock;
use moderato::config::{Environment, Loaded, Sources};
use moderato::domain::{CommentId, CommentRef, DecisionAction, Scope, SiteId, SiteOverrides, Source};
use moderato::http;
use moderato::screening::SiteLearner;
use moderato::service::{Chance, Configuration, FirstKeys, NewKey, Parts, Service, Wish, settle};
use moderato::store::{Expired, Store};
use moderato::telemetry;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::contract::CONTRACT;
use crate::stores::{Memory, Place};

/// When every test begins.
pub const START: &str = "2026-11-22T20:00:00.000Z";

/// The deployment's key.
const OPERATOR: &str = "given by the deployment";

/// Spam by definition (the GTUBE string).
pub const SPAM: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// A running service with the site `demo`.
pub struct TestApp {
    pub clock: Clock,
    /// Opens everything.
    pub operator: String,
    /// Opens the site `demo`, with every scope.
    pub key: String,
    pub service: Arc<Service>,
    store: Arc<dyn Store>,
    place: Option<Place>,
    pub address: String,
    client: reqwest::Client,
}

/// What there is beside the interface.
type Extras = (http::MetricsSettings, http::DemoSettings);

/// A table of the configuration as shipped but for these lines, read as the type that owns it.
pub fn shipped<T: serde::de::DeserializeOwned>(table: &str, changed: &str) -> T {
    let mut shipped: toml::Table = include_str!("../../config/moderato.toml").parse().unwrap();
    let Some(toml::Value::Table(mut values)) = shipped.remove(table) else { panic!("there is no {table}") };
    values.extend(changed.parse::<toml::Table>().unwrap());
    values.try_into().unwrap()
}

/// The configuration as shipped, with a key for everything.
fn configuration() -> Configuration {
    let environment = Environment::default();
    let sources = Sources { file: None, environment: &environment, data_dir: None };
    let shipped = Loaded::from(&sources).unwrap().configuration();
    Configuration { operator_key: Some(OPERATOR.to_owned()), ..shipped }
}

impl TestApp {
    /// Runs a test against a service of its own, and ends with it.
    pub fn run(test: impl AsyncFnOnce(&TestApp)) {
        Self::run_at(Place::new(), test);
    }

    /// Runs a test against a service over the store at this place.
    pub fn run_at(place: Place, test: impl AsyncFnOnce(&TestApp)) {
        Self::run_as(Memory::at(place), (shipped("http", ""), Default::default()), test);
    }

    /// Runs a test with these lines of configuration in `[http]` and `[metrics]`.
    pub fn run_with(http: &str, metrics: &str, test: impl AsyncFnOnce(&TestApp)) {
        let pages = (shipped("metrics", metrics), http::DemoSettings::default());
        Self::run_as(Memory::at(Place::light()), (shipped("http", http), pages), test);
    }

    /// Runs a test with these lines of configuration in `[http]` and a demo page for everybody.
    pub fn run_open(http: &str, test: impl AsyncFnOnce(&TestApp)) {
        let pages = (http::MetricsSettings::default(), shipped("demo", "enabled = true"));
        Self::run_as(Memory::at(Place::light()), (shipped("http", http), pages), test);
    }

    /// Runs a test against a service over this store.
    pub fn run_over(store: Arc<dyn Store>, test: impl AsyncFnOnce(&TestApp)) {
        Self::run_as(Memory::of(store), (shipped("http", ""), Default::default()), test);
    }

    fn run_as(memory: Memory, settings: (http::Settings, Extras), test: impl AsyncFnOnce(&TestApp)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Self::serve(memory, settings, test));
    }

    /// Runs a part of a test against another service, over a store of its own.
    pub async fn run_beside(test: impl AsyncFnOnce(&TestApp)) {
        Self::serve(Memory::at(Place::light()), (shipped("http", ""), Default::default()), test).await;
    }

    pub async fn serve(memory: Memory, (settings, pages): (http::Settings, Extras), test: impl AsyncFnOnce(&TestApp)) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let app = Self::over(memory, &listener).await;
        let counted = http::Metrics::default();
        let registry = Arc::new(telemetry::registry(&app.service, &counted));
        let monitoring = http::Monitoring { registry, metrics: counted, settings: pages.0 };
        let pages = http::Pages { monitoring, demo: pages.1 };
        let settings = http::Settings { workers: 1, shutdown_seconds: 5, ..settings };
        let server = http::server(listener, app.service.clone(), pages, &settings).unwrap();
        let handle = server.handle();
        let client = async {
            test(&app).await;
            drop(app);
            handle.stop(true).await;
        };
        let (ended, ()) = tokio::join!(server, client);
        ended.unwrap();
    }

    async fn over(Memory { store, clock, place }: Memory, listener: &TcpListener) -> Self {
        let mut first: Option<FirstKeys> = None;
        let keep = |keys: &FirstKeys| {
            first = Some(keys.clone());
            Ok(())
        };
        let identity = settle(&*store, true, clock.now(), keep).await.unwrap();
        let key = first.map(|keys| keys.site.reveal()).unwrap_or_default();
        let operator = OPERATOR.to_owned();
        let parts = Parts {
            store: store.clone(),
            identity,
            clock: clock.clone(),
            chance: Chance::System,
            configuration: configuration(),
        };
        let service = Arc::new(Service::new(parts));
        let address = format!("http://{}", listener.local_addr().unwrap());
        let no_redirects = reqwest::redirect::Policy::none();
        let client =
            reqwest::Client::builder().redirect(no_redirects).timeout(Duration::from_secs(20)).build().unwrap();
        Self { clock, operator, key, service, store, place, address, client }
    }

    /// A request with the site's key; a path without a leading slash lies below the site `demo`.
    pub fn call(&self, method: &str, path: &str) -> Exchange<'_> {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/v1/sites/demo/{path}") };
        let call =
            Exchange { app: self, method: method.parse().unwrap(), path, headers: HeaderMap::new(), body: Vec::new() };
        call.key(&self.key)
    }

    pub fn get(&self, path: &str) -> Exchange<'_> {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Exchange<'_> {
        self.call("POST", path).json(body)
    }

    /// Moves the clock by days of 24 hours, and a second.
    pub fn pass_days(&self, days: u64) {
        self.pass(days * 24 * 60 * 60 + 1);
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Puts another configuration in force: the shipped one, changed.
    pub async fn reconfigure(&self, change: impl FnOnce(&mut Configuration)) {
        let mut configuration = configuration();
        change(&mut configuration);
        self.service.reconfigure(configuration).await;
    }

    /// Puts another policy in force: the shipped one, changed, as if a file had said so. Answers why it was refused.
    pub async fn reload(&self, change: impl FnOnce(&mut toml::Table)) -> Result<(), String> {
        let mut file = toml::Table::new();
        change(&mut file);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moderato.toml");
        std::fs::write(&path, toml::Table::from_iter([("policy".to_owned(), file.into())]).to_string()).unwrap();
        let environment = Environment::default();
        let sources = Sources { file: Some(&path), environment: &environment, data_dir: None };
        let loaded = Loaded::from(&sources).map_err(|fault| fault.to_string())?;
        let operator_key = Some(self.operator.clone());
        let configuration = Configuration { operator_key, ..loaded.configuration() };
        self.service.reconfigure(configuration).await;
        Ok(())
    }

    /// A second service over the same store.
    pub async fn another_process(&self) -> Beside {
        let identity = self.store.identity().await.unwrap().unwrap();
        let clock = self.clock.clone();
        let store = self.place.as_ref().map_or_else(|| self.store.clone(), |place| place.beside(&self.store, &clock));
        let parts = Parts { store, identity, clock, chance: Chance::System, configuration: configuration() };
        Beside(Service::new(parts))
    }

    /// Submits and expects it to be kept; the answer is the comment as it is always shown, without what its author is given.
    pub async fn submit(&self, body: &Value) -> Value {
        let mut comment = self.post("comments", body).send().await.expect(201).body;
        comment.as_object_mut().unwrap().remove("status_token");
        comment
    }

    /// A comment that is published at once.
    pub async fn approved_comment(&self) -> Value {
        let body = with(&submission("Welcome, everybody."), json!({"author": {"name": "Editor", "role": "staff"}}));
        let comment = self.submit(&body).await;
        assert_eq!(comment["status"], "approved");
        comment
    }

    /// A comment that waits for a person, by an author whom nobody has seen.
    pub async fn held_comment(&self) -> Value {
        static STRANGERS: AtomicU64 = AtomicU64::new(0);
        let stranger = STRANGERS.fetch_add(1, Ordering::Relaxed);
        let author = json!({"name": "Somebody", "email": format!("stranger-{stranger}@mail.example")});
        let text = format!("I wrote about it at http://ana.example/post {stranger} days ago.");
        let comment = self.submit(&with(&submission(&text), json!({ "author": author }))).await;
        assert_eq!(comment["status"], "held");
        comment
    }

    /// A comment that is not published.
    pub async fn rejected_comment(&self) -> Value {
        let comment = self.submit(&submission(SPAM)).await;
        assert_eq!(comment["status"], "rejected");
        comment
    }

    /// Does what is due in a site by now.
    pub async fn expire(&self, site: &str) -> Expired {
        self.service.expire_site(&site.parse().unwrap()).await.unwrap()
    }

    /// A key of a site with these scopes.
    pub async fn key_of(&self, site: &str, scopes: &[&str]) -> String {
        let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let site: SiteId = site.parse().unwrap();
        let new = NewKey { site: Some(site), name: "test".to_owned().try_into().unwrap(), scopes, expires_at: None };
        self.service.create_key(new).await.unwrap().0.reveal()
    }

    /// Adds a site; the answer is a key of it with every scope.
    pub async fn second_site(&self, id: &str) -> String {
        self.post("/v1/sites", &json!({"id": id})).key(&self.operator).send().await.expect(201);
        self.key_of(id, &["submit", "read", "moderate", "admin"]).await
    }
}

/// A second service over the same store.
pub struct Beside(Service);

impl Beside {
    /// Replaces what the site `demo` overrides.
    pub async fn override_policy(&self, own: Value) {
        let Value::Object(own) = own else { panic!("{own}") };
        self.0.override_policy(&"demo".parse().unwrap(), SiteOverrides(own), None).await.unwrap();
    }

    /// How many lessons of a site it learns to know everything that is there, and what it knows then.
    pub async fn learnt(&self, site: &SiteId) -> (u64, Arc<SiteLearner>) {
        let read = self.0.catch_up(site).await.unwrap();
        (read, self.0.learner(site).unwrap())
    }

    /// Approves a comment of the site `demo`.
    pub async fn approve(&self, comment: CommentId) {
        let actor = "zoe".to_owned().try_into().unwrap();
        let (action, source) = (DecisionAction::Approve, Source::Api);
        let wish = Wish { action, reason: None, note: None, source, actor, at: None, if_match: None };
        self.0.decide(&"demo".parse().unwrap(), &CommentRef::Id(comment), wish, None).await.unwrap();
    }

    /// Puts an entry into a list of the site `demo`.
    pub async fn put_entry(&self, list: &str, entry: Value) {
        let entry = serde_json::from_value(with(&entry, json!({"created_at": 0}))).unwrap();
        self.0.put_entries(&"demo".parse().unwrap(), list.parse().unwrap(), vec![entry]).await.unwrap();
    }
}

/// A small submission with this text.
pub fn submission(content: &str) -> Value {
    json!({"post": {"id": "1047"}, "author": {"name": "Ana", "email": "ana@mail.example"}, "content": content})
}

/// The same object with these members set.
pub fn with(object: &Value, members: Value) -> Value {
    let mut object = object.clone();
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// The path of a comment below its site.
pub fn path_of(comment: &Value) -> String {
    format!("comments/{}", comment["id"].as_str().unwrap())
}

/// A request in the making.
pub struct Exchange<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Exchange<'_> {
    /// With a header; given twice, it is sent twice.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// With this key instead.
    pub fn key(mut self, key: &str) -> Self {
        self.headers.insert("authorization", format!("Bearer {key}").parse().unwrap());
        self
    }

    /// Without one of the headers.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With these bytes as JSON.
    pub fn text(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.headers.insert("content-type", HeaderValue::from_static("application/json"));
        self
    }

    /// With these fields of a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        self.headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        self
    }

    /// With this JSON.
    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// Sends it, and holds the exchange against `openapi.yaml`.
    pub async fn send(self) -> Answer {
        let url = format!("{}{}", self.app.address, self.path);
        let request = self.app.client.request(self.method.clone(), url).headers(self.headers).body(self.body.clone());
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body, bytes: bytes.to_vec() };
        CONTRACT.check((self.method.as_str(), &self.path), &self.body, &answer);
        answer
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The same, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// The same, if it is this problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["type"], format!("urn:moderato:problem:{code}"), "{}", answer.body);
        answer
    }

    /// A header's text, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The faults as (field, code).
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }

    /// The ids of a list's items.
    pub fn ids(&self) -> Vec<String> {
        let items = self.body["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}
