//! Authors: found, shown, taken along, forgotten. Nobody's e-mail address stands in a path.

use super::{Answer, Problem, SiteCall, json, listing};
use crate::domain::Sort;
use crate::http::call::BODY_BYTES;
use crate::http::wire::{AuthorErased, AuthorExport, AuthorKey, AuthorView, CommentList, Faults, LookupBody};

/// The query parameters of an export.
pub(in crate::http) const PARAMETERS: &[&str] = &["limit", "cursor"];

/// Finds the key of an author.
pub(in crate::http) async fn look_up(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let service = request.service.clone();
    let body: LookupBody<'_> = request.json(BODY_BYTES).await?;
    let name = body.check().map_err(Problem::invalid)?;
    json(&AuthorKey::from(service.find_author(&site, name).await?))
}

/// Shows how an author stands.
pub(in crate::http) async fn show(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let author = request.author()?;
    json(&AuthorView::of(author, &request.service.author(&site, author).await?))
}

/// Hands out everything an author wrote, a page at a time.
pub(in crate::http) async fn export(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let author = request.author()?;
    let standing = request.service.author(&site, author).await?;
    let mut faults = Faults::default();
    let asked = listing::page(&request.query, Sort::Oldest, &mut faults);
    faults.finish(Some(())).map_err(Problem::invalid)?;
    let page = request.service.comments_of(&site, author, asked).await?;
    let page = CommentList::whole(&site, &page, Sort::Oldest);
    json(&AuthorExport { author: AuthorView::of(author, &standing), page })
}

/// Erases everything of an author.
pub(in crate::http) async fn forget(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let comments = request.service.forget_author(&site, request.author()?).await?;
    json(&AuthorErased { comments })
}
