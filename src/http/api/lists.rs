//! A site's own lists: shown, filled, emptied.

use actix_web::HttpResponse;

use super::{Answer, Problem, SiteCall, json};
use crate::domain::EntryId;
use crate::http::query::Numbers;
use crate::http::wire::{EntriesBody, EntryView, Faults, Items, PutView};
use crate::service::Error;

/// The query parameters of a list.
pub(in crate::http) const PARAMETERS: &[&str] = &["limit", "cursor"];

/// How many entries a page has.
const LIMIT: Numbers = Numbers { least: 1, most: 1_000, absent: 100 };

/// The most bytes of a body of entries: 4 MiB.
const ENTRIES_BYTES: usize = 4 * 1024 * 1024;

/// Lists the entries of a list, by id.
pub(in crate::http) async fn list(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (list, mut faults) = (request.list()?, Faults::default());
    let after: Option<EntryId> = request.query.read("cursor", &mut faults, str::parse);
    let limit = request.query.number("limit", &mut faults, LIMIT) as usize;
    faults.finish(Some(())).map_err(Problem::invalid)?;
    let entries = request.service.entries(&site, list, after, limit).await?;
    let last = entries.last().filter(|_| entries.len() == limit);
    let next = last.map(|(id, _)| id.to_string());
    json(&Items { items: entries.iter().map(EntryView::from).collect(), next })
}

/// Puts one entry or many into a list.
pub(in crate::http) async fn put(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (list, service) = (request.list()?, request.service.clone());
    let body: EntriesBody = request.json(ENTRIES_BYTES).await?;
    let sent = body.check(service.now()).map_err(Problem::invalid)?;
    match service.put_entries(&site, list, sent.entries.clone()).await {
        Ok(put) => json(&PutView::from(&put)),
        Err(Error::InvalidEntries(faults)) => {
            Err(Problem::invalid(faults.into_iter().map(|fault| sent.fault(fault)).collect()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes an entry out of a list.
pub(in crate::http) async fn delete(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    request.service.delete_entry(&site, request.list()?, &request.entry()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
