//! Tells when the files that a configuration is made of have changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::secret_files;
use super::{Environment, Sources, file};

/// Looks at the configuration file and the files of secrets whenever it is asked. It compares what they hold, through
/// whatever links, so that an edit in place, a rename and a swapped link are all seen, and a touched file is not.
#[derive(Debug)]
pub struct Watch {
    file: Option<PathBuf>,
    environment: Environment,
    data_dir: Option<PathBuf>,
    /// What was told last.
    told: Look,
    /// What the last look found.
    last: Look,
}

/// What each file holds, as a fingerprint of this process; `None` for one that cannot be read.
type Look = Vec<(PathBuf, Option<u64>)>;

impl Watch {
    /// A watch over the files of these sources, beginning with what they hold now: call it before `Loaded::from`, so that
    /// nothing is missed in between.
    pub fn new(sources: &Sources<'_>) -> Self {
        let (file, environment) = (sources.file.map(Path::to_owned), sources.environment.clone());
        let now = look(file.as_deref(), &environment);
        let data_dir = sources.data_dir.map(Path::to_owned);
        Self { file, environment, data_dir, told: now.clone(), last: now }
    }

    /// What it was made of, to load again.
    pub fn sources(&self) -> Sources<'_> {
        let data_dir = self.data_dir.as_deref();
        Sources { file: self.file.as_deref(), environment: &self.environment, data_dir }
    }

    /// Whether the files hold something else than when it last said so, and have held it since the last call: a file that
    /// is half written or missing for a moment is no change. Reads the files; meant to be called each second.
    pub fn changed(&mut self) -> bool {
        let now = look(self.file.as_deref(), &self.environment);
        let stable = now == self.last;
        self.last = now;
        if !stable || self.last == self.told {
            return false;
        }
        self.told.clone_from(&self.last);
        true
    }
}

fn look(config: Option<&Path>, environment: &Environment) -> Look {
    let content = config.map(|path| (path, file::read(path, file::MOST_CONFIG).ok()));
    let text = content.as_ref().and_then(|(_, bytes)| std::str::from_utf8(bytes.as_deref()?).ok());
    let secrets = secret_files::files_named(text.unwrap_or_default(), environment);
    let secrets = secrets.into_iter().map(|path| {
        let bytes = file::read(&path, file::MOST_SECRET).ok();
        (path, bytes)
    });
    let files = content.map(|(path, bytes)| (path.to_owned(), bytes)).into_iter().chain(secrets);
    files.map(|(path, bytes)| (path, bytes.map(|bytes| fingerprint(&bytes)))).collect()
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::Loaded;

    fn watch(file: &Path, variables: &[(&str, &Path)]) -> Watch {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), value.as_os_str().to_owned()));
        let environment = Environment::new(variables);
        Watch::new(&Sources { file: Some(file), environment: &environment, data_dir: None })
    }

    /// The answers to three looks after a change that is complete.
    const TOLD_ONCE: [bool; 3] = [false, true, false];

    fn three(watch: &mut Watch) -> [bool; 3] {
        [watch.changed(), watch.changed(), watch.changed()]
    }

    #[test]
    fn edits_in_place_and_renames_are_told_once_and_a_touch_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, "a").unwrap();
        let mut watch = watch(&file, &[]);
        assert_eq!(three(&mut watch), [false; 3]);
        fs::write(&file, "b").unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
        fs::write(folder.path().join("new"), "c").unwrap();
        fs::rename(folder.path().join("new"), &file).unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
        fs::write(&file, "c").unwrap();
        assert_eq!(three(&mut watch), [false; 3]);
    }

    #[test]
    fn a_file_that_is_missing_or_half_written_for_a_moment_is_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, "whole").unwrap();
        let mut watch = watch(&file, &[]);
        fs::remove_file(&file).unwrap();
        assert!(!watch.changed());
        fs::write(&file, "who").unwrap();
        assert!(!watch.changed());
        fs::write(&file, "whole").unwrap();
        assert_eq!(three(&mut watch), [false; 3]);
        fs::remove_file(&file).unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE, "a file that stays away is told, so that somebody says so");
    }

    #[test]
    fn a_swapped_link_above_the_files_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("v1", "a"), ("v2", "b")] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("mine.toml"), text).unwrap();
        }
        symlink("v1", at("..data")).unwrap();
        symlink("..data/mine.toml", at("mine.toml")).unwrap();
        let mut watch = watch(&at("mine.toml"), &[]);
        symlink("v2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
    }

    #[test]
    fn what_changed_can_be_loaded_again_from_the_same_sources() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, "http.workers = 1").unwrap();
        let environment = Environment::new([("MODERATO__HTTP__SHUTDOWN_SECONDS".into(), "3".into())]);
        let data_dir = Some(Path::new("there"));
        let mut watch = Watch::new(&Sources { file: Some(&file), environment: &environment, data_dir });
        fs::write(&file, "http.workers = 2").unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
        let settings = Loaded::from(&watch.sources()).unwrap().settings;
        assert_eq!((settings.http.workers, settings.http.shutdown_seconds), (2, 3));
        assert_eq!(settings.data_dir, Path::new("there"));
    }

    #[test]
    fn files_of_secrets_are_watched_also_those_that_a_change_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (file, one, two) = (at("mine.toml"), at("one"), at("two"));
        fs::write(&file, "").unwrap();
        fs::write(&one, "1").unwrap();
        let mut watch = watch(&file, &[("MODERATO__AUTH__OPERATOR_KEY_FILE", &one)]);
        fs::write(&one, "2").unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
        fs::write(&file, format!("auth.operator_key_file = {two:?}")).unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE);
        fs::write(&two, "1").unwrap();
        assert_eq!(three(&mut watch), TOLD_ONCE, "it was named before it was there");
    }
}
