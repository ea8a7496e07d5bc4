//! A configuration that changes while the service runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use moderato::clock::Stopwatch;
use serde_json::Value;

use super::serving::Serving;

/// The deployment's key.
const KEY: &str = "a-key-of-the-deployment-for-everything";

fn serve(folder: &Path) -> Serving {
    Serving::start_with(folder, &[("MODERATO__AUTH__OPERATOR_KEY", KEY)])
}

fn get(serving: &Serving, path: &str, key: &str) -> Value {
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n");
    let answer = serving.ask(&head);
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

/// The value of the policy and where it comes from.
fn policy(serving: &Serving, key: &str) -> (Value, Value) {
    let value = get(serving, "/v1/sites/demo/policy", KEY)["values"][key].take();
    (value["value"].clone(), value["origin"].clone())
}

/// How many reloads came out so.
fn reloads(serving: &Serving, outcome: &str) -> u64 {
    let answer = serving.ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let name = format!("moderato_config_reloads_total{{outcome=\"{outcome}\"}} ");
    answer.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.trim().parse().unwrap())
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !holds() {
        assert!(watch.elapsed() < Duration::from_secs(20), "not within 20 seconds: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn hang_up(serving: &Serving) {
    let sent = Command::new("kill").args(["-HUP", &serving.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_changed_file_is_in_force_within_seconds_and_a_bad_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moderato.toml");
    fs::write(&file, "[policy]\nhold_at = 41\n").unwrap();
    let serving = serve(folder.path());
    assert_eq!(policy(&serving, "hold_at"), (41.into(), "file".into()));
    fs::write(&file, "[policy]\nhold_at = 42\nfirst_comment = \"screen\"\n").unwrap();
    until("the new value", || policy(&serving, "hold_at") == (42.into(), "file".into()));
    assert_eq!(policy(&serving, "first_comment"), ("screen".into(), "file".into()));
    assert_eq!((reloads(&serving, "applied"), reloads(&serving, "refused")), (1, 0));

    // Half of it would be good: nothing of it holds.
    fs::write(&file, "[policy]\nhold_at = 43\nreject_at = \"high\"\n").unwrap();
    until("the refusal", || reloads(&serving, "refused") == 1);
    fs::write(&file, "[http]\nworkers = 7\n[policy]\nhold_at = 44\n").unwrap();
    until("the refusal of what needs a restart", || reloads(&serving, "refused") == 2);
    assert_eq!(policy(&serving, "hold_at"), (42.into(), "file".into()));
    let ended = serving.stop().ends(0);
    let refusal =
        "and refused, the old one stays: moderato.toml:3: policy.reject_at must be a whole number, not a text \"high\"";
    assert!(ended.err.contains(refusal), "{}", ended.err);
    assert!(
        ended.err.contains("moderato.toml:2: http.workers") && ended.err.contains("needs a restart"),
        "{}",
        ended.err
    );
}

#[test]
fn a_swapped_link_and_a_hangup_are_heeded() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, number) in [("v1", 41), ("v2", 42)] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("moderato.toml"), format!("policy.hold_at = {number}\n")).unwrap();
    }
    symlink("v1", at("..data")).unwrap();
    symlink("..data/moderato.toml", at("moderato.toml")).unwrap();
    let serving = serve(folder.path());
    symlink("v2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    until("the value of the other folder", || policy(&serving, "hold_at").0 == 42);
    hang_up(&serving);
    until("the second reload", || reloads(&serving, "applied") == 2);
    assert_eq!(policy(&serving, "hold_at").0, 42);
}

#[test]
fn an_operators_key_is_rotated_through_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let (old, new) = ("the-old-key-of-the-deployment-000001", "the-new-key-of-the-deployment-000002");
    fs::write(&secret, format!("{old}\n")).unwrap();
    let file = secret.to_str().unwrap();
    let serving = Serving::start_with(folder.path(), &[("MODERATO__AUTH__OPERATOR_KEY_FILE", file)]);
    let opens = |key: &str| get(&serving, "/v1/sites", key)["items"].is_array();
    assert!(opens(old) && !opens(new));
    fs::write(&secret, format!("{new}\n")).unwrap();
    until("the new key", || opens(new));
    assert!(!opens(old));
}
