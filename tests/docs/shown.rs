//! What the pages show is what there is: commands, submissions and metrics.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use super::{files_like, read};

/// The blocks of code of a page, each with its language, and its pieces of code within text with none.
fn code(text: &str) -> Vec<(String, String)> {
    let (mut found, mut block) = (Vec::new(), None::<(String, String)>);
    for event in Parser::new(text) {
        match (event, &mut block) {
            (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))), _) => {
                block = Some((language.into_string(), String::new()));
            }
            (Event::Text(text), Some((_, inside))) => inside.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => found.extend(block.take()),
            (Event::Code(text), None) => found.push((String::new(), text.into_string())),
            _ => {}
        }
    }
    found
}

fn moderato(arguments: &[&str], input: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moderato"));
    let child = command.args(arguments).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    // Help ends without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn every_command_that_is_shown_is_one_that_there_is() {
    let mut commands = BTreeSet::new();
    for page in files_like("docs/*.md").iter().chain(&["README.md".to_owned()]) {
        for (_, text) in code(&read(page)) {
            for (at, _) in text.match_indices("moderato ") {
                let before = text[..at].chars().next_back();
                let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
                let word = text[at + "moderato ".len()..].split_whitespace().next().unwrap_or_default();
                let word = word.split('`').next().unwrap_or_default();
                if before.is_none_or(|c| " /\n|".contains(c)) && is_word(&word) && word != "moderato" && word != "help"
                {
                    commands.insert((word.to_owned(), page.clone()));
                }
            }
        }
    }
    assert!(commands.len() > 5, "{commands:?}");
    for (command, page) in commands {
        assert!(moderato(&[&command, "--help"], "").status.success(), "{page} shows `moderato {command}`");
    }
}

#[test]
fn every_submission_that_is_shown_is_taken() {
    let shown = code(&read("docs/integrating.md"));
    let shown: Vec<&String> = shown.iter().filter(|(language, _)| language == "json").map(|(_, text)| text).collect();
    assert!(shown.len() > 3, "{shown:?}");
    for text in shown {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else { panic!("no object: {text}") };
        let mut submission = json!({"post": {"id": "1"}, "author": {}, "content": "Hello."});
        submission.as_object_mut().unwrap().extend(members);
        let ran = moderato(&["check", "--format", "json"], &submission.to_string());
        assert!(ran.status.success(), "{text}: {}", String::from_utf8_lossy(&ran.stderr));
        let verdict: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert!(verdict["action"].is_string(), "{verdict}");
    }
}

/// The names under which the sources register what they count, without prefix and unit.
fn registered() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files_like("src/*.rs") {
        let text = read(&file);
        for call in ["registry.register(", "registry.register_with_unit(", "ours.register("] {
            for (at, _) in text.match_indices(call) {
                let rest = text[at + call.len()..].trim_start();
                names.extend(rest.strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
    }
    names
}

#[test]
fn the_metrics_that_are_told_are_those_there_are() {
    let page = read("docs/operating.md");
    let told: BTreeSet<String> = code(&page)
        .into_iter()
        .filter(|(language, _)| language.is_empty())
        .filter_map(|(_, text)| {
            let name = text.split('{').next().unwrap_or_default();
            let name = name.strip_prefix("moderato_").or_else(|| name.starts_with("process_").then_some(name))?;
            let endings = ["_total", "_seconds", "_info"];
            Some(endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name).to_owned())
        })
        .collect();
    let mut there = registered();
    assert!(there.len() > 15, "{there:?}");
    // This one is asked of the system when somebody reads it.
    there.insert("process_resident_memory_bytes".to_owned());
    assert_eq!(told, there);
}
