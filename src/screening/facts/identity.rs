//! Who an author seems to be, as far as history can be kept of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::target::Target;
use crate::domain::Submission;

/// What names an author. Nothing here is proven but a verified account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The e-mail address, trimmed and in lower case.
    pub mail: Option<String>,
    /// Provider and id of the account.
    pub account: Option<(&'a str, &'a str)>,
    /// The public network the comment came from: a /24, or a /48 of IPv6.
    pub net: Option<String>,
    /// Who owns the host of the author's website.
    pub url_owner: Option<String>,
}

impl<'a> Identity<'a> {
    /// Reads it from a submission and the website's target.
    pub fn of(submission: &'a Submission, website: Option<&Target>) -> Self {
        let author = &submission.author;
        let mail = author.email.as_deref().map(|mail| mail.trim().to_lowercase());
        Self {
            mail: mail.filter(|mail| !mail.is_empty()),
            account: author.account.as_ref().map(|account| (&*account.provider, &*account.id)),
            net: submission.client.ip.and_then(public_net),
            url_owner: website.map(|target| target.owner.clone()),
        }
    }
}

/// The network of a public address. Private, loopback, link-local, shared (CGNAT), unspecified, multicast and
/// reserved addresses tell a proxy, not a person. The documentation ranges count as public: they never occur on the
/// Internet, and examples and tests need addresses that behave like real ones.
fn public_net(ip: IpAddr) -> Option<String> {
    match ip.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address).then(|| {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }),
        IpAddr::V6(address) => is_public_v6(address).then(|| {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_reserved = a == 0 || a >= 240 || address.is_multicast();
    !(is_shared || is_reserved || address.is_private() || address.is_loopback() || address.is_link_local())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_global = address.segments()[0] & 0xE000 == 0x2000;
    let embedded = address.segments();
    let is_6to4_of_private = embedded[0] == 0x2002 && {
        let [a, b] = embedded[1].to_be_bytes();
        let [c, d] = embedded[2].to_be_bytes();
        !is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    is_global && !is_6to4_of_private
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_networks_are_remembered() {
        for (address, expected) in [
            ("203.0.113.7", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.7", Some("203.0.113.0/24")),
            ("2001:db8:1:2::3", Some("2001:db8:1::/48")),
            ("10.1.2.3", None),
            ("::ffff:192.168.1.1", None),
            ("100.64.0.1", None),
            ("169.254.1.1", None),
            ("127.0.0.1", None),
            ("0.0.0.0", None),
            ("::1", None),
            ("fe80::1", None),
            ("fd00::1", None),
            ("224.0.0.1", None),
            ("2002:a00:1::1", None),
        ] {
            let ip: IpAddr = address.parse().unwrap();
            assert_eq!(public_net(ip).as_deref(), expected, "{address}");
        }
    }
}
