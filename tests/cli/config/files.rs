//! What may stand in the place of a configuration file and of a secret's file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::super::{Ran, moderato, run};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn check(folder: &Path, file: &str) -> Ran {
    run(moderato(folder).args(["config", "check", "--config", file]))
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_file_of_any_kind_is_read_or_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("empty"), "").unwrap();
    fs::write(at("bom"), "\u{feff}[http]\nworkers = 1\n").unwrap();
    fs::write(at("crlf"), "[http]\r\nworkers = 1\r\n").unwrap();
    symlink("crlf", at("link")).unwrap();
    for file in ["empty", "bom", "crlf", "link", "/dev/null"] {
        assert_eq!(check(folder.path(), file).ends(0).out, format!("{file} is valid\n"));
    }
    fs::create_dir(at("directory")).unwrap();
    symlink("loop", at("loop")).unwrap();
    make_pipe(&at("pipe"));
    let cases = [
        ("directory", "is a directory; it must be a file"),
        ("loop", "cannot be read: Too many levels of symbolic links (os error 40)"),
        ("pipe", "is a pipe; it must be a file"),
        ("nowhere", "cannot be read: No such file or directory (os error 2)"),
        ("/dev/zero", "is larger than 1024 KiB"),
    ];
    for (file, expected) in cases {
        assert_eq!(check(folder.path(), file).ends(1).err, format!("moderato: {file}: {expected}\n"));
    }
}

#[test]
fn the_file_of_a_secret_is_read_or_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("lines"), format!("{KEY}\r\n\n")).unwrap();
    fs::write(at("empty"), "\n").unwrap();
    fs::write(at("bytes"), b"\xff").unwrap();
    fs::write(at("short"), "s3cret").unwrap();
    fs::write(at("long"), "x".repeat(64 * 1024 + 1)).unwrap();
    fs::create_dir(at("directory")).unwrap();
    make_pipe(&at("pipe"));
    let cases = [
        ("empty", ": empty is empty"),
        ("bytes", ": bytes is not UTF-8 text (line 1)"),
        ("long", ": long is larger than 64 KiB"),
        ("directory", ": directory is a directory; it must be a file"),
        ("pipe", ": pipe is a pipe; it must be a file"),
        ("nowhere", ": nowhere cannot be read: No such file or directory (os error 2)"),
    ];
    let variable = "MODERATO__AUTH__OPERATOR_KEY_FILE";
    for (secret, expected) in cases {
        fs::write(at("mine.toml"), format!("[auth]\noperator_key_file = \"{secret}\"")).unwrap();
        let said = check(folder.path(), "mine.toml").ends(1).err;
        assert_eq!(said, format!("moderato: mine.toml:2: auth.operator_key_file{expected}\n"));
        let ran = run(moderato(folder.path()).args(["config", "check"]).env(variable, secret)).ends(1);
        let place = format!("environment variable {variable}: auth.operator_key_file");
        assert_eq!(ran.err, format!("moderato: {place}{expected}\n"));
    }
    fs::write(at("mine.toml"), "auth.operator_key_file = \"short\"").unwrap();
    let said = check(folder.path(), "mine.toml").ends(1).err;
    assert!(said.starts_with("moderato: mine.toml:1: auth.operator_key, read from short, has 6"), "{said}");
    assert!(!said.contains("s3cret"));
    fs::write(at("mine.toml"), "auth.operator_key_file = \"lines\"").unwrap();
    check(folder.path(), "mine.toml").ends(0);
}

#[test]
fn a_secret_is_given_once_in_a_source_and_a_later_source_wins() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("key"), KEY).unwrap();
    fs::write(at("mine.toml"), "[auth]\noperator_key = \"\"\noperator_key_file = \"key\"").unwrap();
    assert_eq!(
        check(folder.path(), "mine.toml").ends(1).err,
        "moderato: mine.toml:3: auth.operator_key_file and auth.operator_key (mine.toml:2) are both given; leave one out\n"
    );
    let mut both = moderato(folder.path());
    both.env("MODERATO__AUTH__OPERATOR_KEY", KEY).env("MODERATO__AUTH__OPERATOR_KEY_FILE", "key");
    let said = run(both.args(["config", "check"])).ends(1).err;
    assert!(said.contains("(environment variable MODERATO__AUTH__OPERATOR_KEY) are both given"), "{said}");
    fs::write(at("mine.toml"), "auth.operator_key = \"too short\"").unwrap();
    let mut later = moderato(folder.path());
    later.env("MODERATO__AUTH__OPERATOR_KEY_FILE", "key").args(["config", "check", "--config", "mine.toml"]);
    run(&mut later).ends(0);
}
