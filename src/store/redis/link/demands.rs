//! What the settings demand of every primary, and how a server's own words are judged by it.

use std::collections::HashMap;

use super::address::{Kind, Server};
use crate::store::{Durability, Error};

/// A replica that has said nothing for so many seconds counts as none; as `min-replicas-max-lag` of Redis.
const MOST_LAG: u64 = 10;

/// What is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demands {
    pub(super) durability: Durability,
    /// How many replicas a write must have reached, at level `replicated`.
    pub(super) replicas: u16,
}

/// What was found of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All as demanded.
    Fit,
    /// Nothing speaks against it, but it does not show its settings.
    Unverified,
    /// This is not as demanded.
    Unfit(Error),
}

/// A server's own words.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Of `INFO`; `None`: refused.
    pub(super) info: Option<HashMap<String, String>>,
    /// Of `CONFIG GET`; `None`: refused.
    pub(super) config: Option<HashMap<String, String>>,
}

/// What is asked of `CONFIG GET`.
pub(super) const ASKED: [&str; 4] = ["maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"];

impl Demands {
    /// What a server of this kind of address is found to be.
    pub(super) fn judge(&self, server: &Server, words: &Words) -> Found {
        match self.first_fault(words) {
            Some((reason, detail)) => Found::Unfit(Error::NotReady { reason, detail: format!("{server} {detail}") }),
            None if words.config.is_none() || words.info.is_none() => Found::Unverified,
            None => Found::Fit,
        }
    }

    fn first_fault(&self, words: &Words) -> Option<(&'static str, String)> {
        let none = HashMap::new();
        let (info, config) = (words.info.as_ref().unwrap_or(&none), words.config.as_ref().unwrap_or(&none));
        let said = |key: &str| info.get(key).map(String::as_str);
        if said("role").is_some_and(|role| role != "master") {
            return Some(("replica", "is a replica: name its primary in store.url, or its Sentinels".to_owned()));
        }
        if let Some(version) = said("redis_version")
            && version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major < 7)
        {
            return Some(("too-old", format!("is Redis {version}: upgrade it to 7.0 or later, or to Valkey")));
        }
        let policy = config.get("maxmemory-policy").map(String::as_str).or(said("maxmemory_policy"));
        if let Some(policy) = policy.filter(|policy| *policy != "noeviction") {
            let detail = format!(
                "throws comments away when its memory is full (maxmemory-policy {policy}). Paste into redis-cli: CONFIG SET \
                 maxmemory-policy noeviction; CONFIG REWRITE"
            );
            return Some(("eviction", detail));
        }
        if words.config.is_none() || words.info.is_none() {
            return match self.durability {
                Durability::Relaxed => None,
                level => Some((
                    "unverifiable",
                    format!(
                        "does not show its settings (INFO or CONFIG GET is refused), so that nobody can tell whether writes are \
                         as durable as store.durability {level} says: allow this user both, or set store.durability to relaxed"
                    ),
                )),
            };
        }
        self.fault_of_files(config).or_else(|| self.fault_of_replicas(info))
    }

    /// What is wrong with how the server writes to disk.
    fn fault_of_files(&self, config: &HashMap<String, String>) -> Option<(&'static str, String)> {
        let set = |key: &str| config.get(key).map_or("", String::as_str);
        let (fault, lines) = match (set("appendonly"), set("appendfsync"), self.durability) {
            ("yes", "always", Durability::Fsync) if set("no-appendfsync-on-rewrite") == "yes" => (
                "does not wait for its disk while it rewrites its append-only file (no-appendfsync-on-rewrite)"
                    .to_owned(),
                "CONFIG SET no-appendfsync-on-rewrite no",
            ),
            ("yes", "always", _) => return None,
            ("yes", fsync, Durability::Fsync) => (
                format!("answers before a write is on disk (appendfsync {fsync}), and store.durability is fsync"),
                "CONFIG SET appendfsync always",
            ),
            ("yes", "everysec", _) => return None,
            ("yes", fsync, _) => {
                (format!("never waits for its disk (appendfsync {fsync})"), "CONFIG SET appendfsync everysec")
            }
            (_, _, Durability::Fsync) => (
                "keeps nothing when it is restarted (appendonly no)".to_owned(),
                "CONFIG SET appendfsync always; CONFIG SET appendonly yes",
            ),
            _ => (
                "keeps nothing when it is restarted (appendonly no)".to_owned(),
                "CONFIG SET appendfsync everysec; CONFIG SET appendonly yes",
            ),
        };
        Some(("not-durable", format!("{fault}. Paste into redis-cli: {lines}; CONFIG REWRITE")))
    }

    /// What is wrong with its replicas.
    fn fault_of_replicas(&self, info: &HashMap<String, String>) -> Option<(&'static str, String)> {
        let replicas = (0..).map_while(|number| info.get(&format!("slave{number}"))).filter(|replica| {
            let field = |name: &str| replica.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            let lag = field("lag").and_then(|lag| lag.parse::<u64>().ok());
            field("state") == Some("online") && lag.is_some_and(|lag| lag <= MOST_LAG)
        });
        let (found, wanted) = (replicas.count(), usize::from(self.replicas));
        if self.durability != Durability::Replicated || found >= wanted {
            return None;
        }
        let detail = format!(
            "has {found} replicas that follow it, and store.durability replicated waits for {wanted}: attach one \
             (REPLICAOF on the other server), or look why it does not follow"
        );
        Some(("no-replicas", detail))
    }
}

