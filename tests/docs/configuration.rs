//! `docs/configuration.md` is made from `config/moderato.toml`: `MODERATO_WRITE_DOCS=1 cargo test --test docs` writes it.

use std::fmt::Write;

use moderato::config::is_reloadable;

use super::{read, root};

const PAGE: &str = "docs/configuration.md";
const SOURCE: &str = "config/moderato.toml";

/// What stands above the tables.
const INTRODUCTION: &str = "\
# Configuration

Every key with its default, made from [config/moderato.toml](../config/moderato.toml) by a test; do not edit it here.

A value comes from, later ones winning: the program itself, the file that `--config FILE` names, the environment, and `--data` for
`data_dir`. The environment variable of a key is `MODERATO__`, its tables and its name in capitals, with two underscores between. It
takes a text as it stands, and everything else as TOML writes it: `MODERATO__POLICY__KINDS='{ trackback = \"hold\" }'`. A key that
holds a secret can be given as a file by its name with `_file` behind it.

`moderato config check` tells every fault at once, `moderato config show` what is in force and where it comes from.

**Live**: a running service takes a new value over within seconds of the file's change, and on SIGHUP. Every other key needs a
restart; a file in which one of those has changed is refused as a whole until then, and the log says which.

Keys below `policy` are the defaults of every site. A site sets its own with `PUT /v1/sites/{site}/policy`, and those win.
";

/// A key as the file has it.
struct Key {
    name: String,
    default: String,
    about: String,
}

/// A table of the file, with what is said of it.
#[derive(Default)]
struct Section {
    name: String,
    about: String,
    keys: Vec<Key>,
}

impl Section {
    fn key(&self, key: &Key) -> String {
        if self.name.is_empty() { key.name.clone() } else { format!("{}.{}", self.name, key.name) }
    }
}

/// The file's tables in its order. Comment lines belong to the key or the table that follows them at once; those before an
/// empty line are about the file, and stand in the introduction in other words.
fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut about: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            about.clear();
        } else if let Some(comment) = line.strip_prefix("# ") {
            about.push(comment);
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), about: about.join(" "), keys: Vec::new() });
            about.clear();
        } else {
            let (name, value) = line.split_once(" = ").unwrap_or_else(|| panic!("neither key nor comment: {line}"));
            let mut value = value.to_owned();
            while toml::from_str::<toml::Table>(&format!("value = {value}")).is_err() {
                value = format!("{value}\n{}", lines.next().unwrap_or_else(|| panic!("no end of {name}")));
            }
            let section = sections.last_mut().unwrap();
            section.keys.push(Key { name: name.to_owned(), default: shown(&value), about: about.join(" ") });
            about.clear();
        }
    }
    sections
}

/// A value on one line; of a long list only how long it is.
fn shown(value: &str) -> String {
    match value.lines().count() {
        1 => format!("`{}`", value.replace('|', "\\|")),
        lines => format!("{} entries", lines - 2),
    }
}

fn variable(key: &str) -> String {
    format!("`MODERATO__{}`", key.to_uppercase().replace('.', "__"))
}

fn page(text: &str) -> String {
    let mut page = INTRODUCTION.to_owned();
    let sections = sections(text);
    let (rules, tables): (Vec<&Section>, Vec<&Section>) =
        sections.iter().partition(|section| section.name.starts_with("policy.rules."));
    for section in tables.into_iter().filter(|section| !section.keys.is_empty()) {
        let title = if section.name.is_empty() { "At the top" } else { &section.name };
        let _ = write!(page, "\n## {title}\n\n");
        if !section.about.is_empty() {
            let _ = write!(page, "{}\n\n", section.about);
        }
        page.push_str("| key | default | what it does | environment | live |\n| --- | --- | --- | --- | --- |\n");
        for key in &section.keys {
            let dotted = section.key(key);
            let live = if is_reloadable(&dotted) { "yes" } else { "" };
            let about = key.about.replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {} | {about} | {} | {live} |", key.name, key.default, variable(&dotted));
        }
    }
    page.push_str(
        "\n## policy.rules\n\nEach rule is a table `[policy.rules.NAME]`, and every key in it is live: \
         `MODERATO__POLICY__RULES__LINK_COUNT__POINTS=20`. `mode` is `on` (it counts), `shadow` (it is reported with 0 points) or \
         `off`; `points` is what it adds.\n\n| rule | what it finds | mode | points | its own keys |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for rule in rules {
        let named = |name: &str| rule.keys.iter().find(|key| key.name == name).map_or("", |key| key.default.as_str());
        let own = rule.keys.iter().filter(|key| key.name != "mode" && key.name != "points");
        let own: Vec<String> = own.map(|key| format!("`{} = {}`", key.name, key.default.trim_matches('`'))).collect();
        let name = rule.name.trim_start_matches("policy.rules.");
        let (about, own) = (rule.about.replace('|', "\\|"), own.join(", "));
        let _ = writeln!(page, "| `{name}` | {about} | {} | {} | {own} |", named("mode"), named("points"));
    }
    page
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test has no configuration")]
fn the_configuration_page_is_the_one_that_the_file_makes() {
    let made = page(&read(SOURCE));
    if std::env::var_os("MODERATO_WRITE_DOCS").is_some() {
        std::fs::write(root().join(PAGE), &made).unwrap();
    }
    let differs =
        read(PAGE).lines().zip(made.lines()).find(|(there, made)| there != made).map(|(there, _)| there.to_owned());
    assert!(
        read(PAGE) == made,
        "{PAGE} is old, from {differs:?} on: MODERATO_WRITE_DOCS=1 cargo test --test docs writes it"
    );
}

#[test]
fn every_key_of_the_file_is_on_the_page_and_says_what_it_does() {
    let sections = sections(&read(SOURCE));
    let table: toml::Table = read(SOURCE).parse().unwrap();
    for section in &sections {
        let mut path = section.name.split('.').filter(|name| !name.is_empty());
        let inner = path.try_fold(&table, |table, name| table.get(name)?.as_table());
        let inner = inner.unwrap_or_else(|| panic!("no table {}", section.name));
        let is_nested = |key: &&String| sections.iter().any(|other| other.name == format!("{}.{key}", section.name));
        let is_top = |key: &&String| section.name.is_empty() && inner[*key].is_table();
        let expected: Vec<&String> =
            inner.keys().filter(|key| !is_nested(key) && !is_top(key) && *key != "rules").collect();
        let mut found: Vec<&String> = section.keys.iter().map(|key| &key.name).collect();
        found.sort_unstable();
        let mut expected_sorted = expected;
        expected_sorted.sort_unstable();
        assert_eq!(found, expected_sorted, "{}", section.name);
        let is_rule = section.name.starts_with("policy.rules.");
        assert!(!is_rule || !section.about.is_empty(), "{} says nothing of itself", section.name);
        for key in section.keys.iter().filter(|_| !is_rule) {
            assert!(!key.about.is_empty(), "{} says nothing of itself", section.key(key));
        }
    }
}
