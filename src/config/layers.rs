//! The layers of the configuration, laid over each other with the origin of every value.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::environment::Variable;
use super::fault::{Fault, Origin};
use super::{Environment, Sources};
use crate::service::PolicyOrigin;

/// Every key with its default and a comment.
pub(super) const EMBEDDED: &str = include_str!("../../config/moderato.toml");

/// The values in force so far, and where each comes from.
pub(super) struct Layers {
    pub(super) values: Table,
    /// By dotted key, tables included.
    pub(super) origins: BTreeMap<String, Origin>,
    /// What the program itself brings, by dotted key, tables included.
    pub(super) defaults: BTreeMap<String, (Value, usize)>,
}

impl Layers {
    /// The defaults, below the file, below the environment.
    pub(super) fn of(sources: &Sources<'_>) -> Result<Self, Fault> {
        let mut layers = Self { values: Table::new(), origins: BTreeMap::new(), defaults: BTreeMap::new() };
        layers.add_text(EMBEDDED, &Origin::Embedded { line: 1 }, "")?;
        for (key, origin) in &layers.origins {
            if let (Some(value), Origin::Embedded { line }) = (look_up(&layers.values, key), origin) {
                layers.defaults.insert(key.clone(), (value.clone(), *line));
            }
        }
        if let Some(path) = sources.file {
            let origin = Origin::File { path: path.to_owned(), line: None };
            layers.add_text(&read_text(path, &origin)?, &origin, "")?;
        }
        layers.add_environment(sources.environment)?;
        Ok(layers)
    }

    /// Lays a file with keys of `[policy]` on top.
    pub(super) fn add_policy_file(&mut self, path: &Path) -> Result<(), Fault> {
        let origin = Origin::PolicyFile { path: path.to_owned(), line: None };
        self.add_text(&read_text(path, &origin)?, &origin, "policy")
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
                Origin::Embedded { .. } => return None,
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

    fn add_text(&mut self, text: &str, origin: &Origin, below: &str) -> Result<(), Fault> {
        let broken = |error: toml::de::Error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            Fault::at(&origin.at_line(line), format_args!("is not TOML: {message}"))
        };
        let spans = DeTable::parse(text).map_err(broken)?;
        let values: Table = toml::from_str(text).map_err(broken)?;
        self.trace(spans.get_ref(), below, &|offset| origin.at_line(line_of(text, offset)));
        if below.is_empty() {
            merge(&mut self.values, values);
        } else {
            let one = Table::from_iter([(below.to_owned(), Value::Table(values))]);
            merge(&mut self.values, one);
        }
        Ok(())
    }

    /// Notes where every key of a parsed text stands.
    fn trace(&mut self, table: &DeTable<'_>, below: &str, place: &dyn Fn(usize) -> Origin) {
        for (name, value) in table {
            let key = if below.is_empty() { name.get_ref().to_string() } else { format!("{below}.{}", name.get_ref()) };
            self.origins.insert(key.clone(), place(name.span().start));
            if let DeValue::Table(inner) = value.get_ref() {
                self.trace(inner, &key, place);
            }
        }
    }

    fn add_environment(&mut self, environment: &Environment) -> Result<(), Fault> {
        for variable in environment.variables() {
            let origin = Origin::Variable(variable.name.clone());
            let Variable { path, value, .. } = variable;
            let key = path.join(".");
            let text = value.ok_or_else(|| Fault::at(&origin, "its value is not UTF-8"))?;
            if path.iter().any(String::is_empty) {
                return Err(Fault::at(&origin, "names no key; MODERATO__HTTP__LISTEN sets http.listen"));
            }
            match self.secret_file(&key) {
                Some(secret) => {
                    let text = read_text(Path::new(&text), &origin)?;
                    self.set(&secret, Value::String(text.trim().to_owned()), origin);
                }
                None => {
                    let value = self.typed(&key, text);
                    self.set(&key, value, origin);
                }
            }
        }
        Ok(())
    }

    /// The secret that a key names the file of: `auth.operator_key` for `auth.operator_key_file`.
    fn secret_file(&self, key: &str) -> Option<String> {
        let secret = key.strip_suffix("_file")?;
        (secret.starts_with("auth.") && self.defaults.contains_key(secret)).then(|| secret.to_owned())
    }

    /// A variable's text as the key wants it: as it stands for a text, else as TOML writes it.
    fn typed(&self, key: &str, text: String) -> Value {
        if matches!(self.defaults.get(key), Some((Value::String(_), _))) {
            return Value::String(text);
        }
        let read = toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut table| {
            let value = table.remove("value");
            value.filter(|value| table.is_empty() && !value.is_datetime())
        });
        read.unwrap_or(Value::String(text))
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        for (end, _) in key.match_indices('.') {
            self.origins.entry(key[..end].to_owned()).or_insert_with(|| origin.clone());
        }
        self.origins.insert(key.to_owned(), origin);
        let nested =
            key.rsplit('.').fold(value, |inner, name| Value::Table(Table::from_iter([(name.to_owned(), inner)])));
        if let Value::Table(nested) = nested {
            merge(&mut self.values, nested);
        }
    }
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

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn read_text(path: &Path, origin: &Origin) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| match origin {
        Origin::Variable(_) => Fault::at(origin, format_args!("{} cannot be read: {error}", path.display())),
        _ => Fault::at(origin, format_args!("cannot be read: {error}")),
    })
}
