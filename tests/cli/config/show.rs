//! `config check` finds every fault, `config show` every value and where it comes from.

use std::fs;

use serde_json::{Value, json};

use super::super::{Ran, moderato, run};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A folder with this `mine.toml`.
fn folder(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), file).unwrap();
    folder
}

/// Each key with its value, as `config show --format json` tells them.
fn values(ran: &Ran) -> Vec<(Value, Value)> {
    let answer = ran.json();
    answer["settings"].as_array().unwrap().iter().map(|item| (item["key"].clone(), item["value"].clone())).collect()
}

fn setting(ran: &Ran, key: &str) -> Value {
    ran.json()["settings"].as_array().unwrap().iter().find(|item| item["key"] == key).unwrap().clone()
}

const MANY_FAULTS: &str = "colour = 3
[http]
workers = \"x\"
lisen = 3
[policy]
hold_at = 200
domains = [\"no domain\"]
[policy.rules.link_count]
free = -3
mode = \"maybe\"
";

#[test]
fn check_finds_every_fault_at_once() {
    let folder = folder(MANY_FAULTS);
    let mut command = moderato(folder.path());
    command.args(["config", "check", "--config", "mine.toml"]).env("MODERATO__LOG__FORMAT", "xml");
    let ran = run(&mut command).ends(1);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("moderato: ")), "{ran:?}");
    let faults = [
        "mine.toml:1: there is no key colour",
        "mine.toml:3: http.workers must be a whole number, not a text \"x\"",
        "mine.toml:4: there is no key http.lisen",
        "mine.toml:6: policy.hold_at must be at most policy.reject_at",
        "mine.toml:7: policy.domains[0] \"no domain\" is not a domain",
        "mine.toml:9: policy.rules.link_count.free must be a whole number from 0 to 65535, not -3",
        "mine.toml:10: policy.rules.link_count.mode must be one of 'on', 'shadow', 'off', not 'maybe'",
        "environment variable MODERATO__LOG__FORMAT: log.format must be 'text' or 'json', not 'xml'",
    ];
    for fault in faults {
        assert_eq!(lines.iter().filter(|line| line.contains(fault)).count(), 1, "{fault}: {ran:?}");
    }
    assert_eq!(lines.len(), faults.len(), "{ran:?}");
    let told = run(command.args(["--format", "json"])).ends(1).json();
    assert_eq!((&told["valid"], &told["file"]), (&json!(false), &json!("mine.toml")));
    assert_eq!(told["faults"].as_array().unwrap().len(), faults.len());
    assert!(told["faults"].as_array().unwrap().iter().any(|fault| fault["key"] == "http.workers"));
}

#[test]
fn check_stops_at_many_faults_and_says_so() {
    let file: String = (0..60).map(|number| format!("k{number} = 1\n")).collect();
    let folder = folder(&file);
    let ran = run(moderato(folder.path()).args(["config", "check", "--config", "mine.toml"])).ends(1);
    assert_eq!(ran.err.lines().filter(|line| line.contains(": there is no key k")).count(), 50, "{ran:?}");
    assert!(ran.err.ends_with("moderato: these are the first 50; there may be more\n"), "{ran:?}");
}

