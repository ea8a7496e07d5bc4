//! Other people's suites of links (their licences beside them): what they call a link is one here, but for the differences
//! that are agreed and told with their reason. A difference that is none any more fails too.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use moderato::domain::{DecidedBy, History, Submission, Timestamp};
use moderato::screening::{Facts, FactsReport, Policy, Settings, screen};
use serde_json::{Value, json};

#[path = "../support/generators.rs"]
mod generators;

/// Differences by suite and case, with their reasons: lines of suite, case and reason, with tabs between.
fn agreed() -> BTreeMap<(String, String), String> {
    let lines = std::fs::read_to_string(folder().join("agreed.tsv")).unwrap();
    let line = |line: &str| {
        let [suite, case, reason]: [&str; 3] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{line}"));
        ((suite.to_owned(), case.to_owned()), reason.to_owned())
    };
    lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(line).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn facts(content: &str) -> FactsReport {
    let (submission, policy) = (submission(content), policy());
    Facts::new(&submission, &policy, now()).report()
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000)
}

fn policy() -> Policy {
    let root: toml::Table = toml::from_str(include_str!("../../config/moderato.toml")).unwrap();
    let settings: Settings = root["policy"].clone().try_into().unwrap();
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn submission(content: &str) -> Submission {
    let submission = json!({"post": {"id": "p", "tags": []}, "kind": "comment", "author": {}, "client": {}, "form": {},
        "content": content, "format": "text"});
    serde_json::from_value(submission).unwrap()
}

/// What is found in a text as its author wrote it: addresses and e-mail addresses.
fn found(content: &str) -> Vec<String> {
    let report = facts(content);
    let mails =
        report.handles.into_iter().filter(|handle| handle.kind == "mail").map(|handle| (handle.span, handle.text));
    let mut all: Vec<_> = report.links.into_iter().map(|link| (link.span, link.target)).chain(mails).collect();
    all.sort();
    all.into_iter().map(|(_, text)| text).collect()
}

/// The cases of a suite, and those that came out otherwise. Compared with the agreed differences.
struct Tally {
    suite: &'static str,
    cases: usize,
    differences: BTreeMap<String, String>,
}

impl Tally {
    fn of(suite: &'static str) -> Self {
        Self { suite, cases: 0, differences: BTreeMap::new() }
    }

    fn expect(&mut self, case: &str, expected: &[String], found: &[String]) {
        self.cases += 1;
        if expected != found {
            self.differences.insert(case.replace(['\n', '\t'], " "), format!("{found:?} instead of {expected:?}"));
        }
    }

    /// At least this share of the cases agrees, and every other one is a difference that is agreed.
    fn end(self, least: f64) {
        let agreed = agreed();
        let of_suite: Vec<&String> =
            agreed.keys().filter(|(suite, _)| suite == self.suite).map(|(_, case)| case).collect();
        let new: Vec<String> = self
            .differences
            .iter()
            .filter(|(case, _)| !of_suite.contains(case))
            .map(|(case, what)| format!("{}\t{case}\t{what}", self.suite))
            .collect();
        let gone: Vec<&&String> = of_suite.iter().filter(|case| !self.differences.contains_key(**case)).collect();
        assert!(new.is_empty() && gone.is_empty(), "new:\n{}\nno difference any more: {gone:#?}", new.join("\n"));
        let share = 1.0 - self.differences.len() as f64 / self.cases as f64;
        assert!(share >= least, "{}: {share:.3} of {} cases agree", self.suite, self.cases);
    }
}

/// Cases of `linkify-it`: a line, and below it what of it is a link, if that is not all of it.
fn fixtures(name: &str) -> Vec<(String, String)> {
    let text = read(name);
    let lines: Vec<&str> = text.lines().collect();
    let mut cases = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = without_comment(lines[at]);
        at += 1;
        if line.is_empty() {
            continue;
        }
        let expected = lines.get(at).map(|line| without_comment(line)).filter(|line| !line.is_empty());
        at += usize::from(expected.is_some());
        cases.push((line.to_owned(), expected.unwrap_or(line).to_owned()));
    }
    cases
}

