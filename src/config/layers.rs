//! The layers of the configuration, laid over each other with the origin of every value.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::environment::Variable;
use super::fault::{Fault, Origin};
use super::{Environment, Sources, file, secret};
use crate::service::PolicyOrigin;

/// The one key that a flag sets.
pub(super) const DATA_DIR: &str = "data_dir";

/// Every key with its default and a comment.
pub(super) const EMBEDDED: &str = include_str!("../../config/moderato.toml");

/// The values in force so far, and where each comes from.
pub(super) struct Layers {
    pub(super) values: Table,
    /// By dotted key, tables included.
    pub(super) origins: BTreeMap<String, Origin>,
    /// What the program itself brings, by dotted key, tables included.
    pub(super) defaults: BTreeMap<String, (Value, usize)>,
    /// The files that secrets were read from, by the secret's key.
    pub(super) secret_files: BTreeMap<String, String>,
    /// What is wrong with a layer itself; the values are those of the others.
    pub(super) faults: Vec<Fault>,
}

impl Layers {
    /// The defaults, below the file, below the environment, below the flags.
    pub(super) fn of(sources: &Sources<'_>) -> Self {
        let mut layers = Self {
            values: Table::new(),
            origins: BTreeMap::new(),
            defaults: BTreeMap::new(),
            secret_files: BTreeMap::new(),
            faults: Vec::new(),
        };
        layers.add_text(EMBEDDED, &Origin::Embedded { line: 1 }, "");
        for (key, origin) in &layers.origins {
            if let (Some(value), Origin::Embedded { line }) = (look_up(&layers.values, key), origin) {
                layers.defaults.insert(key.clone(), (value.clone(), *line));
            }
        }
        if let Some(path) = sources.file {
            layers.add_file(path, &Origin::File { path: path.to_owned(), line: None }, "");
            layers.resolve_secrets();
        }
        layers.add_environment(sources.environment);
        layers.resolve_secrets();
        if let Some(data_dir) = sources.data_dir {
            layers.set(DATA_DIR, Value::String(data_dir.to_string_lossy().into_owned()), Origin::Flag("--data"));
        }
        layers
    }

    fn add_file(&mut self, path: &Path, origin: &Origin, below: &str) {
        match file::read_text(path, file::MOST_CONFIG) {
            Ok(text) => self.add_text(&text, origin, below),
            Err(detail) => self.faults.push(Fault::at(origin, detail)),
        }
    }

    /// Lays a file with keys of `[policy]` on top.
    pub(super) fn add_policy_file(&mut self, path: &Path) {
        self.add_file(path, &Origin::PolicyFile { path: path.to_owned(), line: None }, "policy");
    }

    /// Lays one policy value of the measurement on top.
    pub(super) fn set_for_eval(&mut self, key: &str, value: &str) {
        self.set(&format!("policy.{key}"), Value::String(value.to_owned()), Origin::Eval);
    }

    /// Where each value of the policy comes from, by its key seen from `[policy]`; the program's own are left out.
    pub(super) fn policy_origins(&self) -> BTreeMap<String, PolicyOrigin> {
        let told = |(key, origin): (&String, &Origin)| {
            look_up(&self.values, key).filter(|value| !value.is_table())?;
            let origin = match origin {
                Origin::Embedded { .. } | Origin::Flag(_) => return None,
                Origin::File { .. } | Origin::PolicyFile { .. } | Origin::Eval => PolicyOrigin::File,
                Origin::Variable(_) => PolicyOrigin::Environment,
            };
            key.strip_prefix("policy.").map(|key| (key.to_owned(), origin))
        };
        self.origins.iter().filter_map(told).collect()
    }

    /// Whether the policy file that was laid on top has this table.
    pub(super) fn policy_file_sets(&self, table: &str) -> bool {
        matches!(self.origins.get(&format!("policy.{table}")), Some(Origin::PolicyFile { .. }))
    }

