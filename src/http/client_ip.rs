//! The caller's own address: the peer's, or what proxies that are trusted say of it.

mod shown;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

pub(super) use shown::Shown;

/// Which proxies are believed, and by which header they tell. Only that one is ever read: a proxy passes the others on as
/// the caller sent them.
#[derive(Clone, Debug)]
pub(super) struct Forwarding {
    pub trusted: Networks,
    pub header: ForwardedHeader,
}

/// The header in which proxies name whom they speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ForwardedHeader {
    /// Addresses, the nearest proxy's last.
    #[serde(rename = "x-forwarded-for")]
    XForwardedFor,
    /// RFC 7239.
    #[serde(rename = "forwarded")]
    Forwarded,
}

/// Where a call comes from. It is for throttles and access, and never for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallerAddress {
    pub ip: IpAddr,
    pub known_by: KnownBy,
}

/// What tells a caller's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownBy {
    /// The connection: the peer is no proxy that is trusted, or names nobody.
    Connection,
    /// The header of trusted proxies.
    Header,
    /// That header up to where it says nothing usable; the address is that of the last trusted proxy.
    BrokenHeader,
}

/// The most entries that are looked at, so that a long header is no work.
const MOST_ENTRIES: usize = 10;

/// Says who calls, from the peer's address and the lines of the configured header. Each proxy puts the address it was
/// called from on the right; from there the entries are read for as long as a trusted proxy wrote them.
pub(super) fn caller_address(peer: IpAddr, lines: &[&[u8]], forwarding: &Forwarding) -> CallerAddress {
    let mut ip = peer.to_canonical();
    if lines.is_empty() || !forwarding.trusted.contain(ip) {
        return CallerAddress { ip, known_by: KnownBy::Connection };
    }
    let entries = lines.iter().rev().flat_map(|line| parts_from_the_right(line, b','));
    for (place, entry) in entries.enumerate() {
        let named = if place < MOST_ENTRIES { forwarding.header.address_in(entry) } else { None };
        let Some(named) = named else { return CallerAddress { ip, known_by: KnownBy::BrokenHeader } };
        ip = named;
        if !forwarding.trusted.contain(ip) {
            break;
        }
    }
    CallerAddress { ip, known_by: KnownBy::Header }
}

impl CallerAddress {
    /// Who sent this request.
    pub fn of(request: &HttpRequest, forwarding: &Forwarding) -> Self {
        let lines: Vec<&[u8]> =
            request.headers().get_all(forwarding.header.as_str()).map(|line| line.as_bytes()).collect();
        // Only what does not listen on a network has no peers.
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        caller_address(peer, &lines, forwarding)
    }
}

/// Whether a request shows that it came by a proxy.
pub(super) fn names_a_proxy(request: &HttpRequest) -> bool {
    const SIGNS: [&str; 5] = ["forwarded", "via", "true-client-ip", "x-real-ip", "cdn-loop"];
    let shows = |name: &str| {
        SIGNS.contains(&name)
            || name.starts_with("x-forwarded")
            || name.contains("forwarded-for")
            || name.contains("connecting-ip")
            || name.contains("client-ip")
            || name.contains("clientip")
    };
    request.headers().keys().any(|name| shows(name.as_str()))
}

impl ForwardedHeader {
    /// The header's name, which is the value's word in the configuration too.
    pub fn as_str(self) -> &'static str {
        match self {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        }
    }

    /// The address in an entry, if it has one.
    fn address_in(self, entry: &[u8]) -> Option<IpAddr> {
        match self {
            ForwardedHeader::XForwardedFor => node(entry),
            ForwardedHeader::Forwarded => {
                let pairs = parts_from_the_right(entry, b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
                let mut found = None;
                for pair in pairs {
                    let equals = pair.iter().position(|byte| *byte == b'=')?;
                    let (name, value) = (&pair[..equals], &pair[equals + 1..]);
                    if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
                        return None;
                    }
                }
                node(found?)
            }
        }
    }
}

/// The parts between separators outside quotes, the last one first. Read from the right, a quote that a caller leaves
/// open swallows nothing of what the proxies wrote after it.
fn parts_from_the_right(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut left = Some(text);
    std::iter::from_fn(move || {
        let text = left?;
        let mut quoted = false;
        let end = text.iter().rposition(|byte| {
            quoted ^= *byte == b'"';
            *byte == separator && !quoted
        });
        left = end.map(|end| &text[..end]);
        Some(end.map_or(text, |end| &text[end + 1..]))
    })
}

/// An address, perhaps in quotes, in brackets, with a port or a zone.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    let text = text.strip_prefix('"').map_or(Some(text), |inner| inner.strip_suffix('"'))?;
    let (ip, port) = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(bracketed), _) => {
            let (inner, port) = bracketed.split_once(']')?;
            (IpAddr::V6(without_zone(inner)?.parse().ok()?), port.strip_prefix(':').or(port.is_empty().then_some("0"))?)
        }
        (None, Some((ip, port))) if !port.contains(':') => (IpAddr::V4(ip.parse().ok()?), port),
        (None, Some(_)) => (IpAddr::V6(without_zone(text)?.parse().ok()?), "0"),
        (None, None) => (IpAddr::V4(text.parse().ok()?), "0"),
    };
    is_port(port).then(|| ip.to_canonical())
}

/// An address without the network card it was seen at.
fn without_zone(text: &str) -> Option<&str> {
    match text.split_once('%') {
        Some((_, "")) => None,
        Some((ip, _)) => Some(ip),
        None => Some(text),
    }
}

/// A number, or a name that hides one (RFC 7239).
fn is_port(text: &str) -> bool {
    let hides = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(hides),
        None => text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

/// Networks of a configuration, in the order they were written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Whether there is none.
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Where this machine calls itself from.
    pub(super) fn of_this_machine() -> Self {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::LOCALHOST, 8).trunc();
        Self([IpNet::from(v4), IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))].map(Network).to_vec())
    }

    /// Whether an address lies in one of them.
    pub fn contain(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.0.contains(&ip))
    }

    /// Whether one of them holds every address there is.
    pub fn hold_everybody(&self) -> bool {
        self.0.iter().any(|network| network.0.prefix_len() == 0)
    }
}

/// A network: `10.0.0.0/8`, or a single address.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Network(IpNet);

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        let network = network.ok_or_else(|| {
            let start: String = text.chars().take(60).collect();
            format!("must be a network such as \"10.0.0.0/8\" or an address, not \"{start}\"")
        })?;
        // Addresses are compared in their plain form; so are networks of IPv4 that are written as IPv6.
        let plain = match network {
            IpNet::V6(v6) if v6.prefix_len() >= 96 => {
                v6.addr().to_ipv4_mapped().and_then(|v4| Ipv4Net::new(v4, v6.prefix_len() - 96).ok()).map(IpNet::V4)
            }
            _ => None,
        };
        Ok(Self(plain.unwrap_or(network)))
    }
}

#[cfg(test)]
mod tests;
