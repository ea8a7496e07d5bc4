//! Whether the store opens, is ours, and gives back what it was given.

use std::path::Path;

use super::finding::Finding;
use super::sample::{SiteSample, total};
use crate::cli::{Context, DataArgs};
use crate::config::Settings;
use crate::domain::{Counts, Status};
use crate::service::{Error, Service};
use crate::store;

/// The service over the data, if it opens, and what there is to say of that. Nothing is made where nothing is.
pub(super) async fn open(
    data: &DataArgs,
    context: &Context<'_>,
    settings: &Settings,
) -> (Option<Service>, Vec<Finding>) {
    let place = settings.data_dir.display();
    if !settings.data_dir.join("moderato.db").exists() {
        let what = if is_empty(&settings.data_dir) { "there is nothing in" } else { "there is no database in" };
        let nothing = Finding::note("store.empty", format!("{what} {place} yet"));
        return (
            None,
            vec![nothing.change("moderato serve makes it; --data DIR or data_dir = \"DIR\" names another place")],
        );
    }
    // Opening would bring it up to date, perhaps beneath an older program that serves it: a doctor changes nothing.
    let to_do = store::migrations_to_do(&settings.data_dir);
    if let Ok(missing @ 1..) = to_do {
        let found =
            format!("the database is of an older version, {missing} steps behind; it is not opened, and not read");
        let change = "make a copy of the data directory, then start this version: moderato serve";
        return (None, vec![Finding::warning("store.schema", found).change(change)]);
    }
    match data.open(context).await {
        Ok(service) => {
            let mut found =
                vec![Finding::ok("store.opens", "it opens, its schema is this version's, and it says who it is")];
            if let Err(error) = service.ready().await {
                found.push(not_ready(&error));
            }
            (Some(service), found)
        }
        Err(failure) => {
            let found = Finding::problem("store.opens", failure.to_string());
            let change = match to_do {
                // Nothing is wrong with the data: what was written since the last backup must not be given up for it.
                Err(store::OpenError::Newer { .. }) => "install the version that wrote it, or a later one",
                _ => "put back a backup, or name the right place: data_dir = \"DIR\"",
            };
            (None, vec![found.change(change)])
        }
    }
}

fn is_empty(data_dir: &Path) -> bool {
    std::fs::read_dir(data_dir).map_or(true, |mut entries| entries.next().is_none())
}

fn not_ready(error: &Error) -> Finding {
    let finding = Finding::problem("store.ready", format!("it takes no comments: {error}"));
    match error {
        Error::Full(_) => finding.change("free space where data_dir is, or enlarge it"),
        _ => finding.change("see that the data directory is there and can be written to; the service's log has more"),
    }
}

/// What the comments that were read tell of the store. What is looked at here is cheap; `moderato repair` looks at everything.
pub(super) fn findings(sites: &[SiteSample]) -> Vec<Finding> {
    let mut found = Vec::new();
    for site in sites {
        let id = &site.id;
        if site.unreadable > 0 {
            let (number, of) = (site.unreadable, total(&site.counts).min(site.latest.len() as u64 + site.unreadable));
            found.push(
                Finding::problem(
                    "store.damaged",
                    format!("site {id}: {number} of the latest {of} comments are damaged"),
                )
                .change("put back a backup, or stop the service and run: moderato repair"),
            );
        } else if site.is_all && ![site.counts_before, site.counts].contains(&recount(site)) {
            found.push(
                Finding::problem("store.counts", format!("site {id}: its counts are not those of its comments"))
                    .change("stop the service and run: moderato repair"),
            );
        }
    }
    if found.is_empty() && !sites.is_empty() {
        let (read, all) = (
            sites.iter().map(|site| site.latest.len()).sum::<usize>(),
            sites.iter().map(|site| total(&site.counts)).sum::<u64>(),
        );
        found
            .push(Finding::ok("store.comments", format!("{read} of {all} comments were read, and every one is whole")));
    }
    found
}

/// The counts that the comments themselves make.
fn recount(site: &SiteSample) -> Counts {
    let of = |status: Status| site.latest.iter().filter(|comment| comment.status == status).count() as u64;
    let open = site.latest.iter().filter(|comment| comment.review.is_open()).count() as u64;
    Counts { approved: of(Status::Approved), held: of(Status::Held), rejected: of(Status::Rejected), open }
}
