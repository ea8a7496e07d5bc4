//! What is read as an address in running text, and what is not.

use super::*;

fn hosts(text: &str) -> Vec<String> {
    find(text, &[], &mut Work::default()).links.into_iter().map(|(_, target)| target.host).collect()
}

#[test]
fn addresses_are_found_with_and_without_a_scheme() {
    let long = format!("http://a.example/{}.com", "x".repeat(600));
    for (text, expected) in [
        ("see http://a.example/x, and https://b.example.", vec!["a.example", "b.example"]),
        ("www.a.example or example.com!", vec!["www.a.example", "example.com"]),
        ("地址dwz.cn/abc复制到", vec!["dwz.cn"]),
        (long.as_str(), vec!["a.example"]),
        ("http://пример.рф/путь", vec!["xn--e1afmkfd.xn--p1ai"]),
        ("https://bank.example@evil.example/", vec!["evil.example"]),
    ] {
        assert_eq!(hosts(text), expected, "{text}");
    }
}

#[test]
fn programs_files_and_sentences_are_no_addresses() {
    for text in [
        "main.rs and lib.py/x",
        "ASP.NET uses System.Web.Mvc.dll",
        "the end.Then more",
        "v1.2.3 e.g. this",
        "Console.WriteLine(x.y)",
        "a..b",
        "node.js,vue.js",
        "it.is",
    ] {
        assert_eq!(hosts(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_a_browser_opens_is_an_address_whatever_it_hides_behind() {
    for (text, expected) in [
        ("пример.рф", vec!["xn--e1afmkfd.xn--p1ai"]),
        ("https://u:p@evil.example@good.example/", vec!["good.example"]),
        ("http://0x7f.1/ and http://[::1]/ and http://localhost:8080/x", vec!["127.0.0.1", "[::1]", "localhost"]),
        ("http:/evil.com, //evil.com/x and http:\\\\evil.com", vec!["evil.com", "evil.com", "evil.com"]),
        ("ｈｔｔｐ：//evil.com", vec!["evil.com"]),
        ("ev\u{200B}il.com", vec!["evil.com"]),
        ("write to evil (DOT) com", vec!["evil.com"]),
        ("evil[.]com, evil (dot) com and evil dot com", vec!["evil.com", "evil.com", "evil.com"]),
        ("hxxps://evil.example/x and bad。com", vec!["evil.example", "bad.com"]),
        ("地址example.org看", vec!["example.org"]),
        ("http://www.a.example/看", vec!["www.a.example"]),
    ] {
        assert_eq!(hosts(text), expected, "{text}");
    }
}

#[test]
fn mail_addresses_are_kept_apart() {
    let found = find("write to a.b@mail.example now", &[], &mut Work::default());
    assert_eq!((found.links.len(), found.mails), (0, vec![(9, 25)]));
}
