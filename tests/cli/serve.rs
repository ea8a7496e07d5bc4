//! `serve`, and the commands that work beside it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::serving::Serving;
use super::{moderato, run};

/// The key that the printed `curl` line reads from the file, read as the shell reads it.
fn key_of_curl_line(serving: &Serving, folder: &Path) -> String {
    let line = serving.line("try");
    let (_, after) = line.split_once("Bearer ").unwrap();
    let (key, _) = after.split_once("\" -H").unwrap();
    let shell = format!("echo \"{key}\"");
    run(Command::new("sh").args(["-c", &shell]).current_dir(folder)).ends(0).out.trim().to_owned()
}

#[test]
fn a_first_start_tells_all_one_needs_and_a_second_one_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let data = folder.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("first-keys.txt"))), (0o700, 0o600));
    assert!(!serving.lines.contains("mod_"), "{}", serving.lines);
    let key = key_of_curl_line(&serving, folder.path());
    let answer = serving.submit("demo", &key);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    serving.stop().ends(0);

    let serving = Serving::start(folder.path());
    assert!(serving.line("data").contains("found again: 1 site, 1 comment,"), "{}", serving.lines);
    assert_eq!(key_of_curl_line(&serving, folder.path()), key);
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201 "));
    let ran = serving.stop().ends(0);
    assert!(!ran.err.contains("mod_"), "{}", ran.err);
}

#[test]
fn the_first_lines_name_the_pages_where_they_are_reached() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let local = serving.line("listening").split_whitespace().last().unwrap().to_owned();
    let expected = format!("{local}/demo (a post to comment on), {local}/docs (how to call it), {local}/metrics");
    assert!(serving.line("pages").ends_with(&expected), "{}", serving.lines);
    assert!(!serving.lines.contains("reached"), "{}", serving.lines);
    serving.stop().ends(0);

    for enabled in ["false", "true"] {
        let public = "https://blog.example/moderato";
        let settings =
            [("MODERATO__HTTP__PUBLIC_URL", "https://blog.example/moderato/"), ("MODERATO__DEMO__ENABLED", enabled)];
        let serving = Serving::start_with(folder.path(), &settings);
        let local = serving.line("listening").split_whitespace().last().unwrap().to_owned();
        assert!(serving.line("reached").ends_with(public), "{}", serving.lines);
        let demo = if enabled == "true" { public } else { local.as_str() };
        let expected = format!("{demo}/demo (a post to comment on), {public}/docs (how to call it), {local}/metrics");
        assert!(serving.line("pages").ends_with(&expected), "{}", serving.lines);
        serving.stop().ends(0);
    }
}

#[test]
fn keys_of_a_first_start_that_failed_do_not_stand_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/first-keys.txt"), "site demo: old\n").unwrap();
    let serving = Serving::start(folder.path());
    let key = key_of_curl_line(&serving, folder.path());
    assert!(key.starts_with("mod_"), "{key}");
    assert_eq!(std::fs::read_to_string(folder.path().join("data/first-keys.old.txt")).unwrap(), "site demo: old\n");
}

#[test]
fn a_given_operator_key_opens_everything_and_is_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let key = "0123456789abcdef0123456789abcdef";
    let serving = Serving::start_with(folder.path(), &[("MODERATO__AUTH__OPERATOR_KEY", key)]);
    assert!(serving.submit("demo", key).starts_with("HTTP/1.1 201 "));
    let kept = std::fs::read_to_string(folder.path().join("data/first-keys.txt")).unwrap();
    assert!(kept.contains("site demo: mod_") && !kept.contains("operator:"), "{kept}");
}

#[test]
fn what_prevents_a_start_is_told_in_one_line_and_leaves_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let cases = [
        (vec!["serve"], address.as_str(), address.as_str()),
        (vec!["serve", "--data", "file/data"], "127.0.0.1:0", "file/data"),
        (vec!["serve", "--data", "file"], "127.0.0.1:0", "file"),
    ];
    for (arguments, listen, said) in cases {
        let ran = run(moderato(folder.path()).args(arguments).env("MODERATO__HTTP__LISTEN", listen)).ends(1);
        assert!(ran.err.starts_with("moderato: ") && ran.err.contains(said), "{ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""), "{ran:?}");
    }
    assert!(!folder.path().join("data").exists());
    drop(taken);
    Serving::start(folder.path()).stop().ends(0);
}

#[test]
fn data_is_served_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let second = run(moderato(folder.path()).arg("serve").env("MODERATO__HTTP__LISTEN", "127.0.0.1:0")).ends(1);
    assert!(second.err.starts_with("moderato: ") && second.err.lines().count() == 1, "{second:?}");
    assert!(second.err.contains("data"), "{second:?}");
    serving.stop().ends(0);
    Serving::start(folder.path()).stop().ends(0);
}

