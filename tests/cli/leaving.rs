//! Sites that leave: stores with comments in every state, made in the process and read by the built program.

use std::path::Path;
use std::sync::Arc;

use moderato::clock::Clock;
use moderato::config::{Environment, Loaded, Sources};
use moderato::domain::{
    Comment, CommentId, CommentRef, DecisionAction, Edit, EditedBy, HeldExpires, Keep, ListAction, ListEntry, ListName,
    Match, Reason, SiteId, SiteOverrides, Source,
};
use moderato::http::wire::parse_submission;
use moderato::service::{Chance, Parts, Rewrite, Service, Wish, settle};
use moderato::store::{self, Store};
use serde_json::{Value, json};

use super::{Ran, moderato, run};

/// A day in milliseconds.
pub const DAY: i64 = 24 * 60 * 60 * 1000;

/// A store with the site `demo`, open in this process.
pub struct House {
    pub store: Arc<dyn Store>,
    pub service: Service,
    pub clock: Clock,
}

impl House {
    /// A new store in a folder's `data`, on a day that is long over.
    pub async fn new(folder: &Path) -> Self {
        Self::at("sqlite:", folder).await
    }

    /// A new store at an address, on that day.
    pub async fn at(url: &str, folder: &Path) -> Self {
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let store = store::open(&store::Settings::at(url), &data, &Clock::System).unwrap();
        let clock = Clock::manual("2024-03-01T12:00:00.000Z".parse().unwrap());
        let identity = settle(&*store, true, clock.now(), |_| Ok(())).await.unwrap();
        let environment = Environment::default();
        let sources = Sources { file: None, environment: &environment, data_dir: None };
        let configuration = Loaded::from(&sources).unwrap().configuration();
        let chance = Chance::System;
        let parts = Parts { store: store.clone(), identity, clock: clock.clone(), chance, configuration };
        Self { store, service: Service::new(parts), clock }
    }

    pub fn pass(&self, millis: i64) {
        self.clock.advance(std::time::Duration::from_millis(millis.unsigned_abs()));
    }

    pub async fn submit(&self, submission: Value) -> Comment {
        let submission = parse_submission(submission.to_string().as_bytes()).unwrap();
        self.service.submit(&demo(), submission, None).await.unwrap().comment
    }

    pub async fn decide(&self, id: CommentId, action: DecisionAction, reason: Option<Reason>) -> Comment {
        let name = CommentRef::Id(id);
        let version = self.service.comment(&demo(), &name).await.unwrap().version;
        let actor = "Mod\u{202e} Erató".to_owned().try_into().unwrap();
        let note = Some("looked at it twice".to_owned().try_into().unwrap());
        let (source, at, if_match) = (Source::Api, None, Some(version));
        let wish = Wish { action, reason, note, source, actor, at, if_match };
        self.service.decide(&demo(), &name, wish, None).await.unwrap().comment
    }

    pub async fn expire(&self, keep: Keep) {
        while self.store.expire(&demo(), &keep, self.clock.now()).await.unwrap().more {}
    }

    /// Its author writes something else; what a person rejected, or what is gone, stays as it is.
    pub async fn edit(&self, id: CommentId, text: &str) {
        let edit = Edit { content: Some(text.to_owned().try_into().unwrap()), ..Edit::default() };
        let rewrite = Rewrite { edit, by: EditedBy::Author, if_match: None };
        let _ = self.service.edit(&demo(), &CommentRef::Id(id), rewrite, None).await;
    }

    /// Entries in every list, in which no comment is found.
    async fn fill_lists(&self) {
        for (list, value, kind, action) in [
            (ListName::Phrases, "nobody \"wrote\" this\u{0}é", Match::Substring, ListAction::Points(-20)),
            (ListName::Phrases, r"nobody\s+wrote (this|that)", Match::Regex, ListAction::Hold),
            (ListName::Domains, "nowhere.example", Match::Word, ListAction::Reject),
            (ListName::Addresses, "198.51.100.0/24", Match::Word, ListAction::Hold),
            (ListName::Mails, "nobody@nowhere.example", Match::Word, ListAction::Approve),
        ] {
            let value = value.to_owned().try_into().unwrap();
            let note = Some("why \u{202e} not".to_owned().try_into().unwrap()).filter(|_| kind == Match::Regex);
            let (expires_at, created_at) =
                (note.is_some().then(|| self.clock.now().plus_millis(DAY)), self.clock.now());
            let entry = ListEntry { value, kind, action, note, expires_at, created_at };
            self.service.put_entries(&demo(), list, vec![entry]).await.unwrap();
        }
    }

