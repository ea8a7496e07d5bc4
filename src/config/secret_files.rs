//! Secrets that stand in files of their own.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Environment;
use super::fault::Fault;
use super::file;
use super::layers::{Layers, look_up};
use super::secret::{SECRETS, file_key, is_file_key};

/// The files that a configuration's text and the environment name for secrets. A text at fault names none.
pub(super) fn files_named(text: &str, environment: &Environment) -> Vec<PathBuf> {
    let values: Table = toml::from_str(text).unwrap_or_default();
    let written = SECRETS.iter().filter_map(|secret| Some(look_up(&values, &file_key(secret))?.as_str()?.into()));
    let variables = environment.variables().into_iter().filter(|variable| is_file_key(&variable.path.join(".")));
    written.chain(variables.filter_map(|variable| Some(variable.value?.into()))).collect()
}

impl Layers {
    /// Puts the content of the files that the last layer names in the place of the secrets.
    pub(super) fn resolve_secrets(&mut self) {
        for secret in SECRETS {
            let key = file_key(secret);
            let Some(named) = self.take(&key) else { continue };
            let Some(origin) = self.origins.remove(&key) else { continue };
            let written = origin.key(&key);
            let named = match named {
                Value::String(named) if !named.is_empty() => named,
                _ => {
                    self.faults.push(Fault::at(&origin, format_args!("{written} must name a file, as a text")));
                    continue;
                }
            };
            if let Some(other) = self.origins.get(secret).filter(|other| other.weight() == origin.weight()) {
                let both = format!("{written} and {} ({other}) are both given; leave one out", other.key(secret));
                self.faults.push(Fault::at(&origin, both));
                continue;
            }
            let text = file::read_text(Path::new(&named), file::MOST_SECRET).and_then(|text| {
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
            });
            match text {
                Ok(text) => {
                    self.set(secret, Value::String(text), origin);
                    self.secret_files.insert(secret.to_owned(), named);
                }
                Err(detail) => {
                    self.faults.push(Fault::at(&origin, format_args!("{written}: {named} {detail}")));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_a_key_and_has_no_neighbour_of_its_files_name() {
        let values: Table = toml::from_str(crate::config::layers::EMBEDDED).unwrap();
        for secret in SECRETS {
            assert!(look_up(&values, secret).is_some_and(Value::is_str), "{secret}");
            assert!(look_up(&values, &file_key(secret)).is_none(), "{secret}");
        }
    }
}
