//! What several processes charge together: limits that are exact however many comments come at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::{Quota as Rate, RateLimiter};
use moderato::clock::Clock;
use moderato::domain::{Beyond, Charge, ChargeStep, Limit, OverLimit, Quota};
use moderato::store::{self, Charges, Record, Recorded, Settings, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::fixture::{blog, held, keyed, new, settle};
use crate::keeping::together;
use crate::redis::shared_redis;

/// A store in Redis by this clock.
fn shared(clock: &Clock) -> Arc<dyn Store> {
    let place = shared_redis();
    let settings = Settings { prefix: place.prefix, ..Settings::at(&place.url) };
    store::open(&settings, Path::new("/nowhere"), clock).unwrap()
}

fn charge(key: u32, steps: &[(Quota, Beyond)]) -> Charge {
    let mut hash = [0; 16];
    hash[..4].copy_from_slice(&key.to_be_bytes());
    let steps = steps.iter().map(|(quota, beyond)| ChargeStep { quota: *quota, beyond: *beyond }).collect();
    Charge { limit: Limit::Address, key: hash, steps }
}

/// A comment that is charged so, and is given back over a mark.
fn charged(entry: Record, due: Vec<Charge>) -> Record {
    Record { charges: Charges { due, stop_at_marks: true }, ..entry }
}

const HOURLY: Quota = Quota { count: 1, seconds: 3600, burst: 10 };

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_comments_at_once_the_burst_is_kept_and_the_others_write_nothing() {
    let store = shared(&Clock::System);
    settle(&*store).await;
    let one = charge(1, &[(HOURLY, Beyond::Refuse)]);
    let record = async |n| store.record(&blog(), charged(new(held(n)), vec![one.clone()])).await.unwrap();
    let answers = together(50, record).await;
    let kept = answers.iter().filter(|answer| **answer == Recorded::New).count();
    let hour = Duration::from_secs(3600);
    let refused = |answer: &&Recorded| {
        let Recorded::Refused(refused) = answer else { return false };
        (refused.limit, refused.quota) == (Limit::Address, HOURLY) && refused.wait <= hour && refused.wait * 2 > hour
    };
    assert_eq!((kept, answers.iter().filter(refused).count()), (10, 40));
    assert_eq!(store.counts(&blog()).await.unwrap().held, 10);
    let another = charge(2, &[(HOURLY, Beyond::Refuse)]);
    let entry = charged(new(held(1_000)), vec![another, one]);
    assert!(matches!(store.record(&blog(), entry).await.unwrap(), Recorded::Refused(_)));
    let another = charge(2, &[(HOURLY, Beyond::Refuse)]);
    let record = async |n| store.record(&blog(), charged(new(held(n + 2_000)), vec![another.clone()])).await.unwrap();
    let answers = together(11, record).await;
    let kept = answers.iter().filter(|answer| **answer == Recorded::New).count();
    assert_eq!(kept, 10, "what one limit refused was not charged to the other");
}

#[tokio::test]
async fn over_a_mark_a_comment_is_given_back_or_kept_and_a_retry_pays_nothing() {
    let store = shared(&Clock::System);
    settle(&*store).await;
    let two = Quota { burst: 2, ..HOURLY };
    let due = || vec![charge(1, &[(two, Beyond::Mark), (HOURLY, Beyond::Refuse)])];
    let entry = charged(keyed(held(1), 1), due());
    for _ in 0..30 {
        assert!(matches!(store.record(&blog(), entry.clone()).await.unwrap(), Recorded::New | Recorded::Existing(_)));
    }
    assert_eq!(store.record(&blog(), charged(new(held(2)), due())).await.unwrap(), Recorded::New);
    let third = charged(new(held(3)), due());
    let over = OverLimit { limit: Limit::Address, quota: two };
    for _ in 0..30 {
        assert_eq!(store.record(&blog(), third.clone()).await.unwrap(), Recorded::Over(over));
    }
    assert_eq!(store.counts(&blog()).await.unwrap().held, 2);
    for n in 3..=10 {
        let charges = Charges { due: due(), stop_at_marks: false };
        let entry = Record { charges, ..new(held(n)) };
        assert_eq!(store.record(&blog(), entry).await.unwrap(), Recorded::New);
    }
    let eleventh = charged(new(held(11)), due());
    assert!(
        matches!(store.record(&blog(), eleventh).await.unwrap(), Recorded::Refused(refused) if refused.quota == HOURLY)
    );
}

/// The same arithmetic in a few lines: microseconds between two, microseconds ahead, until when it is used up.
struct Model(i64, i64, Option<i64>);

impl Model {
    fn of(quota: Quota) -> Self {
        let each = (i64::from(quota.seconds) * 1_000_000 + i64::from(quota.count) - 1) / i64::from(quota.count);
        Self(each, each * (i64::from(quota.burst) - 1), None)
    }

    fn passes(&mut self, now: i64) -> bool {
        let Self(each, ahead, until) = self;
        let used = until.unwrap_or(now).max(now);
        let used = if used > now + *ahead + *each { now + *ahead } else { used };
        let passes = used - *ahead <= now;
        *until = if passes { Some(used + *each) } else { *until };
        passes
    }
}

/// How long until the next one, in milliseconds: mostly little or nothing, sometimes long, sometimes back.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 6 => 1..400_i64, 3 => 400..20_000_i64, 1 => 1_000_000..5_000_000_i64, 1 => -3_000_000..-1_i64]
}

