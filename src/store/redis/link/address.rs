//! What `store.url` says: which servers there are, of which kind, and who we are to them.

use std::fmt;

use percent_encoding::percent_decode_str;

/// Where the servers are.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::store) struct Address {
    pub(super) kind: Kind,
    /// The server; the Sentinels; or some servers of the cluster.
    pub(super) seeds: Vec<Server>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) tls: bool,
    pub(super) db: i64,
}

/// How servers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One server.
    Single,
    /// One primary of this name, which Sentinels know.
    Sentinel(String),
    /// Several primaries, each with a part of the keys.
    Cluster,
}

/// A server's host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Whether a URL is meant to be one of these.
    pub(in crate::store) fn is_meant(url: &str) -> bool {
        url.starts_with("redis")
    }

    /// Reads a URL. The error says what is wrong and shows nothing of the URL behind its scheme: that may be a password.
    pub(in crate::store) fn parse(url: &str) -> Result<Self, String> {
        let strange = || {
            "must begin with redis://, redis+sentinel:// or redis+cluster://, or with rediss instead of redis for TLS"
                .to_owned()
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(strange)?;
        let (tls, form) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis", form) => (false, form),
            ("rediss", form) => (true, form),
            _ => return Err(strange()),
        };
        if let Some(mark) = rest.chars().find(|mark| "?#".contains(*mark) || mark.is_whitespace() || mark.is_control())
        {
            let mark = mark.escape_default();
            return Err(format!("must have no `{mark}`; in a user or password write it percent-encoded"));
        }
        // What stands in a password unencoded may be a `/`: the last `@` ends it.
        let (credentials, rest) = rest.rsplit_once('@').map_or((None, rest), |(found, rest)| (Some(found), rest));
        let (user, password) = credentials.map(who).transpose()?.unwrap_or_default();
        let (servers, path) = rest.split_once('/').map_or((rest, None), |(servers, path)| (servers, Some(path)));
        let usual_port = if form == "sentinel" { 26379 } else { 6379 };
        let servers =
            servers.split(',').enumerate().map(|(place, server)| Server::parse(server, usual_port, place + 1));
        let seeds = servers.collect::<Result<Vec<Server>, String>>()?;
        let (kind, db) = match form {
            "" if seeds.len() > 1 => {
                return Err("must name one server; several are redis+sentinel:// or redis+cluster://".to_owned());
            }
            "" => (Kind::Single, path),
            "sentinel" => {
                let (name, db) = path.map_or(("", None), |path| {
                    path.split_once('/').map_or((path, None), |(name, db)| (name, Some(db)))
                });
                if name.is_empty() {
                    return Err(
                        "must name the primary that the Sentinels watch: redis+sentinel://host/<name>".to_owned()
                    );
                }
                (Kind::Sentinel(decoded(name, "the primary's name")?), db)
            }
            "cluster" if path.is_some_and(|path| !path.is_empty()) => {
                return Err("must end with the servers: a cluster has no databases to choose from".to_owned());
            }
            "cluster" => (Kind::Cluster, None),
            _ => return Err(strange()),
        };
        let db = match db {
            None | Some("") => 0,
            Some(db) => {
                db.parse::<u16>().map_err(|_| "must name a database from 0 to 65535 behind the last `/`")?.into()
            }
        };
        Ok(Self { kind, seeds, user, password, tls, db })
    }
}

/// User and password of `user:password`, `:password` or `user`.
fn who(credentials: &str) -> Result<(Option<String>, Option<String>), String> {
    let (user, password) =
        credentials.split_once(':').ok_or("must have `user:password` or `:password` before the `@`")?;
    if password.is_empty() {
        return Err("has an empty password before the `@`".to_owned());
    }
    let user = if user.is_empty() { None } else { Some(decoded(user, "the user")?) };
    Ok((user, Some(decoded(password, "the password")?)))
}

fn decoded(text: &str, what: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| format!("has no UTF-8 text as {what}, percent-decoded"))
}

