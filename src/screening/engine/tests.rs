//! What the engine promises: sums that add up, precedence that holds, and an explanation that is true.

mod lists;

use proptest::prelude::*;

use super::*;
use crate::domain::{Action, DecidedBy, Group, GroupSum, Submission, Timestamp};
use crate::screening::facts::Work;
use crate::screening::rules::testing::{NOW, default_settings, example, judge, policy};
use crate::screening::weighing::{CAP, TRUST_CAP};
use crate::screening::{FirstComment, KindAction, Mode, Policy, Settings, screen};

/// The default policy, changed, and with first comments screened.
fn policy_with(change: impl Fn(&mut Settings)) -> Policy {
    let mut settings = default_settings();
    settings.first_comment = FirstComment::Screen;
    change(&mut settings);
    Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn screening() -> Policy {
    policy_with(|_| {})
}

/// Two groups reject it, and no rule is certain of it.
const SPAM: &str = r#"{"content": "Feel free to visit my homepage <a href=\"http://shop.example/a\">shop</a> [url=http://shop.example/a]shop[/url]",
    "author": {"name": "cheap shoes online", "email": "x@mail.example"}"#;

fn spam(rest: &str) -> String {
    format!("{SPAM}{rest}}}")
}

#[track_caller]
fn expect(text: &str, policy: &Policy, action: Action, decided_by: DecidedBy) -> Verdict {
    let verdict = judge(text, policy);
    assert_eq!((verdict.action, verdict.decided_by), (action, decided_by), "{text}: {:?}", verdict.hits);
    verdict
}

#[test]
fn precedence_goes_from_role_to_score() {
    let policy = screening();
    let honest = r#"{"content": "Thank you, this helped me."}"#;
    expect(honest, &policy, Action::Approve, DecidedBy::Score);
    expect(&spam(""), &policy, Action::Reject, DecidedBy::Score);
    let certain = r#", "form": {"honeypot": "x"}"#;
    expect(&spam(certain), &policy, Action::Reject, DecidedBy::Certain);
    let closed = r#", "post": {"commenting": {"mode": "closed", "until": null}}"#;
    expect(&spam(closed), &policy, Action::Hold, DecidedBy::Post);
    expect(&spam(&format!("{closed}{certain}")), &policy, Action::Reject, DecidedBy::Certain);
    let trackback = r#", "kind": "trackback""#;
    expect(&spam(&format!("{closed}{trackback}")), &policy, Action::Reject, DecidedBy::Kind);
    for role in ["owner", "staff", "moderator"] {
        let text = format!(r#"{{"content": "http://a.example", "author": {{"role": "{role}"}}{certain}}}"#);
        expect(&text, &policy, Action::Approve, DecidedBy::Role);
    }
    let member = r#"{"content": "http://a.example", "author": {"role": "member"}, "form": {"honeypot": "x"}}"#;
    expect(member, &policy, Action::Reject, DecidedBy::Certain);
}

#[test]
fn a_post_may_close_premoderate_or_know_its_authors_until_a_moment() {
    let policy = screening();
    let post = |mode: &str, until: i64, rest: &str| {
        format!(r#"{{"content": "Hello", "post": {{"commenting": {{"mode": "{mode}", "until": {until}}}}}{rest}}}"#)
    };
    for mode in ["closed", "premoderate", "known_only"] {
        expect(&post(mode, NOW + 1, ""), &policy, Action::Hold, DecidedBy::Post);
        expect(&post(mode, NOW, ""), &policy, Action::Approve, DecidedBy::Score);
    }
    expect(&post("open", NOW + 1, ""), &policy, Action::Approve, DecidedBy::Score);
    let known = r#", "author": {"record": {"approved": 1, "rejected": 0}}"#;
    expect(&post("known_only", NOW + 1, known), &policy, Action::Approve, DecidedBy::Score);
    let all = policy_with(|settings| settings.premoderate_all = true);
    expect(r#"{"content": "Hello"}"#, &all, Action::Hold, DecidedBy::Post);
}

#[test]
fn a_first_comment_waits_for_one_approval_by_a_person() {
    let policy = policy_with(|settings| settings.first_comment = FirstComment::Hold);
    let held = expect(r#"{"content": "Hello"}"#, &policy, Action::Hold, DecidedBy::FirstComment);
    assert!(held.would_pass_without.is_empty());
    for past in ["mail", "account"] {
        let text =
            format!(r#"{{"content": "Hello", "history": {{"{past}": {{"b": [{{"p": 683, "n": 1, "a": 1}}]}}}}}}"#);
        expect(&text, &policy, Action::Approve, DecidedBy::Score);
    }
    let only_text = r#"{"content": "Hello", "history": {"text": {"b": [{"p": 683, "n": 1, "a": 1}]}}}"#;
    expect(only_text, &policy, Action::Hold, DecidedBy::FirstComment);
    expect(&spam(""), &policy, Action::Reject, DecidedBy::Score);
}

#[test]
fn kinds_are_judged_as_the_policy_says() {
    let policy = policy_with(|settings| {
        settings.kinds.insert("review".to_owned().try_into().unwrap(), KindAction::Hold);
    });
    expect(r#"{"content": "Hello", "kind": "trackback"}"#, &policy, Action::Reject, DecidedBy::Kind);
    expect(r#"{"content": "Hello", "kind": "pingback"}"#, &policy, Action::Approve, DecidedBy::Score);
    expect(r#"{"content": "Hello", "kind": "review"}"#, &policy, Action::Hold, DecidedBy::Kind);
    expect(r#"{"content": "Hello", "kind": "contact"}"#, &policy, Action::Approve, DecidedBy::Score);
}

#[test]
fn one_group_never_rejects_and_trust_never_excuses_a_certain_rule() {
    let loud = policy_with(|settings| settings.rules.get_mut("link_count").unwrap().points = 1000);
    let verdict =
        expect(r#"{"content": "http://a.example/ is what I mean by this"}"#, &loud, Action::Hold, DecidedBy::Score);
    assert_eq!(verdict.groups[&Group::Links], GroupSum { raw: 1000, counted: CAP });
    let trusted =
        r#"{"content": "Hello", "author": {"record": {"approved": 9, "rejected": 0}}, "form": {"honeypot": "x"}}"#;
    let verdict = expect(trusted, &screening(), Action::Reject, DecidedBy::Certain);
    assert_eq!(verdict.would_pass_without, [[RuleId::new("honeypot")]]);
}

#[test]
fn a_rule_in_shadow_is_reported_and_counts_nothing() {
    let policy = policy_with(|settings| {
        for table in settings.rules.values_mut() {
            table.mode = Mode::Shadow;
        }
        settings.rules.get_mut("gtube").unwrap().mode = Mode::Off;
    });
    let verdict = expect(&spam(r#", "form": {"honeypot": "x"}"#), &policy, Action::Approve, DecidedBy::Score);
    assert!(!verdict.hits.is_empty());
    assert!(verdict.hits.iter().all(|hit| hit.mode == HitMode::Shadow && hit.points == 0));
}

#[test]
fn a_rule_that_panics_holds_the_comment() {
    struct Broken;
    impl crate::screening::rules::Check for Broken {
        fn check(&self, _: &Case<'_>) -> Option<Finding> {
            panic!("a rule has a fault")
        }
    }
    let mut policy = screening();
    policy.replace_check("all_caps", std::sync::Arc::new(Broken));
    let verdict = expect(r#"{"content": "Hello"}"#, &policy, Action::Hold, DecidedBy::Unavailable);
    assert!(verdict.would_pass_without.is_empty());
}

#[test]
fn a_typed_address_buys_no_links() {
    let links = "Of these http://a.example http://b.example http://c.example http://d.example I like the first best";
    let text = |past: &str| {
        let past = format!(r#"{{"{past}": {{"b": [{{"p": 683, "a": 5}}]}}}}"#);
        format!(r#"{{"content": "{links}", "author": {{"email": "ana@mail.example"}}, "history": {past}}}"#)
    };
    expect(&text("mail"), &screening(), Action::Hold, DecidedBy::Score);
    expect(&text("mail_net"), &screening(), Action::Approve, DecidedBy::Score);
}

#[test]
fn trust_in_somebody_unnamed_points_at_nothing() {
    let verdict = judge(r#"{"content": "Hello", "author": {"record": {"approved": 1, "rejected": 0}}}"#, &screening());
    let hit = verdict.hits.iter().find(|hit| hit.rule.as_str() == "author_approved_before").unwrap();
    assert!(hit.evidence.is_empty());
}

#[test]
fn too_much_work_is_held() {
    let links: String = (0..2000).map(|n| format!("http://a{n}.example/ ")).collect();
    let text = serde_json::json!({ "content": links }).to_string();
    let quiet = policy_with(|settings| {
        for table in settings.rules.values_mut() {
            table.mode = Mode::Shadow;
        }
    });
    expect(&text, &quiet, Action::Hold, DecidedBy::Budget);
}

#[test]
fn the_smallest_sets_are_named() {
    let policy = screening();
    let text = r#"{"content": "Feel free to visit my homepage.", "author": {"name": "cheap shoes online"}}"#;
    let verdict = expect(text, &policy, Action::Reject, DecidedBy::Score);
    assert_eq!(verdict.would_pass_without, [[RuleId::new("author_name_keywords"), RuleId::new("blocked_phrase")]]);
    let text = r#"{"content": "Feel free to visit my homepage."}"#;
    assert_eq!(judge(text, &policy).would_pass_without, [[RuleId::new("blocked_phrase")]]);
    let holding = policy_with(|settings| settings.first_comment = FirstComment::Hold);
    assert_eq!(judge(text, &holding).would_pass_without, [[RuleId::new("blocked_phrase")]]);
}

fn submissions() -> impl Strategy<Value = (String, String, String)> {
    let piece = prop_oneof![
        Just("Feel free to visit my homepage ".to_owned()),
        Just("<a href=\"http://shop.example/\">cheap shoes</a> ".to_owned()),
        Just("[url=http://b.example]b[/url] ".to_owned()),
        Just("https://bit.ly/abc ".to_owned()),
        Just("great post, keep up the good work ".to_owned()),
        Just("call 1-800-555-0199 ".to_owned()),
        Just("L U C K Y 7 7 \u{1D63F}\u{1D64A} ca\u{200B}sino с\u{430}sino ".to_owned()),
        "\\PC{0,30}",
        "[a-z<>&;\\[\\]()!#*`@.:/ \u{301}\u{200D}]{0,40}",
    ];
    let content = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    (content, "(cheap shoes online|Ana|\\PC{0,12})", "(http://a\\.example/b/c/d|\\PC{0,20})")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_verdict_adds_up_and_explains_itself((content, name, url) in submissions()) {
        let policy = screening();
        let text = serde_json::json!({"content": content, "author": {"name": name, "url": url}}).to_string();
        let (submission, history) = example(&text);
        let facts = Facts::new(&submission, &policy, Timestamp::from_millis(NOW));
        let verdict = screen(&facts, &history, &policy);
        prop_assert_eq!(verdict.score, verdict.groups.values().map(|sum| sum.counted).sum::<i32>());
        for (group, sum) in &verdict.groups {
            let raw: i32 = verdict.hits.iter().filter(|hit| hit.group == *group).map(|hit| hit.points).sum();
            prop_assert_eq!(*sum, GroupSum { raw, counted: raw.clamp(TRUST_CAP, CAP) });
        }
        check_evidence(&submission, &verdict)?;
        let all = rules(&facts, &history, &policy);
        prop_assert_eq!(verdict.action == Action::Approve || all.list.is_empty(), verdict.would_pass_without.is_empty());
        for set in &verdict.would_pass_without {
            let mut rest = all.clone();
            rest.list.retain(|hit| !set.contains(&hit.rule));
            let without = conclude(rest, Case { facts: &facts, history: &history }, &policy);
            prop_assert_eq!(without.action, Action::Approve);
        }
    }

    #[test]
    fn nothing_panics_and_the_same_comment_gets_the_same_verdict(content in "\\PC{0,200}|[\\x00-\\x7F]{0,200}") {
        let policy = policy();
        let text = serde_json::json!({"content": content}).to_string();
        let verdict = judge(&text, &policy);
        prop_assert!(verdict.decided_by != DecidedBy::Unavailable);
        prop_assert_eq!(judge(&text, &policy), verdict);
    }
}

/// Markup of every syntax, whole and broken.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[url",
        "[link",
        "[img",
        "=",
        "]",
        "[/url]",
        "[/img",
        "[/link]",
        "[",
        "http://a.co",
        "b.example/x",
        "<a href=",
        "\"",
        "'",
        "</a>",
        "<b>",
        "<!--",
        "-->",
        "<",
        ">",
        "<br/>",
        "&amp;",
        "&#97;",
        "&#xFDFA;",
        "](",
        ")",
        "![",
        "[1]: ",
        "\n",
        " ",
        "`",
        "*",
        "mailto:",
        "a@b.example",
        "t.me/x",
        "+1 202 555 0143",
        "telegram @abc123",
        "\u{200B}",
        "\u{301}",
        "аb",
        "𝘿𝙊",
        "ﷺ",
        "中文",
        "x",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn broken_markup_is_read_with_true_spans(content in markup(), name in markup(), url in markup()) {
        let policy = screening();
        let text = serde_json::json!({"content": content, "author": {"name": name, "url": url}}).to_string();
        let (submission, history) = example(&text);
        let facts = Facts::new(&submission, &policy, Timestamp::from_millis(NOW));
        let (_, _, report) = (facts.identity(), facts.hosts(), facts.report());
        let spans = report.links.iter().map(|link| link.span).chain(report.handles.iter().map(|handle| handle.span));
        for (start, end) in spans {
            prop_assert!(start < end && content.get(start..end).is_some(), "{start}..{end} in {content:?}");
        }
        let verdict = screen(&facts, &history, &policy);
        prop_assert!(facts.work() != Work::Failed && verdict.decided_by != DecidedBy::Unavailable, "{content:?}");
        check_evidence(&submission, &verdict)?;
    }
}

#[test]
fn an_unclosed_tag_takes_nothing_down() {
    for text in ["[url=x[/url]", "[img=[/img]", "[link=a[/link]", "see [url=http://a.co[/url]"] {
        let verdict = judge(&serde_json::json!({ "content": text }).to_string(), &policy());
        assert_ne!(verdict.decided_by, DecidedBy::Unavailable, "{text}");
    }
}

fn check_evidence(submission: &Submission, verdict: &Verdict) -> Result<(), TestCaseError> {
    for evidence in verdict.hits.iter().flat_map(|hit| &hit.evidence) {
        let field: &str = match evidence.field {
            crate::domain::Field::Content => &submission.content,
            crate::domain::Field::AuthorName => submission.author.name.as_deref().unwrap_or_default(),
            crate::domain::Field::AuthorUrl => submission.author.url.as_deref().unwrap_or_default(),
            crate::domain::Field::AuthorEmail | crate::domain::Field::Honeypot => continue,
        };
        let part = field.get(evidence.span.0..evidence.span.1);
        prop_assert!(part.is_some(), "{:?} in {:?}", evidence, field);
        prop_assert!(evidence.excerpt.chars().count() <= 80);
        let shown = evidence.excerpt.trim_end_matches('…');
        prop_assert!(part.is_some_and(|part| part.starts_with(shown)));
    }
    Ok(())
}
