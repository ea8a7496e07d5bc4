//! What the behaviours are told with: two sites, comments made of a number, decisions of a word.

use moderato::domain::{
    Action, ApiKey, Author, AuthorId, Bounded, Client, Comment, CommentId, CommentRef, Content, Counted, Dated,
    DecidedBy, Decision, DecisionAction, DecisionRequest, ExternalId, Features, Fingerprint, Form, Format, HeldExpires,
    History, HistoryKey, HistoryKind, Keep, KeyId, Name, Period, Post, Reason, Review, ReviewWhy, Scope, Site, SiteId,
    SiteName, Slug, Source, Status, Submission, Tally, Thresholds, Timestamp, Verdict,
};
use moderato::store::{Charges, Idempotency, IdempotencyKey, Identity, Outcome, Recall, Record, Recorded, Seed, Store};

/// Gives an empty store its identity and the two sites.
pub async fn settle(store: &dyn Store) {
    store.settle(seed()).await.unwrap();
    assert!(store.create_site(site("other")).await.unwrap());
}

pub fn seed() -> Seed {
    let identity = Identity { store_id: "store-1".to_owned(), secret: [7; 32] };
    Seed { identity, site: site("blog"), keys: vec![api_key('a', Some("blog")), api_key('b', None)] }
}

pub fn blog() -> SiteId {
    "blog".parse().unwrap()
}

pub fn other() -> SiteId {
    "other".parse().unwrap()
}

pub fn nowhere() -> SiteId {
    "nowhere".parse().unwrap()
}

pub fn site(id: &str) -> Site {
    Site { id: id.parse().unwrap(), name: site_name(id), created_at: at(0) }
}

pub fn site_name(name: &str) -> SiteName {
    SiteName::try_from(name.to_owned()).unwrap()
}

/// A key whose id is this letter twelve times.
pub fn api_key(letter: char, site: Option<&str>) -> ApiKey {
    ApiKey {
        id: key_id(letter),
        site: site.map(|site| site.parse().unwrap()),
        name: Bounded::try_from("a key".to_owned()).unwrap(),
        scopes: vec![Scope::Submit, Scope::Read],
        hash: [letter as u8; 32],
        created_at: at(i64::from(u32::from(letter))),
        expires_at: None,
        last_used_at: None,
    }
}

pub fn key_id(letter: char) -> KeyId {
    letter.to_string().repeat(12).parse().unwrap()
}

/// So many seconds after 2026-01-01.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + seconds * 1_000)
}

/// A day in seconds.
pub const DAY: i64 = 24 * 60 * 60;

/// So many days and an hour after the start.
pub fn on(days: i64) -> Timestamp {
    at(days * DAY + 3_600)
}

/// The policy that the program comes with.
pub const KEEP: Keep =
    Keep { held: 30, held_expires: HeldExpires::Keep, rejected: 15, approved: 90, addresses: 7, tombstones: 400 };

/// The id of the comment made of this number.
pub fn id(n: u32) -> CommentId {
    let mut random = [0; 10];
    random[6..].copy_from_slice(&n.to_be_bytes());
    CommentId::new(at(i64::from(n)), random)
}

pub fn by_id(n: u32) -> CommentRef {
    CommentRef::Id(id(n))
}

pub fn by_external(name: &str) -> CommentRef {
    CommentRef::External(external(name))
}

pub fn external(name: &str) -> ExternalId {
    ExternalId::try_from(name.to_owned()).unwrap()
}

/// An approved comment, written and received `n` seconds after the start.
pub fn approved(n: u32) -> Comment {
    let now = at(i64::from(n));
    Comment {
        id: id(n),
        version: 1,
        status: Status::Approved,
        review: Review::Done,
        submission: Submission {
            external_id: None,
            post: Post { id: Bounded::try_from("post-1".to_owned()).unwrap(), ..Post::default() },
            parent: None,
            kind: Slug::try_from("comment".to_owned()).unwrap(),
            created_at: None,
            author: Author::default(),
            content: Content::try_from(format!("Comment number {n}, with a text of some length.")).unwrap(),
            format: Format::Text,
            client: Client::default(),
            form: Form::default(),
            mention: None,
            decided: None,
        },
        fingerprint: fingerprint(n),
        author_id: None,
        mail_id: None,
        address_is_cut: false,
        hosts: Vec::new(),
        received_at: now,
        written_at: now,
        changed_at: now,
        verdict: verdict(Action::Approve, 0),
        history: History::default(),
        decisions: Vec::new(),
        earlier_decisions: 0,
        linked_at: None,
        withdrawn_at: None,
        edited: None,
        expired: None,
        features: Features::default(),
        counted: Vec::new(),
    }
}

/// A held comment in the queue.
pub fn held(n: u32) -> Comment {
    let verdict = verdict(Action::Hold, 60);
    let review = Review::open(ReviewWhy::Held, at(i64::from(n)), &verdict);
    Comment { status: Status::Held, review, verdict, ..approved(n) }
}

/// A rejected comment.
pub fn rejected(n: u32) -> Comment {
    Comment { status: Status::Rejected, verdict: verdict(Action::Reject, 120), ..approved(n) }
}

