//! WordPress's exports (WXR): items with the comments on them.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde_json::{Map, Value, json};

use super::xml::{Fields, Part, Xml};
use super::{Found, Item, Source};
use crate::cli::failure::Failure;
use crate::domain::Timestamp;
use crate::http::wire::submission_of;
use crate::service::Standing;

/// What is read of an item, before its comments.
const ITEM: [&str; 4] = ["title", "link", "wp:post_id", "wp:post_date_gmt"];

/// What is read of a comment.
const COMMENT: [&str; 12] = [
    "wp:comment_id",
    "wp:comment_author",
    "wp:comment_author_email",
    "wp:comment_author_url",
    "wp:comment_author_IP",
    "wp:comment_date",
    "wp:comment_date_gmt",
    "wp:comment_content",
    "wp:comment_approved",
    "wp:comment_type",
    "wp:comment_parent",
    "wp:comment_user_id",
];

/// Reads an export.
pub(super) struct Export<R> {
    xml: Xml<R>,
    /// The item that is being read.
    item: BTreeMap<String, String>,
    has_begun: bool,
    local_times: u64,
    odd_addresses: u64,
    /// Comments of kinds that are left out, by what they are.
    left_out: BTreeMap<String, u64>,
}

impl<R: BufRead> Export<R> {
    pub(super) fn new(reader: R) -> Self {
        let (item, left_out) = (BTreeMap::new(), BTreeMap::new());
        Self { xml: Xml::new(reader), item, has_begun: false, local_times: 0, odd_addresses: 0, left_out }
    }

    /// A comment, `None` for one that is left out on purpose; or everything that is wrong with it.
    fn comment(&mut self, fields: &mut Fields) -> Result<Option<Item>, Vec<String>> {
        if fields.are_too_long() {
            return Err(vec!["has more than 1 MiB".to_owned()]);
        }
        let kind = fields.take("wp:comment_type").unwrap_or_else(|| "comment".to_owned());
        if !["comment", "pingback", "trackback", "review"].contains(&kind.as_str()) {
            self.leave_out(format!("of type {kind}"));
            return Ok(None);
        }
        let approved = fields.take("wp:comment_approved").unwrap_or_default();
        let (decided, standing) = match approved.as_str() {
            "1" | "approve" => (Some(json!({ "action": "approve", "by": "person" })), Standing::Decided),
            "0" | "hold" => (None, Standing::Waiting),
            "trash" => (Some(json!({ "action": "reject", "reason": "other", "by": "person" })), Standing::Decided),
            "spam" => (Some(json!({ "action": "reject", "reason": "spam", "by": "machine" })), Standing::Decided),
            "post-trashed" => {
                self.leave_out("on a post in the trash".to_owned());
                return Ok(None);
            }
            other => return Err(vec![format!("wp:comment_approved is none of 1, 0, spam and trash: {other}")]),
        };
        let mut submission = self.submission(fields, &kind)?;
        submission.extend(decided.map(|decided| ("decided".to_owned(), decided)));
        let read = submission_of(Value::Object(submission));
        let told = |fault: &crate::http::wire::FieldFault| format!("{} {}", fault.field, fault.detail);
        let submission = read.map_err(|faults| faults.iter().map(told).collect::<Vec<_>>())?;
        Ok(Some(Item::Old(Box::new(submission), standing)))
    }