fn without_comment(line: &str) -> &str {
    match line {
        _ if line.starts_with('%') => "",
        _ => line.split_once(" %").or_else(|| line.split_once(" // ")).map_or(line, |(text, _)| text).trim_end(),
    }
}

#[test]
fn links_of_linkify_it_are_links() {
    let mut tally = Tally::of("linkify-it");
    for (text, expected) in
        ["links.txt", "port_links.txt"].into_iter().flat_map(|name| fixtures(&format!("linkify-it/{name}")))
    {
        let first = found(&text).into_iter().next();
        let is_mail = |address: &str| address.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        let expected = if is_mail(&expected) { &expected[7..] } else { &expected };
        tally.expect(&text, &[expected.to_owned()], &first.into_iter().collect::<Vec<_>>());
    }
    for line in read("linkify-it/not_links.txt").lines().map(without_comment).filter(|line| !line.is_empty()) {
        tally.expect(line, &[], &found(line));
    }
    assert!(tally.cases > 160, "only {} cases were read", tally.cases);
    tally.end(0.98);
}

#[test]
fn autolinks_of_github_are_links() {
    let mut tally = Tally::of("gfm-autolink");
    let cases: Vec<Value> = serde_json::from_str(&read("gfm-autolink/autolink.json")).unwrap();
    for case in &cases {
        let (text, html) = (case["markdown"].as_str().unwrap(), case["html"].as_str().unwrap());
        let hrefs = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let plain = |href: &str| {
            href.replace("&amp;", "&").trim_start_matches("mailto:").trim_start_matches("http://").to_owned()
        };
        let expected: Vec<String> = hrefs.map(plain).collect();
        let found: Vec<String> = found(text).iter().map(|address| plain(address)).collect();
        tally.expect(text, &expected, &found);
    }
    tally.end(0.9);
}

#[test]
fn addresses_that_a_browser_opens_have_their_host_in_a_sentence() {
    let mut tally = Tally::of("whatwg-url");
    let cases: Vec<Value> = serde_json::from_str(&read("whatwg-url/urltestdata_half.json")).unwrap();
    for case in cases.iter().filter(|case| case["failure"].is_null()) {
        let (Some(input), Some(host)) = (case["input"].as_str(), case["hostname"].as_str()) else { continue };
        let is_web = ["http:", "https:"].iter().any(|scheme| input.to_lowercase().starts_with(&format!("{scheme}//")));
        if !is_web || input.contains(char::is_whitespace) || input.contains(['<', '>', '"']) || host.is_empty() {
            continue;
        }
        let hosts: Vec<String> = facts(&format!("see {input} now")).links.into_iter().map(|link| link.host).collect();
        tally.expect(input, &[host.to_owned()], &hosts);
    }
    assert!(tally.cases > 50, "only {} cases were read", tally.cases);
    tally.end(0.9);
}

#[test]
fn naughty_strings_are_read_and_only_few_hold_links() {
    let mut tally = Tally::of("blns");
    for text in serde_json::from_str::<Vec<String>>(&read("../hostile/blns/blns.json")).unwrap() {
        tally.expect(&text, &[], &found(&text));
    }
    tally.end(0.9);
}

#[test]
fn hostile_texts_are_screened_whole_or_held_for_their_work() {
    let policy = policy();
    let mut over_budget = Vec::new();
    for (name, text) in generators::GENERATORS {
        let submission = submission(&text(64 * 1024));
        let facts = Facts::new(&submission, &policy, now());
        let verdict = screen(&facts, &History::default(), &policy);
        assert_ne!(verdict.decided_by, DecidedBy::Unavailable, "{name}: a part of it panicked");
        over_budget.extend((verdict.decided_by == DecidedBy::Budget).then_some(*name));
        for link in facts.report().links {
            assert!(submission.content.get(link.span.0..link.span.1).is_some(), "{name}: {:?}", link.span);
        }
    }
    assert!(over_budget.contains(&"addresses") && !over_budget.contains(&"words"), "{over_budget:?}");
}
