//! What the doctor finds in Redis.

use super::Redis;
use crate::{Ran, moderato, run};

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
