//! `lists`: a site's own lists on the command line.

use super::leaving::{block_on, demo, fresh};
use super::serving::Serving;
use super::{moderato, run};

#[test]
fn entries_are_added_listed_and_removed_also_beside_a_running_service() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path());
    let lists = |arguments: &[&str]| run(moderato(folder.path()).arg("lists").args(arguments).args(["--site", "demo"]));
    let added =
        lists(&["add", "domains", "shop.example", "Other.example", "--action", "hold", "--note", "sells links"]);
    assert_eq!(added.ends(0).out, "domains: 2 new, 0 changed, 0 there already\n");
    let added = lists(&["add", "phrases", "casino*", "--match", "wildcard", "--action", "-20"]).ends(0);
    assert_eq!(added.out, "phrases: 1 new, 0 changed, 0 there already\n");
    let again =
        lists(&["add", "domains", "shop.example", "other.example", "--action", "hold", "--note", "sells links"]);
    assert_eq!(again.ends(0).out, "domains: 0 new, 1 changed, 1 there already\n");
    let shown = lists(&["list", "--format", "json"]).ends(0).json();
    let items = shown["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!((&items[0]["list"], &items[0]["value"]), (&"phrases".into(), &"casino*".into()));
    assert_eq!(items[0]["action"], serde_json::json!({"points": -20}));
    let text = lists(&["list", "domains"]).ends(0).out;
    assert!(text.contains("other.example") && !text.contains("casino"), "{text}");
    let id = items[0]["id"].as_str().unwrap();
    assert_eq!(lists(&["remove", "phrases", id]).ends(0).out, format!("removed {id}\n"));
    assert_eq!(lists(&["remove", "phrases", id]).ends(1).err, format!("moderato: phrases has no entry {id}\n"));
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
}

#[test]
fn what_cannot_be_put_is_refused_with_its_fault() {
    let folder = fresh();
    let add = |arguments: &[&str]| {
        run(moderato(folder.path()).args(["lists", "add"]).args(arguments).args(["--site", "demo"])).ends(2).err
    };
    let err = add(&["domains", "shop.example", "https://other.example/x", "--action", "hold"]);
    let told = "moderato: nothing was written: `https://other.example/x`: value is not a domain such as shop.example, without \
                scheme, port and path\n";
    assert_eq!(err, told);
    assert!(add(&["people", "x", "--action", "hold"]).contains("must be one of phrases, domains, addresses, mails"));
    assert!(add(&["phrases", "x", "--action", "1001"]).contains("points from -1000 to 1000"));
    let shown = run(moderato(folder.path()).args(["lists", "list", "--site", "demo", "--format", "json"])).ends(0);
    assert_eq!(shown.json()["items"], serde_json::json!([]));
    let unknown = run(moderato(folder.path()).args(["lists", "list", "--site", "nowhere"])).ends(1);
    assert!(unknown.err.contains("there is no site nowhere"), "{unknown:?}");
}

#[test]
fn keys_of_wordpress_go_where_they_can_be_meant() {
    let folder = fresh();
    let long = "x".repeat(501);
    let text = format!(
        "\u{feff}cheap pills\r\n\r\n  shop.example  \n192.0.2.\n203.0.113.7\n@mail.example\nCheap Pills\n{long}\n\u{200b}\n"
    );
    std::fs::write(folder.path().join("keys.txt"), text).unwrap();
    let import = |more: &[&str]| {
        let fixed = ["lists", "import", "--wordpress", "keys.txt", "--site", "demo"];
        run(moderato(folder.path()).args(fixed).args(more))
    };
    let ran = import(&["--action", "reject"]).ends(1);
    let counted = "phrases: 1 new, 0 changed, 0 there already\ndomains: 1 new, 0 changed, 0 there already\n\
                   addresses: 2 new, 0 changed, 0 there already\nmails: 1 new, 0 changed, 0 there already\n\
                   told and left out: 2\n";
    assert_eq!(ran.out, counted);
    let told = "moderato: keys.txt: line 8 is left out: has 501 characters; the limit is 500\n\
                moderato: keys.txt: line 9 is left out: holds nothing that can be seen\n";
    assert_eq!(ran.err, told);
    let again = import(&["--action", "hold"]).ends(1);
    let stays = "addresses: 0 new, 0 changed, 0 there already, 2 there with another action, note or end, which stays\n";
    assert!(again.out.contains(stays), "{again:?}");
    let again = import(&["--action", "hold", "--replace"]).ends(1);
    assert!(again.out.contains("addresses: 0 new, 2 changed, 0 there already\n"), "{again:?}");
    import(&["--action", "hold", "--substring"]).ends(1);
    let shown =
        run(moderato(folder.path()).args(["lists", "list", "--site", "demo", "--format", "json"])).ends(0).json();
    let found: Vec<_> = shown["items"].as_array().unwrap().iter().map(|it| (&it["value"], &it["match"])).collect();
    assert!(found.contains(&(&"192.0.2.0/24".into(), &"word".into())), "{found:?}");
    assert!(found.contains(&(&"cheap pills".into(), &"substring".into())), "{found:?}");
}

#[test]
fn sixty_five_thousand_lines_are_taken_and_one_more_is_told() {
    let folder = fresh();
    let lines: String = (0..65_001).map(|n| format!("phrase number {n}\n")).collect();
    std::fs::write(folder.path().join("keys.txt"), lines).unwrap();
    let fixed = ["lists", "import", "--wordpress", "keys.txt", "--site", "demo", "--action", "hold"];
    let ran = run(moderato(folder.path()).args(fixed)).ends(1);
    assert_eq!(ran.out, "phrases: 65000 new, 0 changed, 0 there already\n");
    let told = "moderato: all lists of the site have 65000 entries; together they may have 65000. What is counted above is in \
                demo\n";
    assert_eq!(ran.err, told);
}

#[test]
fn what_an_export_brings_leaves_entries_that_are_there_as_they_are() {
    let (from, to) = (fresh(), fresh());
    let add = |folder: &tempfile::TempDir, value: &str, action: &str| {
        let fixed = ["lists", "add", "domains", value, "--site", "demo", "--action", action];
        run(moderato(folder.path()).args(fixed)).ends(0);
    };
    add(&from, "one.example", "hold");
    add(&from, "two.example", "hold");
    add(&to, "two.example", "reject");
    let ran = super::leaving::import(to.path(), super::leaving::export(from.path())).ends(1);
    let said = "imported into demo: 0 comments, 0 tombstones and 1 entry of lists\ntold and left out: 1\n";
    assert_eq!(ran.out, said);
    assert!(
        ran.err.contains("an entry of domains stands here with another action, note or end, which stays"),
        "{ran:?}"
    );
    block_on(async {
        let house = super::leaving::House::new(to.path()).await;
        let found = house.service.entries(&demo(), moderato::domain::ListName::Domains, None, 10).await.unwrap();
        assert_eq!(found.len(), 2);
    });
}
