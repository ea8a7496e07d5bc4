//! What a replay promises: the outcome of screening the comment again under the other policy, by whichever way.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    CommentId, DecidedBy, Features, Fingerprint, Group, History, Review, RuleId, Status, Submission, Timestamp, Verdict,
};
use crate::screening::rules::testing::{NOW, default_settings, example, with_lists_of};
use crate::screening::{BaseModel, FirstComment, KindAction, Learnt, Mode, Settings, screen, screen_learnt};

/// A comment as it is kept.
fn kept(submission: Submission, history: History, verdict: Verdict) -> Comment {
    let now = Timestamp::from_millis(NOW);
    Comment {
        id: CommentId::new(now, [1; 10]),
        version: 1,
        status: Status::Approved,
        review: Review::Done,
        submission,
        fingerprint: Fingerprint::from(String::new()),
        author_id: None,
        mail_id: None,
        address_is_cut: false,
        hosts: Vec::new(),
        received_at: now,
        written_at: now,
        changed_at: now,
        verdict,
        history,
        decisions: Vec::new(),
        earlier_decisions: 0,
        linked_at: None,
        withdrawn_at: None,
        edited: None,
        expired: None,
        features: Features::default(),
        counted: Vec::new(),
    }
}

/// The defaults, changed, with first comments screened.
fn policy(change: impl FnOnce(&mut Settings)) -> Arc<Policy> {
    let mut settings = default_settings();
    settings.first_comment = FirstComment::Screen;
    change(&mut settings);
    Arc::new(Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}")))
}

fn judged(text: &str, policy: &Policy) -> Comment {
    let (submission, history) = example(text);
    let policy = with_lists_of(text, policy);
    let verdict = screen(&Facts::new(&submission, &policy, Timestamp::from_millis(NOW)), &history, &policy);
    // What a store gives back is what was written.
    let written = serde_json::to_string(&kept(submission, history, verdict)).unwrap();
    serde_json::from_str(&written).unwrap()
}

const PRAISE: &str = r#"{"content": "Great post, thanks for sharing! Feel free to visit my homepage.",
    "author": {"name": "cheap shoes online", "url": "http://shop.example/a/b"}}"#;

fn rule<'s>(settings: &'s mut Settings, id: &str) -> &'s mut crate::screening::RuleSettings {
    settings.rules.get_mut(id).unwrap()
}

#[test]
fn thresholds_modes_and_points_need_nothing_but_the_numbers() {
    let then = policy(|_| {});
    let comment = judged(PRAISE, &then);
    assert_eq!(comment.verdict.action, Action::Reject);
    let mild = policy(|settings| {
        settings.hold_at = 90;
        settings.reject_at = 120;
        settings.blatant_at = 200;
        rule(settings, "blocked_phrase").points = 10;
        rule(settings, "author_name_keywords").mode = Mode::Off;
        rule(settings, "generic_praise").mode = Mode::Shadow;
    });
    let replayed = Replay::new(mild, &[&then]).judge(&comment).unwrap();
    assert_eq!((replayed.way, replayed.action), (Way::Numbers, Action::Approve));
    assert!(replayed.score < comment.verdict.score);
}

#[test]
fn a_rule_that_did_not_run_is_run_and_no_other() {
    let then = policy(|settings| {
        rule(settings, "generic_praise").mode = Mode::Off;
        rule(settings, "blocked_phrase").points = 7;
    });
    let mut comment = judged(PRAISE, &then);
    let on = policy(|settings| rule(settings, "generic_praise").mode = Mode::On);
    // What it said of the phrase stands, whatever the text says now.
    comment.submission.content = "Great post, thanks for sharing!".to_owned().try_into().unwrap();
    let replayed = Replay::new(on.clone(), &[&then]).judge(&comment).unwrap();
    let rules: Vec<&str> = replayed.weights.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(replayed.way, Way::Screened);
    assert!(rules.contains(&"generic_praise") && rules.contains(&"blocked_phrase"), "{rules:?}");
    // A verdict of which nobody knows what ran is judged by the text alone.
    comment.verdict.rules_version = None;
    let replayed = Replay::new(on, &[&then]).judge(&comment).unwrap();
    assert!(replayed.weights.iter().all(|(rule, _)| *rule != "blocked_phrase"));
}

