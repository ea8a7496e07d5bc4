//! The limits, by a manual clock.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::{Quota, Timestamp};

const CALLER_QUOTA: Quota = Quota { count: 60, seconds: 60, burst: 5 };

fn settings() -> Settings {
    let roomy = Quota { count: 1_000, seconds: 1, burst: 100_000 };
    Settings {
        enabled: true,
        key: roomy,
        site: roomy,
        wrong_keys: CALLER_QUOTA,
        public: CALLER_QUOTA,
        tracked: 100_000,
    }
}

fn site_settings() -> (CommenterLimits, OverLimitAction) {
    let few = vec![Quota { count: 1, seconds: 10, burst: 3 }];
    let limits = CommenterLimits { address: few.clone(), network: Vec::new(), author: Vec::new(), post: Vec::new() };
    (limits, OverLimitAction::Hold)
}

struct World {
    clock: Clock,
    limits: Limits,
    quotas: Quotas,
    site: SiteId,
}

impl World {
    fn new(settings: &Settings, (site, over): &(CommenterLimits, OverLimitAction)) -> Self {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let limits = Limits::new(settings, clock.clone());
        let quotas = limits.quotas(site, *over);
        Self { clock, limits, quotas, site: "demo".parse().unwrap() }
    }

    fn submit(&self, address: &str) -> Result<Option<Limit>, Limit> {
        self.retry(address, Retry::default())
    }

