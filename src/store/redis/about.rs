//! What a server tells of itself, for people.

use super::Redis;
use crate::store::Error;

/// A server as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name and version: `Redis 7.0.15`, `Valkey 8.1.4`.
    pub software: String,
    /// How many bytes of memory it takes.
    pub memory: u64,
    /// How many it may take; `None`: as many as the machine has.
    pub most_memory: Option<u64>,
}

impl Redis {
    /// What the server says that is asked, which in a cluster is any of them; `None` where this user may not ask.
    pub(in crate::store) async fn about(&self) -> Result<Option<About>, Error> {
        let mut question = redis::cmd("INFO");
        question.arg("server").arg("memory");
        match self.base.ask::<String>(question).await {
            Ok(words) => Ok(Some(About::of(&words))),
            Err(Error::NotReady { reason: "access", .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl About {
    fn of(words: &str) -> Self {
        let said = |name: &str| {
            words.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
        };
        let number = |name| said(name).parse::<u64>().unwrap_or_default();
        let software = match said("valkey_version") {
            "" => format!("Redis {}", said("redis_version")),
            valkey => format!("Valkey {valkey}"),
        };
        let most_memory = Some(number("maxmemory")).filter(|most| *most > 0);
        Self { software, memory: number("used_memory"), most_memory }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_server_are_told_by_their_names() {
        let redis = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n";
        let told = About { software: "Redis 7.0.15".to_owned(), memory: 1 << 20, most_memory: None };
        assert_eq!(About::of(redis), told);
        let valkey =
            "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.4\r\nused_memory:5\r\nmaxmemory:9\r\n";
        let told = About { software: "Valkey 8.1.4".to_owned(), memory: 5, most_memory: Some(9) };
        assert_eq!(About::of(valkey), told);
    }
}
