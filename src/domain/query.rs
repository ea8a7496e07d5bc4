//! What a list of comments is asked for, and the one meaning of the answer on every store.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

use super::{AuthorId, Campaign, Comment, CommentId, DecidedBy, ExternalId, Fault, Review, Status, Timestamp};

/// The most records one call of a list reads; a page that stops there is short, and still carries `next`.
pub const MAX_READ: usize = 1_000;

/// The most bytes of text, the comments' own and what they answer, that one call of a list reads before it stops in the same
/// way: a thousand comments of ordinary length have a tenth of it, a thousand of the greatest would keep a reader for seconds.
pub const MAX_READ_BYTES: usize = 8 << 20;

/// A question for comments.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// After which.
    pub after: Option<Position>,
    /// How many at most.
    pub limit: usize,
}

/// Conditions on comments; all must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What readers see.
    pub status: Option<Status>,
    /// Whether the review is open (`true`) or done.
    pub review_open: Option<bool>,
    /// What decided.
    pub decided_by: Option<DecidedBy>,
    /// The blog's id.
    pub external_id: Option<ExternalId>,
    /// The post's id.
    pub post: Option<String>,
    /// A token of the author's: the account's, or the e-mail address's.
    pub author: Option<AuthorId>,
    /// What it shares with others: any of [`Comment::campaigns`].
    pub campaign: Option<Campaign>,
    /// The commenter's address, or a network it is in, by [`Comment::is_from`].
    pub ip: Option<IpNet>,
    /// A host it links to, or the parent domain of one.
    pub host: Option<String>,
    /// A rule that fired.
    pub rule: Option<String>,
    /// A substring of the folded text.
    pub text: Option<Needle>,
    /// Written at or after.
    pub since: Option<Timestamp>,
    /// Written before.
    pub until: Option<Timestamp>,
}

/// What to look for in the folded text. Folding belongs to the screening, so the way to do it comes along.
#[derive(Clone, Debug)]
pub struct Needle {
    /// Folded already.
    pub folded: String,
    /// Folds a comment's text the same way.
    pub fold: fn(&str) -> String,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By `written_at`, latest first.
    #[default]
    Newest,
    /// By `written_at`, earliest first.
    Oldest,
    /// By the queue's priority, most urgent first; lists only comments whose review is open.
    Priority,
}

impl Sort {
    /// The value's word in a query string and a cursor.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "newest",
            Sort::Oldest => "oldest",
            Sort::Priority => "priority",
        }
    }
}

