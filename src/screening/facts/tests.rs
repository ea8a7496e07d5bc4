//! What a submission's facts promise to those who store and search them.

use super::*;
use crate::domain::{Action, DecidedBy};
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
fn reworded_copies_share_near_keys_and_links_contacts_numbers_names_and_look_alikes_make_no_difference() {
    let near = |name: &str, content: &str| {
        let text = serde_json::json!({"author": {"name": name}, "content": content, "format": "html"}).to_string();
        with_facts(&text, |facts| facts.near_keys().to_vec())
    };
    let original =
        near("Ana", "My name is Ana and we offer loans at 3 per cent to everybody, write to ana@mail.example today");
    assert_eq!(original.len(), near::KEYS);
    for (name, copy) in [
        ("Bob", "my name is Bob and we offer loans at 45 per cent to everybody, write to bob.b@post.example TODAY"),
        (
            "Eve",
            "My name is Eve and we offer lo\u{430}ns at <b>7</b> per cent to everybody, write to http://a.example/x?y=z today",
        ),
        (
            "Ida",
            "My na\u{200B}me is Ida and we offer loans at per cent to everybody, write to <a href=http://b.example>b.example</a> today",
        ),
        (
            "Ida Lee",
            "\u{1D5E0}\u{1D606} name is Ida Lee and we offer loans at per cent to everybody, write to +1 (202) 555-0143 today",
        ),
    ] {
        assert_eq!(near(name, copy), original, "{copy}");
    }
    let reworded =
        near("Bob", "My name is Bob and we offer loans at 3 per cent to everybody, write to me@mail.example now");
    assert!(reworded.iter().zip(&original).any(|(one, other)| one == other));
    assert!(near("Bob", "Thank you for this great post!").is_empty());
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

#[test]
fn a_part_that_panics_is_empty_and_the_comment_waits() {
    let policy = policy();
    let (submission, history) = example(
        r#"{"content": "Write to <b>me</b>: a@b.example, http://c.example", "author": {"name": "Ana", "url": "http://d.example"}}"#,
    );
    for part in ["reading", "folded", "name", "handles", "words", "essence", "website", "post"] {
        let facts = Facts { broken: Some(part), ..Facts::new(&submission, &policy, Timestamp::from_millis(NOW)) };
        let (_, _, _, _) = (facts.identity(), facts.text_fingerprint(), facts.hosts(), facts.report());
        let verdict = crate::screening::screen(&facts, &history, &policy);
        assert_eq!((verdict.action, verdict.decided_by), (Action::Hold, DecidedBy::Unavailable), "{part}");
    }
}

/// 64 KiB of what people write, in languages whose letters have compatible forms.
#[test]
fn honest_texts_of_any_language_stay_within_the_budget() {
    for piece in [
        "สวัสดีครับ วันนี้ผมจะทำน้ำพริกและนำไปให้คุณแม่ ",
        "قال النبي ﷺ إنما الأعمال بالنيات وإنما لكل امرئ ما نوى. ",
        "ﺍﻟﺴﻼﻡ ﻋﻠﻴﻜﻢ ﻻ ﺇﻟﻪ ﺇﻻ ﷲ ",
        "안녕하세요, 오늘 날씨가 정말 좋네요 ㅋㅋㅋ ",
        "\u{110B}\u{1161}\u{11AB}\u{1102}\u{1167}\u{11BC} \u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} ",
        "ຂ້ອຍຢາກໄປຕະຫຼາດນຳເຈົ້າ ທຳມະດາ ",
        "བཀྲ་ཤིས་བདེ་ལེགས། ",
        "हिन्दी में क़लम और ज़रूरत ",
        "Tiếng Việt có nhiều dấu, rất đẹp… ½ ™ ",
        "株式会社㈱の㎡は①②③です。ｶﾞｷﾞｸﾞ ",
    ] {
        let content = serde_json::json!({ "content": piece.repeat(64 * 1024 / piece.len()) }).to_string();
        with_facts(&content, |facts| assert!(matches!(facts.work(), Work::Left(_)), "{piece}"));
    }
}
