//! Which keys hold secrets.

/// The keys whose values are shown nowhere. Each may be given as a file instead, by its name with [`FILE`] behind it.
pub(super) const SECRETS: [&str; 2] = ["auth.operator_key", "store.url"];

/// What the name of a key ends with that names the file of a secret.
const FILE: &str = "_file";

/// Whether a value of this key is a secret, holds one, or stands where one belongs.
pub(super) fn touches(key: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['.', '[']));
    SECRETS.iter().any(|secret| *secret == key || within(secret, key) || within(key, secret))
}

/// Whether a key names the file of a secret.
pub(super) fn is_file_key(key: &str) -> bool {
    key.strip_suffix(FILE).is_some_and(|key| SECRETS.contains(&key))
}

/// The key that names the file of this secret.
pub(super) fn file_key(secret: &str) -> String {
    format!("{secret}{FILE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_secret_or_stands_in_its_place_is_one() {
        for key in ["auth.operator_key", "auth", "auth.operator_key.a", "store.url[0]", "store"] {
            assert!(touches(key), "{key}");
        }
        for key in ["http.listen", "auth.operator_keys", "storage"] {
            assert!(!touches(key), "{key}");
        }
    }
}
