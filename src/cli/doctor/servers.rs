//! Whether a store in Redis is there, is set up as it must be, and is out of strangers' reach.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use super::finding::{Finding, size};
use crate::app;
use crate::cli::{Context, DataArgs};
use crate::config::Settings;
use crate::service::{Error, Service};
use crate::store::{self, About, Durability, Status};

/// The service over the store, if that is there, and what there is to say of it. Nothing is made where nothing is.
pub(super) async fn open(
    data: &DataArgs,
    context: &Context<'_>,
    settings: &Settings,
) -> (Option<Service>, Vec<Finding>) {
    let mut found = of_way(&settings.store);
    let service = match data.load(context) {
        Ok(loaded) => app::beside(loaded).await,
        Err(failure) => {
            found.push(Finding::problem("store.opens", failure.to_string()));
            return (None, found);
        }
    };
    let about = store::about(&settings.store).await;
    if let Ok(Some(about)) = &about {
        found.push(Finding::ok("store.server", format!("{} answers at {}", about.software, settings.store.shown())));
        found.push(of_memory(about));
    }
    match service {
        Ok(service) => {
            match service.ready().await {
                Ok(()) => {
                    found.push(Finding::ok("store.opens", "it takes comments, and it says who it is"));
                    found.push(of_level(status(&service).await));
                }
                Err(error) => found.push(not_ready(&error)),
            }
            (Some(service), found)
        }
        Err(app::Error::Empty(place, _)) => {
            let nothing = Finding::note("store.empty", format!("there is nothing in {place} yet"));
            found.push(
                nothing.change("moderato serve makes it; in [store]: url = \"redis://HOST:PORT\" names another place"),
            );
            (None, found)
        }
        Err(app::Error::Service(error)) => {
            found.push(not_ready(&error));
            (None, found)
        }
        Err(error) => {
            found.push(Finding::problem("store.opens", error.to_string()));
            (None, found)
        }
    }
}

