//! Whatever happens in whatever order: every backend gives the same answers, and the audit finds no fault.

use moderato::domain::{
    Action, AuthorId, Comment, DecisionAction, EditedBy, EventId, Fingerprint, HeldExpires, HistoryKind, Keep,
    ListQuery, ModelSnapshot, Reason, Sort, Source, Timestamp,
};
use moderato::store::{Idempotency, IdempotencyKey, Recall, Record, Store};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::editing::edit;
use crate::fixture::*;
use crate::{audited, benches};

/// One call, in small numbers, so that they meet often.
#[derive(Clone, Debug)]
enum Call {
    Record { n: u32, name: u8, key: u8, shape: u8 },
    Decide { n: u32, action: DecisionAction, by: u8, key: u8 },
    Edit { n: u32, version: u64, shape: u8, key: u8 },
    Link { n: u32, name: u8 },
    Withdraw { n: u32 },
    Erase { n: u32 },
    Expire { shape: u8 },
    Forget { author: u8 },
    PutModel { taught: u8, expected: u8 },
    DeleteSite,
}

#[test]
fn any_calls_in_any_order_leave_a_sound_store_with_the_same_answers_everywhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let days = prop_oneof![8 => 0..20i64, 1 => -40..0i64, 1 => 100..900i64];
    let calls = proptest::collection::vec((call(), days), 1..60);
    let outcome = runner.run(&calls, |calls| {
        let mut answers: Vec<Vec<String>> = Vec::new();
        for (name, bench) in benches() {
            answers.push(runtime.block_on(async {
                settle(&*bench.store).await;
                run(&*bench.store, &calls).await
            }));
            audited(&bench, name);
        }
        for other in &answers[1..] {
            prop_assert_eq!(&answers[0], other);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

fn call() -> impl Strategy<Value = Call> {
    let (n, name, key) = (1..12u32, 0..5u8, 0..4u8);
    let action = prop_oneof![Just(DecisionAction::Approve), Just(DecisionAction::Reject), Just(DecisionAction::Reopen)];
    prop_oneof![
        6 => (n.clone(), name.clone(), key.clone(), any::<u8>())
            .prop_map(|(n, name, key, shape)| Call::Record { n, name, key, shape }),
        6 => (n.clone(), action, any::<u8>(), key).prop_map(|(n, action, by, key)| Call::Decide { n, action, by, key }),
        4 => (n.clone(), 1..4u64, any::<u8>(), 0..4u8)
            .prop_map(|(n, version, shape, key)| Call::Edit { n, version, shape, key }),
        2 => (n.clone(), name).prop_map(|(n, name)| Call::Link { n, name }),
        1 => n.clone().prop_map(|n| Call::Withdraw { n }),
        1 => n.prop_map(|n| Call::Erase { n }),
        3 => any::<u8>().prop_map(|shape| Call::Expire { shape }),
        1 => (0..6u8).prop_map(|author| Call::Forget { author }),
        1 => (0..6u8, 0..4u8).prop_map(|(taught, expected)| Call::PutModel { taught, expected }),
        1 => Just(Call::DeleteSite),
    ]
}

/// Makes the calls, each so many days after the one before (or before it, as the clock may go back), keeps one comment more,
/// so that the time is known to the audit, and then asks for everything.
async fn run(store: &dyn Store, calls: &[(Call, i64)]) -> Vec<String> {
    let (mut answers, mut moment) = (Vec::new(), Moment { seconds: 1_000, era: 0 });
    for (call, days) in calls {
        moment.seconds += days * 24 * 60 * 60 + 1;
        moment.era += u8::from(*days < 0);
        answers.push(answer(store, call, moment).await);
    }
    let seconds = moment.seconds.max(0) + 2_000 * DAY;
    keep(store, &blog(), received(approved(99), seconds)).await;
    for site in [blog(), other()] {
        answers.push(format!("{:?}", store.tombstones(&site, None, 100).await));
        answers.push(format!("{:?}", store.author(&site, AuthorId::new([1; 16]), at(seconds)).await));
        answers.push(format!("{:?}", store.counts(&site).await));
        answers.push(format!("{:?}", store.events(&site, EventId::default(), 1_000).await));
        answers.push(format!("{:?} {:?}", store.lessons(&site, 0, 1_000).await, store.model(&site).await));
        for sort in [Sort::Newest, Sort::Oldest, Sort::Priority] {
            let query = ListQuery { sort, limit: 100, ..ListQuery::default() };
            answers.push(format!("{:?}", store.list(&site, &query).await));
        }
        let history = [HistoryKind::Mail, HistoryKind::Text].map(|kind| entry(kind, 1)).to_vec();
        let ask = Recall { history, now: at(seconds), ..ask(Some(1), Some("x-1")) };
        answers.push(format!("{:?}", store.recall(&site, &ask).await));
    }
    answers
}

async fn answer(store: &dyn Store, call: &Call, moment: Moment) -> String {
    let (seconds, now) = (moment.seconds, at(moment.seconds));
    match call {
        Call::Record { n, name, key, shape } => {
            let comment = shaped(*n, *shape, now);
            let comment = if *name > 0 { named(comment, &format!("x-{name}")) } else { comment };
            let mut record = new(comment);
            record.idempotency = (*key > 0).then(|| key_of(*key, &fingerprint(*n), moment));
            let announced = *shape < 200 || record.comment.version > 1;
            format!("{:?}", store.record(&blog(), Record { announced, ..record }).await)
        }
        Call::Decide { n, action, by, key } => {
            let mut request = of_actor(wish(*action, seconds), if by % 2 == 0 { "ana" } else { "ben" });
            request.decision.reason = match (action, by % 3) {
                (DecisionAction::Reject, 0) => Some(Reason::Spam),
                (DecisionAction::Reject, 1) => Some(Reason::Abuse),
                _ => None,
            };
            if by % 5 == 0 {
                request.decision.source = Source::Site;
            }
            request.if_match = (by % 7 < 3).then_some(u64::from(by % 7) + 1);
            let idempotency = (*key > 0).then(|| key_of(*key + 10, &fingerprint(u32::from(*by)), moment));
            format!("{:?}", store.decide(&blog(), &by_id(*n), request, idempotency).await)
        }
        Call::Edit { n, version, shape, key } => {
            let action = [Action::Approve, Action::Hold, Action::Reject][usize::from(shape % 3)];
            let text = (HistoryKind::Text, shape % 2, Some(u32::from(shape % 40)));
            let entries = [(HistoryKind::Mail, 1, None), (HistoryKind::MailNet, shape % 2, None), text];
            let mut request = edit(&format!("text {}", shape % 7), *version, action, (&entries, seconds));
            request.judged.brings_more = shape % 4 < 2;
            if shape % 5 == 0 {
                request.by = EditedBy::Staff;
            }
            let idempotency = (*key > 0).then(|| key_of(*key + 20, &fingerprint(u32::from(*shape)), moment));
            format!("{:?}", store.edit(&blog(), &by_id(*n), request, idempotency).await)
        }
        Call::Link { n, name } => {
            format!("{:?}", store.link(&blog(), &by_id(*n), external(&format!("x-{name}")), now).await)
        }
        Call::Withdraw { n } => format!("{:?}", store.withdraw(&blog(), &by_id(*n), now).await),
        Call::Erase { n } => format!("{:?}", store.erase(&blog(), &by_id(*n), now).await),
        Call::Expire { shape } => {
            let days = |bit: u8, days: u32| if shape >> bit & 1 == 0 { days } else { 0 };
            let held_expires = if shape >> 5 & 1 == 0 { HeldExpires::Reject } else { HeldExpires::Keep };
            let (held, rejected, approved) = (days(0, 30), days(1, 15), days(2, 40));
            let keep = Keep { held, held_expires, rejected, approved, addresses: days(3, 7), tombstones: days(4, 50) };
            format!("{:?}", store.expire(&blog(), &keep, now).await)
        }
        Call::Forget { author } => format!("{:?}", store.forget(&blog(), AuthorId::new([*author; 16]), now).await),
        Call::PutModel { taught, expected } => {
            let snapshot = ModelSnapshot { taught: (*taught).into(), bytes: vec![*expected] };
            let expected = expected.checked_sub(1).map(u64::from);
            format!("{:?}", store.put_model(&blog(), snapshot, expected).await)
        }
        Call::DeleteSite => {
            format!("{:?} {:?}", store.delete_site(&other()).await, store.create_site(site("other")).await)
        }
    }
}

/// A comment whose status, author, age and history entries are chosen by a byte.
fn shaped(n: u32, shape: u8, now: Timestamp) -> Comment {
    let comment = match shape % 3 {
        0 => approved(n),
        1 => held(n),
        _ => rejected(n),
    };
    let written_at = comment.written_at.min(now);
    let mut received = Comment { received_at: now, written_at, changed_at: now, ..comment };
    received.submission.client.ip = (shape % 5 < 2).then(|| std::net::Ipv4Addr::new(203, 0, 113, shape).into());
    if shape % 4 == 1 {
        received.mail_id = Some(AuthorId::new([5; 16]));
    }
    if shape % 7 < 5 {
        received = featured(received, &[shape.into(), 300]);
    }
    let member = Some(u32::from(shape % 40));
    let entries =
        [(HistoryKind::Mail, 1, None), (HistoryKind::MailNet, shape % 2, None), (HistoryKind::Text, 1, member)];
    counted_in(by_author(received, shape % 4), &entries)
}

/// A moment, and how often the clock went back before it.
#[derive(Clone, Copy)]
struct Moment {
    seconds: i64,
    era: u8,
}

/// A key that is used in one era only: where the clock goes back, one that had ended may be known again or not.
fn key_of(key: u8, fingerprint: &Fingerprint, moment: Moment) -> Idempotency {
    let mut bytes = [key; 16];
    bytes[0] = moment.era;
    Idempotency { key: IdempotencyKey(bytes), ..idempotency(key, fingerprint) }
}
