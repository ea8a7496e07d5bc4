//! Passwords, users and TLS: the right ones open, wrong ones are said to be so.

use moderato::store::{self, Durability, Error, Settings};

use super::setups::{Server, certificates};
use super::{fixture, open_as, record, settled};

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
async fn a_user_who_may_do_what_is_needed_and_no_more_is_enough() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let made = server.say(&[
        "ACL",
        "SETUSER",
        "moderato",
        "on",
        ">secret",
        "~mod:*",
        "-@all",
        "+@read",
        "+@write",
        "+@scripting",
        "+wait",
        "+info",
        "+ping",
        "+select",
        "+config|get",
        "+cluster|slots",
        "+cluster|info",
    ]);
    assert_eq!(made.trim(), "OK");
    let url = format!("redis://moderato:secret@{}", server.address());
    let store = settled(&url, Durability::Fsync).await;
    record(&*store, 1).await.unwrap();
    assert!(store.status().verified);
    server.say(&["ACL", "SETUSER", "moderato", "-@write"]);
    let refused = record(&*store, 2).await;
    assert!(matches!(refused, Err(Error::NotReady { reason: "access", .. })), "{refused:?}");
}

#[tokio::test]
async fn tls_is_spoken_with_servers_whose_authority_is_known() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let mut server = Server::absent(&[]);
    let (port, crt, key, ca) = (server.port.to_string(), file("redis.crt"), file("redis.key"), file("ca.crt"));
    let tls = [
        "--port",
        "0",
        "--tls-port",
        &port,
        "--tls-cert-file",
        &crt,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
    ];
    server.add_options(&tls);
    server.add_options(&["--tls-auth-clients", "no", "--appendonly", "yes"]);
    server.revive();
    let settings =
        |url: String, tls_ca: String| Settings { durability: Durability::Relaxed, tls_ca, ..Settings::at(&url) };
    let url = format!("rediss://{}", server.address());
    let store = open_as(&settings(url.clone(), ca.clone()));
    store.settle(fixture::seed()).await.unwrap();
    record(&*store, 1).await.unwrap();
    // Unknown authorities, another name, no TLS.
    let by_name = format!("rediss://localhost:{}", server.port);
    for (url, ca) in
        [(url.clone(), String::new()), (url, file("other.crt")), (by_name, ca), (server.url(), String::new())]
    {
        let store = open_as(&settings(url.clone(), ca));
        let refused = store.health().await;
        let Err(Error::Unavailable(why)) = &refused else { panic!("{url}: {refused:?}") };
        println!("{url}: {why}");
        assert!(store.settle(fixture::seed()).await.is_err());
    }
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
