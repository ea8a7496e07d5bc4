//! Lists of comments, the queue among them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Answer, Problem, SiteCall, json};
use crate::domain::{Bounded, Cursor, ExternalId, Fault, Filter, ListQuery, Needle, Position, Sort};
use crate::http::query::{Numbers, Query};
use crate::http::wire::{CommentList, Faults, FieldFault, Fields, word};
use crate::service::needle;

/// The query parameters of a list.
pub(in crate::http) const PARAMETERS: &[&str] = &[
    "status",
    "review",
    "decided_by",
    "external_id",
    "post",
    "author",
    "campaign",
    "ip",
    "host",
    "rule",
    "q",
    "since",
    "until",
    "sort",
    "limit",
    "cursor",
    "fields",
];

/// How many comments a page has.
const LIMIT: Numbers = Numbers { least: 1, most: 100, absent: 50 };

/// Lists comments.
pub(in crate::http) async fn comments(call: SiteCall) -> Answer {
    let SiteCall { site, request, .. } = call;
    let (query, fields) = read(&request.query).map_err(Problem::invalid)?;
    let page = request.service.list(&site, &query).await?;
    json(&CommentList::of(&site, &page, (&query, fields)))
}

fn read(query: &Query) -> Result<(ListQuery, Fields), Vec<FieldFault>> {
    let mut faults = Faults::default();
    let filter = filter(query, &mut faults);
    let sort = sort(query, &filter, &mut faults);
    let (after, limit) = page(query, sort, &mut faults);
    let fields = query.read("fields", &mut faults, str::parse).unwrap_or_default();
    faults.finish(Some((ListQuery { filter, sort, after, limit }, fields)))
}

/// Which page of a list in this order is asked for: from where on, and how long at most.
pub(super) fn page(query: &Query, sort: Sort, faults: &mut Faults) -> (Option<Position>, usize) {
    let cursor: Option<Cursor> = query.read("cursor", faults, str::parse);
    if cursor.is_some_and(|cursor| cursor.sort != sort) {
        let detail = format!("belongs to another order than `{}`", sort.as_str());
        faults.add("query:cursor", Fault::new("other_order", detail));
    }
    let limit = query.number("limit", faults, LIMIT) as usize;
    (cursor.map(|cursor| cursor.position), limit)
}

fn filter(query: &Query, faults: &mut Faults) -> Filter {
    Filter {
        status: query.read("status", faults, |text| word(text)),
        review_open: query.read("review", faults, review_open),
        decided_by: query.read("decided_by", faults, |text| word(text)),
        external_id: query.read("external_id", faults, |text| ExternalId::try_from(text.to_owned())),
        post: query.read("post", faults, name::<255>),
        author: query.read("author", faults, str::parse),
        campaign: query.read("campaign", faults, str::parse),
        ip: query.read("ip", faults, network),
        host: query.read("host", faults, host),
        rule: query.read("rule", faults, name::<64>),
        text: query.read("q", faults, search_text),
        since: query.read("since", faults, str::parse),
        until: query.read("until", faults, str::parse),
    }
}

/// The order: as asked for, or by priority for the queue as a whole, or the newest first.
fn sort(query: &Query, filter: &Filter, faults: &mut Faults) -> Sort {
    let is_queue = filter.review_open == Some(true);
    let asked = query.read("sort", faults, |text| match text {
        "priority" if is_queue => Ok(Sort::Priority),
        "priority" => Err(Fault::new("not_allowed", "`priority` is the order of the queue: it needs `review=open`")),
        "newest" => Ok(Sort::Newest),
        "oldest" => Ok(Sort::Oldest),
        _ => Err(Fault::new("unknown_value", "must be one of `priority`, `newest`, `oldest`")),
    });
    let usual =
        if is_queue && filter.post.is_none() && filter.author.is_none() { Sort::Priority } else { Sort::Newest };
    asked.unwrap_or(usual)
}

fn review_open(text: &str) -> Result<bool, Fault> {
    match text {
        "open" => Ok(true),
        "done" => Ok(false),
        _ => Err(Fault::new("unknown_value", "must be one of `open`, `done`")),
    }
}

fn name<const MAX: usize>(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(Fault::new("empty", "is empty"));
    }
    Bounded::<MAX>::try_from(text.to_owned()).map(|text| text.to_string())
}

/// What to look for. The fold takes white space at the ends and what nobody sees, and of nothing left every comment has
/// some: what counts as its least length is what remains.
fn search_text(text: &str) -> Result<Needle, Fault> {
    const LEAST: usize = 2;
    const MOST: usize = 200;
    let needle = Some(text).filter(|text| text.chars().count() <= MOST).map(needle);
    let needle = needle.filter(|needle| needle.folded.trim().chars().count() >= LEAST);
    needle.ok_or_else(|| Fault::new("out_of_range", format!("must have {LEAST} to {MOST} characters that can be seen")))
}

/// A network, or an address as the network of itself; of IPv4 also where it is written as IPv6.
fn network(text: &str) -> Result<IpNet, Fault> {
    let address = text.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical())).ok();
    let network = address.or_else(|| text.parse().ok());
    network.ok_or_else(|| Fault::new("invalid_ip", "is neither an address nor a network such as 203.0.113.0/24"))
}

/// A host in the form in which hosts are kept.
fn host(text: &str) -> Result<String, Fault> {
    let parsed = url::Host::parse(text.trim_end_matches('.'));
    parsed.map(|host| host.to_string()).map_err(|_| Fault::new("invalid_host", "is not a host such as shop.example"))
}
