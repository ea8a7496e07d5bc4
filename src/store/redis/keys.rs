//! Every key there is: its name, its type, what is in it and how long it lives.
//!
//! A site's keys are `mod:{<site>}:<name>`: one hash tag, so one slot. `commit.lua` makes them of a [`Prefix`] and names. Instead
//! of `mod` they begin with what `store.prefix` says.
//!
//! | name | type | content |
//! | --- | --- | --- |
//! | `head` | string | `<tag> <event millis> <event number> <approved> <held> <rejected> <open> <settings version> <operations>`: that the site is here, of which store, and its numbers |
//! | `settings` | string | what the site overrides, as JSON; missing where it overrides nothing |
//! | `c:<id>` | string | a comment ([`packed`](super::packed)) |
//! | `t:<id>` | string | a tombstone ([`packed`](super::packed)) |
//! | `x:<external id>` | string | the id of the comment, or of the tombstone, that has this id of the blog's |
//! | `i:<key>` | string, expires | what an idempotency key was used for: `<comment id> <fingerprint> <applied> <kept until>` |
//! | `h:<kind>:<hash>` | string | an entry of the history: `<period>:<seen>,<approved>,<spam>,<abuse>;…\|<member>:<uses>;…` |
//! | `l:<limit>:<hash>` | string, expires | until when each quota of a limit is used up, in microseconds since 1970, with blanks between |
//! | `k:<key id>` | string | an API key, as JSON |
//! | `u:<key id>` | string | when an API key was last used, in milliseconds |
//! | `w` | string, expires | nothing: written so that a later `WAIT` speaks for what was there before ([`link`](super::link)) |
//! | `b` | string | the stamp of the plan that changed one of the site's lists last: changes of lists follow each other |
//! | `b:<list>` | sorted set, all scores 0 | the entries of a list: each member is an id of 24 characters and the entry as JSON |
//! | `e` | stream | the feed; field `e` is the event without its id, as JSON |
//! | `n` | string | the number of the newest lesson; missing where there was none |
//! | `n:log` | stream | the lessons, under `<number>-0`: field `a` is when, in milliseconds, field `l` the lesson as JSON |
//! | `m` | string | a snapshot of what was learnt: a head as a record's ([`packed`](super::packed)), the number of the last lesson in it, a blank, and its bytes |
//! | [`Index`] | sorted set, all scores 0 | members are a sort key of 8 bytes and an id of 16, read by `ZRANGE … BYLEX` |
//!
//! What is of no site:
//!
//! | key | type | content |
//! | --- | --- | --- |
//! | `mod:schema` | string | who the store is and of which schema, as JSON; while a first start is under way, what it begins with |
//! | `mod:sites` | hash | from a site's id to the site, as JSON; from `~` and the id of one that is being removed to what it was |
//! | `mod:keys` | hash | from an API key's id to the site that has its record; empty: the operator |
//! | `mod:{mod:sites}:w` and so on | string, expires | nothing, as a site's `w` |
//! | `mod:{@operator}:k:<key id>` and so on | | the operator's API keys, as a site's |

use crate::domain::{
    AuthorId, Campaign, CommentId, ExternalId, HistoryKey, HistoryKind, KeyId, Limit, ListName, SiteId,
};
use crate::store::IdempotencyKey;

/// The site's numbers.
pub(super) const HEAD: &str = "head";
/// What the site overrides.
pub(super) const SETTINGS: &str = "settings";
/// The feed.
pub(super) const FEED: &str = "e";
/// The number of the newest lesson.
pub(super) const TAUGHT: &str = "n";
/// The lessons.
pub(super) const LESSONS: &str = "n:log";
/// The snapshot of what was learnt.
pub(super) const MODEL: &str = "m";
/// Which plan changed the site's lists last.
pub(super) const LISTS: &str = "b";
/// What is written for `WAIT`.
pub(super) const MARKER: &str = "w";

/// What all keys of one store begin with: `mod`, unless several stores share the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names(String);

impl Names {
    /// Names that begin so.
    pub(super) fn new(beginning: &str) -> Self {
        Self(beginning.to_owned())
    }

    /// Of a site.
    pub(super) fn site(&self, site: &SiteId) -> Prefix {
        Prefix(format!("{}:{{{site}}}:", self.0))
    }

    /// Of a site's API keys, or of the operator's: no site's id has an `@`.
    pub(super) fn owner(&self, site: Option<&SiteId>) -> Prefix {
        site.map_or_else(|| Prefix(format!("{}:{{@operator}}:", self.0)), |site| self.site(site))
    }

