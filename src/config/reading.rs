//! The layers read as the types that own the values, and the words for what is wrong with one.

use serde::de::DeserializeOwned;
use toml::Value;

use super::environment::Variable;
use super::fault::{Fault, Origin, nearest};
use super::layers::{EMBEDDED, Layers, look_up};
use super::secret;
use crate::domain::plain_words;

impl Layers {
    /// The values as the type that owns them; the first fault with its place.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        self.check_types()?;
        serde_path_to_error::deserialize(Value::Table(self.values.clone())).map_err(|error| {
            let message = error.inner().message();
            let key = self.inside(error.path().to_string(), message);
            if message.starts_with("unknown field") {
                self.unknown(&key)
            } else {
                self.fault_at(&key, &plain_words(message))
            }
        })
    }

    /// Of a fault that a deserializer sees in a whole table: the key in it whose value the message quotes.
    fn inside(&self, key: String, message: &str) -> String {
        let table = format!("{key}.");
        let quoted = |inner: &&String| match look_up(&self.values, inner) {
            Some(Value::String(text)) => message.contains(&format!("`{text}`")),
            Some(Value::Integer(number)) => message.contains(&format!("`{number}`")),
            _ => false,
        };
        let mut inner = self.origins.iter().filter(|(_, origin)| !matches!(origin, Origin::Embedded { .. }));
        let found = inner.find(|(inner, _)| inner.starts_with(&table) && quoted(inner));
        found.map_or(key, |(inner, _)| inner.clone())
    }

    /// A value has the type of its default, which says more than what a deserializer says of a table around it.
    fn check_types(&self) -> Result<(), Fault> {
        for key in self.origins.keys() {
            let (Some(value), Some((default, _))) = (look_up(&self.values, key), self.defaults.get(key)) else {
                continue;
            };
            let whole_for_fraction = default.is_float() && value.is_integer();
            if !value.same_type(default) && !whole_for_fraction {
                let found = match (value, shown(key, value)) {
                    (Value::Boolean(_), text) if !text.is_empty() => text.trim_start().to_owned(),
                    (_, text) => format!("{}{text}", type_name(value)),
                };
                let detail = format!("must be {}, not {found}", type_name(default));
                return Err(self.fault_at(key, &detail));
            }
        }
        Ok(())
    }

    /// A fault of the value of this key.
    pub(super) fn fault_at(&self, key: &str, detail: &str) -> Fault {
        let among_tables = self.beside(key).iter().all(|known| self.defaults[*known].0.is_table());
        if !self.defaults.contains_key(key) && (among_tables || detail.starts_with("is not known")) {
            return self.unknown(key);
        }
        let origin = self.origin(key);
        // Of a rule's options it is the rule that tells what its deserializer says.
        let detail = if detail.starts_with("invalid ") { plain_words(detail) } else { detail.to_owned() };
        if let Origin::Flag(_) = origin {
            return Fault::at(&origin, detail).of_key(key);
        }
        let written = match self.secret_files.get(key) {
            Some(file) => format!("{key}, read from {file},"),
            None => origin.key(key),
        };
        let fault = match self.described(key) {
            Some(described) => Fault::at(&origin, format_args!("{written} {detail} ({described})")),
            None => Fault::at(&origin, format_args!("{written} {detail}")),
        };
        fault.of_key(key)
    }

    /// Holds one whole number against another that must not be below it. Blamed is the one that a person has set; of
    /// two, the one set later.
    pub(super) fn check_ascending(&self, lower: &str, upper: &str) -> Result<(), Fault> {
        let number = |key| look_up(&self.values, key).and_then(Value::as_integer);
        let (Some(low), Some(high)) = (number(lower), number(upper)) else { return Ok(()) };
        if low <= high {
            return Ok(());
        }
        let (blamed, other, side, value) = match self.origin(lower).weight() > self.origin(upper).weight() {
            true => (lower, upper, "most", high),
            false => (upper, lower, "least", low),
        };
        let origin = self.origin(other);
        let detail = format!("must be at {side} {}, which is {value} ({origin})", origin.key(other));
        Err(self.fault_at(blamed, &detail))
    }

    fn unknown(&self, key: &str) -> Fault {
        let origin = self.origin(key);
        // Of `MODERATO__HTPP__LISTEN` the deserializer sees only that there is no `htpp`.
        let whole = match &origin {
            Origin::Variable(name) => Variable::key_of(name),
            _ => None,
        };
        let written = key;
        let key = whole.as_deref().unwrap_or(key);
        let inside = |known: &&str| !matches!(origin, Origin::PolicyFile { .. }) || known.starts_with("policy.");
        let advice = match nearest(key, self.defaults.keys().map(String::as_str).filter(inside)) {
            Some(known) => format!("did you mean {}?", origin.written(known)),
            None => format!("there are: {}", self.beside(key).join(", ")),
        };
        Fault::at(&origin, format_args!("there is no key {}; {advice}", origin.key(key))).of_key(written)
    }

    /// The known keys of the table that this key would stand in.
    fn beside(&self, key: &str) -> Vec<&str> {
        fn table(key: &str) -> &str {
            key.rsplit_once('.').map_or("", |(table, _)| table)
        }
        let known = || self.defaults.keys().map(String::as_str);
        let beside: Vec<&str> = known().filter(|known| table(known) == table(key)).collect();
        if beside.is_empty() { known().filter(|known| table(known).is_empty()).collect() } else { beside }
    }

    /// Where the value of this key comes from; for a part of a value, where the whole comes from.
    pub(super) fn origin(&self, key: &str) -> Origin {
        let mut part = key;
        loop {
            if let Some(origin) = self.origins.get(part) {
                return origin.clone();
            }
            match part.rfind(['.', '[']) {
                Some(end) => part = &part[..end],
                None => return Origin::Embedded { line: 1 },
            }
        }
    }

    /// What the built-in configuration says of a key, with its default.
    fn described(&self, key: &str) -> Option<String> {
        let key = key.split('[').next().unwrap_or_default();
        let (default, line) = self.defaults.get(key)?;
        let above: Vec<&str> = EMBEDDED.lines().take(line - 1).collect();
        let comments = above.iter().rev().map_while(|line| line.trim().strip_prefix('#'));
        let mut words: Vec<&str> = comments.map(str::trim).collect();
        words.reverse();
        let words = words.join(" ");
        match default {
            Value::Table(_) => None,
            // A list of many lines would drown the fault.
            Value::Array(items) if !items.is_empty() => Some(words).filter(|words| !words.is_empty()),
            _ if words.is_empty() => Some(format!("default {default}")),
            _ => Some(format!("{} Default {default}", words.trim_end())),
        }
    }
}

/// A value as a fault shows it: short, and nothing that may be secret.
fn shown(key: &str, value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if secret::touches(key) || text.chars().count() > MOST { String::new() } else { format!(" {text}") }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
