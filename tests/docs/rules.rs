//! `docs/rules.md` is made from the rules and from `tests/docs/measured.json`, which is what `moderato eval` says of them.
//!
//! `MODERATO_WRITE_DOCS=1 cargo test --test docs` writes the page, with `MODERATO_DATA` also the figures.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use moderato::domain::RuleDoc;
use moderato::screening::{Policy, Settings};
use serde_json::{Map, Value, json};

use super::{read, root};

const PAGE: &str = "docs/rules.md";
const MEASURED: &str = "tests/docs/measured.json";

/// What stands above the table.
const INTRODUCTION: &str = "\
# Rules

Every rule of the screening, made from the program and its measurement by a test; do not edit it here. A running service tells the same, with
its own points, at `GET /v1/rules`. What points, groups and thresholds come to is in the [overview of the configuration](configuration.md).

The figures are what `moderato eval` says of the labelled comments that we measure by: SPAM spams and HONEST honest comments of SOURCES
sources, none of which the program contains. **spam**, **honest**: on how many of them the rule fires. **precision**: the share of spam among
those. **stops**, **disturbs**: how many spams and honest comments would be approved without this rule alone, which is what removing it
would cost and gain. **sources**: in how many of them it fires on spam. A dash: it fires on nothing there; such a rule stands for something
that these comments do not show, as a form's hidden field, a past, or a trick of which there are few.
";

#[test]
#[allow(clippy::disallowed_methods, reason = "a test has no configuration")]
fn the_page_of_rules_is_the_one_that_rules_and_figures_make() {
    let writes = std::env::var_os("MODERATO_WRITE_DOCS").is_some();
    if let Some(data) = std::env::var_os("MODERATO_DATA") {
        let measured = format!("{}\n", serde_json::to_string_pretty(&measured(Path::new(&data))).unwrap());
        if writes {
            std::fs::write(root().join(MEASURED), &measured).unwrap();
        }
        assert!(
            read(MEASURED) == measured,
            "{MEASURED} is old: MODERATO_WRITE_DOCS=1 cargo test --test docs writes it"
        );
    }
    let made = page(&serde_json::from_str(&read(MEASURED)).unwrap());
    if writes {
        std::fs::write(root().join(PAGE), &made).unwrap();
    }
    assert!(read(PAGE) == made, "{PAGE} is old: MODERATO_WRITE_DOCS=1 cargo test --test docs writes it");
}

/// What `eval` says of every labelled file in a folder, but for times.
fn measured(data: &Path) -> Value {
    let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no labelled files", data.display());
    let ran = Command::new(env!("CARGO_BIN_EXE_moderato")).args(["eval", "--format", "json"]).args(files).output();
    let report: Value = serde_json::from_slice(&ran.unwrap().stdout).unwrap();
    let sum =
        |label: &str| report["total"][label].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let of_rule = |(id, rule): (&String, &Value)| {
        let sources = rule["by_source"].as_object().unwrap().values().filter(|fired| fired["spam"] != 0).count();
        let figures = json!({"spam": rule["spam"], "ham": rule["ham"], "stops": rule["stops"],
            "disturbs": rule["disturbs"], "sources": sources});
        (id.clone(), figures)
    };
    let rules: Map<String, Value> = report["rules"].as_object().unwrap().iter().map(of_rule).collect();
    let sources = report["sources"].as_object().unwrap().len();
    json!({"spam": sum("spam"), "ham": sum("ham"), "sources": sources, "rules": rules})
}

fn page(measured: &Value) -> String {
    let policy: toml::Table = read("config/moderato.toml").parse().unwrap();
    let settings: Settings = policy["policy"].clone().try_into().unwrap();
    let docs = Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}")).docs();
    let figure = |key: &str| measured[key].to_string();
    let mut page = INTRODUCTION
        .replace("SPAM", &figure("spam"))
        .replace("HONEST", &figure("ham"))
        .replace("SOURCES", &figure("sources"));
    page.push_str(
        "\n| rule | group | points | spam | honest | precision | stops | disturbs | sources |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for doc in &docs {
        let figures = &measured["rules"][doc.id.as_str()];
        let _ = writeln!(
            page,
            "| [`{0}`](#{0}) | {1} | {2} | {3} |",
            doc.id,
            doc.group.as_str(),
            doc.points,
            line(figures)
        );
    }
    for doc in &docs {
        section(doc, &mut page);
    }
    page
}

/// A rule's figures as cells.
fn line(figures: &Value) -> String {
    let of = |key: &str| figures[key].as_u64().unwrap_or_default();
    let (spam, ham) = (of("spam"), of("ham"));
    if spam + ham == 0 {
        return ["–"; 6].join(" | ");
    }
    let precision = (1000 * spam) / (spam + ham);
    let alone = [of("stops"), of("disturbs"), of("sources")].map(|number| number.to_string()).join(" | ");
    format!("{spam} | {ham} | {}.{} % | {alone}", precision / 10, precision % 10)
}

fn section(doc: &RuleDoc, page: &mut String) {
    let _ = write!(page, "\n## {}\n\n{} {}\n", doc.id, doc.summary, doc.why);
    if doc.certain {
        page.push_str("It rejects by itself.\n");
    }
    for (title, examples) in [("Fires on", doc.fires), ("Passes", doc.passes)] {
        if !examples.is_empty() {
            let _ = write!(page, "\n{title}:\n\n```json\n{}\n```\n", examples.join("\n"));
        }
    }
}
