//! Every relative link and anchor in the repository's Markdown leads somewhere.

use std::collections::BTreeMap;
use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{files_like, read, root};

/// What a page links to, and the anchors that it has.
struct Page {
    links: Vec<String>,
    anchors: Vec<String>,
}

impl Page {
    fn of(text: &str) -> Self {
        let (mut links, mut anchors, mut heading) = (Vec::new(), Vec::<String>::new(), None::<String>);
        for event in Parser::new(text) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(dest_url.into_string())
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let again = anchors.iter().filter(|known| **known == anchor).count();
                    anchors.push(if again == 0 { anchor } else { format!("{anchor}-{again}") });
                }
                _ => {}
            }
        }
        Self { links, anchors }
    }
}

/// A heading as repository hosts write its anchor.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What is wrong with the links of these pages; `exists` says whether there is a file of this name that is no page.
fn broken(pages: &BTreeMap<String, Page>, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, page) in pages {
        for link in page.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { name.clone() } else { beside(name, path) };
            let leads = match pages.get(&target) {
                Some(other) => anchor.is_empty() || other.anchors.iter().any(|known| known == anchor),
                None => anchor.is_empty() && exists(&target),
            };
            if !leads {
                found.push(format!("{name}: {link}"));
            }
        }
    }
    found
}

/// A path that is written in a page, from the repository's root.
fn beside(page: &str, path: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_leads_somewhere() {
    let pages: BTreeMap<String, Page> =
        files_like("*.md").into_iter().map(|name| (name.clone(), Page::of(&read(&name)))).collect();
    assert!(pages.values().map(|page| page.links.len()).sum::<usize>() > 10);
    let broken = broken(&pages, |name| root().join(name).exists());
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text =
        "# A `b`, c\n## Twice\n## Twice\n[1](#a-b-c) [2](#twice-1) [3](x.md#d) [4](../y) [5](https://z.example/q#r)";
    let wrong = "[1](#a) [2](#twice-2) [3](x.md#e) [4](y) [5](nothing.md)";
    for (text, expected) in [(text.to_owned(), 0), (format!("{text}\n\n{wrong}"), 5)] {
        let pages = [("docs/p.md".to_owned(), Page::of(&text)), ("docs/x.md".to_owned(), Page::of("## D"))];
        let found = broken(&BTreeMap::from(pages), |name| Path::new(name) == Path::new("y"));
        assert_eq!(found.len(), expected, "{found:?}");
    }
}
