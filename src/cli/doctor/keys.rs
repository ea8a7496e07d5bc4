//! Whether the keys are hard to guess, in few hands, and in nobody else's reach.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::finding::Finding;
use crate::cli;
use crate::config::Settings;
use crate::domain::{ApiKey, Timestamp};
use crate::service::Service;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// After so many days without use a key is one that nobody needs.
const UNUSED_DAYS: i64 = 90;

/// A key that was just made need not have been used.
const NEW_DAYS: i64 = 7;

/// What there is to say of the key that the deployment gives.
pub(super) fn of_configuration(settings: &Settings) -> Vec<Finding> {
    let Some(key) = settings.auth.operator_key.given() else { return Vec::new() };
    let Some(weakness) = weakness(key) else {
        return vec![Finding::ok("keys.operator", "the deployment's operator_key is hard to guess")];
    };
    let found = format!("auth.operator_key {weakness}; it opens everything");
    vec![Finding::problem("keys.weak", found).change("make one that nobody can guess: openssl rand -hex 32")]
}

/// Why a key is easy to guess, if it is. It has at least 32 characters, or the configuration would not be valid.
fn weakness(key: &str) -> Option<String> {
    const WORDS: [&str; 14] = [
        "password",
        "passw0rd",
        "secret",
        "changeme",
        "change-me",
        "change_me",
        "example",
        "moderato",
        "operator",
        "letmein",
        "qwerty",
        "default",
        "deployment",
        "mysecret",
    ];
    /// The fewest different characters; of 32 random hexadecimal digits fewer come about once in 100,000 keys.
    const FEWEST: usize = 8;
    /// The longest run of neighbours (`abcd`, `4321`, `aaaa`) that chance may bring.
    const LONGEST_RUN: usize = 6;
    let lower = key.to_lowercase();
    if let Some(word) = WORDS.iter().find(|word| lower.contains(**word)) {
        return Some(format!("contains \"{word}\""));
    }
    let different: BTreeSet<char> = key.chars().collect();
    if different.len() < FEWEST {
        return Some(format!("has only {} different characters", different.len()));
    }
    let bytes = lower.as_bytes();
    if (1..=bytes.len() / 2).any(|period| bytes.iter().zip(&bytes[period..]).all(|(one, other)| one == other)) {
        return Some("is one text over and over".to_owned());
    }
    let steps: Vec<i16> = bytes.windows(2).map(|pair| i16::from(pair[1]) - i16::from(pair[0])).collect();
    let is_run = |steps: &[i16]| (-1..=1).contains(&steps[0]) && steps.iter().all(|step| *step == steps[0]);
    steps.windows(LONGEST_RUN).any(is_run).then(|| "goes on like the alphabet or the numbers".to_owned())
}

/// What lies in the data directory, and who can read it.
pub(super) fn of_files(data_dir: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    let mode = |path: &Path| -> io::Result<u32> { Ok(std::fs::metadata(path)?.permissions().mode() & 0o777) };
    for name in ["first-keys.txt", "first-keys.old.txt"] {
        let path = data_dir.join(name);
        let Ok(of_file) = mode(&path) else { continue };
        let place = path.display();
        if of_file & 0o077 != 0 {
            found.push(
                Finding::problem("keys.readable", format!("{place} can be read by others (mode {of_file:04o})"))
                    .change(format!("chmod 600 {place}")),
            );
        }
        found.push(
            Finding::note("keys.first_keys", format!("the keys of a first start still lie in {place}"))
                .change(format!("move them to where you keep secrets, then: rm {place}")),
        );
    }
    if let Ok(of_directory) = mode(data_dir)
        && of_directory & 0o077 != 0
    {
        let place = data_dir.display();
        found.push(
            Finding::warning(
                "keys.directory",
                format!("others can look into {place} (mode {of_directory:04o}), where the comments are"),
            )
            .change(format!("chmod 700 {place}")),
        );
    }
    found
}

/// What there is to say of the keys in the store.
pub(super) async fn of_store(service: &Service) -> Vec<Finding> {
    let keys = match cli::keys::all(service).await {
        Ok(keys) => keys,
        Err(error) => return vec![Finding::problem("keys.read", format!("the keys cannot be read: {error}"))],
    };
    let now = service.now();
    let found: Vec<Finding> = keys.iter().filter_map(|key| of_key(key, now)).collect();
    if found.is_empty() {
        vec![Finding::ok("keys.used", format!("{} keys, none expired or forgotten", keys.len()))]
    } else {
        found
    }
}

fn of_key(key: &ApiKey, now: Timestamp) -> Option<Finding> {
    let days = |since: Timestamp| (now.millis() - since.millis()) / DAY;
    let opens = key.site.as_ref().map_or_else(|| "everything".to_owned(), |site| format!("site {site}"));
    let what = format!("key {} ({:?}, opens {opens})", key.id, &*key.name);
    let remove = format!("moderato keys delete {}", key.id);
    match (key.expires_at, key.last_used_at) {
        (Some(end), _) if end <= now => {
            Some(Finding::note("keys.expired", format!("{what} opens nothing since {end}")).change(remove))
        }
        (None, None) if days(key.created_at) >= NEW_DAYS => {
            let found = format!("{what} never expires, and was never used in {} days", days(key.created_at));
            Some(Finding::note("keys.never_used", found).change(remove))
        }
        (None, Some(last)) if days(last) >= UNUSED_DAYS => {
            let found = format!("{what} never expires, and was last used {} days ago", days(last));
            Some(Finding::warning("keys.forgotten", found).change(remove))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_people_think_up_are_weak_and_random_ones_are_not() {
        for key in [
            "my-password-is-long-enough-for-you",
            "ChangeMeChangeMeChangeMeChangeMe",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0101010101010101010101010101010101",
            "0123456789abcdef0123456789abcdef",
            "k3j9x8q2k3j9x8q2k3j9x8q2k3j9x8q2",
            "zyxwvutsrqponmlkjihgfedcba987654",
        ] {
            assert!(weakness(key).is_some(), "{key}");
        }
        for key in [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "e3b0c44298fc1c149afbf4c8996fb924",
            "mod_jxwl4eu66pcf_qsopcefqys7mdhyvlh6or3jvvyf5cvgt7asg5l5dmmmntruveiaa_1eff11f0",
            "Xq7!vR2#mK9@pL4$wT8%zN3^bH6&cJ1*",
        ] {
            assert_eq!(weakness(key), None, "{key}");
        }
    }
}
