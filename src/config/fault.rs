//! What is wrong with the configuration, in one line for the person who wrote it.

use std::fmt;
use std::path::PathBuf;

/// One fault: where it stands, which key, what is wrong, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    text: String,
    key: Option<String>,
}

impl Fault {
    /// A fault that has a place.
    pub(super) fn at(origin: &Origin, detail: impl fmt::Display) -> Self {
        let text = match origin {
            Origin::Flag(flag) => format!("{flag} {detail}"),
            _ => format!("{origin}: {detail}"),
        };
        Self { text, key: None }
    }

    /// The same fault as one of the value of this key.
    pub(super) fn of_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// The dotted key whose value is at fault; `None` if it is a file, or a name that is no key.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The defaults in the program.
    Embedded {
        /// Counted from 1.
        line: usize,
    },
    /// A file.
    File {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1; `None`: the file as a whole.
        line: Option<usize>,
    },
    /// A file with the keys of `[policy]` at its top level.
    PolicyFile {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: Option<usize>,
    },
    /// The environment.
    Variable(String),
    /// The command line.
    Flag(&'static str),
    /// The measurement's own setting.
    Eval,
}

impl Origin {
    /// The key as a fault names it.
    pub(super) fn key(&self, key: &str) -> String {
        match self {
            Origin::Variable(_) => key.to_owned(),
            _ => self.written(key),
        }
    }

    /// What sets the key there.
    pub(super) fn written(&self, key: &str) -> String {
        match self {
            Origin::PolicyFile { .. } => key.strip_prefix("policy.").unwrap_or(key).to_owned(),
            Origin::Variable(_) => super::environment::Variable::name_of(key),
            Origin::Embedded { .. } | Origin::File { .. } | Origin::Flag(_) | Origin::Eval => key.to_owned(),
        }
    }

    /// How late the source is laid on: a later one wins.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Origin::Embedded { .. } => 0,
            Origin::File { .. } => 1,
            Origin::Variable(_) => 2,
            Origin::Eval => 3,
            Origin::PolicyFile { .. } => 4,
            Origin::Flag(_) => 5,
        }
    }

    /// The same source at another line.
    pub(super) fn at_line(&self, line: usize) -> Self {
        match self {
            Origin::Embedded { .. } => Origin::Embedded { line },
            Origin::File { path, .. } => Origin::File { path: path.clone(), line: Some(line) },
            Origin::PolicyFile { path, .. } => Origin::PolicyFile { path: path.clone(), line: Some(line) },
            Origin::Variable(_) | Origin::Flag(_) | Origin::Eval => self.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Embedded { line } => write!(f, "the built-in config/moderato.toml:{line}"),
            Origin::File { path, line } | Origin::PolicyFile { path, line } => {
                write!(f, "{}", path.display())?;
                line.map_or(Ok(()), |line| write!(f, ":{line}"))
            }
            Origin::Variable(name) => write!(f, "environment variable {name}"),
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Eval => f.write_str("the settings of eval"),
        }
    }
}

/// The known key that a mistyped one most likely means.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let typed_last = last(typed);
    let tolerance = (typed_last.chars().count() / 3).max(2);
    let far = |key: &str| {
        let elsewhere = typed.rsplit_once('.').map(|(table, _)| table) != key.rsplit_once('.').map(|(table, _)| table);
        let by_name = distance(&typed_last, &last(key)) + usize::from(elsewhere);
        by_name.min(distance(typed, key))
    };
    known.into_iter().map(|key| (far(key), key)).filter(|(far, _)| *far <= tolerance).min().map(|(_, key)| key)
}

/// How many letters must be put in, taken out or replaced to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_finds_the_one_that_was_meant() {
        let known = ["http.listen", "http.workers", "log.level", "data_dir"];
        let cases = [
            ("http.lisen", Some("http.listen")),
            ("listen", Some("http.listen")),
            ("htttp.workers", Some("http.workers")),
            ("datadir", Some("data_dir")),
            ("colour", None),
        ];
        for (typed, meant) in cases {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