impl Kind {
    /// The word for it.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Kind::Single => "redis",
            Kind::Sentinel(_) => "redis+sentinel",
            Kind::Cluster => "redis+cluster",
        }
    }

    /// The level where the settings name none.
    pub(super) fn usual_durability(&self) -> Durability {
        match self {
            Kind::Single => Durability::Fsync,
            Kind::Sentinel(_) | Kind::Cluster => Durability::Replicated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// A server as `replicated` and `fsync` demand it, but for this.
    fn words(info: &[(&str, &str)], config: &[(&str, &str)]) -> Words {
        let mut words = Words {
            info: Some(map(&[
                ("role", "master"),
                ("redis_version", "7.0.15"),
                ("slave0", "ip=::1,port=1,state=online,offset=5,lag=1"),
            ])),
            config: Some(map(&[
                ("maxmemory-policy", "noeviction"),
                ("appendonly", "yes"),
                ("appendfsync", "always"),
                ("no-appendfsync-on-rewrite", "no"),
            ])),
        };
        words.info.as_mut().unwrap().extend(map(info));
        words.config.as_mut().unwrap().extend(map(config));
        words
    }

    fn reason(durability: Durability, words: &Words) -> &'static str {
        let server = Server { host: "cache".to_owned(), port: 6379 };
        match (Demands { durability, replicas: 1 }).judge(&server, words) {
            Found::Fit => "fit",
            Found::Unverified => "unverified",
            Found::Unfit(Error::NotReady { reason, detail }) => {
                assert!(detail.starts_with("cache:6379 "), "{detail}");
                reason
            }
            Found::Unfit(other) => panic!("{other}"),
        }
    }

    #[test]
    fn each_demand_has_its_reason() {
        use Durability::{Fsync, Relaxed, Replicated};
        let everysec = words(&[], &[("appendfsync", "everysec")]);
        let rewriting = words(&[], &[("no-appendfsync-on-rewrite", "yes")]);
        let refused = Words { config: None, ..words(&[("maxmemory_policy", "noeviction")], &[]) };
        let cases = [
            (Fsync, words(&[], &[]), "fit"),
            (Replicated, words(&[], &[]), "fit"),
            (Relaxed, everysec.clone(), "fit"),
            (Replicated, everysec.clone(), "fit"),
            (Fsync, everysec, "not-durable"),
            (Fsync, rewriting.clone(), "not-durable"),
            (Relaxed, rewriting, "fit"),
            (Relaxed, words(&[], &[("appendfsync", "no")]), "not-durable"),
            (Relaxed, words(&[], &[("appendonly", "no")]), "not-durable"),
            (Replicated, words(&[], &[("appendonly", "no")]), "not-durable"),
            (Fsync, words(&[], &[("maxmemory-policy", "allkeys-lru")]), "eviction"),
            (Relaxed, Words { config: None, ..words(&[("maxmemory_policy", "volatile-ttl")], &[]) }, "eviction"),
            (Fsync, words(&[("role", "slave")], &[]), "replica"),
            (Fsync, words(&[("redis_version", "6.2.14")], &[]), "too-old"),
            (Fsync, words(&[("redis_version", "10.1.0")], &[]), "fit"),
            (Replicated, words(&[("slave0", "ip=::1,port=1,state=wait_bgsave,offset=0,lag=0")], &[]), "no-replicas"),
            (Replicated, words(&[("slave0", "ip=::1,port=1,state=online,offset=0,lag=11")], &[]), "no-replicas"),
            (Fsync, words(&[("slave0", "ip=::1,port=1,state=online,offset=0,lag=11")], &[]), "fit"),
            (Relaxed, refused.clone(), "unverified"),
            (Fsync, refused.clone(), "unverifiable"),
            (Replicated, refused, "unverifiable"),
            (Relaxed, Words::default(), "unverified"),
        ];
        for (durability, words, expected) in cases {
            assert_eq!(reason(durability, &words), expected, "{durability}: {words:?}");
        }
    }
}
