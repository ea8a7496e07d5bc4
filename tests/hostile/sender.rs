//! Sends one case after another through the field's own operation, and says what is wrong with the answers.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::case::Case;
use super::field::Door;
use super::request::{body_with, missing, submission};
use super::support::client::{Answer, Call, Client};
use super::value::{Meaning, Sent};

/// No answer may take longer, whatever the machine is busy with.
const LONGEST: Duration = Duration::from_secs(30);

/// One connection and what was seen on it.
pub struct Sender {
    client: Client,
    /// The site of which this sender changes name and keys.
    site: String,
    /// The names that were given to comments of that site.
    linked: HashSet<String>,
    pub seen: Seen,
}

/// What was sent and answered.
#[derive(Default)]
pub struct Seen {
    pub faults: Vec<String>,
    /// How many cases were answered with which status.
    pub statuses: BTreeMap<u16, usize>,
    pub requests: u64,
    pub slowest: (Duration, String),
}

/// Where hostile comments go.
const DEMO: &str = "/v1/sites/demo/comments";

type Checked = Result<(), String>;

impl Sender {
    /// A sender with the operator's key, and a site of its own.
    pub fn new(address: SocketAddr, key: &str, number: usize) -> Self {
        let site = format!("sender-{number}");
        let mut sender =
            Self { client: Client::new(address, key), site, linked: HashSet::new(), seen: Seen::default() };
        let body = json!({ "id": sender.site }).to_string();
        let made = sender.call("POST", "/v1/sites", body.as_bytes()).unwrap();
        assert_eq!(made.status, 201);
        sender
    }

    /// Sends a case and notes what is wrong with the answers.
    pub fn run(&mut self, number: usize, case: &Case) {
        let begun = Instant::now();
        let checked = match case.field.door {
            Door::Submit => self.submit(number, case),
            Door::Link => self.link(number, case),
            Door::Decide => self.decide(number, case),
            Door::Rename => self.rename(case),
            Door::MakeKey => self.make_key(case),
            Door::Search => self.search(case),
        };
        if let Err(fault) = checked {
            self.seen.faults.push(format!("{}: {fault}", case.name));
        }
        let took = begun.elapsed();
        if took > self.seen.slowest.0 {
            self.seen.slowest = (took, case.name.clone());
        }
    }

    /// An ordinary submission to the sender's own site.
    pub fn ordinary(&mut self, number: usize) -> Result<Value, String> {
        let mut body = submission(number);
        body.as_object_mut().unwrap().remove("external_id");
        let answer = self.call("POST", &self.comments(), body.to_string().as_bytes())?;
        if answer.status == 201 { Ok(answer.json()) } else { Err(format!("an ordinary comment: {}", shown(&answer))) }
    }

    fn submit(&mut self, number: usize, case: &Case) -> Checked {
        let body = body_with(submission(number), case.field.place, &case.sent);
        let answer = self.call("POST", DEMO, &body)?;
        if !self.is_success(case, &answer)? {
            return Ok(());
        }
        let mut expected: Value = serde_json::from_slice(&body).map_err(|why| why.to_string())?;
        let kept = case.field.kept(text(case));
        *expected.pointer_mut(case.field.place).unwrap() = kept.into();
        let mut made = answer.json();
        same(&expected, &made, "the answer")?;
        required(case, &made)?;
        let shown = self.get(&format!("{DEMO}/{}", made["id"].as_str().unwrap()))?;
        // Only the answer itself has the commenter's token.
        made.as_object_mut().unwrap().remove("status_token");
        same(&made, &shown, "the comment by its id")?;
        self.find(DEMO, &made)
    }

    fn find(&mut self, comments: &str, made: &Value) -> Checked {
        let encoded = encoded(made["external_id"].as_str().unwrap().as_bytes());
        let listed = self.get(&format!("{comments}?external_id={encoded}"))?;
        same(&json!({ "items": [made] }), &listed, "the list")?;
        let named = self.get(&format!("{comments}/ext:{encoded}"))?;
        same(made, &named, "the comment by the blog's id")
    }

    fn link(&mut self, number: usize, case: &Case) -> Checked {
        let path = self.ordinary_path(number)?;
        let body = body_with(json!({ "external_id": "" }), case.field.place, &case.sent);
        let answer = self.call("PUT", &format!("{path}/external"), &body)?;
        if answer.status == 409 && self.linked.contains(text(case)) {
            return Ok(());
        }
        if !self.is_success(case, &answer)? {
            return Ok(());
        }
        // Which of two cases with the same text comes first to this sender's site is chance.
        self.linked.insert(text(case).to_owned());
        let made = self.get(&path)?;
        same(&json!({ "external_id": text(case) }), &made, "the comment")?;
        self.find(&self.comments(), &made)
    }

    fn decide(&mut self, number: usize, case: &Case) -> Checked {
        let path = self.ordinary_path(number)?;
        let body = body_with(json!({ "reason": "off_topic" }), case.field.place, &case.sent);
        let answer = self.call("POST", &format!("{path}/reject"), &body)?;
        if !self.is_success(case, &answer)? {
            return Ok(());
        }
        let name = case.field.place.trim_start_matches('/');
        let mut decision = json!({ "reason": "off_topic" });
        decision[name] = text(case).into();
        same(&json!({ "decisions": [decision] }), &self.get(&path)?, "the decision")
    }

