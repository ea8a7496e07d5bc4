//! Which changed settings cannot take effect in a process that runs.

use std::collections::BTreeSet;

use toml::Value;

use super::Loaded;
use super::fault::{Fault, Origin};
use super::layers::{Layers, look_up};

/// The tables and keys that a running process can take over; everything else needs a restart.
const RELOADABLE: [&str; 3] = ["policy", "limits", "auth.operator_key"];

impl Loaded {
    /// The keys whose value in `new` differs and that need a restart, each with its place. `new` may be put into force only
    /// where there are none.
    pub fn fixed_differences(&self, new: &Self) -> Vec<Fault> {
        let (old, new) = (&self.layers, &new.layers);
        let keys: BTreeSet<&str> = leaves(old).chain(leaves(new)).filter(|key| !is_reloadable(key)).collect();
        let differs = |key: &&str| look_up(&old.values, key) != look_up(&new.values, key);
        keys.into_iter().filter(differs).map(|key| told(key, old, new)).collect()
    }
}

/// The keys that hold a value.
fn leaves(layers: &Layers) -> impl Iterator<Item = &str> {
    let is_leaf = |key: &&str| look_up(&layers.values, key).is_some_and(|value| !matches!(value, Value::Table(_)));
    layers.origins.keys().chain(layers.defaults.keys()).map(String::as_str).filter(is_leaf)
}

/// Whether a running process takes over a new value of this dotted key; for the documentation.
pub fn is_reloadable(key: &str) -> bool {
    let mut rests = RELOADABLE.iter().filter_map(|table| key.strip_prefix(table));
    rests.any(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn told(key: &str, old: &Layers, new: &Layers) -> Fault {
    match new.origin(key) {
        Origin::Embedded { .. } => {
            let origin = old.origin(key);
            let written = origin.key(key);
            Fault::at(&origin, format_args!("{written} is not set there any more, which needs a restart")).of_key(key)
        }
        origin => {
            let written = origin.key(key);
            Fault::at(&origin, format_args!("{written} has changed, which needs a restart")).of_key(key)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, Sources};

    fn loaded(file: &Path, text: &str) -> Loaded {
        fs::write(file, text).unwrap();
        let environment = Environment::default();
        Loaded::from(&Sources { file: Some(file), environment: &environment, data_dir: None }).unwrap()
    }

    #[test]
    fn only_what_a_running_process_can_take_over_changes_without_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let key = "0123456789abcdef0123456789abcdef";
        let old = loaded(&file, "[http]\nworkers = 2\n[policy]\nhold_at = 40\n");
        let new = loaded(
            &file,
            &format!("auth.operator_key = \"{key}\"\n[policy]\nkinds.like = \"hold\"\n[http]\nworkers = 2"),
        );
        assert_eq!(old.fixed_differences(&new), [], "the policy, the operator's key and where a value stands");
        let new = loaded(&file, "log.format = \"json\"\n[http]\n# more\nworkers = 3\n");
        let told = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let place = file.display();
        let expected = [
            format!("{place}:4: http.workers has changed, which needs a restart"),
            format!("{place}:1: log.format has changed, which needs a restart"),
        ];
        assert_eq!(told(old.fixed_differences(&new)), expected);
        assert_eq!(new.fixed_differences(&new), []);
        let expected = [
            format!("{place}:2: http.workers has changed, which needs a restart"),
            format!("{place}:1: log.format is not set there any more, which needs a restart"),
        ];
        assert_eq!(told(new.fixed_differences(&old)), expected);
    }

    #[test]
    fn a_name_that_only_begins_like_a_reloadable_one_is_none() {
        for (key, expected) in [
            ("policy.hold_at", true),
            ("limits", true),
            ("auth.operator_key", true),
            ("policyx.a", false),
            ("auth.operator_keys", false),
        ] {
            assert_eq!(is_reloadable(key), expected, "{key}");
        }
    }
}