impl Server {
    /// `host`, `host:port` or `[v6]:port`; the place in the list is for the error.
    fn parse(text: &str, usual_port: u16, place: usize) -> Result<Self, String> {
        let bad_port = || format!("names a server (number {place}) whose port is no number from 1 to 65535");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest
                    .split_once(']')
                    .ok_or_else(|| format!("names a server (number {place}) whose `[` is not closed"))?;
                if host.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(format!("names a server (number {place}) that is no IPv6 address within its brackets"));
                }
                (host, port.strip_prefix(':').or((!port.is_empty()).then_some("")))
            }
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(format!("names no host as server number {place}"));
        }
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
        if !host.bytes().all(is_of_name) {
            return Err(format!("names a server (number {place}) whose host is no name and no address"));
        }
        let port = match port {
            None => usual_port,
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(bad_port)?,
        };
        Ok(Self { host: host.to_owned(), port })
    }

    /// `host:port` as servers write it of each other. An empty host is the one that answered.
    pub(super) fn told(text: &str, by: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.split('@').next()?.parse().ok()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Self { host: if matches!(host, "" | "?") { by.to_owned() } else { host.to_owned() }, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("kind", &self.kind).field("seeds", &self.seeds).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: u16) -> Server {
        Server { host: host.to_owned(), port }
    }

    #[test]
    fn every_form_is_read() {
        let one = Address::parse("redis://cache").unwrap();
        assert_eq!((one.kind, one.seeds, one.tls, one.db), (Kind::Single, vec![server("cache", 6379)], false, 0));
        let one = Address::parse("rediss://me:p%40ss%2Fword@[::1]:7000/3").unwrap();
        assert_eq!((one.user.as_deref(), one.password.as_deref()), (Some("me"), Some("p@ss/word")));
        assert_eq!((one.seeds, one.tls, one.db), (vec![server("::1", 7000)], true, 3));
        let one = Address::parse("redis://:pa@ss/word@cache/1").unwrap();
        assert_eq!((one.user, one.password.as_deref(), one.db), (None, Some("pa@ss/word"), 1));
        let several = Address::parse("redis+sentinel://:x@a,b:7/main%20one/2").unwrap();
        assert_eq!(several.kind, Kind::Sentinel("main one".to_owned()));
        assert_eq!((several.seeds, several.db), (vec![server("a", 26379), server("b", 7)], 2));
        let several = Address::parse("rediss+cluster://a:7000,10.0.0.1/").unwrap();
        assert_eq!((several.kind, several.seeds[1].clone()), (Kind::Cluster, server("10.0.0.1", 6379)));
    }

    #[test]
    fn what_is_wrong_is_said_and_no_password_is_shown() {
        let cases = [
            ("redis:cache", "must begin with redis://"),
            ("redis+sentinels://:hush@a/m", "must begin with redis://"),
            ("redisx://:hush@cache", "must begin with redis://"),
            ("redis://:hush@", "no host as server number 1"),
            ("redis://:hush@a,b", "must name one server"),
            ("redis://:hush@a:0", "port is no number"),
            ("redis://:hush@a:99999", "port is no number"),
            ("redis://:hush@[::1", "not closed"),
            ("redis://:hush@[cache]", "no IPv6 address"),
            ("redis://:hush@[::1]7", "port is no number"),
            ("redis://:hush@ca che", "percent-encoded"),
            ("redis://:hush@cache?db=1", "percent-encoded"),
            ("redis://:hush@cache/one", "database"),
            ("redis://:hush@cache/-1", "database"),
            ("redis://hush@cache", "`user:password`"),
            ("redis://hush:@cache", "empty password"),
            ("redis://:hush%ff@cache", "UTF-8"),
            ("redis+sentinel://:hush@a,b", "must name the primary"),
            ("redis+sentinel://:hush@a,,b/m", "no host as server number 2"),
            ("redis+cluster://:hush@a/1", "no databases"),
            ("redis://hu!sh", "no name and no address"),
        ];
        for (url, expected) in cases {
            let fault = Address::parse(url).unwrap_err();
            assert!(fault.contains(expected), "{url}: {fault}");
            assert!(!fault.contains("hush"), "{fault}");
        }
    }

    #[test]
    fn servers_tell_of_each_other() {
        assert_eq!(Server::told("10.0.0.1:7000@17000", "me"), Some(server("10.0.0.1", 7000)));
        assert_eq!(Server::told(":7000", "me"), Some(server("me", 7000)));
        assert_eq!(Server::told("::1:7000", "me"), Some(server("::1", 7000)));
        assert_eq!(Server::told("nowhere", "me"), None);
    }
}
