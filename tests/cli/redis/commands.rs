//! Every command on a store in Redis, and a site that goes there and comes back.

use std::path::Path;

use serde_json::{Value, json};

use super::Redis;
use crate::leaving::{House, block_on};
use crate::{moderato, run};

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
