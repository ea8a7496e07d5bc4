//! Chromium by its driver (WebDriver): a browser of a test's own, which ends with it.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use moderato::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

/// How long a condition may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// A browser with a profile of its own.
pub struct Browser {
    driver: Child,
    session: String,
    client: reqwest::Client,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one.
    pub async fn start(script: Script) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        // Whatever it keeps, and leaves behind when it is killed, goes with the profile.
        command.env("HOME", profile.path()).env("TMPDIR", profile.path());
        // A group of its own, so that whatever the driver starts ends with it.
        let driver = command.process_group(0).spawn().expect("chromedriver; `tests/all` installs it");
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut browser = Self { driver, session: format!("http://127.0.0.1:{port}"), client, _profile: profile };
        let begun = Stopwatch::start();
        while browser.client.get(format!("{}/status", browser.session)).send().await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "chromedriver does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let folder = browser._profile.path().display();
        // Not as root would be better, but in a container everybody is; and nothing is to be asked of the outside.
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1000,1200",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={folder}"));
        let scripts = if script == Script::On { 1 } else { 2 };
        let options = json!({
            "args": arguments,
            "prefs": {"profile.managed_default_content_settings.javascript": scripts}
        });
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let made = browser.call("POST", "/session", json!({"capabilities": {"alwaysMatch": wanted}})).await.unwrap();
        browser.session += &format!("/session/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    /// A command; `Err` is what the driver says against it.
    async fn call(&self, method: &str, path: &str, body: Value) -> Result<Value, Value> {
        let url = format!("{}{path}", self.session);
        let request = self.client.request(method.parse().unwrap(), url);
        let request = if method == "POST" {
            request.header("content-type", "application/json").body(body.to_string())
        } else {
            request
        };
        let response = request.send().await.unwrap();
        let good = response.status().is_success();
        let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        if good { Ok(answer["value"].clone()) } else { Err(answer["value"].clone()) }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.post("/refresh", json!({})).await;
    }

    async fn find(&self, selector: &str) -> Option<String> {
        let found = self.call("POST", "/element", json!({"using": "css selector", "value": selector})).await;
        found.ok().map(|element| element[ELEMENT].as_str().unwrap().to_owned())
    }

    async fn element(&self, selector: &str) -> String {
        self.find(selector).await.unwrap_or_else(|| panic!("there is no {selector}"))
    }

    /// The text of an element as it is seen; empty if there is none, or it has just gone.
    pub async fn text(&self, selector: &str) -> String {
        let Some(element) = self.find(selector).await else { return String::new() };
        let text = self.call("GET", &format!("/element/{element}/text"), Value::Null).await;
        text.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// A property of an element.
    pub async fn property(&self, selector: &str, name: &str) -> Value {
        let element = self.element(selector).await;
        self.call("GET", &format!("/element/{element}/property/{name}"), Value::Null).await.unwrap()
    }

    /// Types into an element, as somebody does who has put the cursor there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("/element/{element}/clear"), json!({})).await;
        self.post(&format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    /// Clicks an element.
    pub async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let strokes = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})));
        let actions = json!([{"type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>()}]);
        self.post("/actions", json!({ "actions": actions })).await;
    }

    /// The id of what has the focus.
    pub async fn focused(&self) -> String {
        let active = self.call("GET", "/element/active", Value::Null).await.unwrap();
        let element = active[ELEMENT].as_str().unwrap().to_owned();
        let id = self.call("GET", &format!("/element/{element}/property/id"), Value::Null).await;
        id.ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Makes the page as narrow as a phone's.
    pub async fn narrow(&self, width: u32) {
        let metrics = json!({"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": true});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics});
        self.post("/goog/cdp/execute", command).await;
    }

    /// Runs a script of the test's own in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// Waits until an element's text holds these words.
    pub async fn wait_for(&self, selector: &str, words: &str) {
        let begun = Stopwatch::start();
        loop {
            let text = self.text(selector).await;
            if text.contains(words) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{selector} never says {words:?}; it says {text:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until this has the focus.
    pub async fn wait_for_focus(&self, id: &str) {
        let begun = Stopwatch::start();
        while self.focused().await != id {
            assert!(begun.elapsed() < PATIENCE, "{id} never has the focus");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the console holds, without the notes on answers that the test itself asked for (`expected`: their statuses).
    pub async fn complaints(&self, expected: &[u16]) -> Vec<String> {
        let entries = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        let is_expected = |entry: &String| {
            expected.iter().any(|status| entry.contains(&format!("the server responded with a status of {status} ")))
        };
        entries.filter(|entry| !is_expected(entry)).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = i32::try_from(self.driver.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.driver.wait();
    }
}
