//! What travels: the JSON of requests and responses, apart from the domain's types.

mod authors;
mod comment;
mod context;
mod decision;
mod edit;
mod entry;
mod event;
mod fault;
mod json;
mod number;
mod objects;
mod people;
mod policy;
mod rule;
mod site;
mod stats;
mod status;
mod submission;
mod text;
mod verdict;

pub use comment::Comment;
pub use fault::FieldFault;
pub use json::{JsonError, parse_json};
pub use submission::{SubmissionBody, parse_submission, submission_of};
pub use verdict::Verdict;

pub(super) use authors::{AuthorErased, AuthorExport, AuthorKey, AuthorView, LookupBody};
pub(super) use comment::{CommentList, Fields, Settled};
pub(super) use decision::{DecisionBody, DecisionView};
pub(super) use edit::EditBody;
pub(super) use entry::{EntriesBody, EntryView, PutView, entry_fault};
pub(super) use event::EventsPage;
pub(super) use fault::Faults;
pub(super) use json::word;
pub(super) use policy::{PolicyView, SimulationBody, draft_fault, json_object, policy_fault};
pub(super) use rule::RuleView;
pub(super) use site::{KeyBody, KeyMade, KeyView, SiteBody, SitePatch, SiteView};
pub(super) use stats::StatsView;
pub(super) use status::{StatusPass, StatusView, Taken};
pub(super) use submission::{Batch, ExternalBody};

use serde::Serialize;

/// A list, or a page of one.
#[derive(Debug, Serialize)]
pub(super) struct Items<T> {
    pub items: Vec<T>,
    /// Where to go on; `null` at the end.
    pub next: Option<String>,
}

impl<T> Items<T> {
    /// A list that ends here.
    pub fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