/// How the store is set up. The servers are asked by several at once in the beginning, and the last answer may be on its way.
async fn status(service: &Service) -> Status {
    const LOOKS: usize = 10;
    for _ in 0..LOOKS {
        if service.store_status().verified {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.store_status()
}

/// What the store lacks, with the lines to paste where it tells them.
fn not_ready(error: &Error) -> Finding {
    match error {
        Error::NotReady { reason, detail } => {
            let (what, lines) = detail.split_once(" Paste into redis-cli: ").unwrap_or((detail, ""));
            let finding = Finding::problem("store.ready", format!("it takes no comments ({reason}): {what}"));
            if lines.is_empty() { finding } else { finding.change(lines.replace("; ", "\n")) }
        }
        Error::Full(_) => Finding::problem("store.ready", format!("it takes no comments: {error}"))
            .change("give it more memory: CONFIG SET maxmemory 2gb, then CONFIG REWRITE"),
        _ => Finding::problem("store.opens", error.to_string())
            .change("see that it runs, or name the right place: in [store]: url = \"redis://HOST:PORT\""),
    }
}

/// What an answer means.
fn of_level(status: Status) -> Finding {
    let survives = match status.durability {
        Durability::Replicated => "replicas have it in memory, too",
        Durability::Relaxed => {
            let says = "an answer is given before a disk has what it says: with the server's machine, up to two seconds of answers are lost";
            return Finding::note("durability.relaxed", says).change("in [store]: durability = \"fsync\"");
        }
        Durability::Fsync | Durability::Usual => "its disk has what it says",
    };
    let says = format!("an answer is given once {survives} (store.durability {})", status.durability);
    match status.verified {
        true => Finding::ok("durability.level", says),
        false => Finding::warning("durability.unverified", format!("{says}, which the server does not show"))
            .change("let the user of store.url run INFO and CONFIG GET"),
    }
}

fn of_memory(about: &About) -> Finding {
    let used = size(about.memory);
    let Some(most) = about.most_memory else {
        return Finding::note("memory.limit", format!("Redis takes {used}, and may take all that its machine has"))
            .change("CONFIG SET maxmemory 1gb, then CONFIG REWRITE: when it is full, comments are refused and all else works");
    };
    let says = format!("Redis takes {used} of {}", size(most));
    // What is left then goes on decisions, erasures and Redis' own needs.
    match about.memory / 9 >= most / 10 {
        true => Finding::warning("memory.use", format!("{says}; when it is full, comments are refused"))
            .change("give it more: CONFIG SET maxmemory 2gb, then CONFIG REWRITE; or keep comments for a shorter time: policy.keep.rejected = 15"),
        false => Finding::ok("memory.use", says),
    }
}

/// Who may listen on the way to the servers, and who gets in.
fn of_way(settings: &store::Settings) -> Vec<Finding> {
    let reach = settings.hosts().into_iter().map(Reach::of).max().unwrap_or(Reach::Machine);
    let mut found = Vec::new();
    if reach == Reach::Everywhere && !settings.is_encrypted() {
        found.push(
            Finding::problem("store.plain", "comments and the password go to Redis unencrypted, beyond this network")
                .change("in [store]: url = \"rediss://…\", and in redis.conf: tls-port 6379"),
        );
    }
    if reach > Reach::Machine && !settings.has_password() {
        found.push(
            Finding::warning(
                "store.no_password",
                "whoever reaches Redis over the network reads and changes everything",
            )
            .change("ACL SETUSER … (docs/redis.md has the line), and in [store]: url = \"redis://USER:PASSWORD@…\""),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok("store.way", "the way to Redis is in nobody else's reach"));
    }
    found
}

/// From where a server can be reached, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Machine,
    Network,
    Everywhere,
}

impl Reach {
    /// Of a host: a name counts as what it stands for, and as in this network where nothing is known of it.
    fn of(host: &str) -> Self {
        match host.parse::<IpAddr>() {
            Ok(address) => Self::of_address(address),
            Err(_) => {
                let addresses = (host, 0).to_socket_addrs().map(|all| all.map(|one| Self::of_address(one.ip())).max());
                addresses.ok().flatten().unwrap_or(Reach::Network)
            }
        }
    }

    fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if address.is_loopback() => Reach::Machine,
            IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() => Reach::Network,
            IpAddr::V6(v6) if v6.is_unique_local() || v6.is_unicast_link_local() => Reach::Network,
            _ => Reach::Everywhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn a_way_that_others_reach_wants_a_password_and_one_that_all_reach_wants_tls() {
        let cases: [(&str, &[&str]); 9] = [
            ("redis://127.0.0.1:6379", &["store.way"]),
            ("redis://[::1]", &["store.way"]),
            ("redis://10.1.2.3", &["store.no_password"]),
            ("redis://:x@10.1.2.3", &["store.way"]),
            ("redis://:x@[fd00::1]", &["store.way"]),
            ("redis://192.0.2.1", &["store.plain", "store.no_password"]),
            ("redis://:x@192.0.2.1", &["store.plain"]),
            ("rediss://:x@192.0.2.1", &["store.way"]),
            ("redis+sentinel://:x@127.0.0.1,192.0.2.1/main", &["store.plain"]),
        ];
        for (url, expected) in cases {
            let ids: Vec<_> = of_way(&store::Settings::at(url)).iter().map(|finding| finding.id).collect();
            assert_eq!(ids, expected, "{url}");
        }
    }

    #[test]
    fn little_memory_and_no_limit_of_it_are_told() {
        let level = |memory, most_memory| {
            let found = of_memory(&About { software: "Redis 7.0.15".to_owned(), memory, most_memory });
            (found.id, found.level)
        };
        assert_eq!(level(5, None), ("memory.limit", Level::Note));
        assert_eq!(level(899_000, Some(1_000_000)), ("memory.use", Level::Ok));
        assert_eq!(level(900_000, Some(1_000_000)), ("memory.use", Level::Warning));
    }

    #[test]
    fn what_an_answer_means_is_told_and_doubted_where_it_is_not_shown() {
        let level = |durability, verified| of_level(Status { kind: "redis", durability, verified }).id;
        assert_eq!(level(Durability::Fsync, true), "durability.level");
        assert_eq!(level(Durability::Replicated, true), "durability.level");
        assert_eq!(level(Durability::Replicated, false), "durability.unverified");
        assert_eq!(level(Durability::Relaxed, true), "durability.relaxed");
    }
}
