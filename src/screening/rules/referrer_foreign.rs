//! Finds forms that were sent from a page of another site.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;
use crate::screening::facts::{Side, Target};

/// The rule.
pub const RULE: Rule = Rule {
    id: "referrer_foreign",
    group: Group::Client,
    summary: "The page that the form is said to have been on is on another site than the post.",
    why: "The form stands below the post; programs that send it past the page name whatever page they like.",
    certain: false,
    fires: &[
        r#"{"content": "Nice", "post": {"url": "https://blog.example/a"}, "client": {"referrer": "https://shop.test/"}}"#,
    ],
    passes: &[
        r#"{"content": "Nice", "post": {"url": "https://blog.example/a"}, "client": {"referrer": "https://www.blog.example/"}}"#,
        r#"{"content": "Nice", "post": {"url": "https://blog.example/a"}}"#,
        r#"{"content": "Nice", "post": {"url": "https://blog.example/a"}, "client": {"referrer": "about:blank"}}"#,
        r#"{"content": "Nice", "post": {"url": "https://blog.example/a"}, "client": {"referrer": "https://blog-example.translate.goog/a"}}"#,
        r#"{"content": "Nice", "client": {"referrer": "https://shop.test/"}}"#,
        r#"{"content": "[…]", "kind": "pingback", "post": {"url": "https://blog.example/a"}, "client": {"referrer": "https://shop.test/"}}"#,
    ],
    build: from_options::<ReferrerForeign>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferrerForeign {}

/// Hosts that show other sites' pages to readers: translations and caches.
const MIRRORS: &[&str] = &["translate.goog", "ampproject.org", "googleusercontent.com", "web.archive.org"];

impl Check for ReferrerForeign {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let submission = case.facts.submission();
        let (referrer, post) = (submission.client.referrer.as_deref()?, submission.post.url.as_deref()?);
        let host = |address: &str| address.split('/').nth(2).map(str::to_owned);
        if case.is_mention() || host(referrer) == host(post) {
            return None;
        }
        // What a post's own host is must be known before another one can be told from it.
        let (page, _) = (Target::of(referrer)?, Target::of(post)?);
        let is_below =
            |mirror: &&str| page.host.strip_suffix(mirror).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if case.facts.side(&page.owner) == Side::Own || MIRRORS.iter().any(is_below) {
            return None;
        }
        Some(Finding::new(format!("The form was sent from a page of {}.", page.host), Vec::new()))
    }
}
