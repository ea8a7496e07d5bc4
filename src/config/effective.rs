//! The values in force, each with where it comes from; secrets are never among them.

use toml::{Table, Value};

use super::Loaded;
use super::fault::Origin;
use super::layers::Layers;
use super::secret;

/// A key that has a value.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The key's path, from the outermost table.
    pub path: Vec<String>,
    /// Its value.
    pub value: Shown,
    /// Where it comes from.
    pub source: Source,
    /// The same with its place, for people: `default`, `mine.toml:3`, `environment variable …`, `--data`.
    pub origin: String,
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// As it is.
    Value(Value),
    /// A secret that is given.
    Given,
    /// A secret that is not.
    None,
}

/// What kind of source a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The defaults in the program.
    Default,
    /// A file.
    File,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl Loaded {
    /// Every key with its value, in the order of `config/moderato.toml`: a table's own keys before its inner tables. A
    /// secret that was read from a file is shown by the key that names the file.
    pub fn effective(&self) -> Vec<Effective> {
        let mut found = Vec::new();
        collect(&self.layers, &self.layers.values, &[], &mut found);
        found
    }
}

fn collect(layers: &Layers, table: &Table, above: &[String], found: &mut Vec<Effective>) {
    let path = |name: &str| above.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
    let place = |name: &str| layers.defaults.get(&path(name).join(".")).map_or(usize::MAX, |(_, line)| *line);
    let mut names: Vec<&String> = table.keys().collect();
    names.sort_by_key(|name| (table[*name].is_table(), place(name), *name));
    for name in names {
        match &table[name] {
            Value::Table(inner) if !inner.is_empty() => collect(layers, inner, &path(name), found),
            value => found.push(effective(layers, path(name), value)),
        }
    }
}

fn effective(layers: &Layers, mut path: Vec<String>, value: &Value) -> Effective {
    let key = path.join(".");
    let origin = layers.origin(&key);
    let value = match layers.secret_files.get(&key) {
        Some(file) => {
            path = secret::file_key(&key).split('.').map(str::to_owned).collect();
            Shown::Value(Value::String(file.clone()))
        }
        // Defaults are known to everybody.
        None if secret::touches(&key) && layers.defaults.get(&key).is_none_or(|(default, _)| default != value) => {
            Shown::Given
        }
        None if secret::touches(&key) && value.as_str() == Some("") => Shown::None,
        None => Shown::Value(value.clone()),
    };
    let (source, origin) = match &origin {
        Origin::Embedded { .. } | Origin::Eval => (Source::Default, "default".to_owned()),
        Origin::File { .. } | Origin::PolicyFile { .. } => (Source::File, origin.to_string()),
        Origin::Variable(_) => (Source::Environment, origin.to_string()),
        Origin::Flag(_) => (Source::Flag, origin.to_string()),
    };
    Effective { path, value, source, origin }
}

impl Shown {
    /// What a masked value is replaced by; `None`: it is not masked.
    pub fn mask(&self) -> Option<&'static str> {
        match self {
            Shown::Value(_) => None,
            Shown::Given => Some("(given)"),
            Shown::None => Some("(none)"),
        }
    }
}

impl Source {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Default => "default",
            Source::File => "file",
            Source::Environment => "environment",
            Source::Flag => "flag",
        }
    }
}