#[test]
fn sites_and_keys_are_managed_beside_a_running_service() {
    let folder = tempfile::tempdir().unwrap();
    let beside = |arguments: &[&str]| run(moderato(folder.path()).args(arguments));
    assert!(beside(&["sites", "list"]).ends(1).err.contains("there is no data in data"));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    beside(&["sites", "list", "--data", "empty"]).ends(1);
    assert!(std::fs::read_dir(folder.path().join("empty")).unwrap().next().is_none());
    let serving = Serving::start(folder.path());
    assert!(serving.ask("GET /openapi.yaml HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 200 "));
    let url = format!("http://{}", serving.address());
    assert_eq!(
        serving.line("pages"),
        format!("{url}/demo (a post to comment on), {url}/docs (how to call it), {url}/metrics")
    );
    let listed = beside(&["sites", "list", "--format", "json"]).ends(0).json();
    assert_eq!(listed["items"][0]["counts"]["open"], 0);
    beside(&["sites", "create", "blog", "--name", "My blog"]).ends(0);
    beside(&["sites", "create", "blog"]).ends(1);
    let renamed = beside(&["sites", "rename", "blog", "Our blog", "--format", "json"]).ends(0).json();
    assert_eq!((&renamed["id"], &renamed["name"]), (&"blog".into(), &"Our blog".into()));

    let made = beside(&["keys", "create", "--site", "blog", "--scopes", "submit,read", "--name", "mine"]).ends(0);
    let key = made.out.trim();
    assert!(key.starts_with("mod_") && made.out.lines().count() == 1 && !made.err.contains(key), "{made:?}");
    assert!(serving.submit("blog", key).starts_with("HTTP/1.1 201 "));
    assert!(!serving.submit("demo", key).starts_with("HTTP/1.1 201 "));
    assert!(beside(&["keys", "create", "--site", "none"]).ends(1).err.contains("none"));

    let keys = beside(&["keys", "list", "--site", "blog", "--format", "json"]).ends(0).json();
    assert_eq!(keys["items"][0]["name"], "mine");
    assert_eq!(keys["items"][0]["scopes"], serde_json::json!(["submit", "read"]));
    let id = keys["items"][0]["id"].as_str().unwrap();
    assert!(beside(&["keys", "list"]).ends(0).out.contains(id));
    beside(&["keys", "delete", id]).ends(0);
    beside(&["keys", "delete", id]).ends(1);
    let operator = beside(&["keys", "create", "--operator", "--format", "json"]).ends(0).json();
    assert!(serving.submit("blog", operator["key"].as_str().unwrap()).starts_with("HTTP/1.1 201 "));

    assert!(beside(&["sites", "list"]).ends(0).out.contains("Our blog"));
    beside(&["sites", "delete", "blog"]).ends(0);
    beside(&["sites", "delete", "blog"]).ends(1);
    assert!(beside(&["sites", "delete", "demo"]).ends(1).err.contains("last site"));
    serving.stop().ends(0);
}

#[test]
fn the_health_is_what_the_service_says() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let url = format!("http://{}", serving.address());
    let check = |url: &str| run(moderato(folder.path()).args(["healthcheck", "--url", url]));
    check(&url).ends(0);
    check(&format!("{url}/nothing/here")).ends(1);
    let listen = serving.address().to_owned();
    run(moderato(folder.path()).arg("healthcheck").env("MODERATO__HTTP__LISTEN", &listen)).ends(0);
    serving.stop().ends(0);
    let gone = check(&url).ends(1);
    assert!(gone.err.contains(&listen) && gone.err.lines().count() == 1, "{gone:?}");
    check("ftp://x").ends(2);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ran = check(&format!("http://{}", silent.local_addr().unwrap())).ends(1);
    assert!(ran.err.contains("within 2 seconds"), "{ran:?}");
}

#[test]
fn as_shipped_a_monitor_on_this_machine_reads_the_metrics_and_nobody_behind_a_proxy_does() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    serving.submit("demo", &key_of_curl_line(&serving, folder.path()));
    let answer = serving.ask("GET /metrics HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.ends_with("\n# EOF\n"), "{answer}");
    for line in ["moderato_submissions_total{action=\"hold\",decided_by=\"first_comment\"} 1\n", "moderato_sites 1\n"] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    let answer = serving.ask("GET /metrics HTTP/1.0\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 401 "), "{answer}");
}

#[test]
fn with_few_open_files_it_serves_fewer_connections_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_moderato");
    let serving = Serving::of(
        std::process::Command::new("sh")
            .current_dir(folder.path())
            .env_clear()
            .args(["-c", &format!("ulimit -n 64; MODERATO__HTTP__LISTEN=127.0.0.1:0 exec {program} serve")]),
    );
    for _ in 0..100 {
        let answer = serving.ask("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let ended = serving.stop().ends(0);
    let said = "leaves room for 16 of http.max_connections = 10000: raise it to 10048";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn a_body_that_drips_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), &[("MODERATO__HTTP__SHUTDOWN_SECONDS", "1")]);
    let key = key_of_curl_line(&serving, folder.path());
    let mut slow = TcpStream::connect(serving.address()).unwrap();
    let head = "POST /v1/sites/demo/comments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n";
    slow.write_all(format!("{head}Authorization: Bearer {key}\r\n\r\n{{").as_bytes()).unwrap();
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201"));
    let watch = moderato::clock::Stopwatch::start();
    serving.stop().ends(0);
    assert!(watch.elapsed().as_secs() < 8, "{:?}", watch.elapsed());
    let again = Serving::start(folder.path());
    assert!(again.line("data").ends_with("found again: 1 site, 1 comment, 1 waiting for a moderator"));
}
