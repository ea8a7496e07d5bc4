//! Disqus's comments exports: threads, and then the posts in them.

use std::collections::HashMap;
use std::io::BufRead;

use serde_json::{Map, Value, json};

use super::xml::{Fields, Part, Xml};
use super::{Found, Item, Source};
use crate::cli::failure::Failure;
use crate::domain::Timestamp;
use crate::http::wire::{FieldFault, submission_of};
use crate::service::Standing;

/// The most threads of an export: they are all remembered, as posts come after them.
const MAX_THREADS: usize = 1_000_000;

/// What is read of a thread.
const THREAD: [&str; 4] = ["id", "link", "title", "createdAt"];

/// What is read of a post.
const POST: [&str; 13] = [
    "id",
    "message",
    "createdAt",
    "isDeleted",
    "isSpam",
    "ipAddress",
    "author/email",
    "author/name",
    "author/isAnonymous",
    "author/username",
    "thread",
    "thread@dsq:id",
    "parent@dsq:id",
];

/// Reads an export.
pub(super) struct Export<R> {
    xml: Xml<R>,
    threads: HashMap<String, Thread>,
    /// Their keys by the blog's own ids: the documented example refers to threads by these.
    keys: HashMap<String, String>,
    has_begun: bool,
    deleted: u64,
}

/// A page that was commented on.
struct Thread {
    id: Option<String>,
    link: Option<String>,
    title: Option<String>,
    created_at: Option<String>,
}

impl<R: BufRead> Export<R> {
    pub(super) fn new(reader: R) -> Self {
        let (threads, keys) = (HashMap::new(), HashMap::new());
        Self { xml: Xml::new(reader), threads, keys, has_begun: false, deleted: 0 }
    }

    fn thread(&mut self, key: Option<String>) -> Result<(), Failure> {
        let mut fields = self.xml.fields(&THREAD).map_err(Failure::new)?;
        if self.threads.len() >= MAX_THREADS {
            return Err(Failure::new(format!("has more than {MAX_THREADS} threads, the limit")));
        }
        if let Some(key) = key {
            let [id, link, title, created_at] = THREAD.map(|name| fields.take(name));
            if let Some(id) = &id {
                self.keys.insert(id.clone(), key.clone());
            }
            self.threads.insert(key, Thread { id, link, title, created_at: created_at.as_deref().and_then(time) });
        }
        Ok(())
    }

    /// A comment, `None` for one that was deleted; or everything that is wrong with it.
    fn post(&mut self, key: Option<String>, fields: &mut Fields) -> Result<Option<Item>, Vec<String>> {
        if fields.are_too_long() {
            return Err(vec!["has more than 1 MiB".to_owned()]);
        }
        if fields.take("isDeleted").as_deref() == Some("true") {
            self.deleted += 1;
            return Ok(None);
        }
        let submission = self.submission(key, fields)?;
        let told = |fault: &FieldFault| format!("{} {}", fault.field, fault.detail);
        let read = submission_of(Value::Object(submission));
        let submission = read.map_err(|faults| faults.iter().map(told).collect::<Vec<_>>())?;
        Ok(Some(Item::Old(Box::new(submission), Standing::Decided)))
    }

    /// A comment as a blog would submit it.
    fn submission(&self, key: Option<String>, fields: &mut Fields) -> Result<Map<String, Value>, Vec<String>> {
        let fault = |what: &str| vec![what.to_owned()];
        let key = key.or_else(|| fields.take("id")).ok_or_else(|| fault("has no dsq:id"))?;
        let by_id = fields.take("thread").and_then(|id| self.keys.get(&id).cloned().or(Some(id)));
        let thread_key = fields.take("thread@dsq:id").or(by_id).ok_or_else(|| fault("names no thread"))?;
        let Some(thread) = self.threads.get(&thread_key) else {
            return Err(vec![format!("names the thread {thread_key}, which does not stand before it")]);
        };
        let created_at = fields.take("createdAt").as_deref().and_then(time);
        let created_at = created_at.ok_or_else(|| fault("has no time that can be read"))?;
        let decided = match fields.take("isSpam").as_deref() {
            Some("true") => json!({ "action": "reject", "reason": "spam", "by": "machine" }),
            _ => json!({ "action": "approve", "by": "person" }),
        };
        let is_anonymous = fields.take("author/isAnonymous").as_deref() == Some("true");
        let username = fields.take("author/username").filter(|_| !is_anonymous);
        // Disqus asked for a password; that is as much as any platform vouches for.
        let account = username.map(|id| json!({ "provider": "disqus", "id": id, "verified": true }));
        let submission = json!({
            "external_id": key,
            "post": {
                "id": thread.id.as_deref().unwrap_or(&thread_key),
                "url": thread.link,
                "title": thread.title,
                "published_at": thread.created_at,
            },
            "parent": fields.take("parent@dsq:id").map(|parent| json!({ "external_id": parent })),
            "created_at": created_at,
            "author": {
                "name": fields.take("author/name"),
                "email": fields.take("author/email"),
                "account": account,
            },
            "content": fields.take_whole("message"),
            "format": "html",
            "client": { "ip": fields.take("ipAddress").filter(|ip| ip.parse::<std::net::IpAddr>().is_ok()) },
            "decided": decided,
        });
        match submission {
            Value::Object(submission) => Ok(submission),
            _ => Ok(Map::new()),
        }
    }
}

impl<R: BufRead> Source for Export<R> {
    fn next(&mut self) -> Result<Option<Found>, Failure> {
        loop {
            let line = self.xml.line();
            let (name, attributes) = match self.xml.next().map_err(Failure::new)? {
                Part::Open(name, attributes) => (name, attributes),
                Part::End if self.has_begun => return Ok(None),
                Part::End => return Err(Failure::new("has no elements")),
                Part::Text(_) | Part::Close => continue,
            };
            let key = attributes.into_iter().find(|(name, _)| name == "dsq:id").map(|(_, value)| value);
            match (name.as_str(), self.has_begun) {
                ("disqus", _) => self.has_begun = true,
                (other, false) => {
                    return Err(Failure::new(format!("is no export of Disqus: it begins with <{other}>")));
                }
                ("thread", true) => self.thread(key)?,
                ("post", true) => {
                    let mut fields = self.xml.fields(&POST).map_err(Failure::new)?;
                    let place = format!("line {line}: the post");
                    let weight = fields.bytes();
                    if let Some(item) = self.post(key, &mut fields).transpose() {
                        return Ok(Some(Found { place, weight, item }));
                    }
                }
                _ => self.xml.skip().map_err(Failure::new)?,
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let deleted = format!("left out, deleted on Disqus: {}", self.deleted);
        (self.deleted > 0).then_some(deleted).into_iter().collect()
    }
}

/// A time of Disqus (`2014-03-14T11:05:08Z`; older exports leave the zone out, which is UTC).
fn time(text: &str) -> Option<String> {
    let has_zone = text.ends_with('Z') || text.get(10..).is_some_and(|clock| clock.contains(['+', '-']));
    let written = if has_zone { text.to_owned() } else { format!("{text}Z") };
    written.parse::<Timestamp>().is_ok().then_some(written)
}
