//! The program over a store in Redis: a start without it, several processes on it, and every command.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use moderato::clock::Stopwatch;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::leaving::{House, block_on};
use super::serving::Serving;
use super::{Ran, moderato, run};

/// The deployment's key.
pub const OPERATOR: &str = "b1946ac92492d2347c6235b4d2611184";

/// A server of a test's own that keeps what it is given, and may go away and come back.
pub struct Redis {
    process: Option<Child>,
    port: u16,
    directory: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// One that is away, on a port that is free.
    pub fn away() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { process: None, port, directory: tempfile::tempdir().unwrap(), options: Vec::new() }
    }

    /// One that is there.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One that is there, with further options.
    pub fn start_with(options: &[&str]) -> Self {
        let mut redis = Self::away();
        redis.options = options.iter().map(|option| (*option).to_owned()).collect();
        redis.come();
        redis
    }

    /// Starts it with what it had, and waits until it answers.
    pub fn come(&mut self) {
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--dir", self.directory.path().to_str().unwrap()])
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        until("redis-server to listen", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Ends it at once.
    pub fn go(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What `redis-cli` answers.
    pub fn cli(&self, command: &[&str]) -> String {
        run(Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command)).ends(0).out
    }

    /// A command over this store, in a folder.
    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = moderato(folder);
        command.args(arguments).env("MODERATO__STORE__URL", self.url());
        command
    }

    /// Runs a command over this store.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        run(&mut self.command(folder, arguments))
    }

    /// A service over this store, in a folder.
    pub fn serve(&self, folder: &Path) -> Serving {
        let settings = [("MODERATO__STORE__URL", &*self.url()), ("MODERATO__AUTH__OPERATOR_KEY", OPERATOR)];
        Serving::start_with(folder, &settings)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.go();
    }
}

/// Waits until something is so, and says how long that took.
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Stopwatch::start();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

