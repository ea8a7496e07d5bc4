//! `export`, and back again by `import`: what leaves comes back the same to the byte.

use std::os::unix::fs::PermissionsExt;

use moderato::domain::{CommentId, CommentRef, DecisionAction, ListQuery, Reason};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;
use serde_json::json;

use super::leaving::{DAY, House, block_on, demo, export, fresh, import, is_sound};
use super::{moderato, run};

/// Every field of the format, as it was first written.
const GOLDEN: &str = include_str!("exports/format-1.jsonl");

/// An export of a site with a comment in every state.
fn of_everything() -> String {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let house = House::new(folder.path()).await;
        house.fill().await;
    });
    export(folder.path())
}

#[test]
fn a_site_with_every_state_comes_back_the_same_to_the_byte() {
    let first = of_everything();
    for state in [
        "\"status\":\"held\"",
        "\"status\":\"approved\"",
        "\"status\":\"rejected\"",
        "\"earlier_decisions\":",
        "\"withdrawn_at\":",
        "\"linked_at\":",
        "\"expired\":",
        "\"edited\":{\"times\":1,",
        "\"undid\":true",
        "\"address_is_cut\":true",
        "\"over_limit\":",
        "\"others\":3",
        "{\"tombstone\":",
        "{\"entry\":",
        "\"entries\":5",
        "\"policy\":{\"first_comment\"",
    ] {
        assert!(first.contains(state), "there is no {state} in\n{first}");
    }
    let target = fresh();
    let ran = import(target.path(), &first).ends(0);
    assert!(ran.out.contains("put the policy of the export in force"), "{ran:?}");
    assert_eq!(ran.err, "");
    assert_eq!(export(target.path()), first);
    let again = import(target.path(), &first).ends(0);
    assert!(again.out.starts_with("imported into demo: 0 comments and 0 tombstones\n"), "{again:?}");
    assert_eq!(export(target.path()), first);
    is_sound(target.path());
    let database = Connection::open(target.path().join("data/moderato.db")).unwrap();
    let events: i64 = database.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 0, "nobody is told");
}

#[test]
fn nothing_in_an_export_hangs_on_the_stores_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (hashes, members) = block_on(async {
        let house = House::new(folder.path()).await;
        house.fill().await;
        let query = ListQuery { limit: 1_000, ..ListQuery::default() };
        let comments = house.store.list(&demo(), &query).await.unwrap().items;
        let ids = comments.iter().flat_map(|comment| [comment.author_id, comment.mail_id]).flatten();
        let keys = comments.iter().flat_map(|comment| &comment.counted).map(|counted| counted.key.hash);
        let hashes: Vec<String> =
            ids.map(|id| *id.as_bytes()).chain(keys).map(|hash| data_encoding::HEXLOWER.encode(&hash)).collect();
        let members = comments.iter().map(|comment| comment.history.members);
        let members: Vec<u32> = members.flat_map(|members| [members.author, members.author_and_post]).collect();
        (hashes, members)
    });
    let export = export(folder.path());
    assert!(hashes.len() > 20 && members.len() > 10);
    assert!(hashes.iter().all(|hash| !export.contains(hash.as_str())));
    assert!(members.iter().all(|member| *member == 0 || !export.contains(&format!("{member}"))));
}

#[test]
fn the_format_is_the_one_that_was_first_written() {
    let target = fresh();
    import(target.path(), GOLDEN).ends(0);
    assert_eq!(export(target.path()), GOLDEN);
}

