//! The fields that take text: how each is sent, what it may be, and so what is to be answered.

use super::value::{Meaning, Sent};

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub door: Door,
    /// Its JSON Pointer in the body.
    pub place: &'static str,
    pub rule: Rule,
    pub limit: Limit,
}

/// The operation that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Submit,
    Decide,
    Link,
    Rename,
    MakeKey,
    Search,
}

/// What it may be beside its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anything.
    Any,
    /// Anything; what is too long is cut.
    Cut,
    /// Not empty.
    Filled,
    /// Not only white space.
    Visible,
    /// A name for machines: most texts are none.
    Word,
    /// Some of it can be seen, which the sender cannot tell as exactly as the service.
    Needle,
}

/// How long it may be.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    Characters(usize),
    Bytes(usize),
}

use Door::{Decide, Link, MakeKey, Rename, Search, Submit};
use Limit::{Bytes, Characters};
use Rule::{Any, Cut, Filled, Needle, Visible, Word};

/// The most bytes of a body.
pub const MAX_BODY: usize = 256 * 1024;

/// Every field that takes text.
pub const FIELDS: &[Field] = &[
    field("content", Submit, "/content", (Any, Bytes(65_536))),
    field("author.name", Submit, "/author/name", (Any, Characters(245))),
    field("author.email", Submit, "/author/email", (Any, Characters(254))),
    field("author.url", Submit, "/author/url", (Any, Characters(2048))),
    field("author.account.id", Submit, "/author/account/id", (Filled, Characters(255))),
    field("client.user_agent", Submit, "/client/user_agent", (Cut, Characters(1024))),
    field("client.referrer", Submit, "/client/referrer", (Cut, Characters(2048))),
    field("client.ip", Submit, "/client/ip", (Word, Characters(45))),
    field("form.honeypot", Submit, "/form/honeypot", (Cut, Characters(1024))),
    field("post.id", Submit, "/post/id", (Filled, Characters(255))),
    field("post.title", Submit, "/post/title", (Any, Characters(1024))),
    field("post.url", Submit, "/post/url", (Any, Characters(2048))),
    field("post.excerpt", Submit, "/post/excerpt", (Any, Characters(4096))),
    field("post.language", Submit, "/post/language", (Any, Characters(35))),
    field("post.tag", Submit, "/post/tags/0", (Any, Characters(100))),
    field("parent.external_id", Submit, "/parent/external_id", (Filled, Characters(255))),
    field("parent.author.name", Submit, "/parent/author/name", (Any, Characters(245))),
    field("parent.content", Submit, "/parent/content", (Any, Bytes(65_536))),
    field("mention.source", Submit, "/mention/source", (Any, Characters(2048))),
    field("mention.target", Submit, "/mention/target", (Any, Characters(2048))),
    field("decided.actor", Submit, "/decided/actor", (Filled, Characters(245))),
    field("kind", Submit, "/kind", (Word, Characters(40))),
    field("format", Submit, "/format", (Word, Characters(8))),
    field("created_at", Submit, "/created_at", (Word, Characters(24))),
    field("external_id", Submit, "/external_id", (Filled, Characters(255))),
    field("linked_external_id", Link, "/external_id", (Filled, Characters(255))),
    field("note", Decide, "/note", (Any, Characters(1024))),
    field("actor", Decide, "/actor", (Filled, Characters(245))),
    field("site_name", Rename, "/name", (Visible, Characters(200))),
    field("key_name", MakeKey, "/name", (Visible, Characters(100))),
    field("q", Search, "query:q", (Needle, Characters(200))),
];

const fn field(name: &'static str, door: Door, place: &'static str, (rule, limit): (Rule, Limit)) -> Field {
    Field { name, door, place, rule, limit }
}

impl Field {
    /// The field of this name.
    pub fn named(name: &str) -> Field {
        *FIELDS.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("there is no field {name}"))
    }

    /// What is answered when all is well.
    pub fn success(&self) -> u16 {
        if matches!(self.door, Submit | MakeKey) { 201 } else { 200 }
    }

    /// The statuses that a value may be answered with.
    pub fn statuses(&self, sent: &Sent) -> Vec<u16> {
        if sent.literal.len() > MAX_BODY {
            return vec![413];
        }
        let text = match &sent.meaning {
            Meaning::Text(text) => text,
            Meaning::NotText => return vec![422],
            // A query string has no JSON to be broken: what is no UTF-8 there is read as replacement characters.
            Meaning::NoJson if self.door == Search => return vec![self.success(), 422],
            Meaning::NoJson => return vec![400],
        };
        let is_refused = match self.rule {
            Rule::Any => self.is_too_long(text),
            Rule::Cut => false,
            Rule::Filled => text.is_empty() || self.is_too_long(text),
            Rule::Visible => text.trim().is_empty() || self.is_too_long(text),
            Rule::Word | Rule::Needle if text.is_empty() || self.is_too_long(text) => true,
            Rule::Word | Rule::Needle => return vec![self.success(), 422],
        };
        vec![if is_refused { 422 } else { self.success() }]
    }

    fn is_too_long(&self, text: &str) -> bool {
        match self.limit {
            Characters(most) => text.chars().count() > most,
            Bytes(most) => text.len() > most,
        }
    }

    /// What is kept of a text that was taken.
    pub fn kept(&self, text: &str) -> String {
        match (self.rule, self.limit) {
            (Cut, Characters(most)) => text.chars().take(most).collect(),
            _ => text.to_owned(),
        }
    }
}