/// Which index a store reads for a query: the first that is named, in this order. All other conditions are tested on the records read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index<'a> {
    /// The comment with this id of the blog's, if it is in the query's order.
    External(&'a ExternalId),
    /// The queue, by priority.
    Queue,
    /// One campaign's comments.
    Campaign(Campaign),
    /// One post's comments.
    Post(&'a str),
    /// One author's comments.
    Author(&'a AuthorId),
    /// The comments of one status.
    Status(Status),
    /// All comments.
    All,
}

impl ListQuery {
    /// The index that drives this query.
    pub fn index(&self) -> Index<'_> {
        if let Some(id) = &self.filter.external_id {
            Index::External(id)
        } else if self.sort == Sort::Priority {
            Index::Queue
        } else if let Some(campaign) = self.filter.campaign {
            Index::Campaign(campaign)
        } else if let Some(post) = &self.filter.post {
            Index::Post(post)
        } else if let Some(author) = &self.filter.author {
            Index::Author(author)
        } else if let Some(status) = self.filter.status {
            Index::Status(status)
        } else {
            Index::All
        }
    }

    /// The bytes of text that a comment has a reader read, for [`MAX_READ_BYTES`].
    pub fn weight(comment: &Comment) -> usize {
        let answered = comment.submission.parent.as_ref().and_then(|parent| parent.content.as_ref());
        comment.submission.content.len() + answered.map_or(0, |content| content.len())
    }

    /// Where a comment stands in this query's order; `None` if it cannot be in it.
    pub fn position(&self, comment: &Comment) -> Option<Position> {
        let key = match (self.sort, comment.review) {
            (Sort::Priority, Review::Open { priority, .. }) => priority,
            (Sort::Priority, Review::Done) => return None,
            (Sort::Newest | Sort::Oldest, _) => comment.written_at.millis(),
        };
        Some(Position { key, id: comment.id })
    }
}

impl Filter {
    /// Whether a comment meets every condition.
    pub fn accepts(&self, comment: &Comment) -> bool {
        let submission = &comment.submission;
        is_or_any(&self.status, |status| comment.status == *status)
            && is_or_any(&self.review_open, |open| comment.review.is_open() == *open)
            && is_or_any(&self.decided_by, |by| comment.verdict.decided_by == *by)
            && is_or_any(&self.external_id, |id| submission.external_id.as_ref() == Some(id))
            && is_or_any(&self.post, |post| *submission.post.id == **post)
            && is_or_any(&self.author, |author| comment.is_by(*author))
            && is_or_any(&self.campaign, |campaign| comment.campaigns().contains(campaign))
            && is_or_any(&self.ip, |net| comment.is_from(net))
            && is_or_any(&self.host, |host| comment.hosts.iter().any(|known| is_within(known, host)))
            && is_or_any(&self.rule, |rule| comment.verdict.hits.iter().any(|hit| hit.rule.as_str() == rule))
            && is_or_any(&self.since, |since| comment.written_at >= *since)
            && is_or_any(&self.until, |until| comment.written_at < *until)
            && is_or_any(&self.text, |needle| (needle.fold)(&submission.content).contains(&needle.folded))
    }
}

fn is_or_any<T>(condition: &Option<T>, test: impl FnOnce(&T) -> bool) -> bool {
    condition.as_ref().is_none_or(test)
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A place in an ordered list: the sort key, and the id where keys are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Milliseconds or priority.
    pub key: i64,
    /// Breaks ties.
    pub id: CommentId,
}

/// A position that travels: names the order it belongs to, so that it is not used in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The order.
    pub sort: Sort,
    /// The place.
    pub position: Position,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 25];
        bytes[0] = match self.sort {
            Sort::Newest => b'n',
            Sort::Oldest => b'o',
            Sort::Priority => b'p',
        };
        bytes[1..9].copy_from_slice(&self.position.key.to_be_bytes());
        bytes[9..].copy_from_slice(self.position.id.as_bytes());
        f.write_str(&data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for Cursor {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let fault = || Fault::new("invalid_cursor", "is not a cursor that a list gave as `next`");
        let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| fault())?;
        let bytes: [u8; 25] = bytes.try_into().map_err(|_| fault())?;
        let sort = match bytes[0] {
            b'n' => Sort::Newest,
            b'o' => Sort::Oldest,
            b'p' => Sort::Priority,
            _ => return Err(fault()),
        };
        let (mut key, mut id) = ([0; 8], [0; 16]);
        key.copy_from_slice(&bytes[1..9]);
        id.copy_from_slice(&bytes[9..]);
        let position = Position { key: i64::from_be_bytes(key), id: CommentId::from_bytes(id) };
        Ok(Self { sort, position })
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What was found.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Position>,
    /// Those among the records read that are damaged, and can only be erased.
    pub damaged: Vec<CommentId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let id = CommentId::new(Timestamp::from_millis(5), [1; 10]);
        let cursor = Cursor { sort: Sort::Priority, position: Position { key: -42, id } };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!("bogus".parse::<Cursor>().is_err());
    }

    #[test]
    fn a_host_condition_takes_subdomains_but_not_look_alikes() {
        assert!(is_within("shop.bad.example", "bad.example"));
        assert!(is_within("bad.example", "bad.example"));
        assert!(!is_within("notbad.example", "bad.example"));
    }
}
