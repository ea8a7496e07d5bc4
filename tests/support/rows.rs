//! Labelled comments from a folder (`MODERATO_DATA`), as a blog would submit them.

use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// One labelled comment.
pub struct Row {
    pub label: String,
    pub submission: Value,
}

/// The folder of labelled comments, if the environment names one.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("MODERATO_DATA").map(PathBuf::from).filter(|folder| folder.is_dir())
}

/// The rows of these files, in their order.
pub fn read(names: &[&str]) -> Option<Vec<Row>> {
    let folder = folder()?;
    let mut rows = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        rows.extend(text.lines().map(|line| row(&serde_json::from_str(line).unwrap())));
    }
    Some(rows)
}

fn row(fields: &Value) -> Row {
    let take = |name: &str| fields[name].as_str().map(str::to_owned);
    let id = take("id").unwrap();
    let mut author = Map::new();
    for (ours, theirs) in [("name", "author_name"), ("email", "author_email"), ("url", "author_url")] {
        if let Some(value) = take(theirs) {
            author.insert(ours.to_owned(), value.into());
        }
    }
    let post = take("post_id").unwrap_or_else(|| format!("post of {id}"));
    let mut submission = json!({
        "external_id": id,
        "post": { "id": post },
        "author": author,
        "content": fields["content"],
        "client": {},
    });
    for name in ["kind", "format"] {
        if let Some(value) = take(name) {
            submission[name] = value.into();
        }
    }
    if let Some(at) = take("created_at").filter(|at| at.len() == 20 && at.ends_with('Z')) {
        submission["created_at"] = at.into();
    }
    if let Some(ip) = take("ip").filter(|ip| ip.parse::<std::net::IpAddr>().is_ok()) {
        submission["client"]["ip"] = ip.into();
    }
    if let Some(agent) = take("user_agent") {
        submission["client"]["user_agent"] = agent.into();
    }
    Row { label: take("label").unwrap(), submission }
}
