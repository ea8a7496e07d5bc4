//! What a policy tells of its faults, its rules and itself.

use super::*;
use crate::screening::rules::testing::default_settings;

fn faults(settings: &Settings) -> Vec<String> {
    let faults = Policy::compile(settings).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_is_told_with_its_key() {
    let mut settings = default_settings();
    settings.hold_at = 0;
    settings.blatant_at = 1;
    settings.domains = vec!["nonsense".to_owned()];
    settings.phrases = vec!["fine".to_owned(), String::new(), "\u{200B}".to_owned()];
    settings.kinds = toml::from_str("'Bad Kind' = 'reject'").unwrap();
    let table = settings.rules.remove("link_count").unwrap();
    settings.rules.insert("link_cuont".to_owned(), table);
    settings.rules.get_mut("too_fast").unwrap().options.insert("colour".to_owned(), true.into());
    settings.rules.get_mut("all_caps").unwrap().points = 1_000_000;
    let found = faults(&settings);
    for key in [
        "hold_at",
        "blatant_at",
        "rules.link_cuont",
        "rules.link_count",
        "rules.too_fast.colour",
        "rules.all_caps.points",
        "domains[0]",
        "phrases[1]",
        "phrases[2]",
        "kinds.Bad Kind",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(&format!("{key} "))), "{key} in {found:?}");
    }
}

#[test]
fn every_rule_is_documented_as_configured() {
    let mut settings = default_settings();
    settings.rules.get_mut("too_fast").unwrap().mode = Mode::Off;
    let policy = Policy::compile(&settings).unwrap_or_else(|faults| panic!("{faults:?}"));
    let docs = policy.docs();
    assert_eq!(docs.len(), rules::ALL.len() + 1);
    let doc = docs.iter().find(|doc| doc.id.as_str() == "too_fast").unwrap();
    assert_eq!((doc.mode, doc.options["seconds"].as_str()), ("off", "3"));
    assert!(docs.iter().all(|doc| !doc.summary.is_empty() && !doc.why.is_empty()));
}

#[test]
fn the_version_tells_policies_apart() {
    let settings = default_settings();
    let mut other = settings.clone();
    other.hold_at += 1;
    let version = |settings: &Settings| Policy::compile(settings).ok().map(|policy| policy.version().to_owned());
    assert_eq!(version(&settings), version(&settings));
    assert_ne!(version(&settings), version(&other));
}
