//! Authors as JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::comment::CommentList;
use super::fault::{Faults, FieldFault};
use super::people::{Account, account_at};
use super::site::CountsView;
use super::text::from_text;
use crate::domain::{AuthorId, AuthorStanding, Email, Fault, Tally};
use crate::service::AuthorName;

/// What somebody knows of an author.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(in crate::http) struct LookupBody<'a> {
    email: Option<Cow<'a, str>>,
    account: Option<Account<'a>>,
    comment: Option<Cow<'a, str>>,
}

impl LookupBody<'_> {
    /// The one thing that is known, or faults.
    pub fn check(self) -> Result<AuthorName, Vec<FieldFault>> {
        let mut faults = Faults::default();
        let name = match self {
            Self { email: Some(email), account: None, comment: None } => {
                faults.check("/email", typed(email)).map(AuthorName::Email)
            }
            Self { email: None, account: Some(account), comment: None } => {
                account_at("/account", account, &mut faults).map(AuthorName::Account)
            }
            Self { email: None, account: None, comment: Some(comment) } => {
                faults.check("/comment", comment.parse()).map(AuthorName::Comment)
            }
            _ => {
                faults.add("", Fault::new("one_of", "must have exactly one of `email`, `account` and `comment`"));
                None
            }
        };
        faults.finish(name)
    }
}

/// An address that something is left of when white space around it is gone.
fn typed(text: Cow<'_, str>) -> Result<Email, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("empty", "is empty"));
    }
    from_text(text)
}

/// An author's name in paths.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AuthorKey {
    key: String,
}

impl From<AuthorId> for AuthorKey {
    fn from(author: AuthorId) -> Self {
        Self { key: author.to_string() }
    }
}

/// An author as a site knows them.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AuthorView {
    key: String,
    comments: CountsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<String>,
    remembered: RememberedView,
}

/// What is remembered of a year.
#[derive(Debug, Serialize)]
struct RememberedView {
    comments: u32,
    approved: u32,
    spam: u32,
    abuse: u32,
}

impl AuthorView {
    /// The author of this token, who stands so.
    pub fn of(author: AuthorId, standing: &AuthorStanding) -> Self {
        let AuthorStanding { counts, first_at, last_at, remembered } = standing;
        let Tally { seen: comments, approved, spam, abuse } = *remembered;
        Self {
            key: author.to_string(),
            comments: CountsView::from(*counts),
            first_at: first_at.map(|at| at.to_string()),
            last_at: last_at.map(|at| at.to_string()),
            remembered: RememberedView { comments, approved, spam, abuse },
        }
    }
}

/// A page of what a site has of an author.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AuthorExport<'a> {
    pub author: AuthorView,
    #[serde(flatten)]
    pub page: CommentList<'a>,
}

/// How many comments went with an author.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AuthorErased {
    pub comments: usize,
}
