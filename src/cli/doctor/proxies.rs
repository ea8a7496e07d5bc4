//! Whether commenters and callers are told apart, or all have the address of a proxy.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::finding::{Finding, percent};
use super::running::Running;
use super::sample::SiteSample;
use crate::domain::{PublicAddress, Submission};
use crate::http;

/// Of fewer comments or calls, a share says nothing.
const ENOUGH: usize = 20;

/// What blogs send of commenters, and what the service saw of callers.
pub(super) fn findings(sites: &[SiteSample], running: &Running, settings: &http::Settings) -> Vec<Finding> {
    let mut found: Vec<Finding> = sites.iter().filter_map(of_site).collect();
    found.extend(Calls::of(running).findings(settings));
    if found.is_empty() {
        let enough = sites.iter().any(|site| from_readers(site).count() >= ENOUGH);
        let says = if enough {
            "commenters have addresses of their own"
        } else {
            "too few comments to tell whether commenters are told apart"
        };
        found.push(Finding::ok("proxies.apart", says));
    }
    found
}

/// The addresses that came with comments; old ones that were imported are left out, and those from the demo page, which is for
/// whoever sits at this machine.
fn from_readers(site: &SiteSample) -> impl Iterator<Item = Option<IpAddr>> {
    let submissions = site.latest.iter().map(|comment| &comment.submission);
    let is_readers = |submission: &&Submission| submission.decided.is_none() && *submission.post.id != *http::DEMO_POST;
    submissions.filter(is_readers).map(|submission| submission.client.ip)
}

fn of_site(site: &SiteSample) -> Option<Finding> {
    const SEND: &str =
        "in the blog's request: \"client\": {\"ip\": the visitor's address, not that of a proxy in front of the blog}";
    let (id, all) = (&site.id, from_readers(site).count());
    let given: Vec<IpAddr> = from_readers(site).flatten().collect();
    let private = given.iter().filter(|ip| PublicAddress::of(**ip).is_none()).count();
    let mut times = BTreeMap::new();
    given.iter().filter_map(|ip| PublicAddress::of(*ip)).for_each(|ip| *times.entry(ip.subscriber()).or_insert(0) += 1);
    let most = times.into_iter().max_by_key(|(_, times)| *times);
    if all < ENOUGH {
        return None;
    }
    if (all - given.len()) * 2 > all {
        let found = format!(
            "site {id}: {} of the latest {all} comments came without `client.ip`: no limit and no rule by address applies to them",
            percent(all - given.len(), all)
        );
        return Some(Finding::warning("proxies.no_address", found).change(SEND));
    }
    if private * 2 > given.len() {
        let found = format!(
            "site {id}: {} of the latest {} addresses are private: the blog sends its own or its proxy's",
            percent(private, given.len()),
            given.len()
        );
        return Some(Finding::problem("proxies.private", found).change(SEND));
    }
    let (network, times) = most.filter(|(_, times)| times * 2 > given.len())?;
    let found = format!(
        "site {id}: {} of the latest {} comments came from {network}: is that the blog or a proxy? Its limits then hold everybody",
        percent(times, given.len()),
        given.len()
    );
    Some(Finding::warning("proxies.one_address", found).change(SEND))
}

/// What the service counted of calls that came by proxies.
#[derive(Debug, Default)]
struct Calls {
    ignored: f64,
    broken: f64,
    absent: f64,
    read: f64,
    /// Of those read, how many by the number of entries.
    depths: BTreeMap<String, f64>,
}

impl Calls {
    fn of(running: &Running) -> Self {
        let mut calls = Self::default();
        for (labels, count) in running.samples("moderato_http_forwarded_requests_total") {
            let label =
                |name: &str| labels.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next());
            match label("header") {
                Some("ignored") => calls.ignored += count,
                Some("broken") => calls.broken += count,
                Some("absent") => calls.absent += count,
                Some("read") => {
                    calls.read += count;
                    *calls.depths.entry(label("depth").unwrap_or_default().to_owned()).or_default() += count;
                }
                _ => {}
            }
        }
        calls
    }

    fn findings(&self, settings: &http::Settings) -> Vec<Finding> {
        let mut found = Vec::new();
        let trusts_nobody = settings.trusted_proxies.are_none();
        if self.ignored > 0.0 && trusts_nobody {
            let says = format!(
                "{} calls came by a proxy, and none is trusted: they all have the proxy's address",
                self.ignored
            );
            found.push(
                Finding::warning("proxies.untrusted", says)
                    .change("in [http]: trusted_proxies = [\"127.0.0.1\"], or the address that your proxy calls from"),
            );
        } else if self.ignored > 0.0 {
            let says = format!(
                "{} calls show marks of a proxy that is not trusted, which changes nothing for them",
                self.ignored
            );
            let change = "if it is yours, add its address to http.trusted_proxies";
            found.push(Finding::note("proxies.stranger", says).change(change));
        }
        if self.broken > 0.0 {
            let says = format!(
                "{} calls by trusted proxies name no usable address: they have the last trusted proxy's",
                self.broken
            );
            let name = settings.forwarded_header;
            let change = format!(
                "let the proxy write the header that is read, in [http]: forwarded_header = \"{}\"",
                name.as_str()
            );
            found.push(Finding::warning("proxies.broken_header", says).change(change));
        }
        if self.absent >= ENOUGH as f64 && self.read == 0.0 && self.broken == 0.0 && !trusts_nobody {
            let says = format!(
                "{} calls by trusted proxies, and none has the header `{}`",
                self.absent,
                settings.forwarded_header.as_str()
            );
            let change = "in nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
            found.push(Finding::note("proxies.no_header", says).change(change));
        }
        let often = self.depths.iter().filter(|(_, count)| **count * 20.0 >= self.read);
        let often: Vec<String> = often.map(|(depth, count)| format!("{depth} in {count}")).collect();
        if often.len() > 1 {
            let says = format!(
                "the number of entries in the header varies (of calls: {}): callers write some themselves, which is ignored, \
                 or some calls come by one proxy more",
                often.join(", ")
            );
            found.push(
                Finding::note("proxies.depth", says)
                    .change("if there is one more, add its address to http.trusted_proxies"),
            );
        }
        found
    }
}
