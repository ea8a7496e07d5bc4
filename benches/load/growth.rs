//! What a growing queue costs in Redis: time of its first page and of a submission, and memory a comment.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use moderato::clock::Clock;
use moderato::domain::{AuthorId, Comment, CommentId, ExternalId, ListQuery, Review, ReviewWhy, SiteId, Status};
use moderato::store::{self, Charges, Durability, Record, Recorded, Settings, Store};

use crate::SUBMIT;
use crate::processes::resident_kib;
use crate::servers;
use crate::statistics::Statistics;
use crate::support::client::Client;
use crate::support::server::{Launch, Server, first_key};
use crate::support::texts;

/// How many comments are held when it is measured. `MOST` ends it earlier.
const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// At which of them memory is told apart by what holds it: every key is asked for.
const PARTS_AT: u64 = 10_000;

/// How many calls a figure is the median of.
const CALLS: usize = 1_001;

pub fn run() {
    let most = std::env::var("MOST").ok().and_then(|most| most.parse().ok()).unwrap_or(SIZES[3]);
    let redis = servers::Server::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let mut statistics = Statistics::of(&redis.url());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = [("STORE__URL", redis.url().as_str()), ("STORE__DURABILITY", "relaxed")]
        .map(|(name, value)| (format!("MODERATO__{name}"), value.to_owned()));
    let server = Server::start(&data, &Launch { settings: settings.to_vec(), ..Launch::default() }).unwrap();
    let key = first_key(&data, "site demo");
    let next = AtomicU64::new(0);
    submit(&mut Client::new(server.address, &key), &next);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let filler = runtime.block_on(Filler::prepare(&redis.url()));
    let empty = statistics.used_memory();
    let mut parts = std::collections::BTreeMap::new();
    println!("{:>10}{:>16}{:>16}{:>16}{:>22}", "held", "page of 50 µs", "p99 µs", "submit µs", "Redis bytes a comment");
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        runtime.block_on(filler.fill_to(size));
        // The service closes a connection that has been idle for as long as that took.
        let mut client = Client::new(server.address, &key);
        let path = format!("{SUBMIT}?review=open&limit=50");
        let page = measure(|| assert_eq!(client.get(&path).unwrap().status, 200));
        let submission = measure(|| submit(&mut client, &next));
        let bytes = (statistics.used_memory() - empty) as f64 / size as f64;
        println!("{size:>10}{:>16}{:>16}{:>16}{bytes:>22.0}", page.0, page.1, submission.0);
        if size == PARTS_AT {
            parts = statistics.memory_by_family();
        }
    }
    println!("bytes a comment by the keys that hold them, at {PARTS_AT}:");
    for (family, bytes) in parts {
        println!("{family:>10}{:>8.0}", bytes as f64 / PARTS_AT as f64);
    }
    println!("the text of each is {} bytes, its record {}", filler.text, filler.record);
    println!("resident memory of moderato: {} MiB", resident_kib(server.child.id()) / 1024);
}

/// Median and p99 in microseconds.
fn measure(mut call: impl FnMut()) -> (u64, u64) {
    let mut took: Vec<u64> = (0..CALLS)
        .map(|_| {
            let begun = Instant::now();
            call();
            begun.elapsed().as_micros() as u64
        })
        .collect();
    took.sort_unstable();
    (took[CALLS / 2], took[CALLS * 99 / 100])
}

fn submit(client: &mut Client, next: &AtomicU64) {
    let body = texts::submission("growth", next.fetch_add(1, Ordering::Relaxed)).to_string();
    assert_eq!(client.post(SUBMIT, body.as_bytes()).unwrap().status, 201);
}

/// Puts held comments into the store: the one that was submitted first, under other ids and by other authors.
struct Filler {
    store: std::sync::Arc<dyn Store>,
    site: SiteId,
    comment: Comment,
    text: usize,
    record: usize,
    done: AtomicU64,
}

impl Filler {
    async fn prepare(url: &str) -> Self {
        let store = store::open(
            &Settings { durability: Durability::Relaxed, ..Settings::at(url) },
            Path::new("/nowhere"),
            &Clock::System,
        )
        .unwrap();
        let site: SiteId = "demo".parse().unwrap();
        let comment = store.list(&site, &ListQuery { limit: 1, ..ListQuery::default() }).await.unwrap().items.remove(0);
        let text = comment.submission.content.len();
        let record = serde_json::to_string(&comment).unwrap().len();
        Self { store, site, comment, text, record, done: AtomicU64::new(0) }
    }

    async fn fill_to(&self, size: u64) {
        let one = || async {
            loop {
                let number = self.done.fetch_add(1, Ordering::Relaxed);
                if number >= size {
                    self.done.fetch_sub(1, Ordering::Relaxed);
                    return;
                }
                let entry = Record {
                    comment: self.held(number),
                    idempotency: None,
                    announced: true,
                    charges: Charges::default(),
                };
                assert_eq!(self.store.record(&self.site, entry).await.unwrap(), Recorded::New);
            }
        };
        futures_util::future::join_all((0..64).map(|_| one())).await;
    }

    fn held(&self, number: u64) -> Comment {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        let now = Clock::System.now();
        let mut comment = self.comment.clone();
        let mut token = [0; 16];
        token[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        comment.id = CommentId::new(now, random);
        comment.status = Status::Held;
        comment.review = Review::open(ReviewWhy::Held, now, &comment.verdict);
        comment.author_id = Some(AuthorId::new(token));
        comment.submission.external_id = ExternalId::try_from(format!("filled-{number}")).ok();
        (comment.received_at, comment.written_at, comment.changed_at) = (now, now, now);
        for counted in &mut comment.counted {
            counted.key.hash = token;
        }
        comment
    }
}
