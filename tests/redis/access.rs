//! Passwords, users and TLS: the right ones open, wrong ones are said to be so.

use std::time::Duration;

use moderato::domain::DecisionAction::Approve;
use moderato::domain::{Beyond, Charge, ChargeStep, Limit, ModelSnapshot, Quota};
use moderato::store::{self, Charges, Durability, Error, Record, Recorded, Settings};

use super::servers::{Cluster, DURABLE, EVERYSEC, Guard, Program, Sentinels, Server};
use super::{fixture, open_as, reason, record, settled, within};

#[tokio::test]
async fn a_password_opens_and_a_wrong_one_is_told_without_showing_it() {
    let server = Server::start(&["--appendonly", "yes", "--requirepass", "p@ss/word"]);
    let at = |who: &str| format!("redis://{who}127.0.0.1:{}", server.port);
    let store = settled(&at(":p%40ss%2Fword@"), Durability::Relaxed).await;
    record(&*store, 1).await.unwrap();
    for who in ["", ":wr0ng@", "somebody:wr0ng@"] {
        let store = open_as(&Settings { durability: Durability::Relaxed, ..Settings::at(&at(who)) });
        for refused in [store.health().await, store.sites().await.map(drop), record(&*store, 2).await.map(drop)] {
            let Err(Error::NotReady { reason: "access", detail }) = refused else { panic!("{who}: {refused:?}") };
            assert!(detail.contains("store.url") && !detail.contains("wr0ng"), "{detail}");
        }
    }
}

#[tokio::test]
async fn the_user_of_the_documentation_may_do_what_is_needed() {
    let server = Server::start(&DURABLE);
    let page = include_str!("../../docs/redis.md");
    let line = page.lines().map(str::trim).find(|line| line.starts_with("ACL SETUSER comments ")).unwrap();
    let line = line.replace("PASSWORD", "secret");
    assert_eq!(server.say(&line.split(' ').collect::<Vec<_>>()).trim(), "OK");
    let url = format!("redis://comments:secret@{}", server.address());
    let store = settled(&url, Durability::Fsync).await;
    // A comment that is charged is written by the server's clock.
    let hourly = ChargeStep { quota: Quota { count: 1, seconds: 3600, burst: 1 }, beyond: Beyond::Refuse };
    let due = vec![Charge { limit: Limit::Address, key: [1; 16], steps: vec![hourly] }];
    let charged = |n: u32| Record {
        comment: fixture::approved(n),
        idempotency: None,
        announced: true,
        charges: Charges { due: due.clone(), stop_at_marks: false },
    };
    assert_eq!(store.record(&fixture::blog(), charged(1)).await.unwrap(), Recorded::New);
    assert!(matches!(store.record(&fixture::blog(), charged(2)).await.unwrap(), Recorded::Refused(_)));
    for n in [3, 4] {
        let comment = fixture::featured(fixture::held(n), &[7]);
        store.record(&fixture::blog(), fixture::new(comment)).await.unwrap();
        store.decide(&fixture::blog(), &fixture::by_id(n), fixture::wish(Approve, 9), None).await.unwrap();
        // The log is asked for the number that is lost.
        server.say(&["DEL", "mod:{blog}:n"]);
    }
    store.repair(&fixture::blog()).await.unwrap();
    let snapshot = ModelSnapshot { taught: 2, bytes: vec![1] };
    assert!(store.put_model(&fixture::blog(), snapshot.clone(), None).await.unwrap());
    assert_eq!(store.model(&fixture::blog()).await.unwrap(), Some(snapshot));
    assert_eq!(store.expire(&fixture::blog(), &fixture::KEEP, fixture::on(40)).await.unwrap().lessons, 2);
    store.delete_site(&fixture::other()).await.unwrap();
    assert!(store.status().verified);
    assert_eq!(server.say(&["ACL", "LOG"]).trim(), "", "something was refused");
    server.say(&["ACL", "SETUSER", "comments", "-@write"]);
    let refused = record(&*store, 2).await;
    assert!(matches!(refused, Err(Error::NotReady { reason: "access", .. })), "{refused:?}");
}

