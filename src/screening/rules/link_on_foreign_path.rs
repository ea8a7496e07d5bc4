//! Finds pages in places of other people's sites where nobody puts a page of their own.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Evidence, Field, Group};
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "link_on_foreign_path",
    group: Group::Links,
    summary: "A link leads to a page among the files of a site's software.",
    why: "Blogs keep pictures and programs there, no pages: whoever broke in puts theirs there, under a name without blame.",
    certain: false,
    fires: &[
        r#"{"content": "Read https://choir.example/wp-content/plugins/akismet/cheap-pills.html"}"#,
        r#"{"content": "Good post", "author": {"url": "http://choir.example/blog/wp-includes/css/watches.php"}}"#,
    ],
    passes: &[
        r#"{"content": "The photo: https://choir.example/wp-content/uploads/2024/05/stage.jpg"}"#,
        r#"{"content": "See https://code.example/WordPress/WordPress/blob/master/wp-includes/load.php"}"#,
        r#"{"content": "Get it at https://choir.example/wp-content/plugins/downloads/get.php?id=3"}"#,
    ],
    build: from_options::<LinkOnForeignPath>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOnForeignPath {}

impl Check for LinkOnForeignPath {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let found = facts.foreign_links().filter(|link| is_planted(&link.target.path));
        let mut evidence: Vec<Evidence> = found.map(|link| facts.evidence(Field::Content, link.span)).take(5).collect();
        evidence.extend(facts.website().filter(|site| is_planted(&site.path)).map(|_| facts.whole(Field::AuthorUrl)));
        let message = "A link leads to a page among the files of a site's software.";
        (!evidence.is_empty()).then(|| Finding::new(message, evidence))
    }
}

/// Whether a path leads to a page in a folder of WordPress itself, which is at most one folder deep on its site: elsewhere
/// it is source code that people talk about.
fn is_planted(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut folders = path.trim_start_matches('/').split('/').take(2);
    let Some(folder) = folders.find(|folder| matches!(*folder, "wp-content" | "wp-includes")) else { return false };
    let is = |ending: &str| path.len() > ending.len() && path.to_ascii_lowercase().ends_with(ending);
    // Programs in `wp-content` answer calls, downloads among them.
    is(".html") || is(".htm") || (folder == "wp-includes" && is(".php"))
}