    /// Who the store is: one key, whose name behind this is empty.
    pub(super) fn schema(&self) -> Prefix {
        Prefix(format!("{}:schema", self.0))
    }

    /// The sites.
    pub(super) fn sites(&self) -> String {
        format!("{}:sites", self.0)
    }

    /// Whose an API key is.
    pub(super) fn keys(&self) -> String {
        format!("{}:keys", self.0)
    }
}

/// What the names of a site's keys stand behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl Prefix {
    /// As `KEYS[1]`.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole key of a name.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }
}

/// The entries of a list.
pub(super) fn list(list: ListName) -> String {
    format!("b:{}", list.as_str())
}

/// A comment.
pub(super) fn comment(id: CommentId) -> String {
    format!("c:{id}")
}

/// A tombstone.
pub(super) fn tombstone(id: CommentId) -> String {
    format!("t:{id}")
}

/// Whose an id of the blog's is.
pub(super) fn external(id: &ExternalId) -> String {
    format!("x:{id}")
}

/// What an idempotency key was used for.
pub(super) fn idempotency(key: &IdempotencyKey) -> String {
    format!("i:{}", data_encoding::HEXLOWER.encode(&key.0))
}

/// An entry of the history.
pub(super) fn history(key: &HistoryKey) -> String {
    let kind = match key.kind {
        HistoryKind::Mail => 'm',
        HistoryKind::Account => 'a',
        HistoryKind::MailNet => 'n',
        HistoryKind::MailOwner => 'o',
        HistoryKind::Text => 't',
        HistoryKind::Owner => 'w',
        HistoryKind::Handle => 'c',
        HistoryKind::Net => 'i',
        HistoryKind::Linked => 'l',
        HistoryKind::Near => 's',
    };
    format!("h:{kind}:{}", data_encoding::HEXLOWER.encode(&key.hash))
}

/// How much of a limit's quotas is used up.
pub(super) fn limit(limit: Limit, key: &[u8; 16]) -> String {
    format!("l:{}:{}", limit.as_str(), data_encoding::HEXLOWER.encode(key))
}

/// An API key.
pub(super) fn api_key(id: &KeyId) -> String {
    format!("k:{id}")
}

/// When an API key was last used.
pub(super) fn last_use(id: &KeyId) -> String {
    format!("u:{id}")
}

/// An index: comments, tombstones or keys in some order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Index {
    /// `q`: comments whose review is open, by priority.
    Queue,
    /// `s:<status>`: comments of a status, by when they were written.
    Status(crate::domain::Status),
    /// `p:<post>`: comments on a post, by when they were written.
    Post(String),
    /// `a:<author>`: comments that name an author by either token, by when they were written.
    Author(AuthorId),
    /// `g:<campaign>`: comments of a campaign, by when they were written.
    Campaign(Campaign),
    /// `r:<id>` or `r:ext:<external id>`: comments that quote the comment of this name, by when they were written.
    Replies(String),
    /// `o:<status>`: comments of a status by when they changed last, but of held ones only those whose review is open.
    Age(crate::domain::Status),
    /// `o:withdrawn`: held comments whose review is done, by when they changed last.
    Withdrawn,
    /// `o:address`: comments with a whole address, by when they came in.
    Address,
    /// `t`: tombstones, by id.
    Tombstones,
    /// `o:tombstone`: tombstones, by when their comments went.
    TombstoneAge,
    /// `ta:<author>`: tombstones that name an author by either token, by id.
    TombstoneAuthor(AuthorId),
    /// `k`: API keys, by when they were made. Their ids are texts of 12 bytes.
    Keys,
}

impl Index {
    /// Its name.
    pub(super) fn name(&self) -> String {
        match self {
            Index::Queue => "q".to_owned(),
            Index::Status(status) => format!("s:{}", status.as_str()),
            Index::Post(post) => format!("p:{post}"),
            Index::Author(author) => format!("a:{author}"),
            Index::Campaign(campaign) => format!("g:{campaign}"),
            Index::Replies(name) => format!("r:{name}"),
            Index::Age(status) => format!("o:{}", status.as_str()),
            Index::Withdrawn => "o:withdrawn".to_owned(),
            Index::Address => "o:address".to_owned(),
            Index::Tombstones => "t".to_owned(),
            Index::TombstoneAge => "o:tombstone".to_owned(),
            Index::TombstoneAuthor(author) => format!("ta:{author}"),
            Index::Keys => "k".to_owned(),
        }
    }
}