    fn add_text(&mut self, text: &str, origin: &Origin, below: &str) {
        let lines = Lines::of(text);
        let parsed = DeTable::parse(text).and_then(|spans| Ok((spans, toml::from_str(text)?)));
        let (spans, mut values): (_, Table) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let line = error.span().map_or(1, |span| lines.number(span.start));
                let quoted = error.span().and_then(|span| text.get(span)).unwrap_or_default();
                let detail = not_toml(error.message(), quoted);
                return self.faults.push(Fault::at(&origin.at_line(line), format_args!("is not TOML: {detail}")));
            }
        };
        self.trace(spans.get_ref(), below, &|offset| origin.at_line(lines.number(offset)));
        drop_unnameable(&mut values);
        if below.is_empty() {
            merge(&mut self.values, values);
        } else {
            let one = Table::from_iter([(below.to_owned(), Value::Table(values))]);
            merge(&mut self.values, one);
        }
    }

    /// Notes where every key of a parsed text stands.
    fn trace(&mut self, table: &DeTable<'_>, below: &str, place: &dyn Fn(usize) -> Origin) {
        for (name, value) in table {
            if !is_nameable(name.get_ref()) {
                let detail =
                    format!("there is no key {:?}; no name is empty or holds a dot in quotation marks", name.get_ref());
                self.faults.push(Fault::at(&place(name.span().start), detail));
                continue;
            }
            let key = if below.is_empty() { name.get_ref().to_string() } else { format!("{below}.{}", name.get_ref()) };
            self.origins.insert(key.clone(), place(name.span().start));
            if let DeValue::Table(inner) = value.get_ref() {
                self.trace(inner, &key, place);
            }
        }
    }

    fn add_environment(&mut self, environment: &Environment) {
        for variable in environment.variables() {
            let origin = Origin::Variable(variable.name.clone());
            let Variable { path, value, .. } = variable;
            let key = path.join(".");
            match value {
                None => self.faults.push(Fault::at(&origin, "its value is not UTF-8")),
                Some(_) if path.iter().any(String::is_empty) => {
                    let detail = "names no key; MODERATO__HTTP__LISTEN sets http.listen";
                    self.faults.push(Fault::at(&origin, detail));
                }
                Some(text) => {
                    let value = self.typed(&key, text);
                    self.set(&key, value, origin);
                }
            }
        }
    }

    /// A variable's text as the key wants it: as it stands for a text, else as TOML writes it.
    fn typed(&self, key: &str, text: String) -> Value {
        if secret::is_file_key(key) || matches!(self.defaults.get(key), Some((Value::String(_), _))) {
            return Value::String(text);
        }
        let read = toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut table| {
            let value = table.remove("value");
            value.filter(|value| table.is_empty() && !value.is_datetime())
        });
        read.unwrap_or(Value::String(text))
    }

    /// Puts the default in the place of a value, or takes out a key that has none.
    pub(super) fn reset(&mut self, key: &str) {
        let key = key.split('[').next().unwrap_or_default();
        self.take(key);
        let inside = format!("{key}.");
        let of_key = |found: &str| found == key || found.starts_with(&inside);
        self.origins.retain(|found, _| !of_key(found));
        if let Some((default, line)) = self.defaults.get(key) {
            let (default, origin) = (default.clone(), Origin::Embedded { line: *line });
            let below = self.defaults.iter().filter(|(found, _)| of_key(found));
            let below: Vec<_> =
                below.map(|(found, (_, line))| (found.clone(), Origin::Embedded { line: *line })).collect();
            self.set(key, default, origin);
            self.origins.extend(below);
        }
    }

    /// Takes a value out; where it comes from is still known.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        match key.rsplit_once('.') {
            None => self.values.remove(key),
            Some((table, name)) => {
                let mut names = table.split('.');
                let first = self.values.get_mut(names.next()?)?;
                names.try_fold(first, |value, name| value.get_mut(name))?.as_table_mut()?.remove(name)
            }
        }
    }

    pub(super) fn set(&mut self, key: &str, value: Value, origin: Origin) {
        for (end, _) in key.match_indices('.') {
            self.origins.entry(key[..end].to_owned()).or_insert_with(|| origin.clone());
        }
        self.origins.insert(key.to_owned(), origin);
        self.secret_files.remove(key);
        let nested =
            key.rsplit('.').fold(value, |inner, name| Value::Table(Table::from_iter([(name.to_owned(), inner)])));
        if let Value::Table(nested) = nested {
            merge(&mut self.values, nested);
        }
    }
}

/// Whether a name can be part of a dotted key.
fn is_nameable(name: &str) -> bool {
    !name.is_empty() && !name.contains('.')
}

fn drop_unnameable(table: &mut Table) {
    table.retain(|name, _| is_nameable(name));
    table.iter_mut().filter_map(|(_, value)| value.as_table_mut()).for_each(drop_unnameable);
}

/// Lays a table over another one, key by key.
fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// The value of a dotted key.
pub(super) fn look_up<'a>(values: &'a Table, key: &str) -> Option<&'a Value> {
    let mut names = key.split('.');
    let first = values.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// What the parser says of a text, in plain words; `quoted` is the part that it points at.
fn not_toml(message: &str, quoted: &str) -> String {
    let message = message.lines().collect::<Vec<_>>().join(", ");
    match message {
        message if message == "duplicate key" => format!("the key {quoted} is there twice"),
        message if message.starts_with("invalid type: integer") || message.ends_with("value was too large") => {
            format!("a whole number must be from {} to {}", i64::MIN, i64::MAX)
        }
        message => message,
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of a place, counted from 1.
    fn number(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|begin| *begin <= offset)
    }
}