    /// A comment as a blog would submit it.
    fn submission(&mut self, fields: &mut Fields, kind: &str) -> Result<Map<String, Value>, Vec<String>> {
        let id = fields.take("wp:comment_id").ok_or_else(|| vec!["has no wp:comment_id".to_owned()])?;
        let (gmt, local) = (fields.take("wp:comment_date_gmt"), fields.take("wp:comment_date"));
        let created_at = match (time(gmt.as_deref()), time(local.as_deref())) {
            (Some(gmt), _) => gmt,
            (None, Some(local)) => {
                self.local_times += 1;
                local
            }
            (None, None) => return Err(vec!["has no time that can be read".to_owned()]),
        };
        let address = fields.take("wp:comment_author_IP");
        let ip = address.as_ref().filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
        self.odd_addresses += u64::from(address.is_some() && ip.is_none());
        let url = fields.take("wp:comment_author_url");
        let is_member = fields.take("wp:comment_user_id").is_some_and(|user| user != "0");
        let answered = fields.take("wp:comment_parent").filter(|parent| parent != "0");
        let of_item = |name: &str| self.item.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        // WordPress keeps a pingback only after it has found the link; of a trackback it believes what it is told.
        let mention = match (&url, of_item("link"), kind) {
            (Some(source), Some(target), "pingback" | "trackback") => {
                Some(json!({ "source": source, "target": target, "verified": kind == "pingback" }))
            }
            _ => None,
        };
        let submission = json!({
            "external_id": id,
            "post": {
                "id": of_item("wp:post_id").unwrap_or_default(),
                "url": of_item("link"),
                "title": of_item("title"),
                "published_at": time(of_item("wp:post_date_gmt")),
            },
            "parent": answered.map(|parent| json!({ "external_id": parent })),
            "kind": kind,
            "created_at": created_at,
            "author": {
                "name": fields.take("wp:comment_author"),
                "email": fields.take("wp:comment_author_email"),
                "url": url,
                "role": is_member.then_some("member"),
            },
            "content": fields.take_whole("wp:comment_content"),
            "format": "html",
            "client": { "ip": ip },
            "mention": mention,
        });
        match submission {
            Value::Object(submission) => Ok(submission),
            _ => Ok(Map::new()),
        }
    }

    fn leave_out(&mut self, what: String) {
        // A file of a million types must not fill the memory.
        let what = if self.left_out.len() < 20 { what } else { "of other types".to_owned() };
        *self.left_out.entry(what).or_default() += 1;
    }
}

impl<R: BufRead> Source for Export<R> {
    fn next(&mut self) -> Result<Option<Found>, Failure> {
        loop {
            let line = self.xml.line();
            let (name, fits) = match self.xml.next().map_err(Failure::new)? {
                Part::Open(name, _) => (name, self.has_begun),
                Part::End if self.has_begun => return Ok(None),
                Part::End => return Err(Failure::new("has no elements")),
                Part::Text(_) | Part::Close => continue,
            };
            match name.as_str() {
                "rss" => self.has_begun = true,
                _ if !fits => {
                    return Err(Failure::new(format!("is no export of WordPress: it begins with <{name}>")));
                }
                "channel" => {}
                "item" => self.item.clear(),
                "wp:comment" => {
                    let mut fields = self.xml.fields(&COMMENT).map_err(Failure::new)?;
                    let place = format!("line {line}: the comment");
                    let weight = fields.bytes();
                    match self.comment(&mut fields).transpose() {
                        None => {}
                        Some(item) => return Ok(Some(Found { place, weight, item })),
                    }
                }
                wanted if ITEM.contains(&wanted) => {
                    let text = self.xml.text().map_err(Failure::new)?;
                    self.item.insert(name, text);
                }
                _ => self.xml.skip().map_err(Failure::new)?,
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "an export of WordPress holds no spam: what is learnt of it is learnt of honest comments only".to_owned(),
        ];
        let mut say = |count: u64, line: String| notes.extend((count > 0).then(|| format!("{line}: {count}")));
        say(self.local_times, "without a time in UTC, read from the blog's own as if that were".to_owned());
        say(self.odd_addresses, "without an address, as what stood there is none".to_owned());
        for (what, count) in &self.left_out {
            say(*count, format!("left out, {what}"));
        }
        notes
    }
}

/// A time of WordPress's database (`2014-03-14 11:05:08`) in UTC; `0000-00-00 00:00:00` is none.
fn time(text: Option<&str>) -> Option<String> {
    let text = text.filter(|text| !text.starts_with("0000-"))?;
    let written = format!("{}Z", text.replacen(' ', "T", 1));
    written.parse::<Timestamp>().is_ok().then_some(written)
}
