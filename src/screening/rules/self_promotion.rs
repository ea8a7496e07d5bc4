//! Finds calls to look at the author's own things.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::Group;
use crate::screening::case::Case;

/// The rule.
pub const RULE: Rule = Rule {
    id: "self_promotion",
    group: Group::Text,
    summary: "The comment tells its readers to visit, watch or follow what is the author's own: a channel, song, site, shop.",
    why: "Whoever has something to say of the post talks of the post; calls to look at one's own things are written under every post alike.",
    certain: false,
    fires: &[
        r#"{"content": "Hey, please visit our new website for cheap tickets"}"#,
        r#"{"content": "Subscribe and listen to my first album!"}"#,
        r#"{"content": "check these covers on my channel"}"#,
    ],
    passes: &[
        r#"{"content": "I checked my site with it and visit the page often."}"#,
        r#"{"content": "My song of the year. Our shop has it, too."}"#,
        r#"{"content": "Follow the steps; my app then starts."}"#,
        r#"{"content": "Does it check my website for errors? I listen to our songs."}"#,
    ],
    build: from_options::<SelfPromotion>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SelfPromotion {}

/// What readers are told to do.
const CALLS: &[&str] =
    &["check", "checkout", "visit", "watch", "subscribe", "sub", "follow", "listen", "look", "join", "support"];

/// What they are told to look at.
const THINGS: &[&str] = &[
    "channel", "chanel", "video", "videos", "vid", "vids", "song", "songs", "music", "page", "album", "cover",
    "covers", "playlist", "website", "site", "blog", "mixtape", "track", "remix", "profile", "band", "beats",
    "homepage", "webpage", "store", "shop", "services", "company",
];

/// Words before a verb by which it is no call.
const TELLING: &[&str] =
    &["i", "we", "you", "they", "it", "he", "she", "to", "can", "could", "will", "would", "cannot", "not", "ll"];

/// How many words lie between a call and the author's `my`, and between that and the thing.
const REACH: usize = 6;
const THING_REACH: usize = 3;

impl Check for SelfPromotion {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let (text, tokens) = (&facts.folded().text, facts.tokens());
        let word = |at: usize| tokens.get(at).map_or("", |&(start, end)| &text[start..end]);
        let is_mine = |at: &usize| matches!(word(*at), "my" | "our");
        for mine in (0..tokens.len()).filter(is_mine) {
            let called = (mine.saturating_sub(REACH)..mine).rev().find(|&at| CALLS.contains(&word(at)));
            let Some(call) = called.filter(|&at| at == 0 || !TELLING.contains(&word(at - 1))) else { continue };
            let thing = (mine + 1..=mine + THING_REACH).find(|&at| THINGS.contains(&word(at)));
            let Some(thing) = thing else { continue };
            let span = (tokens[call].0, tokens[thing].1);
            if !text[span.0..span.1].contains(['.', '!', '?']) {
                let evidence = vec![facts.folded_evidence(span)];
                return Some(Finding::new("It tells readers to look at the author's own things.", evidence));
            }
        }
        None
    }
}
