//! Keeps the house tidy: who may import whom, which foreign crate lives where, how files begin, what must not be left behind.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module below `src/` with the modules it may name. Bands import downwards only; parts of a band never each other.
const LAYERS: &[(&str, &[&str])] = &[
    // 0: nouns
    ("domain", &[]),
    ("clock", &["domain"]),
    // 1: parts
    ("limits", &["domain", "clock"]),
    ("screening", &["domain", "clock"]),
    ("store", &["domain", "clock"]),
    // 2: verbs
    ("service", &["domain", "clock", "limits", "screening", "store"]),
    // 3: edges; of the clock they use the stopwatch, for the access log
    ("http", &["domain", "clock", "service"]),
    // 4: assembly
    ("config", &["domain", "clock", "limits", "screening", "store", "service", "http", "telemetry"]),
    ("telemetry", &["domain", "clock", "limits", "screening", "store", "service", "http"]),
    ("app", &["domain", "clock", "limits", "screening", "store", "service", "http", "config", "telemetry"]),
    // 5: door
    ("cli", &["domain", "clock", "limits", "screening", "store", "service", "http", "config", "telemetry", "app"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Foreign crates that live in one place only, as the start of a path below `src/`.
const FOREIGN: &[(&str, &[&str])] = &[
    ("actix_web", &["http/", "app.rs"]),
    ("actix_http", &["http/", "app.rs"]),
    ("rusqlite", &["store/embedded/"]),
    // `store/mod.rs` has the module of the same name.
    ("redis", &["store/redis/", "store/mod.rs", "store/settings.rs"]),
    ("rustls", &["store/redis/link/"]),
    ("governor", &["limits/"]),
    ("linkify", &["screening/facts/"]),
    ("html5ever", &["screening/facts/"]),
    ("pulldown_cmark", &["screening/facts/", "http/docs/"]),
    ("serde_saphyr", &["http/docs/"]),
    ("psl", &["screening/facts/"]),
    ("clap", &["cli/"]),
    ("quick_xml", &["cli/import/"]),
    ("toml", &["config/", "cli/", "screening/"]),
    ("prometheus_client", &["telemetry", "http/", "service/"]),
    ("tracing_subscriber", &["telemetry.rs"]),
];

/// Words that mark unfinished work. (Spelled in two parts, so that this file does not contain them.)
const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];

/// The longest a file may be. House rule: 200 lines is the aim, and a longer one has a reason.
const MOST_LINES: usize = 400;

#[test]
fn the_source_keeps_its_layers_and_manners() {
    let mut found = Vec::new();
    for path in files_below(&root().join("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        found.extend(violations(&name, &text));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn tests_and_benches_begin_with_what_they_answer_for() {
    for folder in ["tests", "benches"] {
        for path in files_below(&root().join(folder), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{} does not begin with a //! sentence", path.display());
        }
    }
}

#[test]
fn nothing_names_the_place_it_was_made_in() {
    let marks = [concat!("/work", "/"), concat!("/ro", "ot/"), concat!(".lib", "rary"), concat!("shared/", "design")];
    for path in tracked_files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for mark in marks {
            assert!(!text.contains(mark), "{} contains {mark}", path.display());
        }
    }
}

#[test]
fn a_forbidden_import_is_found() {
    let cases = [
        ("domain/time.rs", "use crate::clock::Clock;", "domain may not name clock"),
        ("screening/engine.rs", "use crate::store::Store;", "screening may not name store"),
        ("store/embedded/mod.rs", "let p = crate::screening::Policy::new();", "store may not name screening"),
        ("http/api/comments.rs", "use crate::store::Store;", "http may not name store"),
        ("service/submit.rs", "use actix_web::web;", "actix_web lives in http/"),
        ("service/submit.rs", "use super::super::store::Store;", "super::super"),
        ("service/submit.rs", "use crate::{domain, store};", "crate::{"),
        ("service/mod.rs", "pub use crate::store::Error;", "re-export"),
        ("newcomer/mod.rs", "", "no layer"),
    ];
    for (file, line, expected) in cases {
        let found = violations(file, &format!("//! A file.\n\n{line}\n"));
        assert!(found.iter().any(|violation| violation.contains(expected)), "{file}: {line}: {found:?}");
    }
    assert_eq!(violations("service/submit.rs", "//! A file.\n\nuse crate::store::Store;\n"), Vec::<String>::new());
    assert_eq!(violations("domain/x.rs", "//! Says crate::store in prose.\n"), Vec::<String>::new());
}

/// Everything wrong with one file, as `file:line: what`.
fn violations(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut report = |line: usize, what: String| found.push(format!("src/{file}:{line}: {what}"));
    let module = file.split('/').next().unwrap_or(file).trim_end_matches(".rs");
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        return vec![format!("src/{file}:1: {module} has no layer in tests/tidy.rs")];
    };
    if !text.starts_with("//! ") {
        report(1, "does not begin with a //! sentence that says what it answers for".to_owned());
    }
    if text.lines().count() > MOST_LINES {
        report(MOST_LINES, format!("is longer than {MOST_LINES} lines: does it answer for two things?"));
    }
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        for mark in LEFTOVERS.iter().filter(|mark| line.contains(**mark)) {
            report(number, format!("leaves {mark} behind"));
        }
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        for other in names_after(code, "crate::") {
            if other != module && !allowed.contains(&other) && LAYERS.iter().any(|(name, _)| *name == other) {
                report(number, format!("{module} may not name {other}"));
            }
        }
        if code.contains("crate::{") {
            report(number, "imports by crate::{…}: one line a module, so that layers can be read".to_owned());
        }
        if code.contains("super::super") {
            report(number, "climbs by super::super: name the module from crate::".to_owned());
        }
        if code.starts_with("pub use crate::") {
            report(number, "is a re-export across modules".to_owned());
        }
        for (name, homes) in FOREIGN {
            let is_at_home = homes.iter().any(|home| file.starts_with(home));
            if !is_at_home && names_before(code, "::").any(|found| found == *name) {
                report(number, format!("{name} lives in {} only", homes.join(" and ")));
            }
        }
    }
    found
}

/// The identifiers that follow each `prefix` in a line.
fn names_after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(prefix).map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        &rest[..rest.find(|c: char| !is_name(c)).unwrap_or(rest.len())]
    })
}

/// The identifiers that stand before each `suffix` in a line.
fn names_before<'a>(line: &'a str, suffix: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(suffix).map(move |(at, _)| {
        let before = &line[..at];
        &before[before.rfind(|c: char| !is_name(c)).map_or(0, |found| found + 1)..]
    })
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The files of the repository; without git, none, and the test has nothing to look at.
fn tracked_files() -> Vec<PathBuf> {
    let listing = std::process::Command::new("git").arg("ls-files").current_dir(root()).output();
    let names = listing.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    names.lines().map(|name| root().join(name)).collect()
}
