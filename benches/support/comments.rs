//! Comments to measure by: those of `MODERATO_DATA` (a folder of labelled files, one JSON object a line), or of the corpus.

use std::path::{Path, PathBuf};

use moderato::domain::Submission;
use serde_json::{Value, json};

/// All of them.
pub fn all() -> Vec<Submission> {
    comments_of_data().unwrap_or_else(comments_of_corpus)
}

#[allow(clippy::disallowed_methods, reason = "a bench has no configuration")]
fn comments_of_data() -> Option<Vec<Submission>> {
    let folder = PathBuf::from(std::env::var_os("MODERATO_DATA")?);
    let rows = files(&folder, "jsonl").into_iter().flat_map(|text| text.lines().map(row).collect::<Vec<_>>());
    Some(rows.collect())
}

fn comments_of_corpus() -> Vec<Submission> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cases");
    let cases =
        files(&folder, "json").into_iter().map(|text| serde_json::from_str::<Value>(&text).expect("a case is JSON"));
    cases.map(|mut case| submission(case["submission"].take())).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("so can its entries").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == extension)).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("a file is UTF-8")).collect()
}

fn row(line: &str) -> Submission {
    let row: Value = serde_json::from_str(line).expect("a row is JSON");
    let author = json!({"name": row["author_name"], "email": row["author_email"], "url": row["author_url"]});
    let kind = row["kind"].as_str().unwrap_or("comment");
    submission(json!({"content": row["content"], "author": author, "kind": kind}))
}

/// A submission of these fields, those left out being empty.
pub fn submission(given: Value) -> Submission {
    let mut whole = json!({"post": {"id": "1", "tags": []}, "kind": "comment", "author": {}, "content": "",
        "format": "text", "client": {}, "form": {}});
    for (key, value) in given.as_object().expect("a submission is an object") {
        match (&mut whole[key], value) {
            (Value::Object(base), Value::Object(given)) => base.extend(given.clone()),
            (base, given) => *base = given.clone(),
        }
    }
    serde_json::from_value(whole).expect("a submission is complete")
}
