//! `import` of WordPress's and Disqus's exports.
//!
//! The files are made after the programs that write them and what these document: WordPress's
//! `wp-admin/includes/export.php` (`export_wp`, WXR 1.2; the comment on the draft and the addresses that are not in CDATA as
//! versions before 4.6 wrote them), and Disqus's "Comments Export" (docs.disqus.com/developers/export, with its schema
//! disqus.com/api/schemas/1.0/disqus.xsd; the last post as in its example).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::leaving::{export, fresh, import, is_sound};
use super::{Ran, moderato, run};

const WORDPRESS: &str = include_str!("exports/wordpress.xml");
const DISQUS: &str = include_str!("exports/disqus.xml");

/// What a fresh site holds after an import, by external id.
fn imported(text: &str) -> (Ran, BTreeMap<String, Value>) {
    let target = fresh();
    let ran = import(target.path(), text);
    is_sound(target.path());
    let first = export(target.path());
    let again = import(target.path(), text);
    assert!(again.out.starts_with("imported into demo: 0 comments"), "{again:?}");
    assert_eq!(export(target.path()), first, "the same again changes nothing");
    let comments = first.split('\n').filter(|line| line.starts_with("{\"comment\""));
    let comments = comments.map(|line| serde_json::from_str::<Value>(line).unwrap()["comment"].take());
    let id = |comment: &Value| comment["submission"]["external_id"].as_str().unwrap().to_owned();
    (ran, comments.map(|comment| (id(&comment), comment)).collect())
}

#[test]
fn comments_of_wordpress_come_in_as_they_stood() {
    let (ran, comments) = imported(WORDPRESS);
    let ran = ran.ends(0);
    assert_eq!(
        ran.out,
        "imported into demo: 7 comments and 0 tombstones\n\
         an export of WordPress holds no spam: what is learnt of it is learnt of honest comments only\n\
         without a time in UTC, read from the blog's own as if that were: 1\n\
         without an address, as what stood there is none: 1\n\
         left out, of type order_note: 1\n"
    );
    assert_eq!(ran.err, "");
    let standing = |id: &str| {
        let comment = &comments[id];
        let decided = &comment["submission"]["decided"];
        (comment["status"].as_str().unwrap(), decided["by"].as_str(), decided["reason"].as_str())
    };
    assert_eq!(standing("7"), ("approved", Some("person"), None));
    assert_eq!(standing("9"), ("held", None, None));
    assert_eq!(standing("10"), ("rejected", Some("person"), Some("other")));
    assert_eq!(standing("11"), ("rejected", Some("machine"), Some("spam")));
    assert_eq!(comments["9"]["review"]["why"], "held");
    assert!(!comments.contains_key("13"));
    let first = &comments["7"]["submission"];
    assert_eq!(
        first["post"],
        json!({ "id": "42", "url": "https://blog.example/walking/", "title": "Walking & talking",
            "published_at": "2014-03-01T10:00:00.000Z" })
    );
    assert_eq!(
        first["author"],
        json!({ "name": "Béa", "email": "bea@mail.example", "url": "https://bea.example/?a=1&b=2" })
    );
    assert_eq!((first["format"].as_str(), first["client"]["ip"].as_str()), (Some("html"), Some("198.51.100.4")));
    assert_eq!(first["created_at"], "2014-03-02T09:00:00.000Z");
    let reply = &comments["8"]["submission"];
    assert_eq!((&reply["parent"], &reply["author"]["role"]), (&json!({ "external_id": "7" }), &json!("member")));
    assert_eq!((&reply["created_at"], &reply["client"]), (&json!("2014-03-02T11:00:00.000Z"), &Value::Null));
    let mention = &comments["12"]["submission"];
    assert_eq!(
        mention["mention"],
        json!({ "source": "https://other.example/post", "target": "https://blog.example/walking/", "verified": true })
    );
    let draft = &comments["14"]["submission"];
    assert_eq!((&draft["content"], &draft["post"]["published_at"]), (&json!("A note ]]> on a draft"), &Value::Null));
}

#[test]
fn comments_of_disqus_come_in_as_they_stood() {
    let (ran, comments) = imported(DISQUS);
    let ran = ran.ends(0);
    assert_eq!(ran.out, "imported into demo: 4 comments and 0 tombstones\nleft out, deleted on Disqus: 1\n");
    assert_eq!(comments.keys().collect::<Vec<_>>(), ["200", "201", "202", "3"]);
    let first = &comments["200"];
    assert_eq!(first["status"], "approved");
    assert_eq!(
        first["submission"]["author"],
        json!({ "name": "Béa", "email": "bea@mail.example",
            "account": { "provider": "disqus", "id": "bea", "verified": true } })
    );
    assert_eq!(
        first["submission"]["post"],
        json!({ "id": "walking", "url": "https://blog.example/walking/", "title": "Walking & talking",
            "published_at": "2014-03-01T10:00:00.000Z" })
    );
    let reply = &comments["201"]["submission"];
    assert_eq!(
        (&reply["parent"], &reply["author"]),
        (&json!({ "external_id": "200" }), &json!({ "name": "Somebody" }))
    );
    let spam = &comments["202"];
    assert_eq!(
        (spam["status"].as_str(), spam["submission"]["decided"]["by"].as_str()),
        (Some("rejected"), Some("machine"))
    );
    assert_eq!(spam["submission"]["post"]["id"], "101", "a thread without the blog's id goes by Disqus's");
    let last = &comments["3"]["submission"];
    assert_eq!((&last["post"]["id"], &last["created_at"]), (&json!("walking"), &json!("2012-12-12T12:12:12.000Z")));
}

