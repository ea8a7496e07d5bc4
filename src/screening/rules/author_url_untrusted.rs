//! Finds author websites that are a page to be sold rather than somebody's home.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "author_url_untrusted",
    group: Group::Author,
    summary: "The author's website is a single page deep within a site.",
    why: "People give their home page; who wants one page to be found gives that page's address.",
    certain: false,
    fires: &[
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "http://club.example/index.php?do=/blog/2219/cheap-rentals/"}}"#,
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "http://school.example/wholesale-shirts-3.php"}}"#,
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "http://parish.example/files/sub/offers"}}"#,
    ],
    passes: &[
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "https://ana.example/"}}"#,
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "https://ana.example/blog/index.html"}}"#,
        r#"{"content": "Nice.", "author": {"name": "Ana", "url": "https://www.linkedin.com/in/ana-example"}}"#,
        r#"{"content": "Nice.", "kind": "pingback", "author": {"name": "Ana", "url": "https://ana.example/2024/05/a-post.html"}}"#,
    ],
    build: from_options::<AuthorUrlUntrusted>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorUrlUntrusted {
    depth: u8,
}

impl Check for AuthorUrlUntrusted {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let website = case.facts.website()?;
        if case.is_mention() || !is_one_page(&website.path, self.depth.into()) {
            return None;
        }
        let message = format!("The website is a single page within {}.", website.owner);
        Some(Finding::new(message, vec![case.facts.whole(Field::AuthorUrl)]))
    }
}

/// Whether a path names one page of many rather than somebody's start page or profile.
fn is_one_page(path: &str, depth: usize) -> bool {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_profile =
        |part: &str| part.starts_with(['~', '@']) || PROFILES.contains(&part.to_ascii_lowercase().as_str());
    if parts.iter().any(|part| is_profile(part)) {
        return false;
    }
    if parts.last().is_some_and(|last| is_start_page(last)) {
        parts.pop();
    }
    let last = parts.last().copied().unwrap_or_default();
    let is_file =
        [".html", ".htm", ".php", ".asp", ".aspx", ".pdf"].iter().any(|end| last.to_ascii_lowercase().ends_with(end));
    parts.len() >= depth || is_file || query.len() > 12
}

/// What the paths of people's profiles contain.
const PROFILES: &[&str] = &["author", "in", "people", "profile", "profiles", "u", "user", "users"];

fn is_start_page(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default();
    part.contains('.')
        && ["index", "default", "home", "main", "blog", "start"].iter().any(|name| stem.eq_ignore_ascii_case(name))
}