#[test]
fn check_says_what_is_valid_and_makes_nothing() {
    let folder = folder("http.workers = 1");
    let ran = run(moderato(folder.path()).args(["config", "check", "--config", "mine.toml", "--data", "here"])).ends(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("mine.toml is valid\n", ""));
    let ran = run(moderato(folder.path()).args(["config", "check"])).ends(0);
    assert_eq!(ran.out, "the configuration without a file is valid\n");
    let ran = run(moderato(folder.path()).args(["config", "check", "--format", "json"])).ends(0);
    assert_eq!(ran.json(), json!({ "file": null, "valid": true, "faults": [] }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_show_prints_is_a_configuration_of_the_same_values() {
    let folder = folder(
        "[policy]\nhold_at = 40\nphrases = [\"x\\u202Ey\", 'Say \"hi\"', 'back\\slash', \"a\\tb\"]\nkinds.like = \"reject\"\n\
         kinds.1 = \"hold\"\n[policy.rules.link_count]\nfree = 2\n[http]\nlisten = \"[::1]:0\"\n",
    );
    let mut show = moderato(folder.path());
    show.args(["config", "show", "--config", "mine.toml"]).env("MODERATO__LOG__LEVEL", "warn");
    let text = run(&mut show).ends(0).out;
    let first = values(&run(show.args(["--format", "json", "--data", "there"])).ends(0));
    fs::write(folder.path().join("shown.toml"), &text).unwrap();
    run(moderato(folder.path()).args(["config", "check", "--config", "shown.toml"])).ends(0);
    let mut again = moderato(folder.path());
    again.args(["config", "show", "--config", "shown.toml", "--format", "json", "--data", "there"]);
    assert_eq!(values(&run(&mut again).ends(0)), first);
    assert!(!text.contains('\u{202e}') && text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn show_tells_where_each_value_comes_from() {
    let folder = folder("[http]\nworkers = 3\n[log]\nlevel = \"info\"");
    let mut command = moderato(folder.path());
    command.args(["config", "show", "--config", "mine.toml", "--data", "there"]).env("MODERATO__LOG__LEVEL", "warn");
    let text = run(&mut command).ends(0).out;
    // How far apart value and origin stand is up to the longest value of the table.
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "data_dir = \"there\" # --data",
        "workers = 3 # mine.toml:2",
        "level = \"warn\" # environment variable MODERATO__LOG__LEVEL",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line}: {text}");
    }
    let json = run(command.args(["--format", "json"])).ends(0);
    for (key, value, source, origin) in [
        ("data_dir", json!("there"), "flag", "--data"),
        ("http.workers", json!(3), "file", "mine.toml:2"),
        ("log.level", json!("warn"), "environment", "environment variable MODERATO__LOG__LEVEL"),
        ("log.format", json!("text"), "default", "default"),
    ] {
        let expected = json!({ "key": key, "value": value, "masked": false, "source": source, "origin": origin });
        assert_eq!(setting(&json, key), expected);
    }
}

#[test]
fn show_leaves_secrets_out() {
    let folder = folder("");
    let show = || {
        let mut command = moderato(folder.path());
        command.args(["config", "show"]);
        command
    };
    let text = run(&mut show()).ends(0).out;
    assert!(text.contains("# operator_key = (none)  # default\n"), "{text}");
    let text = run(show().env("MODERATO__AUTH__OPERATOR_KEY", KEY)).ends(0).out;
    assert!(text.contains("# operator_key = (given)  # environment variable MODERATO__AUTH__OPERATOR_KEY\n"), "{text}");
    assert!(!text.contains(KEY), "{text}");
    let json = run(show().env("MODERATO__AUTH__OPERATOR_KEY", KEY).args(["--format", "json"])).ends(0);
    assert_eq!(setting(&json, "auth.operator_key")["value"], "(given)");
    assert_eq!(setting(&json, "auth.operator_key")["masked"], true);
    assert!(!json.out.contains(KEY), "{json:?}");
    fs::write(folder.path().join("key"), KEY).unwrap();
    let text = run(show().env("MODERATO__AUTH__OPERATOR_KEY_FILE", "key")).ends(0).out;
    assert!(text.contains("operator_key_file = \"key\"  # environment variable"), "{text}");
    assert!(!text.contains(KEY), "{text}");
    fs::write(folder.path().join("mine.toml"), "auth.operator_key_file = \"key\"").unwrap();
    let mut over = show();
    over.args(["--config", "mine.toml"]).env("MODERATO__AUTH__OPERATOR_KEY", KEY);
    let text = run(&mut over).ends(0).out;
    assert!(text.contains("# operator_key = (given)  # environment variable") && !text.contains("key_file"), "{text}");
}
