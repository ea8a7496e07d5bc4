//! Addresses and networks, looked up by each length of prefix that occurs.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Networks, compiled; an address is one of a single address.
#[derive(Default)]
pub struct Networks {
    first: HashMap<IpNet, u32>,
    /// Further entries of a network, by its first one.
    more: HashMap<u32, Vec<u32>>,
    /// Which lengths of prefix occur, of IPv4 and of IPv6.
    lengths: [BTreeSet<u8>; 2],
}

impl Networks {
    /// Adds the network of an entry.
    pub fn put(&mut self, network: IpNet, entry: u32) {
        let network = canonical(network);
        self.lengths[family(network.addr())].insert(network.prefix_len());
        match self.first.get(&network) {
            Some(&first) => self.more.entry(first).or_default().push(entry),
            None => drop(self.first.insert(network, entry)),
        }
    }

    /// The entries whose networks an address is in.
    pub fn of(&self, address: IpAddr) -> Vec<u32> {
        let address = address.to_canonical();
        let networks = self.lengths[family(address)].iter().filter_map(|&length| IpNet::new(address, length).ok());
        let first = networks.filter_map(|network| self.first.get(&network.trunc()).copied());
        let with_more = |first: u32| std::iter::once(first).chain(self.more.get(&first).into_iter().flatten().copied());
        first.flat_map(with_more).collect()
    }

    /// How many bytes it takes, about.
    pub fn bytes(&self) -> usize {
        self.first.capacity() * (size_of::<(IpNet, u32)>() + 1) * 8 / 7 + self.more.len() * 64
    }
}

/// A network without bits behind its prefix, and never an IPv4 one in IPv6 clothing.
fn canonical(network: IpNet) -> IpNet {
    let network = network.trunc();
    let mapped = network.prefix_len().checked_sub(96).zip(match network.addr() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    });
    mapped.and_then(|(length, address)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

fn family(address: IpAddr) -> usize {
    usize::from(address.is_ipv6())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_found_in_every_network_that_has_it() {
        let mut networks = Networks::default();
        let given =
            ["203.0.113.7/32", "203.0.113.99/24", "2001:db8::/32", "::ffff:198.51.100.0/120", "203.0.113.0/24", "::/0"];
        for (entry, network) in (0..).zip(given) {
            networks.put(network.parse().unwrap(), entry);
        }
        let found = |address: &str| networks.of(address.parse().unwrap());
        assert_eq!(found("203.0.113.7"), [1, 4, 0]);
        assert_eq!(found("::ffff:203.0.113.8"), [1, 4]);
        assert_eq!(found("198.51.100.200"), [3]);
        assert_eq!(found("2001:db8:1::1"), [5, 2]);
        assert_eq!(found("192.0.2.1"), Vec::<u32>::new());
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_contains_the_address(
            given in prop::collection::vec((any::<u32>(), 0u8..=32), 0..20), (near, flip) in (0usize..20, 0u32..32),
        ) {
            let given: Vec<Ipv4Net> =
                given.into_iter().map(|(bits, length)| Ipv4Net::new(bits.into(), length).unwrap()).collect();
            let mut networks = Networks::default();
            (0..).zip(&given).for_each(|(entry, network)| networks.put(IpNet::V4(*network), entry));
            let bits = given.get(near).map_or(0, |network| u32::from(network.addr()) ^ (1 << flip));
            let address = std::net::Ipv4Addr::from(bits);
            let mut found = networks.of(address.into());
            found.sort_unstable();
            let expected: Vec<u32> =
                (0..).zip(&given).filter(|(_, network)| network.contains(&address)).map(|(entry, _)| entry).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
