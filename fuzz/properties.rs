//! What holds of every text: the properties that the fuzzer tries to break, and that the saved cases keep.

use moderato::domain::{DecidedBy, Field, Group, History, Submission, Timestamp, Verdict};
use moderato::screening::{Facts, FactsReport, Policy, Settings, fold_for_search, screen};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A property by its name, which is the fuzz target's and that of its file of cases.
pub type Property = (&'static str, fn(&str));

/// All of them.
pub const ALL: &[Property] = &[("fold", fold), ("links", links), ("markup", markup), ("screen", screened)];

/// The most links and handles a comment's budget allows to be read.
const MOST_LINKS: usize = 1000;
const MOST_HANDLES: usize = 192;

/// The formats a comment may be written in.
const FORMATS: [&str; 4] = ["text", "markdown", "html", "bbcode"];

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let root: toml::Table = include_str!("../config/moderato.toml").parse().expect("the shipped configuration is TOML");
    let settings: Settings = root["policy"].clone().try_into().expect("its policy is complete");
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
});

/// A fold ends, is not much longer than its text, and folds no further.
pub fn fold(text: &str) {
    let folded = fold_for_search(text);
    assert!(folded.len() <= 4 * text.len() + 64, "{} bytes of {}", folded.len(), text.len());
    let again = fold_for_search(&folded);
    assert_eq!(fold_for_search(&again), again, "a fold of a fold is settled");
    report(&submission(json!({"content": text})));
}

/// Links and handles stand in the text, between characters, and lead somewhere.
pub fn links(text: &str) {
    let report = report(&submission(json!({"content": text})));
    for link in &report.links {
        assert!(!link.host.is_empty() && link.host.is_ascii(), "{link:?}");
        assert!(link.host == link.owner || link.host.ends_with(&link.owner), "{link:?}");
    }
}

/// Every reading of markup is one, whatever the format says.
pub fn markup(text: &str) {
    for format in FORMATS {
        let submission = submission(json!({"content": text, "format": format}));
        report(&submission);
        judged(&submission);
    }
}

/// A whole submission, its fields apart by U+001F, gets a verdict that adds up and points at what is there.
pub fn screened(text: &str) {
    let mut fields = text.split('\u{1F}');
    let mut next = || fields.next().unwrap_or_default();
    let content = next();
    let format = FORMATS[next().len() % FORMATS.len()];
    let author = json!({"name": next(), "email": next(), "url": next()});
    let honeypot = next();
    let post = json!({"id": "p", "url": next(), "tags": []});
    let submission = submission(
        json!({"content": content, "format": format, "author": author, "form": {"honeypot": honeypot}, "post": post}),
    );
    let verdict = judged(&submission);
    assert_eq!(verdict, judged(&submission), "the same again is judged alike");
}

fn judged(submission: &Submission) -> Verdict {
    let facts = Facts::new(submission, &POLICY, now());
    let verdict = screen(&facts, &History::default(), &POLICY);
    assert_ne!(verdict.decided_by, DecidedBy::Unavailable, "nothing panicked");
    for (group, sum) in &verdict.groups {
        let points = verdict.hits.iter().filter(|hit| hit.group == *group).map(|hit| hit.points);
        assert_eq!(points.sum::<i32>(), sum.raw, "{group:?}");
    }
    assert_eq!(verdict.groups.values().map(|sum| sum.counted).sum::<i32>(), verdict.score);
    assert!(verdict.groups.len() <= Group::ALL.len());
    for evidence in verdict.hits.iter().flat_map(|hit| &hit.evidence) {
        let field = match evidence.field {
            Field::Content => Some(&*submission.content),
            Field::AuthorName => submission.author.name.as_deref(),
            Field::AuthorEmail => submission.author.email.as_deref(),
            Field::AuthorUrl => submission.author.url.as_deref(),
            Field::Honeypot => submission.form.honeypot.as_deref(),
        };
        let (start, end) = evidence.span;
        let part = field.unwrap_or_default().get(start..end).unwrap_or_else(|| panic!("{evidence:?}"));
        let shown = evidence.excerpt.trim_end_matches('…');
        assert!(part.starts_with(shown), "{evidence:?} shows {part:?}");
    }
    verdict
}

fn report(submission: &Submission) -> FactsReport {
    let report = Facts::new(submission, &POLICY, now()).report();
    assert!(report.links.len() <= MOST_LINKS && report.handles.len() <= MOST_HANDLES, "the budget is kept");
    let spans = report.links.iter().map(|link| link.span).chain(report.handles.iter().map(|handle| handle.span));
    for (start, end) in spans {
        assert!(submission.content.get(start..end).is_some_and(|part| !part.is_empty()), "{start}..{end}");
    }
    report
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000)
}

fn submission(given: Value) -> Submission {
    let mut submission = json!({"post": {"id": "p", "tags": []}, "kind": "comment", "author": {}, "client": {}, "form": {},
        "content": "", "format": "text"});
    for (key, value) in given.as_object().into_iter().flatten() {
        submission[key] = value.clone();
    }
    serde_json::from_value(submission).expect("a submission as the store keeps it")
}
