//! Public addresses: those that tell where somebody is, and the networks that count as one place.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address of the public Internet, never an IPv4 one in IPv6 clothing. Private, loopback, link-local, shared (CGNAT),
/// unspecified, multicast and reserved addresses tell a proxy, not a person, and are none. The documentation ranges count
/// as public: they never occur on the Internet, and examples and tests need addresses that behave like real ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicAddress(IpAddr);

impl PublicAddress {
    /// The address, if it is a public one.
    pub fn of(ip: IpAddr) -> Option<Self> {
        let ip = ip.to_canonical();
        let is_public = match ip {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        };
        is_public.then_some(Self(ip))
    }

    /// The neighbourhood: a /24, or a /48 of IPv6.
    pub fn neighbourhood(self) -> IpNet {
        network(self.0, 24, 48)
    }

    /// What one subscriber has: an IPv4 address, or a /64 of IPv6.
    pub fn subscriber(self) -> IpNet {
        network(self.0, 32, 64)
    }

    /// What one customer of a provider may have of IPv6: a /48. IPv4 has nothing of the kind.
    pub fn customer(self) -> Option<IpNet> {
        self.0.is_ipv6().then(|| network(self.0, 32, 48))
    }
}

/// The network of this address, by the prefix length of its family; all lengths here are within their family's limit.
fn network(ip: IpAddr, v4: u8, v6: u8) -> IpNet {
    match ip {
        IpAddr::V4(address) => Ipv4Net::new_assert(address, v4).trunc().into(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, v6).trunc().into(),
    }
}

/// The network that is kept of an address: its /24, or its /48 of IPv6, whether it is public or not.
pub(super) fn kept_network(ip: IpAddr) -> IpNet {
    network(ip.to_canonical(), 24, 48)
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
    fn only_public_addresses_tell_where_somebody_is() {
        for (address, neighbourhood, subscriber, customer) in [
            ("203.0.113.7", "203.0.113.0/24", "203.0.113.7/32", None),
            ("::ffff:203.0.113.7", "203.0.113.0/24", "203.0.113.7/32", None),
            ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2::/64", Some("2001:db8:1::/48")),
        ] {
            let found = PublicAddress::of(address.parse().unwrap()).unwrap();
            assert_eq!(found.neighbourhood().to_string(), neighbourhood, "{address}");
            assert_eq!(found.subscriber().to_string(), subscriber, "{address}");
            assert_eq!(found.customer().map(|net| net.to_string()).as_deref(), customer, "{address}");
        }
        for address in [
            "10.1.2.3",
            "::ffff:192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "224.0.0.1",
            "2002:a00:1::1",
        ] {
            assert_eq!(PublicAddress::of(address.parse().unwrap()), None, "{address}");
        }
    }
}