fn verdict(action: Action, score: i32) -> Verdict {
    Verdict {
        action,
        score,
        thresholds: Thresholds { hold_at: 50, reject_at: 100, blatant_at: 150 },
        groups: Default::default(),
        hits: Vec::new(),
        decided_by: DecidedBy::Score,
        would_pass_without: Vec::new(),
        blatant: false,
        policy_version: "p1".to_owned(),
        model_version: None,
        rules_version: Some("r1".to_owned()),
    }
}

/// The comment, written and received so many seconds after the start.
pub fn received(comment: Comment, seconds: i64) -> Comment {
    let now = at(seconds);
    Comment { received_at: now, written_at: now, changed_at: now, ..comment }
}

/// What is remembered of the e-mail address of this hash on this day: how many comments, and how many of spam.
pub async fn remembered(store: &dyn Store, hash: u8, day: i64) -> (u32, u32) {
    let ask = Recall { history: vec![entry(HistoryKind::Mail, hash)], now: on(day), ..ask(None, None) };
    let total = store.recall(&blog(), &ask).await.unwrap().history.mail.total(on(day));
    (total.seen, total.spam)
}

/// The comment under the blog's id.
pub fn named(mut comment: Comment, name: &str) -> Comment {
    comment.submission.external_id = Some(external(name));
    comment
}

/// The comment, as it looks like to a learner.
pub fn featured(comment: Comment, places: &[u16]) -> Comment {
    Comment { features: Features::new(places.iter().copied()), ..comment }
}

/// The comment on another post.
pub fn on_post(mut comment: Comment, post: &str) -> Comment {
    comment.submission.post.id = Bounded::try_from(post.to_owned()).unwrap();
    comment
}

/// The comment of an author.
pub fn by_author(comment: Comment, author: u8) -> Comment {
    Comment { author_id: Some(AuthorId::new([author; 16])), ..comment }
}

/// The comment, counted once in these entries (kind, hash, member) in the period it came in.
pub fn counted_in(mut comment: Comment, entries: &[(HistoryKind, u8, Option<u32>)]) -> Comment {
    for (kind, hash, member) in entries {
        let tally = Tally { seen: u32::from(kind.counts_submissions()), ..Tally::default() };
        let period = Period::of(comment.received_at);
        comment.counted.push(Counted { key: entry(*kind, *hash), period, tally, member: *member });
    }
    comment
}

pub fn entry(kind: HistoryKind, hash: u8) -> HistoryKey {
    HistoryKey { kind, hash: [hash; 16] }
}

pub fn fingerprint(n: u32) -> Fingerprint {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&n.to_be_bytes());
    Fingerprint::new(hash)
}

/// An announced comment without an idempotency key.
pub fn new(comment: Comment) -> Record {
    Record { comment, idempotency: None, announced: true, charges: Charges::default() }
}

/// An announced comment under an idempotency key with its own fingerprint.
pub fn keyed(comment: Comment, key: u8) -> Record {
    let idempotency = Some(idempotency(key, &comment.fingerprint));
    Record { comment, idempotency, announced: true, charges: Charges::default() }
}

/// An idempotency key that is kept until second 1,000,000.
pub fn idempotency(key: u8, fingerprint: &Fingerprint) -> Idempotency {
    Idempotency { key: IdempotencyKey([key; 16]), fingerprint: fingerprint.clone(), expires_at: at(1_000_000) }
}

/// Keeps a comment that is new.
pub async fn keep(store: &dyn Store, site: &SiteId, comment: Comment) {
    assert_eq!(store.record(site, new(comment)).await.unwrap(), Recorded::New);
}

/// A question at second 500.
pub fn ask(key: Option<u8>, external_id: Option<&str>) -> Recall {
    Recall {
        idempotency: key.map(|key| IdempotencyKey([key; 16])),
        external_id: external_id.map(external),
        history: Vec::new(),
        now: at(500),
    }
}

/// Ana's wish over REST at this second.
pub fn wish(action: DecisionAction, seconds: i64) -> DecisionRequest {
    let (reason, note, source) = (None, None, Source::Api);
    let decision = Decision { action, reason, note, source, actor: name("ana"), at: at(seconds) };
    DecisionRequest { decision, dated: Dated::Assumed, if_match: None, now: at(seconds) }
}

/// Ana's wish to reject for a reason.
pub fn reject_as(reason: Reason, seconds: i64) -> DecisionRequest {
    let mut request = wish(DecisionAction::Reject, seconds);
    request.decision.reason = Some(reason);
    request
}

/// The wish, by somebody else.
pub fn of_actor(mut request: DecisionRequest, actor: &str) -> DecisionRequest {
    request.decision.actor = name(actor);
    request
}

/// The wish, as the blog tells that it happened there.
pub fn on_blog(mut request: DecisionRequest) -> DecisionRequest {
    request.decision.source = Source::Site;
    DecisionRequest { dated: Dated::Told, ..request }
}

/// The wish, if the comment has this version.
pub fn if_match(request: DecisionRequest, version: u64) -> DecisionRequest {
    DecisionRequest { if_match: Some(version), ..request }
}

pub fn name(text: &str) -> Name {
    Name::try_from(text.to_owned()).unwrap()
}

/// The comment of an outcome that wrote.
pub fn changed(outcome: Outcome) -> Comment {
    match outcome {
        Outcome::Changed(comment) => *comment,
        unexpected => panic!("nothing was written: {unexpected:?}"),
    }
}