/// A request with the deployment's key, its answer's head and body.
fn call(serving: &Serving, method: &str, path: &str, body: &Value) -> (String, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = serving.ask(&format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {OPERATOR}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

/// Fails unless the answer has this status.
fn expect((head, body): (String, Value), status: u16) -> Value {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}\n{body}");
    body
}

fn is_ready(serving: &Serving) -> bool {
    call(serving, "GET", "/readyz", &Value::Null).0.starts_with("http/1.1 200 ")
}

fn comment(content: &str) -> Value {
    json!({ "post": { "id": "1" }, "author": { "name": "Ana" }, "content": content })
}

/// The store is away: the process lives, says why it is not ready, and refuses what needs the store, soon.
fn refuses(serving: &Serving) {
    expect(call(serving, "GET", "/livez", &Value::Null), 200);
    let not_ready = expect(call(serving, "GET", "/readyz", &Value::Null), 503);
    assert_eq!(not_ready["type"], "urn:moderato:problem:not_ready");
    assert!(not_ready["parts"][0]["advice"].as_str().unwrap().contains("reached"), "{not_ready}");
    let calls = [
        ("POST", "/v1/sites/demo/comments", comment("Hello.")),
        ("GET", "/v1/sites/demo/comments", Value::Null),
        ("POST", "/v1/sites/demo/comments/ext:1/approve", Value::Null),
        ("GET", "/v1/sites/demo/events", Value::Null),
        ("GET", "/v1/sites", Value::Null),
        ("DELETE", "/v1/sites/demo", Value::Null),
    ];
    for (method, path, body) in calls {
        let asked = Stopwatch::start();
        let (head, body) = call(serving, method, path, &body);
        assert!(head.starts_with("http/1.1 503 ") && head.contains("\r\nretry-after: "), "{method} {path}: {head}");
        assert_eq!(body["type"], "urn:moderato:problem:unavailable");
        assert!(asked.elapsed() < Duration::from_secs(6), "{method} {path}: {:?}", asked.elapsed());
    }
}

#[test]
fn a_service_starts_without_redis_serves_once_it_is_there_and_lives_through_its_absence() {
    let (mut redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
    let serving = redis.serve(folder.path());
    assert!(serving.line("data").contains("until it is there"), "{}", serving.lines);
    refuses(&serving);
    assert!(!folder.path().join("data").exists(), "nothing begins without the store");

    redis.come();
    let first =
        || call(&serving, "POST", "/v1/sites/demo/comments", &comment("Thank you.")).0.starts_with("http/1.1 201 ");
    let took = until("the first verdict", first);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(is_ready(&serving));
    let keys = std::fs::read_to_string(folder.path().join("data/first-keys.txt")).unwrap();
    let key = keys.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap().to_owned();
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201 "));

    redis.go();
    refuses(&serving);
    redis.come();
    let took = until("a verdict after the absence", first);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(serving.submit("demo", &key).starts_with("HTTP/1.1 201 "), "the keys are those of the first start");
    let ran = serving.stop().ends(0);
    assert!(!ran.err.contains("mod_") && !ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn callers_over_their_quota_are_told_so_while_the_store_is_away() {
    let (redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
    let quota = "{ count = 1, seconds = 3600, burst = 3 }";
    let url = redis.url();
    let settings =
        [("MODERATO__STORE__URL", &*url), ("MODERATO__AUTH__OPERATOR_KEY", OPERATOR), ("MODERATO__LIMITS__KEY", quota)];
    let serving = Serving::start_with(folder.path(), &settings);
    for _ in 0..3 {
        expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 503);
    }
    let refused = expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 429);
    assert_eq!(refused["limit"]["name"], "key");
}

#[test]
fn processes_that_begin_the_same_store_at_once_leave_the_keys_of_the_one_that_did() {
    // Of two folders, and twice of the same.
    for folders in [[0, 1], [0, 0]] {
        let (mut redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
        let place = |number: usize| folder.path().join(number.to_string());
        let services = folders.map(|number| {
            std::fs::create_dir_all(place(number)).unwrap();
            redis.serve(&place(number))
        });
        redis.come();
        for serving in &services {
            until("the service", || is_ready(serving));
        }
        let kept = |number: usize| std::fs::read_to_string(place(number).join("data/first-keys.txt")).ok();
        let files: Vec<String> = if folders[0] == folders[1] { vec![kept(0)] } else { vec![kept(0), kept(1)] }
            .into_iter()
            .flatten()
            .collect();
        let [file] = &files[..] else { panic!("{folders:?}: {files:?}") };
        let key = file.lines().find_map(|line| line.strip_prefix("site demo: ")).unwrap();
        for serving in &services {
            assert!(serving.submit("demo", key).starts_with("HTTP/1.1 201 "), "{folders:?}");
        }
        redis.go();
    }
}

#[test]
fn two_processes_on_one_store_see_what_the_other_did() {
    let redis = Redis::start();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, two] = [0, 1].map(|number| redis.serve(folders[number].path()));
    let kept = expect(call(&one, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 201);
    let path = format!("/v1/sites/demo/comments/{}", kept["id"].as_str().unwrap());
    assert_eq!(kept["status"], "held");
    assert_eq!(expect(call(&two, "GET", &path, &Value::Null), 200)["id"], kept["id"]);
    expect(call(&two, "POST", &format!("{path}/approve"), &Value::Null), 200);
    let seen = expect(call(&one, "GET", &path, &Value::Null), 200);
    assert_eq!((&seen["status"], &seen["version"]), (&json!("approved"), &json!(2)));
    let refused = expect(call(&one, "POST", &format!("{path}/reject"), &Value::Null), 409);
    assert_eq!(refused["type"], "urn:moderato:problem:decided_otherwise");

    // Both have judged by the old policy; the next comment at either is judged by the new one.
    expect(call(&two, "POST", "/v1/sites/demo/comments", &comment("Hello again.")), 201);
    let (head, _) = call(&two, "GET", "/v1/sites/demo/policy", &Value::Null);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    expect(call(&two, "PUT", "/v1/sites/demo/policy", &json!({ "first_comment": "screen" })), 200);
    let judged = expect(call(&one, "POST", "/v1/sites/demo/comments", &comment("And once more.")), 201);
    assert_eq!(judged["status"], "approved", "{judged}");
    let events = expect(call(&one, "GET", "/v1/sites/demo/events", &Value::Null), 200);
    assert_eq!(events["items"].as_array().unwrap().len(), 4, "{events}");
    for serving in [one, two] {
        serving.stop().ends(0);
    }
}

#[test]
fn every_command_works_on_a_store_in_redis() {
    let (redis, folder) = (Redis::start(), tempfile::tempdir().unwrap());
    let ask = |arguments: &[&str]| redis.run(folder.path(), arguments);
    let empty = ask(&["sites", "list"]).ends(1);
    assert!(empty.err.contains("there is no data in redis://127.0.0.1:"), "{empty:?}");
    assert!(ask(&["repair"]).ends(1).err.contains("there is no data in redis://"));
    let serving = redis.serve(folder.path());
    assert!(serving.line("data").ends_with("new, with the site demo"), "{}", serving.lines);
    let address = serving.address().to_owned();
    run(redis.command(folder.path(), &["healthcheck"]).env("MODERATO__HTTP__LISTEN", &address)).ends(0);
    ask(&["sites", "create", "blog", "--name", "My blog"]).ends(0);
    ask(&["sites", "rename", "blog", "Our blog"]).ends(0);
    let key = ask(&["keys", "create", "--site", "blog", "--scopes", "submit"]).ends(0).out.trim().to_owned();
    assert!(serving.submit("blog", &key).starts_with("HTTP/1.1 201 "));
    let keys = ask(&["keys", "list", "--format", "json"]).ends(0).json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 2, "{keys}");
    let listed = ask(&["sites", "list", "--format", "json"]).ends(0).json();
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["counts"]["open"]), (&json!("blog"), &json!(1)));
    let exported = ask(&["export", "--site", "blog", "--out", "blog.jsonl"]).ends(0);
    assert!(exported.err.contains("1 comment"), "{exported:?}");
    ask(&["sites", "create", "copy"]).ends(0);
    let imported = ask(&["import", "--site", "copy", "blog.jsonl"]).ends(0);
    assert!(imported.out.contains("1 comment"), "{imported:?}");
    let repaired = ask(&["repair"]).ends(0);
    assert!(
        repaired.out.contains("site copy: 1 comments") && repaired.out.contains("nothing to correct"),
        "{repaired:?}"
    );
    assert!(!repaired.out.contains("files"), "{repaired:?}");
    assert_eq!(ask(&["repair", "--format", "json"]).ends(0).json()["files"], Value::Null);
    ask(&["config", "check"]).ends(0);
    assert!(ask(&["config", "show"]).ends(0).out.contains("MODERATO__STORE__URL"));
    ask(&["sites", "delete", "copy", "--yes"]).ends(0);
    ask(&["keys", "delete", &key[4..16]]).ends(0);
    for command in [&["backup", "copy.db"][..], &["restore", "copy.db"]] {
        let refused = ask(command).ends(1);
        assert!(refused.err.contains("Redis") && refused.err.contains("moderato export"), "{refused:?}");
        assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    }
    assert!(!folder.path().join("copy.db").exists());
    serving.stop().ends(0);
    let again = redis.serve(folder.path());
    assert!(again.line("data").contains("found again: 2 sites, 1 comment"), "{}", again.lines);
    assert!(!folder.path().join("data/moderato.db").exists(), "nothing of it is in the data directory");
}

#[test]
fn the_doctor_finds_what_redis_lacks() {
    let redis = Redis::start();
    let folder = tempfile::tempdir().unwrap();
    let of =
        |url: &str| run(moderato(folder.path()).args(["doctor", "--format", "json"]).env("MODERATO__STORE__URL", url));
    let found = |ran: &Ran, id: &str| {
        let told = ran.json();
        told["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id).cloned().unwrap_or_default()
    };
    let level = |ran: &Ran, id: &str| found(ran, id)["level"].as_str().unwrap_or("none").to_owned();
    assert_eq!(level(&of(&redis.url()).ends(0), "store.empty"), "note");
    redis.serve(folder.path()).stop().ends(0);
    let sound = of(&redis.url()).ends(0);
    for id in ["store.server", "store.way", "store.opens", "durability.level"] {
        assert_eq!(level(&sound, id), "ok", "{id}: {sound:?}");
    }
    for id in ["store.empty", "disk.free", "durability.disk"] {
        assert_eq!(level(&sound, id), "none", "{id}: {sound:?}");
    }
    assert_eq!(level(&sound, "memory.limit"), "note");
    redis.cli(&["CONFIG", "SET", "maxmemory", "100mb"]);
    assert_eq!(level(&of(&redis.url()).ends(0), "memory.use"), "ok");

    for (set, reason, paste) in [
        (["maxmemory-policy", "allkeys-lru"], "(eviction)", "CONFIG SET maxmemory-policy noeviction\nCONFIG REWRITE"),
        (["appendfsync", "everysec"], "(not-durable)", "CONFIG SET appendfsync always\nCONFIG REWRITE"),
    ] {
        let before = redis.cli(&["CONFIG", "GET", set[0]]);
        redis.cli(&["CONFIG", "SET", set[0], set[1]]);
        let told = found(&of(&redis.url()).ends(1), "store.ready");
        assert!(told["found"].as_str().unwrap().contains(reason), "{told}");
        assert_eq!(told["change"], paste);
        redis.cli(&["CONFIG", "SET", set[0], before.lines().nth(1).unwrap()]);
    }
    let relaxed = run(redis
        .command(folder.path(), &["doctor", "--format", "json"])
        .env("MODERATO__STORE__DURABILITY", "relaxed"));
    assert_eq!(level(&relaxed.ends(0), "durability.relaxed"), "note");
    let away = of(&Redis::away().url()).ends(1);
    assert_eq!((level(&away, "store.opens"), level(&away, "store.server")), ("problem".to_owned(), "none".to_owned()));
}

#[test]
fn readiness_names_what_redis_lacks_in_one_word_with_the_lines_to_paste() {
    let (redis, folder) = (Redis::start_with(&["--maxmemory-policy", "allkeys-lru"]), tempfile::tempdir().unwrap());
    let serving = redis.serve(folder.path());
    let not_ready = expect(call(&serving, "GET", "/readyz", &Value::Null), 503);
    let part = &not_ready["parts"][0];
    assert_eq!((&part["part"], &part["reason"]), (&json!("store"), &json!("eviction")), "{not_ready}");
    assert!(part["advice"].as_str().unwrap().contains("CONFIG SET maxmemory-policy noeviction"), "{part}");
    expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 503);
    assert_eq!(redis.cli(&["DBSIZE"]).trim(), "0", "nothing begins in a store that is not as it must be");
    redis.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    until("the service", || is_ready(&serving));
    expect(call(&serving, "POST", "/v1/sites/demo/comments", &comment("Hello.")), 201);
}

#[test]
fn commands_say_that_redis_is_away_and_show_no_password() {
    let (redis, folder) = (Redis::away(), tempfile::tempdir().unwrap());
    let url = redis.url().replace("redis://", "redis://mo:geheim@");
    for arguments in [&["sites", "list"][..], &["keys", "list"], &["repair"], &["export", "--site", "demo"]] {
        let ran = run(moderato(folder.path()).args(arguments).env("MODERATO__STORE__URL", &url)).ends(1);
        assert!(ran.err.starts_with("moderato: the store is unavailable") && ran.err.lines().count() == 1, "{ran:?}");
        assert!(!ran.err.contains("geheim"), "{ran:?}");
    }
}

#[test]
fn a_site_moves_to_redis_and_back_the_same_to_the_byte() {
    let (redis, folder) = (Redis::start(), tempfile::tempdir().unwrap());
    let places = ["from", "over", "back"].map(|name| folder.path().join(name));
    block_on(async {
        House::new(&places[0]).await.fill().await;
        drop(House::at(&redis.url(), &places[1]).await);
        drop(House::new(&places[2]).await);
    });
    let export = |place: &Path, url: &str| {
        let mut command = moderato(place);
        run(command.args(["export", "--site", "demo"]).env("MODERATO__STORE__URL", url)).ends(0).out
    };
    let import = |place: &Path, url: &str, text: &str| {
        std::fs::write(place.join("export"), text).unwrap();
        let mut command = moderato(place);
        run(command.args(["import", "--site", "demo", "export"]).env("MODERATO__STORE__URL", url)).ends(0)
    };
    let first = export(&places[0], "sqlite:");
    import(&places[1], &redis.url(), &first);
    assert_eq!(export(&places[1], &redis.url()), first);
    let again = import(&places[1], &redis.url(), &first);
    assert!(again.out.starts_with("imported into demo: 0 comments and 0 tombstones\n"), "{again:?}");
    import(&places[2], "sqlite:", &export(&places[1], &redis.url()));
    assert_eq!(export(&places[2], "sqlite:"), first);
}