#[test]
fn the_store_counts_as_governor_does_and_never_lets_more_through() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let millis = Arc::new(AtomicI64::new(0));
    let store = runtime.block_on(async {
        let store = shared(&Clock::Manual(millis.clone()));
        settle(&*store).await;
        store
    });
    let (keys, comments) = (AtomicU32::new(0), AtomicU32::new(0));
    let quotas = (1..60_u32, 1..60_u32, 1..9_u32).prop_map(|(count, seconds, burst)| Quota { count, seconds, burst });
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let arrivals = (quotas, prop::collection::vec(pause(), 1..60));
    let case = |(quota, pauses): (Quota, Vec<i64>)| -> Result<(), TestCaseError> {
        let key = keys.fetch_add(1, SeqCst);
        let start = 1_800_000_000_000;
        millis.store(start, SeqCst);
        let (mut model, clock) = (Model::of(quota), FakeRelativeClock::default());
        let rate = Rate::with_period(Duration::from_secs(quota.seconds.into()) / quota.count).unwrap();
        let governor = RateLimiter::direct_with_clock(rate.allow_burst(quota.burst.try_into().unwrap()), clock.clone());
        // Governor is told nothing of a clock that goes back.
        let (mut forward, mut ahead_of_governor, mut passed) = (true, 0_i64, Vec::new());
        for pause in pauses {
            let now = millis.fetch_add(pause, SeqCst) + pause;
            forward &= pause >= 0;
            let n = comments.fetch_add(1, SeqCst);
            let entry = charged(new(held(n)), vec![charge(key, &[(quota, Beyond::Refuse)])]);
            let recorded = runtime.block_on(store.record(&blog(), entry)).unwrap();
            let passes = recorded == Recorded::New;
            if let Recorded::Refused(refused) = recorded {
                let longest = Duration::from_micros(model.0.unsigned_abs());
                prop_assert!(refused.wait <= longest, "nobody is locked out: {:?}", refused.wait);
            }
            prop_assert_eq!(passes, model.passes(now * 1000), "at {} of {:?}", now - start, quota);
            if forward {
                clock.advance(Duration::from_millis(pause.unsigned_abs()));
                ahead_of_governor += i64::from(passes) - i64::from(governor.check().is_ok());
                prop_assert!(ahead_of_governor.abs() <= 1);
                passed.extend(passes.then_some(now));
            }
        }
        for (place, from) in passed.iter().enumerate() {
            for (more, until) in passed[place..].iter().enumerate() {
                let let_through = i64::try_from(more).unwrap() + 1;
                let refilled = (until - from) * i64::from(quota.count) / (i64::from(quota.seconds) * 1000);
                prop_assert!(let_through <= i64::from(quota.burst) + refilled);
            }
        }
        Ok(())
    };
    TestRunner::new(config).run(&arrivals, case).unwrap();
}