#[tokio::test]
async fn tls_is_spoken_with_servers_whose_authority_is_known() {
    let guard = Guard::tls();
    let server = Server::start_guarded(Program::Redis, &EVERYSEC, &guard);
    let (url, certificates) = (server.url(), guard.certificates.unwrap());
    let [ca, other] = [certificates.ca(), certificates.other_ca()].map(|file| file.to_str().unwrap().to_owned());
    let settings =
        |url: String, tls_ca: String| Settings { durability: Durability::Relaxed, tls_ca, ..Settings::at(&url) };
    let store = open_as(&settings(url.clone(), ca.clone()));
    store.settle(fixture::seed()).await.unwrap();
    record(&*store, 1).await.unwrap();
    // Unknown authorities, another name, no TLS.
    let by_name = format!("rediss://localhost:{}", server.port);
    for (url, ca) in [
        (url.clone(), String::new()),
        (url, other),
        (by_name, ca),
        (format!("redis://{}", server.address()), String::new()),
    ] {
        let store = open_as(&settings(url.clone(), ca));
        let refused = store.health().await;
        let Err(Error::Unavailable(why)) = &refused else { panic!("{url}: {refused:?}") };
        println!("{url}: {why}");
        assert!(store.settle(fixture::seed()).await.is_err());
    }
}

#[tokio::test]
async fn behind_sentinels_and_in_a_cluster_tls_is_spoken_with_everybody() {
    let guard = Guard::tls();
    let ca = guard.certificates.as_ref().unwrap().ca().to_str().unwrap().to_owned();
    let sentinels = Sentinels::guarded(&guard, &guard);
    let cluster = Cluster::guarded((Program::Redis, &EVERYSEC), 1, &guard);
    for (url, scheme) in [(sentinels.url(), "rediss+sentinel://"), (cluster.url(), "rediss+cluster://")] {
        assert!(url.starts_with(scheme), "{url}");
        let store = open_as(&Settings { tls_ca: ca.clone(), ..Settings::at(&url) });
        within(Duration::from_secs(5), async || store.settle(fixture::seed()).await).await;
        record(&*store, 1).await.unwrap();
        let plain = open_as(&Settings::at(&url.replace("rediss", "redis")));
        let distrusted = open_as(&Settings::at(&url));
        for store in [plain, distrusted] {
            let refused = store.health().await;
            assert!(matches!(refused, Err(Error::Unavailable(_))), "{url}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn the_password_is_for_the_servers_and_sentinels_are_asked_without_one() {
    let (guard, open_to_all) = (Guard::password("hush"), Guard::default());
    let setup = Sentinels::guarded(&guard, &open_to_all);
    let store = settled(&setup.url(), Durability::Usual).await;
    record(&*store, 1).await.unwrap();
    let wrong = open_as(&Settings::at(&setup.url().replace("hush", "wr0ng")));
    assert_eq!(reason(&*wrong).await, "access");
    drop(setup);

    let closed = Sentinels::guarded(&guard, &guard);
    let store = open_as(&Settings::at(&closed.url()));
    let Err(Error::NotReady { reason: "access", detail }) = store.health().await else { panic!("it is ready") };
    let names_one = closed.sentinels.iter().any(|sentinel| detail.contains(&sentinel.address()));
    assert!(names_one && !detail.contains("hush"), "{detail}");
}

#[test]
fn a_file_of_certificates_that_is_none_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for (file, expected) in [(empty.to_str().unwrap(), "no certificate"), ("/nowhere/ca.pem", "cannot be read")] {
        let settings = Settings { tls_ca: file.to_owned(), ..Settings::at("rediss://:hush@cache") };
        let refused =
            store::open(&settings, directory.path(), &moderato::clock::Clock::System).err().unwrap().to_string();
        assert!(
            refused.contains("store.tls_ca") && refused.contains(expected) && !refused.contains("hush"),
            "{refused}"
        );
    }
}
