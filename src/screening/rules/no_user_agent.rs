//! Finds comments that a program says it has sent.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "no_user_agent",
    group: Group::Client,
    summary: "The client names itself as a library for programs, or gives an empty name, instead of a browser.",
    why: "Readers write in browsers and apps; a form that comes from a script's library was filled in by a script.",
    certain: false,
    fires: &[
        r#"{"content": "Nice", "client": {"user_agent": "python-requests/2.32.3"}}"#,
        r#"{"content": "Nice", "client": {"user_agent": "curl/8.5.0"}}"#,
        r#"{"content": "Nice", "client": {"user_agent": "-"}}"#,
    ],
    passes: &[
        r#"{"content": "Nice"}"#,
        r#"{"content": "Nice", "client": {"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}}"#,
        r#"{"content": "Nice", "client": {"user_agent": "BlogApp/3.1 okhttp/4.12.0"}}"#,
        r#"{"content": "[…]", "kind": "pingback", "client": {"user_agent": "WordPress/6.8; https://other.example"}}"#,
    ],
    build: from_options::<NoUserAgent>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoUserAgent {}

/// How the names of libraries for programs begin, in lower case.
const LIBRARIES: &[&str] = &[
    "python-requests/",
    "python-urllib/",
    "python-httpx/",
    "aiohttp/",
    "curl/",
    "libcurl/",
    "wget/",
    "go-http-client/",
    "java/",
    "apache-httpclient/",
    "libwww-perl/",
    "lwp::",
    "ruby",
    "scrapy/",
    "guzzlehttp/",
    "node-fetch",
    "axios/",
    "powershell/",
];

impl Check for NoUserAgent {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let agent = case.facts.submission().client.user_agent.as_deref()?.trim();
        let begins = |start: &&str| agent.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start));
        let message = match agent.contains(|c: char| c.is_alphanumeric()) {
            false => "The browser gives no name.",
            true if LIBRARIES.iter().any(begins) => "A program's library sent it, and no browser.",
            true => return None,
        };
        Some(Finding::new(message, Vec::new()))
    }
}
