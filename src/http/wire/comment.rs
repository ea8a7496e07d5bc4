//! A comment as JSON.

use serde::Serialize;

use super::context::{Mention, Parent, Post};
use super::decision::{Decided, DecisionView};
use super::people::{Author, Client, Form};
use super::verdict::Verdict;
use crate::domain::{self, Cursor, EditedBy, ListQuery, Page, Review, ReviewWhy, SiteId, Sort, Status};

/// A comment with all that callers may know of it. What is not known is left out.
#[derive(Debug, Serialize)]
pub struct Comment<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    status: Status,
    version: u64,
    review: ReviewView,
    post: Post<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent<'a>>,
    kind: &'a str,
    format: domain::Format,
    content: &'a str,
    author: CommentAuthor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Client<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<Form<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mention: Option<Mention<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<Decided<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict<'a>>,
    decisions: Vec<DecisionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier_decisions: Option<u64>,
    created_at: String,
    received_at: String,
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_by: Option<EditedBy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<String>,
}

impl<'a> From<&'a domain::Comment> for Comment<'a> {
    fn from(comment: &'a domain::Comment) -> Self {
        let submission = &comment.submission;
        let author = Author::from(&submission.author);
        Self {
            id: comment.id.to_string(),
            external_id: submission.external_id.as_ref().map(|id| id.as_str()),
            site: None,
            status: comment.status,
            version: comment.version,
            review: ReviewView::from(comment.review),
            post: Post::from(&submission.post),
            parent: submission.parent.as_ref().map(Parent::from),
            kind: &submission.kind,
            format: submission.format,
            content: &submission.content,
            author: CommentAuthor { id: comment.author_id.map(|id| id.to_string()), author },
            client: Some(Client::of(comment)),
            form: Some(Form::from(&submission.form)),
            mention: submission.mention.as_ref().map(Mention::from),
            decided: submission.decided.as_ref().map(Decided::from),
            verdict: Some(Verdict::from(&comment.verdict)),
            decisions: comment.decisions.iter().map(DecisionView::from).collect(),
            earlier_decisions: Some(comment.earlier_decisions).filter(|number| *number > 0),
            created_at: comment.written_at.to_string(),
            received_at: comment.received_at.to_string(),
            changed_at: comment.changed_at.to_string(),
            edited_at: comment.edited.map(|edited| edited.at.to_string()),
            edited_by: comment.edited.map(|edited| edited.by),
            expired_at: comment.expired.map(|expired| expired.at.to_string()),
            withdrawn_at: comment.withdrawn_at.map(|at| at.to_string()),
        }
    }
}

impl<'a> Comment<'a> {
    /// The same, naming its site.
    pub(in crate::http) fn of(site: &'a SiteId, comment: &'a domain::Comment) -> Self {
        Self { site: Some(site.as_str()), ..Self::from(comment) }
    }

    /// The fields that are asked for.
    pub(in crate::http) fn with(self, fields: Fields) -> Self {
        match fields {
            Fields::All => self,
            Fields::Public => self.public(),
        }
    }

    /// The same without what readers may not see: who the author is beyond name, website and role, whom and what it answers
    /// beyond the ids, where the comment came from, what was found, who decided and why.
    fn public(self) -> Self {
        let author = Author { email: None, record: None, account: None, ..self.author.author };
        Self {
            author: CommentAuthor { id: None, author },
            parent: self.parent.map(Parent::public),
            client: None,
            form: None,
            decided: self.decided.map(Decided::public),
            verdict: None,
            decisions: self.decisions.into_iter().map(DecisionView::public).collect(),
            ..self
        }
    }
}

/// A comment after a decision, and whether that took place.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Settled<'a> {
    #[serde(flatten)]
    pub comment: Comment<'a>,
    pub applied: bool,
}

/// Which fields a caller asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum Fields {
    /// All there are.
    #[default]
    All,
    /// Those that readers may see.
    Public,
}

impl std::str::FromStr for Fields {
    type Err = domain::Fault;

    fn from_str(text: &str) -> Result<Self, domain::Fault> {
        match text {
            "public" => Ok(Fields::Public),
            _ => Err(domain::Fault::new("unknown_value", "must be `public`, or left out for all fields")),
        }
    }
}

/// A page of comments.
#[derive(Debug, Serialize)]
pub(in crate::http) struct CommentList<'a> {
    items: Vec<Comment<'a>>,
    next: Option<String>,
}

impl<'a> CommentList<'a> {
    /// A page as this query asked for it.
    pub fn of(site: &'a SiteId, page: &'a Page<domain::Comment>, (query, fields): (&ListQuery, Fields)) -> Self {
        let Self { items, next } = Self::whole(site, page, query.sort);
        Self { items: items.into_iter().map(|comment| comment.with(fields)).collect(), next }
    }

    /// A page in this order, with all fields.
    pub fn whole(site: &'a SiteId, page: &'a Page<domain::Comment>, sort: Sort) -> Self {
        let items = page.items.iter().map(|comment| Comment::of(site, comment)).collect();
        let next = page.next.map(|position| Cursor { sort, position }.to_string());
        Self { items, next }
    }
}

/// The author of a kept comment: as sent, and with our name for them.
#[derive(Debug, Serialize)]
struct CommentAuthor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    author: Author<'a>,
}

/// Whether a person should look; our order of the queue stays with us.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum ReviewView {
    Open { why: ReviewWhy, since: String },
    Done,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        match review {
            Review::Open { why, since, .. } => ReviewView::Open { why, since: since.to_string() },
            Review::Done => ReviewView::Done,
        }
    }
}
