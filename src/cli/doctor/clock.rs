//! Whether this machine's clock and the blogs' agree with each other and with what was kept.

use jiff::fmt::rfc2822;

use super::finding::{Finding, percent};
use super::running::Running;
use super::sample::SiteSample;
use crate::domain::{Comment, Timestamp};

/// No clock that is right shows a time before this version was written: 2026-11-01.
const BEFORE_THIS: i64 = 1_793_491_200_000;

/// How far clocks may be apart: 5 seconds.
pub(super) const APART: i64 = 5 * 1000;

/// From when on a comment counts as written earlier, and no limit of its commenter applies: 2 minutes.
const LATE: i64 = 2 * 60 * 1000;

/// Of fewer comments, a share says nothing.
const ENOUGH: usize = 20;

/// What there is to say of the clocks.
pub(super) fn findings(sites: &[SiteSample], running: &Running, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    if now.millis() < BEFORE_THIS {
        found.push(
            Finding::problem("clock.past", format!("this machine's clock shows {now}, which is long ago"))
                .change("set the clock, and keep it right: timedatectl set-ntp true"),
        );
    }
    let served = running.date().and_then(|date| rfc2822::parse(date).ok());
    let served = served.map(|date| Timestamp::from_millis(date.timestamp().as_millisecond()));
    // A date has whole seconds.
    if let Some(served) = served.filter(|served| (served.millis() - now.millis()).abs() > APART) {
        found.push(
            Finding::warning("clock.service", format!("the service's clock shows {served}, this one {now}"))
                .change("keep both right: timedatectl set-ntp true"),
        );
    }
    let newest = sites.iter().flat_map(|site| &site.latest).map(|comment| comment.received_at).max();
    if let Some(newest) = newest.filter(|newest| newest.millis() > now.millis() + APART) {
        found.push(
            Finding::warning(
                "clock.future",
                format!("a comment came in at {newest}, and now it is {now}: the clock went back"),
            )
            .change("keep the clock right: timedatectl set-ntp true"),
        );
    }
    // Comments that came in then may have expired; the feed goes on from there.
    if let Some(ahead) = sites.iter().filter_map(|site| site.event_ahead).max() {
        found.push(
            Finding::warning(
                "clock.ahead",
                format!("the feed is at {ahead}, and now it is {now}: the clock was ahead, so comments may have expired too early"),
            )
            .change("keep the clock right: timedatectl set-ntp true; if comments are missing, restore a backup: moderato restore FILE"),
        );
    }
    found.extend(sites.iter().filter_map(of_blog));
    if found.is_empty() {
        found.push(Finding::ok("clock.agrees", format!("it is {now}, and nothing that was kept says otherwise")));
    }
    found
}

/// What a blog's own times tell of its clock. Old comments that came in as decided have every right to be late.
fn of_blog(site: &SiteSample) -> Option<Finding> {
    let delays: Vec<i64> =
        site.latest.iter().filter(|comment| comment.submission.decided.is_none()).filter_map(delay).collect();
    let late = delays.iter().filter(|delay| **delay > LATE).count();
    let early = delays.iter().filter(|delay| **delay < -LATE).count();
    let (id, all) = (&site.id, delays.len());
    if all < ENOUGH {
        return None;
    }
    if late * 10 > all {
        let found = format!(
            "site {id}: {} of {all} comments came with a `created_at` over 2 minutes past, so no limit of their commenters applied",
            percent(late, all)
        );
        let change = "on the blog: set its clock, or send comments as they come; without `created_at` it is now";
        return Some(Finding::warning("clock.late", found).change(change));
    }
    if early * 10 > all {
        let found = format!(
            "site {id}: {} of {all} comments came with a `created_at` over 2 minutes ahead",
            percent(early, all)
        );
        return Some(
            Finding::note("clock.early", found).change("on the blog: set its clock, and send times with their zone"),
        );
    }
    None
}

/// How long after it was written a comment came in, in milliseconds.
fn delay(comment: &Comment) -> Option<i64> {
    comment.submission.created_at.map(|written| comment.received_at.millis() - written.millis())
}