    fn retry(&self, address: &str, retry: Retry<'_>) -> Result<Option<Limit>, Limit> {
        let address = PublicAddress::of(address.parse().unwrap());
        let commenter = Commenter { address, author: None, post: "1" };
        let came = self.limits.submission(&self.site, Some((commenter, &self.quotas)), retry);
        came.map(|over| over.map(|over| over.limit)).map_err(|refused| refused.limit)
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[test]
fn what_is_over_a_limit_is_marked_and_what_is_five_times_over_it_is_refused() {
    let world = World::new(&settings(), &site_settings());
    let came: Vec<_> = (0..17).map(|_| world.submit("203.0.113.7")).collect();
    assert!(came[..3].iter().all(|came| *came == Ok(None)), "{came:?}");
    assert!(came[3..15].iter().all(|came| *came == Ok(Some(Limit::Address))), "{came:?}");
    assert!(came[15..].iter().all(|came| *came == Err(Limit::Address)), "{came:?}");
    assert_eq!(world.submit("203.0.113.8"), Ok(None), "a neighbour has a quota of their own");
    world.pass(2);
    assert_eq!(world.submit("203.0.113.7"), Ok(Some(Limit::Address)), "the ceiling is 5 in 10 seconds");
    assert_eq!(world.submit("203.0.113.7"), Err(Limit::Address));
    world.pass(8);
    assert_eq!(world.submit("203.0.113.7"), Ok(None), "the limit is 1 in 10 seconds");
    assert_eq!(world.submit("203.0.113.7"), Ok(Some(Limit::Address)));
}

#[test]
fn a_refusal_says_how_long_to_wait() {
    let world = World::new(&settings(), &(site_settings().0, OverLimitAction::Refuse));
    let address = PublicAddress::of("203.0.113.7".parse().unwrap());
    let submit = || {
        let commenter = Commenter { address, author: None, post: "1" };
        world.limits.submission(&world.site, Some((commenter, &world.quotas)), Retry::default())
    };
    for _ in 0..3 {
        assert_eq!(submit(), Ok(None));
    }
    world.pass(4);
    let refused = submit().unwrap_err();
    assert_eq!((refused.limit, refused.quota.burst, refused.wait), (Limit::Address, 3, Duration::from_secs(6)));
    world.clock.advance(refused.wait - Duration::from_millis(1));
    assert!(submit().is_err());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(submit(), Ok(None));
}

#[test]
fn whoever_waits_as_long_as_they_were_told_is_let_in() {
    let mut site = site_settings();
    site.1 = OverLimitAction::Refuse;
    site.0.address.push(Quota { count: 4, seconds: 3_600, burst: 4 });
    site.0.post = vec![Quota { count: 1, seconds: 60, burst: 5 }];
    let caller = Quota { count: 1, seconds: 30, burst: 6 };
    let world = World::new(&Settings { site: caller, ..settings() }, &site);
    let address = PublicAddress::of("203.0.113.7".parse().unwrap());
    let submit = || {
        let commenter = Commenter { address, author: None, post: "1" };
        world.limits.submission(&world.site, Some((commenter, &world.quotas)), Retry::default())
    };
    let mut seen = Vec::new();
    for _ in 0..30 {
        let Err(refused) = submit() else { continue };
        seen.push(refused.limit);
        world.clock.advance(refused.wait);
        assert_eq!(submit(), Ok(None), "after {refused:?}");
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn what_is_refused_is_charged_to_nobody() {
    let mut site = site_settings();
    site.0.post = vec![Quota { count: 1, seconds: 60, burst: 1 }];
    let world = World::new(&settings(), &site);
    for number in 0..5 {
        world.submit(&format!("198.51.100.{number}")).unwrap();
    }
    for _ in 0..100 {
        assert_eq!(world.submit("203.0.113.7"), Err(Limit::Post), "the post is full");
    }
    let elsewhere = Commenter { address: PublicAddress::of("203.0.113.7".parse().unwrap()), author: None, post: "2" };
    let came = world.limits.submission(&world.site, Some((elsewhere, &world.quotas)), Retry::default());
    assert_eq!(came, Ok(None), "it was not their doing");
}

#[test]
fn another_comment_under_the_same_name_is_no_retry() {
    let world = World::new(&settings(), &site_settings());
    let retry = |fingerprint| Retry { external_id: Some("1"), fingerprint, ..Retry::default() };
    for _ in 0..10 {
        assert_eq!(world.retry("203.0.113.7", retry("a")), Ok(None));
    }
    for other in ["b", "c"] {
        assert_eq!(world.retry("203.0.113.7", retry(other)), Ok(None));
    }
    assert_eq!(world.retry("203.0.113.7", retry("d")), Ok(Some(Limit::Address)));
}

#[test]
fn a_flood_on_one_site_leaves_the_others_their_room() {
    let roomy = Quota { count: 1_000_000, seconds: 1, burst: 1_000_000 };
    let week = vec![Quota { count: 1, seconds: 604_800, burst: 1 }];
    let mut evil = site_settings();
    evil.0.address.clone_from(&week);
    evil.0.post = week;
    let world = World::new(&Settings { site: roomy, tracked: 1_600, ..settings() }, &evil);
    for number in 0..10_000_u32 {
        let _ = world.submit(&std::net::Ipv4Addr::from(0x0B00_0000 + number).to_string());
    }
    let (honest, over) = site_settings();
    let quotas = world.limits.quotas(&honest, over);
    let mut refused = 0;
    for site in 0..64 {
        let site: SiteId = format!("site-{site}").parse().unwrap();
        let commenter =
            Commenter { address: PublicAddress::of("203.0.113.7".parse().unwrap()), author: None, post: "1" };
        let came = world.limits.submission(&site, Some((commenter, &quotas)), Retry::default());
        refused += usize::from(came.is_err());
    }
    assert_eq!(refused, 0);
}

#[test]
fn a_quota_that_was_corrected_holds_at_once() {
    let mut week = site_settings();
    week.0.address = vec![Quota { count: 1, seconds: 604_800, burst: 1 }];
    let world = World::new(&settings(), &week);
    for _ in 0..10 {
        let _ = world.submit("203.0.113.7");
    }
    let (limits, over) = site_settings();
    let world = World { quotas: world.limits.quotas(&limits, over), ..world };
    world.pass(30);
    assert_eq!(world.submit("203.0.113.7"), Ok(None), "a burst of 3 in 10 seconds each is back after 30");
}

#[test]
fn nobody_is_refused_for_what_others_write_under_their_mail() {
    let mut site = site_settings();
    site.0.author = vec![Quota { count: 1, seconds: 10, burst: 3 }];
    site.0.address = Vec::new();
    let world = World::new(&settings(), &site);
    let id = AuthorId::new([7; 16]);
    let submit = |author| {
        let commenter = Commenter { address: None, author: Some(author), post: "1" };
        let came = world.limits.submission(&world.site, Some((commenter, &world.quotas)), Retry::default());
        came.map(|over| over.map(|over| over.limit)).map_err(|refused| refused.limit)
    };
    for _ in 0..3 {
        assert_eq!(submit(Author::Typed(id)), Ok(None));
    }
    for _ in 0..100 {
        assert_eq!(submit(Author::Typed(id)), Ok(Some(Limit::Author)), "held, and not refused");
    }
    assert_eq!(submit(Author::Account(id)), Err(Limit::Author), "an account is nobody else's");
    let world = World::new(&settings(), &(site.0, OverLimitAction::Refuse));
    let submit = || {
        let commenter = Commenter { address: None, author: Some(Author::Typed(id)), post: "1" };
        world.limits.submission(&world.site, Some((commenter, &world.quotas)), Retry::default())
    };
    let came: Vec<_> = (0..5).map(|_| submit().unwrap().is_some()).collect();
    assert_eq!(came, [false, false, false, true, true], "held also where others are refused");
}

#[test]
fn addresses_are_counted_by_whom_they_belong_to() {
    let few = vec![Quota { count: 1, seconds: 10, burst: 3 }];
    let mut site = site_settings();
    site.0.network = vec![Quota { count: 1, seconds: 1, burst: 6 }];
    site.0.post.clone_from(&few);
    site.0.post[0].burst = 1_000;
    let world = World::new(&settings(), &site);
    for _ in 0..3 {
        assert_eq!(world.submit("203.0.113.9"), Ok(None));
    }
    assert_eq!(world.submit("::ffff:203.0.113.9"), Ok(Some(Limit::Address)), "the same in IPv6 clothing");
    for last in 0..3 {
        assert_eq!(world.submit(&format!("2001:db8:1:1::{last}")), Ok(None));
    }
    assert_eq!(world.submit("2001:db8:1:1:ffff::1"), Ok(Some(Limit::Address)), "the same /64");
    for net in 2..4 {
        assert_eq!(world.submit(&format!("2001:db8:1:{net}::1")), Ok(None));
    }
    assert_eq!(world.submit("2001:db8:1:9::1"), Ok(Some(Limit::Network)), "the same /48");
    assert_eq!(world.submit("2001:db8:2::1"), Ok(None), "another /48");
    for _ in 0..100 {
        for private in ["10.0.0.1", "127.0.0.1", "::1", "100.64.0.1", "169.254.1.1", "fd00::1", "0.0.0.0"] {
            assert_eq!(world.submit(private), Ok(None), "{private}");
        }
    }
}

#[test]
fn a_retry_is_not_charged_again() {
    let world = World::new(&settings(), &site_settings());
    let by_id = |id| Retry { external_id: Some(id), ..Retry::default() };
    for _ in 0..100 {
        assert_eq!(world.retry("203.0.113.7", by_id("1")), Ok(None));
    }
    let both = Retry { external_id: Some("2"), idempotency: Some([2; 16]), ..Retry::default() };
    assert_eq!(world.retry("203.0.113.7", both), Ok(None));
    assert_eq!(world.retry("203.0.113.7", Retry { idempotency: Some([2; 16]), ..Retry::default() }), Ok(None));
    assert_eq!(world.retry("203.0.113.7", by_id("3")), Ok(None));
    assert_eq!(world.retry("203.0.113.7", by_id("4")), Ok(Some(Limit::Address)));
    world.pass(60);
    assert_eq!(world.retry("203.0.113.7", by_id("4")), Ok(Some(Limit::Address)), "as it was when it was charged");
    for _ in 0..100 {
        let _ = world.submit("203.0.113.7");
    }
    assert_eq!(world.retry("203.0.113.7", by_id("5")), Err(Limit::Address));
    world.pass(60);
    assert_eq!(world.retry("203.0.113.7", by_id("5")), Ok(None), "what was refused was not charged");
}

#[test]
fn new_settings_forget_nothing() {
    let world = World::new(&settings(), &site_settings());
    for _ in 0..3 {
        assert_eq!(world.submit("203.0.113.7"), Ok(None));
    }
    world.pass(1);
    let limits = world.limits.renewed(&settings());
    let quotas = limits.quotas(&site_settings().0, OverLimitAction::Hold);
    let world = World { limits, quotas, ..world };
    assert_eq!(world.submit("203.0.113.7"), Ok(Some(Limit::Address)));
    world.pass(9);
    assert_eq!(world.submit("203.0.113.7"), Ok(None));
    let off = Settings { enabled: false, ..settings() };
    let world = World { limits: world.limits.renewed(&off), ..world };
    for _ in 0..100 {
        assert_eq!(world.submit("203.0.113.7"), Ok(None));
    }
}

#[test]
fn a_flood_of_one_commenter_leaves_the_site_its_quota() {
    let site = Quota { count: 1, seconds: 60, burst: 20 };
    let world = World::new(&Settings { site, ..settings() }, &site_settings());
    for _ in 0..1_000 {
        let _ = world.submit("203.0.113.7");
    }
    for other in 1..6 {
        assert_eq!(world.submit(&format!("198.51.100.{other}")), Ok(None));
    }
    assert_eq!(world.submit("198.51.100.6"), Err(Limit::Site), "15 of the flood and 5 others");
}

#[test]
fn wrong_keys_are_counted_by_address() {
    let world = World::new(&settings(), &site_settings());
    let from: IpAddr = "203.0.113.7".parse().unwrap();
    for _ in 0..5 {
        assert_eq!(world.limits.wrong_key(from), Ok(()));
    }
    let refused = world.limits.wrong_key(from).unwrap_err();
    assert_eq!((refused.limit, refused.wait), (Limit::WrongKeys, Duration::from_secs(1)));
    assert_eq!(world.limits.wrong_key("203.0.113.8".parse().unwrap()), Ok(()));
    world.pass(1);
    assert_eq!(world.limits.wrong_key(from), Ok(()));
}

proptest! {
    /// A gate against the textbook's form of GCRA, in whole nanoseconds.
    #[test]
    fn a_gate_is_gcra(
        (count, seconds, burst) in (1u32..100, 1u32..100, 1u32..20),
        steps in prop::collection::vec((0u64..20_000, any::<bool>()), 1..200),
    ) {
        let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let table = Arc::new(Table::new(1_000, clock.clone()));
        let mut gate = Gate::new(Limit::Key, Quota { count, seconds, burst }, &table);
        let each = u128::from(seconds) * 1_000_000_000 / u128::from(count);
        let tolerance = each * u128::from(burst - 1);
        let (mut now, mut until) = (0u128, 0u128);
        for (millis, renewed) in steps {
            clock.advance(Duration::from_millis(millis));
            now += u128::from(millis) * 1_000_000;
            if renewed {
                gate = Gate::new(Limit::Key, Quota { count, seconds, burst }, &table);
            }
            let allowed = until.max(now) - now <= tolerance;
            prop_assert_eq!(gate.look("", &"k").is_ok(), allowed);
            prop_assert_eq!(gate.pass("", &"k").is_ok(), allowed);
            if allowed {
                until = until.max(now) + each;
            }
        }
    }
}
