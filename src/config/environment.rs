//! The process's environment, as it was handed over at the start.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// What every variable that sets a configuration key begins with.
const PREFIX: &str = "MODERATO__";

/// Names and values, read once.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(OsString, OsString)>);

/// A variable that sets a configuration key.
pub(super) struct Variable {
    /// Its name.
    pub name: String,
    /// The key's path, from the outermost table.
    pub path: Vec<String>,
    /// Its value; `None` if that is no text.
    pub value: Option<String>,
}

impl Environment {
    /// The environment of these names and values.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// Whether colours are unwelcome (<https://no-color.org>: any value but an empty one).
    pub fn no_color(&self) -> bool {
        self.get("NO_COLOR").is_some_and(|value| !value.is_empty())
            || self.get("TERM").is_some_and(|term| term == "dumb")
    }

    /// Where labelled files lie that are named without a folder.
    pub fn labelled_data(&self) -> Option<PathBuf> {
        self.get("MODERATO_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from)
    }

    /// The variables that set configuration keys, by name.
    pub(super) fn variables(&self) -> Vec<Variable> {
        let mut variables: Vec<Variable> =
            self.0.iter().filter_map(|(name, value)| Variable::of(name, value)).collect();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        variables
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }
}

impl Variable {
    fn of(name: &OsStr, value: &OsStr) -> Option<Self> {
        let name = name.to_string_lossy();
        let path = name.strip_prefix(PREFIX)?.to_lowercase().split("__").map(str::to_owned).collect();
        Some(Self { name: name.into_owned(), path, value: value.to_str().map(str::to_owned) })
    }

    /// The dotted key that the variable of this name sets.
    pub(super) fn key_of(name: &str) -> Option<String> {
        name.strip_prefix(PREFIX).map(|path| path.to_lowercase().replace("__", "."))
    }

    /// The variable that sets this dotted key.
    pub(super) fn name_of(key: &str) -> String {
        format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
    }
}