#[test]
fn lists_count_as_they_were_where_somebody_looked() {
    let text = r#"{"content": "Cheap pills and more", "author": {"email": "x@bad.example"},
        "lists": {"phrases": [{"value": "cheap pills", "action": {"points": 30}}],
                  "mails": [{"value": "x@bad.example", "action": "reject"}]}}"#;
    let then = policy(|_| {});
    let comment = judged(text, &then);
    assert_eq!((comment.verdict.action, comment.verdict.score > 0), (Action::Reject, true));
    // Other phrases: that rule looks again, and its list is empty by now.
    let draft = policy(|settings| settings.phrases.push("and more".to_owned()));
    let replayed = Replay::new(draft, &[&then]).judge(&comment).unwrap();
    let phrases = of(&replayed, "blocked_phrase").unwrap();
    let points = default_settings().rules["blocked_phrase"].points;
    assert_eq!((replayed.decided_by, phrases.points), (DecidedBy::List, points + 30));
    // Nobody looked: the lists of now are what there is.
    let off = policy(|settings| rule(settings, "author_mail_blocked").mode = Mode::Off);
    let comment = judged(text, &off);
    assert_eq!(comment.verdict.action, Action::Approve);
    let without = Replay::new(then.clone(), &[&off]).judge(&comment).unwrap();
    assert_eq!((without.action, without.way), (Action::Approve, Way::Screened));
    let with = Arc::new(with_lists_of(text, &then));
    let with = Replay::new(with, &[&off]).judge(&comment).unwrap();
    assert_eq!((with.action, with.decided_by), (Action::Reject, DecidedBy::List));
}

#[test]
fn an_address_that_is_cut_is_missed_where_a_list_of_addresses_is_turned_on() {
    let text = r#"{"content": "Hello there", "client": {"ip": "203.0.113.7"},
        "lists": {"addresses": [{"value": "203.0.113.7", "action": "reject"}]}}"#;
    let (off, on) = (policy(|settings| rule(settings, "ip_blocked").mode = Mode::Off), policy(|_| {}));
    let on = Arc::new(with_lists_of(text, &on));
    let comment = judged(text, &off).with_cut_address();
    assert_eq!(Replay::new(on.clone(), &[&off]).judge(&comment).err(), Some(Lost::Address));
    // Where the rule had looked, its word stands.
    let comment = judged(text, &on).with_cut_address();
    let replayed = Replay::new(on.clone(), &[&on]).judge(&comment).unwrap();
    assert_eq!((replayed.action, replayed.way), (Action::Reject, Way::Numbers));
}