    /// A site with a comment in every state there is.
    pub async fn fill(&self) {
        let overrides = json!({ "first_comment": "screen", "rules": { "link_count": { "free": 3 } } });
        let Value::Object(overrides) = overrides else { unreachable!() };
        self.service.override_policy(&demo(), SiteOverrides(overrides), None).await.unwrap();
        self.fill_lists().await;
        for (number, comment) in everything().into_iter().enumerate() {
            self.pass(61_000);
            let kept = self.submit(comment).await;
            match number {
                0 => drop(self.decide(kept.id, DecisionAction::Approve, None).await),
                1 => {
                    for round in 0..28 {
                        self.pass(1_000);
                        let reason = [Reason::Spam, Reason::Abuse, Reason::Other][round % 3];
                        self.decide(kept.id, DecisionAction::Reject, Some(reason)).await;
                        self.decide(kept.id, DecisionAction::Reopen, None).await;
                    }
                }
                4 => drop(self.service.withdraw(&demo(), &CommentRef::Id(kept.id)).await.unwrap()),
                3 => {
                    let external = "linked later".to_owned().try_into().unwrap();
                    self.service.link(&demo(), &CommentRef::Id(kept.id), external).await.unwrap();
                }
                _ => {}
            }
        }
        // One author in a hurry, and one text from many.
        for number in 0..6 {
            self.submit(plain("hurry", &format!("Number {number}, and quickly."))).await;
            self.submit(plain(
                &format!("echo{number}"),
                "The very same words, which are long enough to be told apart.",
            ))
            .await;
        }
        let erased = self.submit(plain("erased", "Forget me.")).await;
        self.service.erase(&demo(), &CommentRef::Id(erased.id)).await.unwrap();
        self.pass(40 * DAY);
        let keep = Keep {
            held: 30,
            held_expires: HeldExpires::Reject,
            rejected: 15,
            approved: 0,
            addresses: 7,
            tombstones: 0,
        };
        self.expire(keep).await;
        // Two that a person approved: an edit leaves the one as it is, and undoes what was decided of the other.
        for (who, text) in
            [("mends", "A word that is mended."), ("turns", &format!("{} http://a.example/", super::GTUBE))]
        {
            let kept = self.submit(plain(who, "A word to be mended.")).await;
            self.decide(kept.id, DecisionAction::Approve, None).await;
            self.edit(kept.id, text).await;
        }
        // What comes now keeps its address, and waits.
        self.submit(plain("late", "Am I too late? See https://one.example https://two.example https://three.example"))
            .await;
        let odd =
            json!({ "post": { "id": "1" }, "author": { "email": "p@h.example" }, "content": "", "kind": "contact" });
        self.submit(odd).await;
    }
}

fn plain(who: &str, content: &str) -> Value {
    json!({
        "post": { "id": "1" }, "author": { "name": who, "email": format!("{who}@mail.example") }, "content": content,
        "client": { "ip": "203.0.113.77" },
    })
}