#[test]
fn any_lives_of_comments_come_back_the_same() {
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    let life = (0..4u8, proptest::collection::vec((0..6u8, 0..20i64), 0..6), "\\PC{0,60}");
    let lives = proptest::collection::vec(life, 1..12);
    let outcome = runner.run(&lives, |lives| {
        let folder = tempfile::tempdir().unwrap();
        block_on(async {
            let house = House::new(folder.path()).await;
            for (number, (shape, changes, text)) in lives.iter().enumerate() {
                live(&house, (number, *shape, text), changes).await;
            }
        });
        let first = export(folder.path());
        let target = fresh();
        import(target.path(), &first).ends(0);
        prop_assert_eq!(export(target.path()), first);
        is_sound(target.path());
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

async fn live(house: &House, (number, shape, text): (usize, u8, &str), changes: &[(u8, i64)]) {
    house.pass(60_000);
    let mut comment = json!({
        "post": { "id": "p" }, "author": { "name": text, "email": format!("{}@mail.example", number % 3) },
        "content": format!("{text} {number}"), "client": { "ip": "198.51.100.9" },
    });
    match shape {
        0 => comment["external_id"] = format!("x{number}").into(),
        1 => comment["decided"] = json!({ "action": "approve", "by": "person" }),
        2 => comment["content"] = super::GTUBE.into(),
        _ => {}
    }
    let id = house.submit(comment).await.id;
    let name = CommentRef::Id(id);
    for (change, days) in changes {
        house.pass(days * DAY);
        let current = house.service.comment(&demo(), &name).await;
        let Ok(current) = current else { return };
        match change {
            _ if current.withdrawn_at.is_some() => {}
            0 => drop(house.decide(id, DecisionAction::Approve, None).await),
            1 => drop(house.decide(id, DecisionAction::Reject, Some(Reason::Spam)).await),
            2 => drop(house.decide(id, DecisionAction::Reopen, None).await),
            4 => house.edit(id, &format!("{text} http://edited.example/{days}")).await,
            3 => drop(house.service.withdraw(&demo(), &name).await.unwrap()),
            _ => house.service.erase(&demo(), &name).await.unwrap(),
        }
    }
}

#[test]
fn a_file_has_its_name_when_it_is_whole_and_replaces_none_unasked() {
    let folder = fresh();
    let out = |arguments: &[&str]| run(moderato(folder.path()).args(["export", "--site", "demo"]).args(arguments));
    let ran = out(&["--out", "site.jsonl"]).ends(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", "exported 0 comments and 0 tombstones\n"));
    let file = folder.path().join("site.jsonl");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = out(&["--out", "site.jsonl"]).ends(1);
    assert_eq!(refused.err, "moderato: site.jsonl is there already; --force replaces it\n");
    out(&["--out", "site.jsonl", "--force"]).ends(0);
    out(&["--out", "data"]).ends(1);
    out(&["--out", "nowhere/site.jsonl"]).ends(1);
    out(&["--force"]).ends(2);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let none = run(moderato(folder.path()).args(["export", "--site", "elsewhere"])).ends(1);
    assert!(none.err.contains("there is no site elsewhere"), "{}", none.err);
}

#[test]
fn a_damaged_comment_is_named_and_the_others_are_exported() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<CommentId> = block_on(async {
        let house = House::new(folder.path()).await;
        let mut ids = Vec::new();
        for number in 0..3 {
            house.pass(1_000);
            let comment = json!({ "post": { "id": "1" }, "author": {}, "content": format!("Number {number}.") });
            ids.push(house.submit(comment).await.id);
        }
        ids
    });
    let database = Connection::open(folder.path().join("data/moderato.db")).unwrap();
    let damage = "UPDATE comments SET packed = replace(packed, 'Number', 'Wunder') WHERE id = ?1";
    assert_eq!(database.execute(damage, [ids[1].as_bytes()]).unwrap(), 1);
    drop(database);
    let ran = run(moderato(folder.path()).args(["export", "--site", "demo", "--out", "part.jsonl"])).ends(1);
    let said = format!("moderato: comment {} is damaged and not in the export; it can only be erased\n", ids[1]);
    assert_eq!(ran.err, format!("{said}exported 2 comments and 0 tombstones\n"));
    let written = std::fs::read_to_string(folder.path().join("part.jsonl")).unwrap();
    let target = fresh();
    import(target.path(), &written).ends(0);
    assert!(written.contains(&ids[0].to_string()) && !written.contains(&ids[1].to_string()));
}