    fn rename(&mut self, case: &Case) -> Checked {
        let path = format!("/v1/sites/{}", self.site);
        let body = body_with(json!({ "name": "" }), case.field.place, &case.sent);
        let answer = self.call("PATCH", &path, &body)?;
        if !self.is_success(case, &answer)? {
            return Ok(());
        }
        let expected = json!({ "id": self.site, "name": text(case) });
        same(&expected, &answer.json(), "the answer")?;
        same(&expected, &self.get(&path)?, "the site")?;
        same(&expected, &item(&self.get("/v1/sites")?, &self.site), "the list")
    }

    fn make_key(&mut self, case: &Case) -> Checked {
        let path = format!("/v1/sites/{}/keys", self.site);
        let body = body_with(json!({ "name": "", "scopes": ["read"] }), case.field.place, &case.sent);
        let answer = self.call("POST", &path, &body)?;
        if !self.is_success(case, &answer)? {
            return Ok(());
        }
        let made = answer.json();
        let id = made["id"].as_str().unwrap();
        same(&json!({ "name": text(case) }), &made, "the answer")?;
        same(&json!({ "name": text(case) }), &item(&self.get(&path)?, id), "the list")?;
        let deleted = self.call("DELETE", &format!("{path}/{id}"), b"")?;
        if deleted.status == 204 { Ok(()) } else { Err(format!("its deletion: {}", shown(&deleted))) }
    }

    fn search(&mut self, case: &Case) -> Checked {
        let path = format!("{DEMO}?limit=3&q={}", encoded(&case.sent.bytes));
        let answer = self.call("GET", &path, b"")?;
        self.is_success(case, &answer).map(|_| ())
    }

    fn ordinary_path(&mut self, number: usize) -> Result<String, String> {
        let made = self.ordinary(number)?;
        Ok(format!("{}/{}", self.comments(), made["id"].as_str().unwrap()))
    }

    /// The comments of the sender's own site.
    fn comments(&self) -> String {
        format!("/v1/sites/{}/comments", self.site)
    }

    /// Whether the case was taken; an error if that or its refusal is not as it should be.
    fn is_success(&mut self, case: &Case, answer: &Answer) -> Result<bool, String> {
        *self.seen.statuses.entry(answer.status).or_default() += 1;
        if !case.allow.contains(&answer.status) {
            return Err(format!("allowed is {:?}, answered was {}", case.allow, shown(answer)));
        }
        if answer.status >= 400 {
            refusal(case.field.place, answer)?;
        }
        Ok(answer.status == case.field.success())
    }

    fn get(&mut self, path: &str) -> Result<Value, String> {
        let answer = self.call("GET", path, b"")?;
        if answer.status == 200 { Ok(answer.json()) } else { Err(format!("GET {path:.120}: {}", shown(&answer))) }
    }

    fn call(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Answer, String> {
        self.seen.requests += 1;
        let begun = Instant::now();
        let answer = self.client.send(&Call { method, path, idempotency_key: None, body });
        let took = begun.elapsed();
        let answer = answer.map_err(|why| format!("{method} {path:.120} with {} bytes: {why}", body.len()))?;
        if took > LONGEST {
            return Err(format!("{method} {path:.120} took {took:?}"));
        }
        Ok(answer)
    }
}

/// What a refusal must be: a problem, which names the field where that is at fault.
fn refusal(place: &str, answer: &Answer) -> Checked {
    let problem = answer.json();
    let is_problem = answer.content_type.starts_with("application/problem+json") && problem["status"] == answer.status;
    let names = |error: &Value| error["field"] == place && error["code"].is_string();
    let is_named = answer.status != 422 || problem["errors"].as_array().is_some_and(|errors| errors.iter().any(names));
    if is_problem && is_named {
        Ok(())
    } else {
        Err(format!("it is refused without a word on {place}: {}", shown(answer)))
    }
}

fn required(case: &Case, made: &Value) -> Checked {
    let approved = made["status"] == "approved";
    let has = |rule: &String| {
        made["verdict"]["hits"].as_array().is_some_and(|hits| hits.iter().any(|hit| hit["rule"] == **rule))
    };
    let holds = case.must.approved.is_none_or(|must| must == approved) && case.must.rule.as_ref().is_none_or(has);
    if holds { Ok(()) } else { Err(format!("{}: {:.400}", made["status"], made["verdict"]["hits"])) }
}

fn same(expected: &Value, answer: &Value, what: &str) -> Checked {
    let missing = missing(expected, answer);
    if missing.is_empty() { Ok(()) } else { Err(format!("{what}: {}", missing.join("; "))) }
}

fn item(list: &Value, id: &str) -> Value {
    let items = list["items"].as_array().into_iter().flatten();
    items.into_iter().find(|item| item["id"] == id).cloned().unwrap_or_default()
}

fn text(case: &Case) -> &str {
    match &case.sent {
        Sent { meaning: Meaning::Text(text), .. } => text,
        _ => "",
    }
}

fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

fn shown(answer: &Answer) -> String {
    format!("{} {:.300}", answer.status, String::from_utf8_lossy(&answer.body))
}