/// Comments that use every field, format and kind.
fn everything() -> Vec<Value> {
    let gtube = super::GTUBE;
    vec![
        json!({
            "external_id": "wp-1\u{0}é", "created_at": "2024-02-29T23:59:59.999Z", "kind": "comment", "format": "markdown",
            "post": {
                "id": "post 1", "url": "https://blog.example/1", "title": "Über \"uns\"", "tags": ["a", "b\\c"],
                "published_at": "2024-02-01T00:00:00Z", "excerpt": "It began…", "language": "de-CH",
                "commenting": { "mode": "known_only", "until": "2030-01-01T00:00:00Z" },
            },
            "parent": { "external_id": "wp-0", "author": { "name": "Zoë" }, "content": "What do you think?" },
            "author": {
                "name": "李 雷 👩‍💻", "email": "Li@Mail.Example", "url": "https://li.example/~me", "role": "member",
                "record": { "approved": 3, "rejected": 1, "since": "2020-01-01T00:00:00Z" },
                "account": { "provider": "github", "id": "li", "verified": true },
            },
            "content": "Line\r\none\u{0}\u{7f}\u{2028} [link](https://bücher.example/x?y=1) \u{1F1E8}\u{1F1ED} <b>&amp;</b> \\ \"",
            "client": { "ip": "2001:db8:1:2:3:4:5:6", "user_agent": "Mozilla/5.0", "referrer": "https://blog.example/" },
            "form": { "seconds": 12.345, "honeypot": "" },
        }),
        plain("often", "Buy https://cheap-pills.example now, https://cheap-pills.example!"),
        json!({ "post": { "id": "2" }, "author": {}, "content": gtube, "format": "html", "parent": {} }),
        json!({ "post": { "id": "2" }, "author": { "name": "" }, "content": "[b]hello[/b]", "format": "bbcode" }),
        json!({
            "post": { "id": "2" }, "kind": "pingback", "author": { "url": "https://other.example/post" }, "content": "[…]",
            "mention": { "source": "https://other.example/post", "target": "https://blog.example/1", "verified": true },
        }),
        json!({
            "external_id": "old-1", "created_at": "2019-05-05T05:05:05Z", "post": { "id": "3" },
            "author": { "name": "Old", "email": "old@mail.example" }, "content": "An old one.",
            "decided": { "action": "approve", "by": "person", "actor": "Ana", "at": "2019-05-06T00:00:00Z" },
        }),
        json!({
            "external_id": "old-2", "created_at": "2019-05-05T05:05:06Z", "post": { "id": "3" }, "author": {},
            "content": "Old spam.", "decided": { "action": "reject", "reason": "spam", "by": "machine" },
        }),
        json!({ "post": { "id": "3" }, "author": { "name": "Owner", "role": "owner" }, "content": "Thank you all." }),
        plain("waits", "Nobody ever looks at me."),
        json!({ "post": { "id": "4" }, "author": { "email": "x@y.example" }, "content": gtube,
            "client": { "ip": "192.0.2.200" } }),
    ]
}

pub fn demo() -> SiteId {
    "demo".parse().unwrap()
}

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A folder with a new, empty store.
pub fn fresh() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    block_on(async { drop(House::new(folder.path()).await) });
    folder
}

/// What is left of the comments of the site `demo` is sound but for what happened elsewhere, of which no feed tells.
pub fn is_sound(folder: &Path) {
    let faults = crate::audit::audit(&folder.join("data/moderato.db")).err().unwrap_or_default();
    let unsound: Vec<_> = faults.iter().filter(|fault| !fault.ends_with("in silence")).collect();
    assert!(unsound.is_empty(), "{unsound:?}");
}

/// The export of the site `demo` over a folder's `data`.
pub fn export(folder: &Path) -> String {
    run(moderato(folder).args(["export", "--site", "demo"])).ends(0).out
}

/// Imports a file's text into the site `demo` over a folder's `data`.
pub fn import(folder: &Path, text: impl AsRef<[u8]>) -> Ran {
    std::fs::write(folder.join("export"), text).unwrap();
    run(moderato(folder).args(["import", "--site", "demo", "export"]))
}

/// Lines as an export, with a last line that is right.
pub fn sealed(lines: &[String]) -> String {
    use sha2::Digest;
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let count = |key: &str| lines.iter().filter(|line| line.starts_with(key)).count();
    let (comments, tombstones, entries) = (count("{\"comment\""), count("{\"tombstone\""), count("{\"entry\""));
    let sha256 = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(&body));
    let mut end = json!({ "comments": comments, "tombstones": tombstones, "sha256": sha256 });
    if entries > 0 {
        end["entries"] = entries.into();
    }
    format!("{body}{}\n", json!({ "end": end }))
}

/// The lines of an export without the last.
pub fn lines(export: &str) -> Vec<String> {
    let mut lines: Vec<String> = export.lines().map(str::to_owned).collect();
    lines.pop();
    lines
}

/// An export of so many comments that differ.
pub fn many(number: usize) -> String {
    let golden = include_str!("exports/format-1.jsonl");
    let template = golden.lines().find(|line| line.contains("An old one.")).unwrap();
    let mut written = vec![json!({ "export": "moderato", "format": 1, "policy": {} }).to_string()];
    for place in 0..number {
        let mut line: Value = serde_json::from_str(template).unwrap();
        let comment = &mut line["comment"];
        comment["id"] = format!("018dfb12-0000-7000-8000-{place:012x}").into();
        comment["submission"]["external_id"] = format!("many-{place}").into();
        comment["submission"]["author"]["email"] = format!("reader{}@mail.example", place % 1000).into();
        comment["submission"]["content"] = format!("An old one, {place} of many that say the same.").into();
        written.push(line.to_string());
    }
    sealed(&written)
}
