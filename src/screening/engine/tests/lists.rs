//! What entries of a site's own lists do to a verdict.

use super::*;

#[test]
fn the_sites_own_lists_speak_after_the_role_and_before_all_else() {
    let policy = screening();
    let list = |action: &str| format!(r#", "lists": {{"mails": [{{"value": "mail.example", "action": "{action}"}}]}}"#);
    let others = [
        "",
        r#", "form": {"honeypot": "x"}"#,
        r#", "kind": "trackback""#,
        r#", "post": {"commenting": {"mode": "closed", "until": null}}"#,
    ];
    for rest in others {
        for (action, expected) in [("approve", Action::Approve), ("hold", Action::Hold), ("reject", Action::Reject)] {
            expect(&spam(&format!("{rest}{}", list(action))), &policy, expected, DecidedBy::List);
        }
    }
    let owner = format!(
        r#"{{"content": "Hello", "author": {{"role": "owner", "email": "x@mail.example"}}{}}}"#,
        list("reject")
    );
    expect(&owner, &policy, Action::Approve, DecidedBy::Role);
    let waiting = policy_with(|settings| settings.first_comment = FirstComment::Hold);
    let first = format!(r#"{{"content": "Hello", "author": {{"email": "x@mail.example"}}{}}}"#, list("approve"));
    expect(&first, &waiting, Action::Approve, DecidedBy::List);
}

#[test]
fn of_several_entries_the_strictest_counts_and_points_add_up() {
    let text = |phrases: &str, rest: &str| {
        format!(r#"{{"content": "one two three four", "lists": {{"phrases": [{phrases}]{rest}}}}}"#)
    };
    let entry = |value: &str, action: &str| format!(r#"{{"value": "{value}", "action": {action}}}"#);
    let (one, two) = (entry("one", r#""approve""#), entry("two", r#""hold""#));
    let verdict = expect(&text(&format!("{one},{two}"), ""), &screening(), Action::Hold, DecidedBy::List);
    assert_eq!(verdict.would_pass_without, [[RuleId::new("blocked_phrase")]]);
    let three = entry("three", r#""reject""#);
    let verdict = expect(&text(&format!("{one},{two},{three}"), ""), &screening(), Action::Reject, DecidedBy::List);
    let hit = &verdict.hits[0];
    assert_eq!((hit.points, hit.evidence.len()), (0, 3));
    assert!(hit.message.starts_with("It contains \"three\", which is in the site's list of phrases: reject (entry "));
    assert!(hit.message.ends_with("). 2 more entries of the list are found."), "{}", hit.message);
    let points = format!("{},{}", entry("one", r#"{"points": 30}"#), entry("four", r#"{"points": 25}"#));
    let verdict = expect(&text(&points, ""), &screening(), Action::Hold, DecidedBy::Score);
    assert_eq!(verdict.groups[&Group::Text], GroupSum { raw: 55, counted: 55 });
    assert_eq!(verdict.would_pass_without, [[RuleId::new("blocked_phrase")]]);
    let verdict =
        expect(&text(&entry("one", r#"{"points": -30}"#), ""), &screening(), Action::Approve, DecidedBy::Score);
    assert_eq!(verdict.score, -30);
    let with_policy = format!(
        r#"{{"content": "Feel free to surf to my channel", "lists": {{"phrases": [{}]}}}}"#,
        entry("surf", r#"{"points": -20}"#)
    );
    let verdict = judge(&with_policy, &screening());
    assert_eq!((verdict.score, verdict.hits[0].message.matches("surf").count()), (30, 2));
}

#[test]
fn an_entry_is_in_force_until_its_end_and_while_its_rule_is_on() {
    let text = |end: i64| {
        let entry = format!(r#"{{"value": "one", "action": "hold", "note": "why", "expires_at": {end}}}"#);
        format!(r#"{{"content": "one two", "lists": {{"phrases": [{entry}]}}}}"#)
    };
    let verdict = expect(&text(NOW + 1), &screening(), Action::Hold, DecidedBy::List);
    assert!(verdict.hits[0].message.contains(", \"why\")"), "{}", verdict.hits[0].message);
    let over = expect(&text(NOW), &screening(), Action::Approve, DecidedBy::Score);
    assert!(over.hits.is_empty());
    let shadow = policy_with(|settings| settings.rules.get_mut("blocked_phrase").unwrap().mode = Mode::Shadow);
    let watched = expect(&text(NOW + 1), &shadow, Action::Approve, DecidedBy::Score);
    assert_eq!((watched.hits[0].mode, watched.hits[0].points), (HitMode::Shadow, 0));
    let off = policy_with(|settings| settings.rules.get_mut("blocked_phrase").unwrap().mode = Mode::Off);
    assert!(expect(&text(NOW + 1), &off, Action::Approve, DecidedBy::Score).hits.is_empty());
}

#[test]
fn domains_and_mails_are_compared_as_what_they_are() {
    let found = |list: &str, value: &str, rest: &str| {
        let entry = format!(r#"{{"value": "{value}", "action": "hold"}}"#);
        let text = format!(r#"{{{rest}, "lists": {{"{list}": [{entry}]}}}}"#);
        judge(&text, &screening()).decided_by == DecidedBy::List
    };
    let link = |address: &str| format!(r#""content": "See {address} for more of it""#);
    for (value, address, is_found) in [
        ("shop.example", "http://SHOP.example/x", true),
        ("*.shop.example", "http://a.b.shop.example", true),
        (".zip", "http://files.zip/", true),
        ("bücher.example", "http://xn--bcher-kva.example/", true),
        ("xn--bcher-kva.example", "http://www.bücher.example/", true),
        ("shop.example", "http://shop.example.org/", false),
        ("shop.example", "http://notshop.example/", false),
        ("shop.example", "http://news.example/?u=http://a.shop.example/", true),
        ("a.web.app", "http://b.web.app/", false),
    ] {
        assert_eq!(found("domains", value, &link(address)), is_found, "{value} in {address}");
    }
    let mail = |address: &str| format!(r#""content": "Hello", "author": {{"email": "{address}"}}"#);
    for (value, address, is_found) in [
        ("Ana@Mail.example", " ana@mail.EXAMPLE", true),
        ("ana@mail.example", "anna@mail.example", false),
        ("@mail.example", "ana@mail.example", true),
        ("mail.example", "ana@eu.mail.example", true),
        ("mail.example", "ana@gmail.example", false),
        ("bücher.example", "ana@BÜCHER.example", true),
        ("mail.example", "no address", false),
    ] {
        assert_eq!(found("mails", value, &mail(address)), is_found, "{value} of {address}");
    }
}

#[test]
fn more_phrases_begun_than_may_be_looked_at_hold_the_comment() {
    let nested: Vec<_> =
        (1..=400).map(|length| serde_json::json!({"value": "a".repeat(length), "action": {"points": 1}})).collect();
    let text = serde_json::json!({"content": "a".repeat(60_000), "lists": {"phrases": nested}}).to_string();
    let quiet = policy_with(|settings| {
        settings.rules.values_mut().for_each(|table| table.mode = Mode::Shadow);
    });
    expect(&text, &quiet, Action::Hold, DecidedBy::Budget);
}
