//! What a submission's facts promise to those who store and search them.

use super::*;
use crate::screening::rules::testing::{NOW, example, policy};

fn with_facts<T>(text: &str, read: impl FnOnce(&Facts<'_>) -> T) -> T {
    let policy = policy();
    let (submission, _) = example(text);
    read(&Facts::new(&submission, &policy, Timestamp::from_millis(NOW)))
}

fn fingerprint(content: &str) -> Option<[u8; 16]> {
    with_facts(&serde_json::json!({ "content": content }).to_string(), |facts| facts.text_fingerprint())
}

#[test]
fn copies_of_a_text_share_a_fingerprint_however_they_are_dressed() {
    let original = fingerprint("We offer loans at three per cent to everybody, write today!");
    assert!(original.is_some());
    for copy in [
        "WE OFFER  loans at three per cent to everybody... write today",
        "We of\u{200B}fer lоans at three per cent, to <b>every</b>body, write today",
        "𝗪𝗲 offer loans at three per cent to everybody, write today!!! 🔥",
    ] {
        assert_eq!(fingerprint(copy), original, "{copy}");
    }
    assert_ne!(fingerprint("We offer loans at four per cent to everybody, write today!"), original);
}

#[test]
fn short_texts_have_a_fingerprint_only_with_a_link_or_handle() {
    assert_eq!(fingerprint("Thanks, very nice!"), None);
    assert_eq!(fingerprint("非常好谢谢"), None);
    assert!(fingerprint("这个产品非常好用我已经买了两个了").is_some());
    assert!(fingerprint("look http://shop.example/1").is_some());
    assert_ne!(
        fingerprint("look <a href=http://shop.example/1>x</a>"),
        fingerprint("look <a href=http://shop.example/2>x</a>")
    );
}

#[test]
fn hosts_are_listed_once_and_sorted() {
    let text = r#"{"content": "http://b.example/1 [x](http://a.example) http://B.example/2 http://пример.рф/", "author": {"url": "ana.example"}}"#;
    let hosts = with_facts(text, |facts| facts.hosts());
    assert_eq!(hosts, ["a.example", "ana.example", "b.example", "xn--e1afmkfd.xn--p1ai"]);
}

#[test]
fn an_identity_is_normalised() {
    let text = r#"{"content": "x", "author": {"email": " Ana@Mail.example ", "url": "https://me.ana.example/",
        "account": {"provider": "github", "id": "7", "verified": true}}, "client": {"ip": "203.0.113.7"}}"#;
    with_facts(text, |facts| {
        let expected = Identity {
            mail: Some("ana@mail.example".to_owned()),
            account: Some(("github", "7")),
            net: Some("203.0.113.0/24".to_owned()),
            url_owner: Some("ana.example".to_owned()),
        };
        assert_eq!(facts.identity(), expected);
    });
}

#[test]
fn the_report_tells_what_was_found_and_where() {
    let text = r#"{"content": "See [this](https://www.shop.co.uk/x) or write a@b.example"}"#;
    let report = with_facts(text, |facts| facts.report());
    let link = &report.links[0];
    assert_eq!((link.text.as_str(), link.target.as_str()), ("this", "https://www.shop.co.uk/x"));
    assert_eq!(
        (link.host.as_str(), link.owner.as_str(), link.syntax.as_str()),
        ("www.shop.co.uk", "shop.co.uk", "markdown")
    );
    assert_eq!((link.span, report.handles[0].text.as_str()), ((4, 36), "a@b.example"));
    assert!(report.folded.starts_with("see ") && report.fingerprints.text.is_some());
}