#[test]
fn what_no_rule_said_stays_said() {
    let then = policy(|_| {});
    let mut comment = judged(r#"{"content": "Hello there"}"#, &then);
    let mut opinion = judged(PRAISE, &then).verdict.hits.remove(0);
    opinion.rule = RuleId::from("an_opinion".to_owned());
    (opinion.group, opinion.mode, opinion.points) = (Group::Learned, HitMode::On, 55);
    comment.verdict.hits.push(opinion);
    let replayed = Replay::new(then.clone(), &[&then]).judge(&comment).unwrap();
    assert_eq!((replayed.score, replayed.action), (55, Action::Hold));
}

#[test]
fn causes_are_what_alone_makes_the_difference() {
    let then = policy(|_| {});
    let comment = judged(r#"{"content": "Feel free to visit my homepage, please."}"#, &then);
    let points = default_settings().rules["blocked_phrase"].points;
    let draft = policy(|settings| {
        rule(settings, "blocked_phrase").points = 5;
        rule(settings, "all_caps").points = 1;
        settings.hold_at -= 1;
    });
    let now = Replay::new(then.clone(), &[&then]).judge(&comment).unwrap();
    let drafted = Replay::new(draft, &[&then]).judge(&comment).unwrap();
    assert_eq!((now.action, drafted.action), (Action::Hold, Action::Approve));
    assert_eq!(drafted.causes(&now), [Cause { name: "blocked_phrase", points: Some((points, 5)) }]);
    assert_eq!(now.causes(&now), []);
    let raised = policy(|settings| settings.hold_at = 61);
    let raised = Replay::new(raised, &[&then]).judge(&comment).unwrap();
    assert_eq!(raised.causes(&now), [Cause { name: "hold_at", points: None }]);
}

fn of(replayed: &Replayed<'_>, id: &str) -> Option<Weight> {
    replayed.weights.iter().find(|(rule, _)| *rule == id).map(|(_, weight)| *weight)
}

/// Everything that a draft can change of what becomes of a comment.
fn drafts() -> impl Strategy<Value = Settings> {
    let rules: Vec<String> = default_settings().rules.into_keys().collect();
    let mode = prop::sample::select(vec![Mode::On, Mode::On, Mode::Shadow, Mode::Off]);
    let change = (prop::sample::select(rules), mode, -60..120i32, 0..4i64);
    let thresholds = (1..120i32, 0..60i32, 0..60i32);
    let choice = (any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (prop::collection::vec(change, 0..25), thresholds, choice).prop_map(|(changes, (hold, more, most), choice)| {
        let mut settings = default_settings();
        let (holds_first, premoderates, other_phrases, other_domains) = choice;
        (settings.hold_at, settings.reject_at, settings.blatant_at) = (hold, hold + more, hold + more + most);
        settings.first_comment = if holds_first { FirstComment::Hold } else { FirstComment::Screen };
        settings.premoderate_all = premoderates;
        if other_phrases {
            settings.phrases = vec!["visit my homepage".to_owned(), "many casinos".to_owned()];
            settings.kinds.insert("pingback".to_owned().try_into().unwrap(), KindAction::Hold);
        }
        if other_domains {
            settings.domains = vec!["shop.example".to_owned(), "a.example".to_owned()];
        }
        for (id, mode, points, more) in changes {
            let table = settings.rules.get_mut(&id).unwrap();
            (table.mode, table.points) = (mode, points);
            for option in table.options.iter_mut().map(|(_, value)| value) {
                if let toml::Value::Integer(number) = option {
                    *number += more;
                }
            }
            // Not every number is one that an option may have.
            if Policy::compile(&settings).is_err() {
                let shipped = default_settings().rules.remove(&id).unwrap();
                settings.rules.insert(id, shipped);
            }
        }
        settings
    })
}

/// A comment as a service judges it that has nothing but the shipped model.
fn judged_with_opinion(text: &str, policy: &Policy, base: &BaseModel) -> Comment {
    let mut comment = judged(text, policy);
    let facts = Facts::new(&comment.submission, policy, comment.received_at);
    comment.verdict = screen_learnt(&facts, &comment.history, policy, Learnt { base, site: None }).verdict;
    comment
}

#[test]
fn an_opinion_counts_by_the_points_that_the_policy_lets_it_give() {
    let base = BaseModel::shipped();
    let then = policy(|settings| rule(settings, "learned_spam").points = 60);
    let fewer = policy(|settings| rule(settings, "learned_spam").points = 20);
    let comment = judged_with_opinion(PRAISE, &then, &base);
    let said =
        |policy: &Arc<Policy>| of(&Replay::new(policy.clone(), &[&then]).judge(&comment).unwrap(), "learned_spam");
    let points = |policy: &Policy| {
        let hits = judged_with_opinion(PRAISE, policy, &base).verdict.hits;
        hits.iter().find(|hit| hit.rule.as_str() == "learned_spam").unwrap().points
    };
    assert!(points(&then) > points(&fewer) && points(&fewer) > 0);
    assert_eq!(said(&then).map(|weight| weight.points), Some(points(&then)));
    assert_eq!(said(&fewer).map(|weight| weight.points), Some(points(&fewer)));
    let off = policy(|settings| rule(settings, "learned_spam").mode = Mode::Off);
    assert_eq!(said(&off), None);
    assert_eq!(
        (then.differs_beyond_verdicts(&off), off.differs_beyond_verdicts(&then)),
        (vec!["rules.learned_spam"], vec![])
    );
}

/// The rules' own examples: they come with histories and lists.
fn examples() -> impl Strategy<Value = &'static str> {
    let of = |rule: &&'static rules::Rule| rule.fires.iter().chain(rule.passes).copied().collect::<Vec<_>>();
    let looks_up = |rule: &&&rules::Rule| rules::OF_LISTS.contains(&rule.id) || rule.id == rules::OF_PHRASES;
    let all: Vec<_> = rules::ALL.iter().flat_map(of).collect();
    let looking_up: Vec<_> = rules::ALL.iter().filter(looks_up).flat_map(of).collect();
    prop_oneof![2 => prop::sample::select(all), 1 => prop::sample::select(looking_up)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_opinion_comes_to_the_same_action_as_long_as_the_rules_find_the_same(
        then in drafts(),
        draft in drafts(),
        points in 1..200i32,
        texts in prop::collection::vec(examples(), 12),
    ) {
        let base = BaseModel::shipped();
        let mut draft = Settings { phrases: then.phrases.clone(), domains: then.domains.clone(), ..draft };
        for (id, table) in &mut draft.rules {
            let before = &then.rules[id];
            table.options = before.options.clone();
            // What runs is what ran.
            table.mode = if before.mode == Mode::Off || table.mode == Mode::Off { before.mode } else { table.mode };
        }
        rule(&mut draft, "learned_spam").points = points;
        let (then, draft) = (Policy::compile(&then).unwrap(), Arc::new(Policy::compile(&draft).unwrap()));
        for text in texts.iter().filter(|text| !text.contains("\"lists\"")) {
            let comment = judged_with_opinion(text, &then, &base);
            let replayed = Replay::new(draft.clone(), &[&then]).judge(&comment).unwrap();
            let verdict = judged_with_opinion(text, &draft, &base).verdict;
            prop_assert_eq!(replayed.way, Way::Numbers);
            prop_assert_eq!((replayed.action, replayed.decided_by), (verdict.action, verdict.decided_by), "{}", text);
        }
    }

    #[test]
    fn a_replay_comes_to_what_screening_again_comes_to(
        then in drafts(),
        draft in drafts(),
        texts in prop::collection::vec(examples(), 12),
        judges_are_known in any::<bool>(),
    ) {
        // Half of the drafts leave alone what rules look for.
        let near = Settings { rules: then.rules.clone(), phrases: then.phrases.clone(), domains: then.domains.clone(), ..draft.clone() };
        for draft in [draft, near] {
            let (then, draft) = (Policy::compile(&then).unwrap(), Policy::compile(&draft).unwrap());
            // Whether a list was looked into by rules that nobody knows is not known either.
            let looked = |id: &&str| then.rules().iter().any(|active| active.rule.id == *id);
            let looked = judges_are_known || rules::OF_LISTS.iter().chain([&rules::OF_PHRASES]).all(looked);
            for text in texts.iter().filter(|text| looked || !text.contains("\"lists\"")) {
                let comment = judged(text, &then);
                let draft = Arc::new(with_lists_of(text, &draft));
                let judges: &[&Policy] = if judges_are_known { &[&then, &draft] } else { &[&draft] };
                let replayed = Replay::new(draft.clone(), judges).judge(&comment).unwrap();
                let facts = Facts::new(&comment.submission, &draft, comment.received_at);
                let screened = screen(&facts, &comment.history, &draft);
                let outcome = (replayed.action, replayed.score, replayed.decided_by);
                prop_assert_eq!(outcome, (screened.action, screened.score, screened.decided_by), "{}", text);
                let same_rules = comment.verdict.rules_version.as_deref() == Some(draft.rules_version());
                prop_assert!(!same_rules || replayed.way == Way::Numbers);
                let now = Replay::new(Arc::new(then.clone()), &[&then]).judge(&comment).unwrap();
                prop_assert_eq!(now.way, Way::Numbers);
                prop_assert_eq!((now.action, now.score), (comment.verdict.action, comment.verdict.score));
                prop_assert_eq!(replayed.causes(&now).is_empty(), replayed.action == now.action);
            }
        }
    }
}
