//! What a call shows of the proxies it came by, for monitors: how many it names, and what is made of that.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::{CallerAddress, Forwarding, KnownBy, names_a_proxy, parts_from_the_right};

/// What a call shows of the proxies it came by. Words of this program, so that they can be labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Shown {
    /// `trusted` or `untrusted`: whether the peer is in `http.trusted_proxies`.
    pub peer: &'static str,
    /// What became of the configured header: `read`, `broken` where a trusted proxy named nobody usable, `absent`, or
    /// `ignored` because the peer is not trusted.
    pub header: &'static str,
    /// How many entries the configured header has: `0` to `4`, or `5+`.
    pub depth: &'static str,
}

impl Shown {
    /// What this request shows; `None` for one that comes from no trusted proxy and shows no mark of any.
    pub fn of(request: &HttpRequest, forwarding: &Forwarding) -> Option<Self> {
        let lines: Vec<&[u8]> =
            request.headers().get_all(forwarding.header.as_str()).map(|line| line.as_bytes()).collect();
        let depth = depth(&lines);
        let peer = request.peer_addr().map(|peer| IpAddr::to_canonical(&peer.ip()));
        if !peer.is_some_and(|peer| forwarding.trusted.contain(peer)) {
            return names_a_proxy(request).then_some(Self { peer: "untrusted", header: "ignored", depth });
        }
        let header = match CallerAddress::of(request, forwarding).known_by {
            KnownBy::Connection => "absent",
            KnownBy::Header => "read",
            KnownBy::BrokenHeader => "broken",
        };
        Some(Self { peer: "trusted", header, depth })
    }
}

/// How many entries these lines have together.
fn depth(lines: &[&[u8]]) -> &'static str {
    const WORDS: [&str; 6] = ["0", "1", "2", "3", "4", "5+"];
    let entries = lines.iter().flat_map(|line| parts_from_the_right(line, b','));
    WORDS[entries.take(WORDS.len() - 1).count()]
}
