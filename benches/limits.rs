//! What the limits cost: nanoseconds to charge a submission, and memory for a million addresses.
//!
//! `cargo bench --bench limits`

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use moderato::clock::{Clock, Stopwatch};
use moderato::config::{Environment, Loaded, Sources};
use moderato::domain::{PublicAddress, SiteId};
use moderato::limits::{Commenter, Limits, Retry};

/// Sites that they write to.
const SITES: usize = 64;

/// Distinct addresses of a run.
const ADDRESSES: u32 = 1_000_000;

/// Makes the address of a number.
type Numbered = fn(u32) -> IpAddr;

fn main() {
    let environment = Environment::default();
    let loaded = Loaded::from(&Sources { file: None, environment: &environment, data_dir: None }).unwrap();
    // Nothing of this process's own belongs to the first measurement.
    let mut settings = loaded.settings.limits.clone();
    settings.site.burst = 1_000_000;
    settings.site.count = 1_000_000;
    let kinds: [(&str, Numbered); 3] = [
        ("IPv4 addresses", |number| Ipv4Addr::from(0x0B00_0000 + number).into()),
        ("IPv6, each in a /64 of its own", |number| ipv6(u128::from(number) << 64)),
        ("IPv6, each in a /48 of its own", |number| ipv6(u128::from(number) << 80)),
    ];
    for (name, address) in kinds {
        let before = resident_kib();
        let limits = Limits::new(&settings, Clock::System);
        let (commenters, over_limit) = loaded.policy.policy().limits();
        let quotas = limits.quotas(commenters, over_limit);
        let sites: Vec<SiteId> = (0..SITES).map(|site| format!("site-{site}").parse().unwrap()).collect();
        let (mut passed, mut refused) = (0, 0);
        let watch = Stopwatch::start();
        for number in 0..ADDRESSES {
            let post = (number % 100_000).to_string();
            let commenter = Commenter { address: PublicAddress::of(address(number)), author: None, post: &post };
            match limits.submission(&sites[number as usize % SITES], Some((commenter, &quotas)), Retry::default()) {
                Ok(_) => passed += 1,
                Err(_) => refused += 1,
            }
        }
        let each = watch.elapsed().as_nanos() / u128::from(ADDRESSES);
        let grown = resident_kib().saturating_sub(before);
        println!("{ADDRESSES} {name}: {each} ns each, {grown} KiB more resident, {passed} passed, {refused} refused");
    }
}

fn ipv6(number: u128) -> IpAddr {
    Ipv6Addr::from((0x2A00_u128 << 112) + number).into()
}

/// This process's resident memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