#[test]
fn authors_of_wordpress_are_known_by_what_was_decided_there() {
    let target = fresh();
    import(target.path(), WORDPRESS).ends(0);
    let database = rusqlite::Connection::open(target.path().join("data/moderato.db")).unwrap();
    let sum = "SELECT coalesce(sum(seen), 0), coalesce(sum(approved), 0), coalesce(sum(spam), 0)
               FROM history WHERE kind = 'mail' AND period > strftime('%s', 'now') / (30 * 86400) - 12";
    let sums: (i64, i64, i64) = database.query_row(sum, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    // Written more than a year ago, none of them counts any more: what is old is not learnt from.
    assert_eq!(sums, (0, 0, 0));
    let this_year = &moderato::clock::Clock::System.now().to_string()[..5];
    let recent = WORDPRESS.replace("2014-", this_year);
    let target = fresh();
    import(target.path(), recent).ends(0);
    let database = rusqlite::Connection::open(target.path().join("data/moderato.db")).unwrap();
    let sums: (i64, i64, i64) = database.query_row(sum, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!(sums, (3, 2, 0));
}

#[test]
fn a_comment_that_cannot_be_read_is_told_with_its_line_and_the_others_come_in() {
    let long = "x".repeat(300);
    let cases = [
        (WORDPRESS.replacen("<wp:comment_id>7</wp:comment_id>", "", 1), "line 24: the comment has no wp:comment_id"),
        (
            WORDPRESS.replacen("2014-03-03 09:00:00", "yesterday", 1),
            "line 52: the comment has no time that can be read",
        ),
        (WORDPRESS.replacen(">trash<", ">binned<", 1), "the comment wp:comment_approved is none of"),
        (
            WORDPRESS.replacen("Carl", &long, 1),
            "line 52: the comment /author/name has 300 characters; the limit is 245",
        ),
        (
            WORDPRESS.replacen("Is anybody", &"long ".repeat(20_000), 1),
            "the comment /content has 100021 bytes; the limit is 65536 (64 KiB)",
        ),
        (WORDPRESS.replacen("Is anybody", &"long ".repeat(300_000), 1), "the comment has more than 1 MiB"),
    ];
    for (text, said) in cases {
        let target = fresh();
        let ran = import(target.path(), text).ends(1);
        assert!(ran.err.starts_with("moderato: export: ") && ran.err.contains(said), "{said}: {}", ran.err);
        assert!(ran.out.starts_with("imported into demo: 6 comments"), "{ran:?}");
    }
    let target = fresh();
    let ran = import(target.path(), DISQUS.replacen("<thread dsq:id=\"101\" />", "<thread dsq:id=\"9\" />", 1)).ends(1);
    assert!(ran.err.contains("names the thread 9, which does not stand before it"), "{ran:?}");
}

#[test]
fn xml_that_unfolds_ends_early_or_never_is_refused() {
    let root = "<rss xmlns:wp=\"http://wordpress.org/export/1.2/\">";
    let laughs: String = (1..20).map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1)).collect();
    let cases = [
        (format!("<!DOCTYPE rss [<!ENTITY l0 \"ha\">{laughs}]>{root}&l19;</rss>"), "has a DOCTYPE"),
        (format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"/etc/passwd\">]>{root}&x;</rss>"), "has a DOCTYPE"),
        (format!("<!DOCTYPE rss SYSTEM \"https://evil.example/x.dtd\">{root}</rss>"), "has a DOCTYPE"),
        (format!("{root}{}", "<channel>".repeat(70)), "deeper than the limit of 64"),
        (format!("{root}<channel><item><title>{}", "x".repeat(17 << 20)), "16 MiB"),
        (WORDPRESS[..WORDPRESS.len() / 2].to_owned(), "cannot be read at line"),
        (WORDPRESS.replacen("</item>", "</itme>", 1), "cannot be read at line"),
        (WORDPRESS.replacen("UTF-8", "ISO-8859-1", 1), "it is in ISO-8859-1; only UTF-8 is read"),
        (format!("<html>{root}</rss></html>"), "is no export of WordPress: it begins with <html>"),
    ];
    for (text, said) in cases {
        let target = fresh();
        let ran = import(target.path(), text).ends(1);
        assert!(ran.err.contains(said), "{said}: {ran:?}");
        // Only the exports that were cut or spoilt in the middle had comments before that.
        let moved = ran.err.contains("What was read before is in demo");
        assert_eq!(moved, said == "cannot be read at line", "{said}: {ran:?}");
        assert_eq!((ran.err.lines().count(), ran.out.as_str()), (1, ""), "{ran:?}");
    }
}

#[test]
fn a_format_can_be_named() {
    let target = fresh();
    std::fs::write(target.path().join("export"), DISQUS).unwrap();
    let as_named =
        |from: &str| run(moderato(target.path()).args(["import", "--site", "demo", "export", "--from", from]));
    assert!(as_named("wxr").ends(1).err.contains("is no export of WordPress: it begins with <disqus>"));
    assert!(as_named("moderato").ends(1).err.contains("is not the first line of an export of Moderato"));
    as_named("disqus").ends(0);
    as_named("blogger").ends(2);
}
