//! The documentation beside the code: what is made from the configuration, and that no link leads nowhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod configuration;
mod links;
mod rules;
mod shown;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository as text.
fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The repository's files of a kind that git knows or would take, as paths from its root.
fn files_like(pattern: &str) -> Vec<String> {
    let listing = ["ls-files", "--cached", "--others", "--exclude-standard", pattern];
    let listing = Command::new("git").args(listing).current_dir(root()).output().unwrap();
    let names = String::from_utf8(listing.stdout).unwrap();
    names.lines().filter(|name| root().join(name).is_file()).map(str::to_owned).collect()
}

#[test]
fn what_the_program_is_made_of_goes_into_the_image() {
    let ignored = read(".dockerignore");
    let taken: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut seen = 0;
    for file in files_like("src/*.rs") {
        let text = read(&file);
        for (at, _) in text.match_indices("include_str!(\"").chain(text.match_indices("include_bytes!(\"")) {
            let path = text[at..].split('"').nth(1).unwrap();
            let included = root().join(Path::new(&file).parent().unwrap()).join(path).canonicalize().unwrap();
            let included = included.strip_prefix(root().canonicalize().unwrap()).unwrap();
            assert!(taken.iter().any(|name| included.starts_with(name)), "{file} needs {}", included.display());
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
    for name in ["Cargo.toml", "Cargo.lock", "src", "config"] {
        assert!(taken.contains(&name), "{name}");
    }
    assert!(ignored.lines().any(|line| line == "*"));
}
