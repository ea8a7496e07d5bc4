//! Where the settings say that the store is, for people and for what only one kind of store has.

use super::Settings;

impl Settings {
    /// Whether the store is in the data directory, and served by one process.
    pub fn is_embedded(&self) -> bool {
        self.url == "sqlite:"
    }

    /// The address without user and password, for the log and for people.
    pub fn shown(&self) -> String {
        match self.url.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, place)| place)),
            None => self.url.clone(),
        }
    }

    /// The hosts of an address, without their ports; none for the embedded store.
    pub fn hosts(&self) -> Vec<&str> {
        let Some((_, rest)) = self.url.split_once("://") else { return Vec::new() };
        let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        let hosts = rest.split(['/', '?']).next().unwrap_or_default().split(',');
        let host = |place: &'_ str| match place.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default().len() + 1,
            None => place.find(':').unwrap_or(place.len()),
        };
        hosts.map(|place| place[..host(place)].trim_start_matches('[')).filter(|host| !host.is_empty()).collect()
    }

    /// Whether the way to the servers is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("rediss")
    }

    /// Whether the address has a password.
    pub fn has_password(&self) -> bool {
        let user = self.url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(user, _)| user);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password_and_taken_apart() {
        let cases: [(&str, &str, &[&str], bool, bool); 6] = [
            ("sqlite:", "sqlite:", &[], false, false),
            ("redis://127.0.0.1", "redis://127.0.0.1", &["127.0.0.1"], false, false),
            ("rediss://mo:p@ss@[::1]:6380/2", "rediss://[::1]:6380/2", &["::1"], true, true),
            ("redis://:secret@redis:6379", "redis://redis:6379", &["redis"], false, true),
            ("redis://only@redis:6379", "redis://redis:6379", &["redis"], false, false),
            (
                "redis+sentinel://mo:x@a:26379,b:26379/mymaster/1",
                "redis+sentinel://a:26379,b:26379/mymaster/1",
                &["a", "b"],
                false,
                true,
            ),
        ];
        for (url, shown, hosts, encrypted, password) in cases {
            let settings = Settings { url: url.to_owned(), ..Settings::embedded() };
            assert_eq!(settings.shown(), shown);
            assert_eq!((settings.hosts().as_slice(), settings.is_encrypted()), (hosts, encrypted), "{url}");
            assert_eq!(settings.has_password(), password, "{url}");
        }
    }
}
